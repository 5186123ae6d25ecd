"""Which comments deserve an answer: what means the same is merged, the rest ranked, aged out and shed.

docs/triage.md states the rule in full. In short: what can be decided without reading is decided first (agent/sieve.py); what
is read and asks nothing is ignored, with the reason; what asks what a waiting question asks joins it; the rest waits by rank,
at most POOL of them and at most MAX_AGE_S. Every comment has exactly one fate, and ``tally`` adds up.

Time is passed in; nothing here looks at a clock.
"""

from bisect import insort
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from math import log2
from typing import Protocol

from agent.sieve import BUYING, Budget, Viewers, essence, promise, repeats, standing, too_often, viewer, wordless
from connectors.events import ChatEvent
from knowledge.asked import Asked, Reader
from knowledge.message import clean
from knowledge.talk import Talk, rude, talk

POOL = 100  # questions waiting at most
MERGED = 50  # askers remembered of one question; more are counted only
VIEWER_WAITING = 3  # questions of one viewer waiting at most
MAX_AGE_S = 90.0
GREETING_AGE_S = 12.0  # a greeting answered later is odd
UNREAD = 400  # comments waiting to be read at most
UNREAD_AGE_S = 10.0
KNOWN = 2_000  # texts whose meaning is remembered
SPOKEN_KINDS = frozenset({"comment", "paid"})
RANKS = {
    "fact": 2.0,
    "compare": 2.5,
    "list": 2.0,
    "recommend": 2.5,
    "host": 0.5,
    "greeting": 0.0,
    "unclear": 0.5,
    "offtopic": -1.5,
}
ONE_ANSWER = frozenset({"greeting", "host", "offtopic"})  # answered alike, whatever the words
BROAD = frozenset(  # attributes under which quite different things are asked: merged only where the words agree too
    {"care", "age", "safety", "compatibility", "features", "connectivity", "certification", "directions", "ingredients",
     "in_the_box", "fit", "charging", "battery", "light", "power", "contact", "about"}
)  # fmt: skip
BUYING_RANK = 2.5  # what decides a purchase: above all that may add up without it, but for a viewer's standing
HERE_RANK = 0.5  # about the product in sight
MERGED_RANK, WAITED_RANK = 1.0, 1.0  # at most, for many askers and a long wait
WAITED_S = 60.0  # after so long a wait counts in full
SECOND_LOOKS_PER_S = 10.0  # each takes some milliseconds
_SIZES = frozenset({"xs", "s", "m", "l", "xl", "xxl"})
NOT_READ = "not read yet"


