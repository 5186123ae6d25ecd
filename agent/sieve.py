"""What is decided about a comment before it is read: repeats, viewers who write too often, and how much can be read at all.

Everything here costs a few microseconds and a bounded amount of memory, whatever comes in. docs/triage.md states the rule.
"""

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from connectors.events import ChatEvent
from knowledge.lexicon import LANGUAGES, UNSPACED, fold, lexicon, shapes

READS_PER_S = 120.0  # comments understood a second, at about 2 ms: a quarter of one core at most
READS_AT_ONCE = 240.0  # after a quiet moment
VIEWER_EVERY_S = 4.0  # a viewer's comments are heard so often …
VIEWER_AT_ONCE = 5.0  # … and so many in a row
VIEWERS = 20_000  # remembered; the longest silent is forgotten
REPEAT_S = 60.0  # the same words from the same viewer are one comment for so long
TEXTS_A_VIEWER = 4  # of the latest
STANDING = {"paid": 3.0, "order": 2.5, "gift": 2.0}  # what a viewer has done, by the event's kind
BUYING = frozenset({"price", "stock", "size", "colour", "fit", "discount", "shipping", "payment", "ordering"})
_LETTERS = re.compile(r"\w")
_STRETCHED = re.compile(r"(\D)\1{2,}")
_GAPS = re.compile(r"[\W_]+")
_UNSPACED = re.compile(f"[{UNSPACED}]")


def essence(text: str) -> str:
    """Equal for texts that differ in case, signs, spaces and stretched letters only; question marks are kept as one."""
    short = _STRETCHED.sub(r"\1", text[:300].casefold())
    asks = "?" in short or "？" in short
    return _GAPS.sub(" ", short).strip() + ("?" if asks else "")


@dataclass(slots=True)
class Viewer:
    """What is remembered of one viewer."""

    at_s: float
    left: float = VIEWER_AT_ONCE  # comments that may come in a row
    standing: float = 0.0
    said: dict[str, float] = field(default_factory=dict)  # essence → when, the latest few


class Viewers:
    """Every viewer's rate, repeats and standing, for as many as are remembered."""

    def __init__(self, limit: int = VIEWERS) -> None:
        self._known: OrderedDict[str, Viewer] = OrderedDict()
        self._limit = limit

    def __len__(self) -> int:
        return len(self._known)

    def of(self, event: ChatEvent, now_s: float) -> Viewer:
        """The viewer behind an event, with what the event itself adds to the standing."""
        name = viewer(event)
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = Viewer(now_s)
            if len(self._known) > self._limit:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(name)
        if gained := standing(event):
            known.standing = max(known.standing, gained)
        return known

    def forget_words(self) -> None:
        """From now on nothing is a repeat: what was said before has another answer."""
        for known in self._known.values():
            known.said.clear()


def viewer(event: ChatEvent) -> str:
    return f"{event.platform}/{event.user_id or event.user}"


def standing(event: ChatEvent) -> float:
    """What an event says of its viewer: paid, ordered, gave, moderates; 0 for everybody else."""
    meta = event.meta
    marked = (2.5 if meta.get("bought") else 0.0, 2.0 if meta.get("moderator") else 0.0, 0.5 if meta.get("member") else 0.0)
    return max(STANDING.get(event.kind, 0.0), *marked)


def too_often(known: Viewer, now_s: float) -> bool:
    """Whether a viewer writes more than is heard; counts the comment when not."""
    known.left = min(VIEWER_AT_ONCE, known.left + (now_s - known.at_s) / VIEWER_EVERY_S)
    known.at_s = now_s
    if known.left < 1:
        return True
    known.left -= 1
    return False


def repeats(known: Viewer, words: str, now_s: float) -> bool:
    """Whether the viewer has just said the same."""
    before = known.said.pop(words, None)
    known.said[words] = now_s if before is None else before
    while len(known.said) > TEXTS_A_VIEWER:
        known.said.pop(next(iter(known.said)))
    if before is not None and now_s - before > REPEAT_S:
        known.said[words] = now_s
        return False
    return before is not None


class Budget:
    """How much may be read: so much a second, with a little saved up."""

    def __init__(self, per_s: float = READS_PER_S, at_once: float = READS_AT_ONCE) -> None:
        self._per_s, self._at_once = per_s, at_once
        self._left, self._at_s = at_once, 0.0

    def take(self, now_s: float) -> bool:
        """Use up one reading, if there is one."""
        self._left = min(self._at_once, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


def wordless(text: str) -> bool:
    """Nothing to read: emoji, signs, blanks. A lone question mark is something."""
    return not _LETTERS.search(text) and "?" not in text and "？" not in text


def promise(text: str, standing: float) -> float:
    """How likely a comment is worth reading, from a glance; only compared with others'."""
    signs, folded = _signs(), fold(text[:200])
    asks = "?" in text or "？" in text or "¿" in text
    tokens = _GAPS.split(folded.strip())
    pairs = (f"{a} {b}" for a, b in pairwise(tokens))
    found = len(signs.spaced.intersection(tokens)) + len(signs.spaced.intersection(pairs))
    found += not signs.ends.isdisjoint(tokens[-2:])
    if _UNSPACED.search(folded):
        found += sum(token in folded for token in signs.unspaced)
    wary = 1.5 * ("http" in folded or "@" in folded or "www" in folded or ".com" in folded)
    return standing + asks + min(found, 3) - wary - 0.002 * len(text)


@dataclass(frozen=True, slots=True)
class _Signs:
    """Words that ask, and words for what decides a purchase, of every language at once."""

    spaced: frozenset[str]  # words and pairs of words
    unspaced: tuple[str, ...]  # of scripts without spaces
    ends: frozenset[str]  # words that make a question at the end


@cache
def _signs() -> _Signs:
    spaced: set[str] = set()
    unspaced: set[str] = set()
    ends: set[str] = set()
    for language in LANGUAGES:
        known = lexicon(language, False).sections["fields"].phrases()
        rows = [tuple(texts) for texts, label in known if label in BUYING]
        rows += [tuple(fold(phrase).split()) for phrase in shapes(language, False)["asks"]]
        for texts in rows:
            if _UNSPACED.search(texts[0]):
                unspaced.add("".join(texts))
            elif len(texts) <= 2 and len("".join(texts)) > 2:
                spaced.add(" ".join(texts))
        ends |= {fold(phrase) for phrase in shapes(language, False)["ends"]}
    return _Signs(frozenset(spaced), tuple(sorted(unspaced)), frozenset(ends))
