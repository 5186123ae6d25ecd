"""One answer as one function: question → facts → words → sound, with every stage timed.

The plain answer is composed from facts first and is always ready; the model may only say the same thing better, in the
time that is left before the host would fall silent. Whatever it writes passes the guard or is not spoken.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import structlog

from agent.answer import Answer, Sentence, compose, phrasebook
from agent.guard import Verdict, sayable, withheld
from agent.guard import check as guard_check
from agent.llm import LLMError, Phraser
from agent.sentences import split
from agent.triage import Question
from agent.trust import Trust
from knowledge.product import Fact
from knowledge.retrieve import Found, Retriever
from renderer.worker import Worker

log = structlog.get_logger()

MIN_PHRASE_S = 0.3  # less than this is not worth asking the model


class Speaking(Protocol):
    """How a turn makes one sentence heard; the director binds voice and stage to it."""

    async def __call__(self, sentence: Sentence, answer: Answer, written: Answer, first: bool) -> dict[str, float]: ...


@dataclass(slots=True)
class Turn:
    """What one turn found, said and took. ``ms`` holds milliseconds by stage."""

    id: str
    question: Question
    found: Found | None = None
    answer: Answer | None = None  # as spoken
    written: Answer | None = None  # as shown in the chat, in the asker's language
    spoken: tuple[Sentence, ...] = ()
    source: str = "plain"  # plain | model | unbacked: some of the plain answer could not be said
    verdicts: list[dict[str, str]] = field(default_factory=list)
    ms: dict[str, float] = field(default_factory=dict)
    outcome: str = "running"

    @property
    def missing(self) -> list[dict[str, str]]:
        """What was asked and the catalogue does not state: for the seller, who can add it."""
        found = self.found
        if found is None:
            return []
        return [{"handle": h, "product": found.title(h), "field": field} for h, field in found.missing]

    def record(self) -> dict[str, Any]:
        """The journal's row."""
        answer = self.answer
        return {
            "question": self.question.text,
            "language": answer.language if answer else "",
            "kind": answer.kind if answer else "",
            "plain": answer.text if answer else "",
            "spoken": " ".join(sentence.text for sentence in self.spoken),
            "source": self.source,
            "facts": [fact_row(fact) for fact in answer.facts] if answer else [],
            "verdicts": self.verdicts,
            "ms": self.ms,
            "outcome": self.outcome,
            "asked": self._asked(),
            "missing": self.missing,
        }

    def _asked(self) -> dict[str, str]:
        """What the question is about, for the report; ``result`` tells why there was nothing to say, where it is known."""
        found, kind = self.found, self.answer.kind if self.answer else ""
        if found is None:
            return {}
        handle = found.products[0][0] if found.products else ""
        result = "unsold" if found.unsold else "which" if found.which else kind
        return {"language": found.asked.language, "kind": found.asked.kind, "field": found.asked.top, "handle": handle,
                "product": found.title(handle), "result": result}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Desk:
    """What a turn works with."""

    retriever: Retriever
    knowledge: Worker  # the thread that owns the embedder and the index
    phraser: Phraser | None
    persona: str
    market: str = ""  # whose rules of advertising hold
    voicing_s: Callable[[str, str], float] = lambda text, language: 0.0  # until a sentence's first sound is made
    trust: Trust = field(default_factory=Trust)  # in the phraser


@dataclass(frozen=True, slots=True)
class Context:
    """What the question's surroundings add to it."""

    language: str | None  # to answer in; None: the asker's own
    show: str = "en"  # the show's language, spoken where no clear voice speaks the asker's
    speakable: frozenset[str] = frozenset({"en"})
    on_air: str = ""
    last: str = ""  # handle of the product this viewer asked about before
    recent: Sequence[str] = ()


def fact_row(fact: Fact) -> dict[str, str]:
    return {"sku": fact.sku, "field": fact.field, "value": fact.value, "product": fact.product, "source": fact.source}


async def take(
    question: Question, context: Context, desk: Desk, speak: Speaking, *, spare_s: Callable[[], float], id: str
) -> Turn:
    """Answer one question. ``spare_s`` tells how long the model may still think before viewers would notice."""
    turn = Turn(id, question)
    with structlog.contextvars.bound_contextvars(turn=id):
        turn.found = await _timed(turn, "retrieve", find(desk, question.text, context))
        answer, turn.written = composed(turn.found, context, sayable(question.event.user))
        turn.answer = answer
        turn.spoken = await _timed(turn, "words", words(turn, desk, context, spare_s))
        for number, sentence in enumerate(turn.spoken):
            timings = await speak(sentence, answer, turn.written, number == 0)
            if number == 0:
                turn.ms |= timings
        turn.outcome = "spoken" if turn.spoken else "nothing to say"
    return turn