@dataclass(frozen=True, slots=True)
class Question:
    """A comment to be answered, with those that ask the same."""

    event: ChatEvent
    text: str  # without links, handles and other personal data: what may be read aloud
    asked: Asked
    at_s: float  # when it was heard
    merged: tuple[ChatEvent, ...] = ()
    on_air: str = ""  # handle of the product in sight when it was asked: what "this" means
    standing: float = 0.0  # of the askers, the highest
    others: int = 0  # comments merged, those not remembered too

    @property
    def id(self) -> str:
        return f"{self.event.platform}/{self.event.id}"

    @property
    def askers(self) -> tuple[str, ...]:
        """Names of one or two who ask, the first first; none that insults when it is said."""
        names = dict.fromkeys(event.user for event in (self.event, *self.merged) if not rude(event.user))
        return tuple(names)[:2]


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a comment when it was heard. ``outcome``: waiting, merged, shed or ignored."""

    outcome: str
    reason: str


class Reads(Protocol):
    """Understands a comment; knowledge.asked.Reader is one."""

    def read(self, text: str, *, default: str = "en") -> Asked: ...


@dataclass(frozen=True, slots=True, order=True)
class _Unread:
    """A comment that could not be read at once; the most promising, then the oldest, is the greatest."""

    promise: float
    turn: int  # negative, counting down
    event: ChatEvent
    at_s: float
    on_air: str


class Triage:
    """The pool of questions waiting for an answer."""

    def __init__(self, reader: Reads | None = None, *, language: str = "en", meant: Callable[[str], float] | None = None) -> None:
        """``reader`` understands comments; one that knows the catalogue's names merges better. ``language``: the room's.

        ``meant`` gives a second look at what may be a question, at most SECOND_LOOKS_PER_S times a second.
        """
        self._reader, self._language = reader or Reader(), language
        self._pool: dict[Hashable, Question] = {}
        self._unread: list[_Unread] = []  # in ascending order
        self._known: OrderedDict[str, tuple[Asked, Talk]] = OrderedDict()
        self._viewers, self._budget = Viewers(), Budget()
        self._meant, self._looks = meant, Budget(SECOND_LOOKS_PER_S, SECOND_LOOKS_PER_S)
        self._decided: list[tuple[ChatEvent, str, str]] = []
        self._looked_s = self._now_s = 0.0
        self.counts: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """Questions in the pool, and comments not read yet."""
        return len(self._pool) + len(self._unread)

    def tally(self) -> dict[str, int]:
        """What became of everything heard: ``heard`` is the sum of the others."""
        fates = ("chosen", "merged", "shed", "ignored")
        return {"heard": self.counts["heard"], "waiting": self.waiting, **{fate: self.counts[fate] for fate in fates}}

    def changed(self) -> None:
        """The catalogue has changed: who asks the same once more asks something new."""
        self._viewers.forget_words()

    def offer(self, event: ChatEvent, now_s: float, on_air: str = "") -> Decision:
        """Hear one comment. ``on_air``: handle of the product in sight."""
        self.counts["heard"] += 1
        self._now_s = now_s
        self._catch_up(now_s)
        decision = self._offer(event, now_s, on_air)
        self.counts[decision.outcome] += decision.outcome != "waiting"
        return decision

    def next(self, now_s: float, on_air: str = "") -> Question | None:
        """The question to answer now, taken out of the pool; None when none waits."""
        self._catch_up(now_s)
        self._age(now_s)
        if not self._pool:
            return None
        best = max(self._pool, key=lambda key: rank(self._pool[key], now_s, on_air))
        self.counts["chosen"] += 1
        return self._pool.pop(best)

    def take_decided(self) -> list[tuple[ChatEvent, str, str]]:
        """Waiting and merged comments whose fate has changed since the last call: (comment, outcome, reason)."""
        decided, self._decided = self._decided, []
        return decided

    # -- before it is read ----------------------------------------------------------------------------------------

    def _offer(self, event: ChatEvent, now_s: float, on_air: str) -> Decision:
        known = self._viewers.of(event, now_s)
        if event.kind not in SPOKEN_KINDS:
            return Decision("ignored", f"not a comment: {event.kind}")
        if wordless(event.text):
            return Decision("ignored", "no words")
        words = essence(event.text)
        if repeats(known, f"{event.user}: {words}", now_s):  # one browser may be two people
            return Decision("ignored", "the viewer has just said the same")
        if standing(event) < 1 and too_often(known, now_s):
            return Decision("shed", "the viewer writes too often")
        if words in self._known or self._budget.take(now_s):
            return self._read(event, now_s, on_air)
        return self._put_off(event, now_s, on_air, promise(event.text, known.standing))

    def _put_off(self, event: ChatEvent, now_s: float, on_air: str, promise: float) -> Decision:
        if len(self._unread) >= UNREAD:
            if promise <= self._unread[0].promise:
                return Decision("shed", "too much to read")
            self._give_up(self._unread.pop(0).event, "too much to read")
        insort(self._unread, _Unread(promise, -self.counts["heard"], event, now_s, on_air))
        return Decision("waiting", NOT_READ)

    def _catch_up(self, now_s: float) -> None:
        """Read what was put off, the most promising first, as far as may be read now."""
        if now_s - self._looked_s > 1:  # seldom: it looks at all of them
            self._looked_s = now_s
            for late in [each for each in self._unread if now_s - each.at_s > UNREAD_AGE_S]:
                self._unread.remove(late)
                self._give_up(late.event, f"not read within {UNREAD_AGE_S:.0f} s")
        while self._unread and self._budget.take(now_s):
            each = self._unread.pop()
            decision = self._read(each.event, each.at_s, each.on_air)
            self.counts[decision.outcome] += decision.outcome != "waiting"
            self._decided.append((each.event, decision.outcome, decision.reason))

    # -- read -----------------------------------------------------------------------------------------------------

    def _read(self, event: ChatEvent, at_s: float, on_air: str) -> Decision:
        asked, said = self._understood(event.text)
        if reason := ignorable(asked, said):
            return Decision("ignored", reason)
        key = meaning(asked, said, on_air)
        rated = self._viewers.of(event, at_s).standing
        waiting = self._pool.get(key)
        if waiting and at_s - waiting.at_s > limit_s(waiting):
            self._drop(key, too_old(waiting))
        elif waiting:
            self._pool[key] = _joined(waiting, event, rated)
            return Decision("merged", f"asks the same as {waiting.id}")
        name = viewer(event)
        if sum(viewer(q.event) == name for q in self._pool.values()) >= VIEWER_WAITING:
            return Decision("shed", f"the viewer has {VIEWER_WAITING} questions waiting")
        return self._enter(key, Question(event, clean(event.text), asked, at_s, on_air=on_air, standing=rated), at_s)

    def _enter(self, key: Hashable, question: Question, now_s: float) -> Decision:
        self._age(now_s)
        if len(self._pool) >= POOL:
            lowest = min(self._pool, key=lambda k: rank(self._pool[k], now_s))
            if rank(question, now_s) <= rank(self._pool[lowest], now_s):
                return Decision("shed", "pool full")
            self._drop(lowest, "pool full")
        self._pool[key] = question
        return Decision("waiting", f"{question.asked.kind} {question.asked.top}".strip())

    def _understood(self, text: str) -> tuple[Asked, Talk]:
        """A text's meaning, from memory where the same words were read before."""
        words = essence(text)
        if words in self._known:
            self._known.move_to_end(words)
            return self._known[words]
        asked = self._reader.read(text, default=self._language)
        self._known[words] = asked, talk(asked, text, self._second_look)
        if len(self._known) > KNOWN:
            self._known.popitem(last=False)
        return self._known[words]

    def _second_look(self, text: str) -> float | None:
        return self._meant(text) if self._meant and self._looks.take(self._now_s) else None

    # -- given up -------------------------------------------------------------------------------------------------

    def _age(self, now_s: float) -> None:
        for key, question in list(self._pool.items()):
            if now_s - question.at_s > limit_s(question):
                self._drop(key, too_old(question))

    def _drop(self, key: Hashable, reason: str) -> None:
        question = self._pool.pop(key)
        self._give_up(question.event, reason)
        for event in question.merged:
            self.counts["merged"] -= 1
            self._give_up(event, reason)

    def _give_up(self, event: ChatEvent, reason: str) -> None:
        self._decided.append((event, "shed", reason))
        self.counts["shed"] += 1


