"""Which comments deserve an answer: what means the same is merged, the rest ranked, aged out and shed by these rules.

1. Adverts, links without a question, chatter and events without words are ignored, with the reason.
2. A comment that asks what a waiting one asks joins it: one answer for both.
3. Next comes the highest rank: what decides a purchase before what does not, paid before unpaid, the product in sight
   before others, and the longer wait among equals.
4. A question older than MAX_AGE_S is shed; when POOL wait, the lowest rank is shed. Everything shed is handed back.

Time is passed in; nothing here looks at a clock.
"""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, replace

from connectors.events import ChatEvent
from knowledge.asked import Asked, Reader
from knowledge.message import clean

POOL = 100  # questions waiting at most
MERGED = 50  # askers remembered of one question; more are counted only
MAX_AGE_S = 90.0
GREETING_AGE_S = 12.0  # a greeting answered later is odd
WAIT_WEIGHT = 1 / 30  # rank gained a second of waiting: half a minute lifts a question one step
SPOKEN_KINDS = frozenset({"comment", "paid"})
BUYING = frozenset({"price", "stock", "size", "colour", "fit", "discount", "shipping", "payment"})
RANKS = {
    "fact": 2.0,
    "compare": 2.5,
    "list": 1.5,
    "recommend": 1.5,
    "host": 0.5,
    "greeting": 0.0,
    "unclear": -0.5,
    "offtopic": -1.0,
    "injection": -1.0,
}
CHATTER = frozenset({"thanks", "bye", "praise"})


@dataclass(frozen=True, slots=True)
class Question:
    """A comment to be answered, with those that ask the same."""

    event: ChatEvent
    text: str  # without links, handles and the like
    asked: Asked
    at_s: float  # when it was heard
    merged: tuple[ChatEvent, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.event.platform}/{self.event.id}"


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a comment when it was heard. ``outcome``: waiting, merged or ignored."""

    outcome: str
    reason: str


class Triage:
    """The pool of questions waiting for an answer."""

    def __init__(self, reader: Reader | None = None, *, language: str = "en") -> None:
        """``reader`` understands comments; one that knows the catalogue's names merges better. ``language``: the room's."""
        self._reader, self._language = reader or Reader(), language
        self._pool: dict[Hashable, Question] = {}
        self._shed: list[tuple[ChatEvent, str]] = []
        self.counts: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """Questions in the pool."""
        return len(self._pool)

    def offer(self, event: ChatEvent, now_s: float) -> Decision:
        """Hear one comment."""
        decision = self._offer(event, now_s)
        self.counts[decision.outcome] += 1
        return decision

    def _offer(self, event: ChatEvent, now_s: float) -> Decision:
        if event.kind not in SPOKEN_KINDS:
            return Decision("ignored", f"not a comment: {event.kind}")
        asked = self._reader.read(event.text, default=self._language)
        if reason := ignorable(asked):
            return Decision("ignored", reason)
        key = meaning(asked)
        if waiting := self._pool.get(key):
            if len(waiting.merged) < MERGED:
                self._pool[key] = replace(waiting, merged=(*waiting.merged, event))
            return Decision("merged", f"asks the same as {waiting.id}")
        self._pool[key] = Question(event, clean(event.text), asked, now_s)
        self._age(now_s)
        while len(self._pool) > POOL:
            self._drop(min(self._pool, key=lambda k: rank(self._pool[k], now_s)), "pool full")
        return Decision("waiting", f"{asked.kind} {asked.top}".strip())

    def next(self, now_s: float) -> Question | None:
        """The question to answer now, taken out of the pool; None when none waits."""
        self._age(now_s)
        if not self._pool:
            return None
        best = max(self._pool, key=lambda key: rank(self._pool[key], now_s))
        self.counts["chosen"] += 1
        return self._pool.pop(best)

    def take_shed(self) -> list[tuple[ChatEvent, str]]:
        """Comments given up since the last call, each with its reason."""
        shed, self._shed = self._shed, []
        return shed

    def _age(self, now_s: float) -> None:
        for key, question in list(self._pool.items()):
            limit = GREETING_AGE_S if question.asked.kind == "greeting" else MAX_AGE_S
            if now_s - question.at_s > limit:
                self._drop(key, f"waited over {limit:.0f} s")

    def _drop(self, key: Hashable, reason: str) -> None:
        question = self._pool.pop(key)
        for event in (question.event, *question.merged):
            self._shed.append((event, reason))
            self.counts["shed"] += 1


def ignorable(asked: Asked) -> str:
    """Why a comment wants no answer; "" when it does. An unclear one is dropped only when there is nothing to read."""
    if asked.kind == "spam":
        return "spam"
    if not asked.text.plain:
        return "no words"
    if asked.kind in CHATTER:
        return f"chatter: {asked.kind}"
    if asked.kind == "unclear" and len(asked.text.plain) < 2 and "?" not in asked.text.raw:
        return "unclear"
    return ""


def meaning(asked: Asked) -> Hashable:
    """Equal for comments that ask the same, in whatever language."""
    names = frozenset(m.label for m in asked.nouns)
    rest = frozenset(
        m.label for m in asked.content if not any(n.start < m.end and m.start < n.end for n in asked.nouns)
    )
    if not (asked.fields or names or rest):
        rest = frozenset(w.text for w in asked.text.plain)
    return (asked.key(), names, rest, asked.here)


def rank(question: Question, now_s: float) -> float:
    """How soon a question should be answered; higher is sooner."""
    asked, event = question.asked, question.event
    return (
        RANKS.get(asked.kind, 0.0)
        + (1.0 if asked.top in BUYING else 0.0)
        + (3.0 if event.kind == "paid" or event.meta.get("moderator") or event.meta.get("bought") else 0.0)
        + (0.5 if asked.here else 0.0)
        + 0.2 * min(len(question.merged), 10)
        + WAIT_WEIGHT * (now_s - question.at_s)
    )
