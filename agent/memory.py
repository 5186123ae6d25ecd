"""What each viewer asked before, so that "and in blue?" and "and its weight?" can be answered. Bounded, never stored."""

from collections import OrderedDict, deque
from dataclasses import dataclass

from knowledge.found import Found

VIEWERS = 1_000  # remembered; of more, those that were silent longest are forgotten
EXCHANGES = 4  # a viewer
TEXT = 200  # characters of a question


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question of a viewer that was answered: its words, the products it meant, the attributes it asked."""

    text: str
    handles: tuple[str, ...]
    fields: tuple[str, ...]


class Memory:
    """The last exchanges of the last viewers."""

    def __init__(self, *, viewers: int = VIEWERS, exchanges: int = EXCHANGES) -> None:
        self._viewers, self._exchanges = viewers, exchanges
        self._kept: OrderedDict[str, deque[Exchange]] = OrderedDict()

    def __len__(self) -> int:
        """Viewers remembered."""
        return len(self._kept)

    def add(self, viewer: str, text: str, found: Found) -> None:
        """Remember an answered question; one that meant no product says nothing to go on from."""
        if not found.products:
            return
        handles = tuple(handle for handle, _ in found.products[:3])
        fields = tuple(name for name, _ in found.asked.fields[:2])
        kept = self._kept.setdefault(viewer, deque(maxlen=self._exchanges))
        kept.append(Exchange(text[:TEXT], handles, fields))
        self._kept.move_to_end(viewer)
        if len(self._kept) > self._viewers:
            self._kept.popitem(last=False)

    def of(self, viewer: str) -> tuple[Exchange, ...]:
        """What a viewer asked before, oldest first."""
        return tuple(self._kept.get(viewer, ()))

    def last(self, viewer: str) -> tuple[str, tuple[str, ...]]:
        """(handle of the product asked about last, attributes asked last); ("", ()) for a new viewer."""
        before = self.of(viewer)
        asked = next((each.fields for each in reversed(before) if each.fields), ())
        return (before[-1].handles[0], asked) if before else ("", ())