def _joined(waiting: Question, event: ChatEvent, rated: float) -> Question:
    merged = (*waiting.merged, event) if len(waiting.merged) < MERGED else waiting.merged
    return replace(waiting, merged=merged, others=waiting.others + 1, standing=max(waiting.standing, rated))


def limit_s(question: Question) -> float:
    """How long a question may wait."""
    return GREETING_AGE_S if question.asked.kind == "greeting" else MAX_AGE_S


def too_old(question: Question) -> str:
    return f"waited over {limit_s(question):.0f} s"


def ignorable(asked: Asked, said: Talk) -> str:
    """Why a comment wants no answer; "" when it does. A greeting is answered, and a question about neither refused kindly."""
    if said.asks or (said.sort == "greeting" and asked.kind == "greeting") or said.sort == "offtopic":
        return ""
    return said.sort if said.sort == said.why else f"{said.sort}: {said.why}"


def meaning(asked: Asked, said: Talk, on_air: str = "") -> Hashable:
    """Equal for comments that ask the same, in whatever language. What names no product asks of the one in sight."""
    if asked.kind in ONE_ANSWER:
        return asked.kind
    names = frozenset(m.label for m in asked.nouns)
    if not (asked.fields or names):  # not understood well enough to be taken for another's
        return essence(asked.text.raw) or asked.text.raw
    taken = {i for m in asked.nouns for i in range(m.start, m.end)} | said.small
    content = {i for m in asked.content for i in range(m.start, m.end)}
    looked_at = range(len(asked.text.plain)) if asked.top in BROAD else content
    rest = frozenset(asked.text.plain[i].text for i in looked_at if i not in taken)
    rest |= _sizes(asked)
    here = "" if names or rest or asked.about_store else on_air
    asks = frozenset(name for name, _ in asked.fields)
    return (asked.key(), asks, asked.both, asked.negative, names, rest, here, said.forms)


def _sizes(asked: Asked) -> frozenset[str]:
    """Letters that are sizes ("m", but not French "m'"), so that one size is not taken for all."""
    raw = asked.text.raw
    return frozenset(
        w.text for w in asked.text.plain if w.text in _SIZES and raw[w.end : w.end + 1] not in ("'", "’") and not asked.sizes
    )


def rank(question: Question, now_s: float, on_air: str = "") -> float:
    """How soon a question should be answered; higher is sooner."""
    asked = question.asked
    in_sight = not asked.about_store and (
        any(handle == on_air for m in asked.mentions for handle, _ in m.candidates) if asked.mentions else not asked.nouns
    )
    return (
        RANKS.get(asked.kind, 0.0)
        + (BUYING_RANK if asked.top in BUYING and asked.kind != "offtopic" else 0.0)
        + question.standing
        + (HERE_RANK if in_sight and question.on_air == on_air else 0.0)
        + min(MERGED_RANK, 0.25 * log2(1 + question.others))
        + WAITED_RANK * min(1.0, (now_s - question.at_s) / WAITED_S)
    )