def composed(found: Found, context: Context, asker: str) -> tuple[Answer, Answer]:
    """The plain answer as it is spoken and as it is written: apart where no clear voice speaks the asker's language."""
    wanted = context.language or found.asked.language
    tongue = wanted if wanted in context.speakable else context.show
    spoken = compose(found, tongue, asker=asker)
    return spoken, spoken if tongue == wanted else compose(found, wanted, asker=asker)


async def find(desk: Desk, text: str, context: Context) -> Found:
    """Facts for a question, from the thread that owns the index."""
    return await desk.knowledge.run(
        desk.retriever.find, text, language=context.language, on_air=context.on_air, last=context.last
    )


async def words(turn: Turn, desk: Desk, context: Context, spare_s: Callable[[], float]) -> tuple[Sentence, ...]:
    """The model's sentences when they came in time and hold; else the plain ones, which are checked too."""
    assert turn.answer is not None and turn.written is not None
    answer = turn.answer
    judged = [(each, verdict_of(each, answer, plain=True, market=desk.market)) for each in answer.sentences]
    if all(verdict.ok for _, verdict in judged):
        voicing_s = max((desk.voicing_s(each.text, answer.language) for each in answer.sentences[:1]), default=0.0)
        phrased = await _phrased(turn, answer, desk, context, spare_s() - voicing_s)
        if phrased:
            turn.source = "model"
            return phrased
    for sentence, verdict in judged:
        _note(turn, sentence, verdict, "plain")
    plain = tuple(sentence for sentence, verdict in judged if verdict.ok)
    if len(plain) < len(judged):
        turn.source = "unbacked"
        log.error("turn.plain_refused", verdicts=turn.verdicts)
        turn.written = kept(turn.written, desk.market)
        return plain or (Sentence(withheld(turn.answer.language)),)
    return plain


def kept(answer: Answer, market: str) -> Answer:
    """An answer without what the guard refuses; where nothing is left, that the shop's words may not be said."""
    good = [each for each in answer.sentences if verdict_of(each, answer, plain=True, market=market).ok]
    good = good or [Sentence(withheld(answer.language))]
    join = phrasebook(answer.language).tables["style"]["join"]
    return replace(answer, text=join.join(each.text for each in good), sentences=tuple(good))


async def _phrased(turn: Turn, answer: Answer, desk: Desk, context: Context, spare_s: float) -> tuple[Sentence, ...]:
    phraser = desk.phraser
    if phraser is None or answer.kind != "fact" or (spare_s < MIN_PHRASE_S and not phraser.always):
        return ()
    if not phraser.always and not desk.trust.asks(answer.language):
        turn.verdicts.append({"source": "model", "verdict": "not asked", "reason": "it has failed in this language lately"})
        return ()
    said = await _worded(turn, answer, desk, context, spare_s)
    desk.trust.learn(answer.language, spoken=bool(said))
    return said


async def _worded(turn: Turn, answer: Answer, desk: Desk, context: Context, spare_s: float) -> tuple[Sentence, ...]:
    """What the model makes of an answer; nothing where it is late, fails, or says what no fact backs."""
    phraser = desk.phraser
    assert phraser is not None
    limit_s = phraser.timeout_s if phraser.always else min(spare_s, phraser.timeout_s)
    try:
        async with asyncio.timeout(limit_s):
            pieces = [
                piece
                async for piece in phraser.phrase(
                    answer.text,
                    list(answer.facts),
                    language=answer.language,
                    question=turn.question.text,
                    persona=desk.persona,
                    recent=list(context.recent),
                )
            ]
    except TimeoutError:
        turn.verdicts.append({"source": "model", "verdict": "late", "reason": f"not ready in {limit_s:.1f} s"})
        return ()
    except LLMError as error:
        turn.verdicts.append({"source": "model", "verdict": "failed", "reason": str(error)})
        return ()
    text = "".join(pieces).strip()
    whole = Sentence(text, answer.facts)
    verdict = verdict_of(whole, answer, plain=False, market=desk.market)
    _note(turn, whole, verdict, "model")
    if not verdict.ok:
        return ()  # judged whole: "Great question!" alone holds no number of the plain answer
    return tuple(Sentence(part, answer.facts) for part in split(text, answer.language))


def _note(turn: Turn, sentence: Sentence, verdict: Verdict, source: str) -> None:
    row = {"source": source, "sentence": sentence.text, "verdict": "ok" if verdict.ok else "refused", "reason": verdict.reason}
    turn.verdicts.append(row if verdict.ok else row | {"detail": verdict.detail})


def verdict_of(sentence: Sentence, answer: Answer, *, plain: bool, market: str = "") -> Verdict:
    """The guard's word on one sentence of an answer. A plain one may only lean on the facts that it cites itself."""
    facts, said = (sentence.facts, "") if plain else (answer.facts, answer.text)
    return guard_check(sentence.text, facts, language=answer.language, plain=said, market=market)


async def _timed(turn: Turn, stage: str, work: Any) -> Any:
    began = time.perf_counter()
    try:
        return await work
    finally:
        turn.ms[stage] = round((time.perf_counter() - began) * 1000, 2)
