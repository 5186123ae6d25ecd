"""Which names a question is read against: all of a small catalogue's, or those near to the question in a large one.

A linker holds every word of every title: about 5 kB a product. Beyond a few thousand products the search index first
finds the products that a question may mean, and a linker over these alone reads it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from knowledge.asked import Asked, Reader
from knowledge.index import FactIndex
from knowledge.lexicon import noun_names
from knowledge.link import Linker

WHOLE_UP_TO = 3_000  # products whose names are all held: a linker of 15 MB, made in 1.3 s
BY_WORD, BY_MEANING = 40, 24  # products that may be meant, in a larger catalogue


Near = Callable[[str, str, int], list[tuple[str, float]]]  # (text, language, count) → handles of products nearest in meaning


@dataclass(slots=True)
class Names:
    """A linker and the reader that knows its names."""

    linker: Linker
    reader: Reader

    @classmethod
    def of(cls, linker: Linker) -> "Names":
        return cls(linker, Reader(linker.mentions, linker.vocabulary))


class Naming:
    """Gives the names to read a question against, up to date with the store."""

    def __init__(self, index: FactIndex, near: Near) -> None:
        self._index, self._shelf, self._meant = index, index.shelf, near
        self._plain = Reader()
        self._made = -1  # for which count of the shelf's names
        self._all: Names | None = None

    @property
    def whole(self) -> bool:
        """Whether every product's name is held, so that "the cheapest of all" can be told."""
        return self._fresh() is not None

    def names(self, question: str, default: str, *pointed: str) -> Names:
        """For one question; ``pointed`` are handles that it may mean without naming them."""
        return self._fresh() or self._near(question, default, pointed)

    def _fresh(self) -> Names | None:
        """All names, made again only when products came, went or were renamed: a new price changes no name."""
        if self._shelf.named != self._made:
            small = len(self._shelf) <= WHOLE_UP_TO
            self._all = Names.of(Linker(list(self._shelf.values()))) if small else None
            self._made = self._shelf.named
        return self._all

    def _near(self, question: str, default: str, pointed: tuple[str, ...]) -> Names:
        asked = self._plain.read(question, default=default)
        handles = dict.fromkeys(handle for handle in pointed if handle)
        handles |= dict.fromkeys(h for h, _, _ in self._index.keywords.search(_names(asked), BY_WORD, names=True) if h)
        handles |= dict.fromkeys(h for h, _ in self._meant(question, asked.language, BY_MEANING))
        return Names.of(Linker([p for handle in handles if (p := self._shelf.find(handle))]))


def _names(asked: Asked) -> str:
    """A question's own words, and the English names of the things that it names in any language."""
    things = [name for noun in asked.nouns for name in noun_names(noun.label)]
    return " ".join([asked.text.raw, *things])
