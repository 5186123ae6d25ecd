"""What the host owes the room: a welcome, thanks, and the reminder that an AI is speaking. Each at its own rate.

Joins, gifts, follows and orders are gathered and said together. Only plain names are read out, two of them at most; whoever
has another kind of name is among "the others". What a viewer wrote is never read out here.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import islice
from tomllib import loads

from agent.answer import spoken_name
from agent.config import Courtesy as Settings
from agent.segment import PitchLine
from connectors.events import ChatEvent
from knowledge.asked import Reader

KINDS = {"gift": "gift", "order": "order", "follow": "follow", "join": "welcome"}  # said in this order
NAMES = 2
TRIED = 20  # of the latest viewers, for a name that can be read out
REMEMBERED = 2_000  # names gathered of one kind, and viewers greeted or thanked before
STALE_S = 300.0  # thanks that could not be said for so long are let go

Check = Callable[[str, str], bool]  # (sentence, the number in it that was counted)


@dataclass(slots=True)
class _Batch:
    """Viewers of one kind of event who have not been spoken to yet."""

    since_s: float
    viewers: OrderedDict[str, str] = field(default_factory=OrderedDict)  # id → display name
    more: int = 0  # beyond those remembered


class Courtesy:
    """Gathers what viewers do besides writing, and says when a line about it is due. Time is passed in."""

    def __init__(self, settings: Settings, *, language: str, seed: int, check: Check, reader: Reader | None = None) -> None:
        """``check`` passes a sentence or refuses it."""
        self._settings, self._seed, self._check = settings, seed, check
        self._patterns, self._reader, self._language = courtesies(language), reader or Reader(), language
        self._batches: dict[str, _Batch] = {}
        self._said_s: dict[str, float] = {}  # kind → when last
        self._used: dict[str, int] = {}
        self._greeted: OrderedDict[str, None] = OrderedDict()

    def hear(self, event: ChatEvent, now_s: float) -> None:
        """Something happened in the room; comments are none of this part's business."""
        if event.kind not in KINDS or not self._every_s(event.kind):
            return
        viewer = f"{event.platform}/{event.user_id or event.user}"
        if event.kind == "join" and not self._first_time(viewer):
            return
        batch = self._batches.setdefault(event.kind, _Batch(now_s))
        if len(batch.viewers) < REMEMBERED or viewer in batch.viewers:
            batch.viewers[viewer] = event.user
        else:
            batch.more += 1

    def due(self, now_s: float, lately: Callable[[str, float], bool] = lambda text, now_s: False) -> PitchLine | None:
        """The line to say now, None when none is due. ``lately`` tells whether a text was heard of late."""
        for kind in KINDS:
            batch = self._batches.get(kind)
            if batch is None or now_s - self._said_s.get(kind, -1e9) < self._every_s(kind):
                continue
            del self._batches[kind]
            self._said_s[kind] = now_s
            if now_s - batch.since_s <= max(STALE_S, self._every_s(kind)) and (line := self._line(kind, batch, lately, now_s)):
                return line
        return None

    def _line(self, kind: str, batch: _Batch, lately: Callable[[str, float], bool], now_s: float) -> PitchLine | None:
        latest = list(islice(reversed(batch.viewers.values()), TRIED))
        names = list(dict.fromkeys(name for user in reversed(latest) if (name := self._name(user))))[-NAMES:]
        others = len(batch.viewers) + batch.more - len(names)
        part = KINDS[kind] if names else f"{KINDS[kind]}_all"
        told = self._listed(names, others)
        for pattern in self._in_turn(part):
            text = pattern.format(names=told)
            if not lately(text, now_s):
                return PitchLine(text, kind="courtesy", part=part) if self._check(text, str(others)) else None
        return None

    def _listed(self, names: Sequence[str], others: int) -> str:
        style = self._patterns["style"]
        if not others or not names:
            return style.get("all", ["{names}"])[0].format(names=style["and"][0].join(names))
        told = style["comma"][0].join(names)
        return style["one_more" if others == 1 else "more"][0].format(names=told, count=others)

    def _name(self, user: str) -> str:
        """A name that may be said: plain, no word with a meaning in a shop, nothing that the guard refuses."""
        name = spoken_name(user)
        plain = name and self._reader.read(name, default=self._language).kind == "unclear" and self._check(name, "")
        return name if plain else ""

    def _in_turn(self, part: str) -> list[str]:
        options = self._patterns["say"][part]
        turn = self._used[part] = self._used.get(part, -1) + 1
        start = (turn + self._seed) % len(options)
        return [*options[start:], *options[:start]]

    def _first_time(self, viewer: str) -> bool:
        new = viewer not in self._greeted
        self._greeted[viewer] = None
        self._greeted.move_to_end(viewer)
        if len(self._greeted) > REMEMBERED:
            self._greeted.popitem(last=False)
        return new

    def _every_s(self, kind: str) -> float:
        return self._settings.welcome_every_s if kind == "join" else self._settings.thanks_every_s


@cache
def courtesies(language: str) -> dict[str, dict[str, list[str]]]:
    """The sentences of a language; English ones where a language has none."""
    folder = files("agent") / "data" / "courtesy"
    path = folder / f"{language}.toml"
    chosen = path if path.is_file() else folder / "en.toml"
    return loads(chosen.read_text(encoding="utf-8"))
