"""A model's words, sentence by sentence: each is spoken as soon as it proves to say what sentences composed by code say.

A sentence passes when it claims nothing at all ("Great question!"), or when it phrases the next plain sentences of the
answer or one that a tool has told: the same numbers, the same negation, no word beyond them (agent/guard.py), and none of
a fact's value left out. Plain sentences come in order and each is said once, so nothing is said that code has not composed
from facts. Where the model stops, strays or is late, code says the rest: what viewers hear is whole whatever a model does.
"""

import re
import tomllib
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from agent.guard import UNSPACED, Verdict, check, normalise, tokens
from agent.phrasebook import phrasebook
from agent.sentences import stream
from agent.statements import Sentence
from knowledge.product import Fact

TOGETHER = 3  # plain sentences that one sentence of a model may say
IDLE = 2  # sentences of an answer that may claim nothing
_BETWEEN = re.compile(r"[\s!?.,;:¡¿।…\"'()]+")  # not \W: vowel signs are no letters to a regular expression

Judged = Callable[[str, Verdict], None]


@dataclass(slots=True)
class Script:
    """What an answer may say, ticked off as it is said."""

    left: list[Sentence]  # the plain answer's sentences, which are said in any case
    language: str
    told: list[Sentence] = field(default_factory=list)  # by tools; may be said, products named
    affirm: bool = True  # whether "yes" may be said
    most: int = 2  # sentences that state something
    idle: int = IDLE

    def match(self, text: str) -> tuple[Sentence | None, Verdict]:
        """What a model's sentence may be spoken as, with the facts that back it; ticks off what it says."""
        if not self.affirm and affirms(text, self.language):
            return None, Verdict(False, "affirms")
        if self.idle and (verdict := harmless(text, self.language)).ok:
            self.idle -= 1
            return Sentence(text), verdict
        said, verdict = self._said(text)
        if not said:
            return None, verdict
        facts = set(facts_of(said))
        self.left = [s for s in self.left if s not in said and not (s.facts and facts >= set(s.facts))]
        self.told[:] = [s for s in self.told if s not in said]
        self.most -= len(said)
        return Sentence(text, facts_of(said)), verdict

    def _said(self, text: str) -> tuple[list[Sentence], Verdict]:
        """The sentences that a model's sentence phrases; none, and why the likeliest is refused."""
        first = Verdict(False, "nothing_left")
        for count in range(1, min(TOGETHER, len(self.left)) + 1):
            verdict = phrases(text, self.left[:count], self.language)
            if verdict.ok:
                return self.left[:count], verdict
            first = verdict if count == 1 else first
        if len(self.left) < self.most:
            for statement in self.told:
                verdict = phrases(text, [statement], self.language, foreign=True)
                if verdict.ok:
                    return [statement], verdict
                first = verdict if not self.left else first
        return [], first


def affirms(text: str, language: str) -> bool:
    """Whether a sentence says yes, in the words of data/guard/affirmations.toml."""
    lower = normalise(text).lower()
    spaced = f" {_BETWEEN.sub(' ', lower)} "
    marks = _affirmations().get(language, [])
    return any(mark in lower if UNSPACED.match(mark) else f" {mark} " in spaced for mark in marks)


def harmless(text: str, language: str) -> Verdict:
    """Whether a sentence claims nothing: no number, no negation, only words that are on the list of harmless ones."""
    return check(text, (), language=language, plain=" ")


def phrases(text: str, plain: Sequence[Sentence], language: str, *, foreign: bool = False) -> Verdict:
    """Whether a sentence says what some plain ones say: nothing more, and of the facts' values nothing less.

    ``foreign``: nothing tells that the talk is of these sentences' products, so that they must be named.
    """
    facts, whole = facts_of(plain), " ".join(sentence.text for sentence in plain)
    verdict = check(text, facts, language=language, plain=whole)
    if not verdict.ok and any(sentence.bare for sentence in plain):  # the asker need not be named
        whole = " ".join(sentence.bare or sentence.text for sentence in plain)
        verdict = check(text, facts, language=language, plain=whole)
    if not verdict.ok:
        return verdict
    said = set(tokens(text, language))
    lost = [token for token in _telling(facts, whole, language, foreign) if token not in said]
    return Verdict(not lost, "incomplete" if lost else "backed", ", ".join(lost))


def facts_of(sentences: Sequence[Sentence]) -> tuple[Fact, ...]:
    """The facts that back some sentences, each once."""
    return tuple(dict.fromkeys(fact for sentence in sentences for fact in sentence.facts))


def _telling(facts: Sequence[Fact], plain: str, language: str, foreign: bool) -> list[str]:
    """The words of a plain sentence that carry its facts: their values as said there; the products' names if foreign."""
    book = phrasebook(language)
    values = " ".join(f"{fact.value} {book.value(fact.value)}" for fact in facts if fact.field != "title")
    names = set(tokens(" ".join(fact.product for fact in facts), language))
    telling = set(tokens(values, language))
    wanted = (telling | names) if foreign else (telling - names)
    return [token for token in dict.fromkeys(tokens(plain, language)) if token in wanted]


async def spoken(pieces: AsyncGenerator[str], script: Script, judged: Judged) -> AsyncGenerator[Sentence]:
    """A model's sentences that hold, each as soon as it is whole; ends at the first that does not.

    What of the answer has not been said is in ``script.left`` then.
    """
    empty = True
    async with aclosing(stream(pieces, script.language)) as texts:
        async for text in texts:
            empty = False
            sentence, verdict = script.match(text)
            judged(text, verdict)
            if sentence is None:
                return
            yield sentence
    if empty:
        judged("", Verdict(False, "empty"))


@cache
def _affirmations() -> dict[str, list[str]]:
    return tomllib.loads((files("agent") / "data" / "guard" / "affirmations.toml").read_text(encoding="utf-8"))
