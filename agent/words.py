"""The words of an answer: a model's, sentence by sentence, while they hold and are in time; the rest in plain sentences."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import structlog

from agent.answer import LONG, SHORT, Answer, Sentence, phrasebook
from agent.desk import Context, Desk
from agent.guard import Verdict, check, withheld
from agent.llm import LLMError
from agent.phrasing import Script, facts_of, spoken
from agent.prompts import work_out
from agent.sentences import joined
from agent.tools import Toolbox
from knowledge.retrieve import Found

log = structlog.get_logger()

MIN_PHRASE_S = 0.3  # less than this is not worth asking the model


@dataclass(slots=True)
class Words:
    """What is said to one question, whose words they are, and what the guard said of each sentence."""

    answer: Answer  # as spoken
    written: Answer  # as shown in the chat
    source: str = "plain"  # plain | model | mixed (a model's, completed by code) | unbacked (a plain one was refused)
    verdicts: list[dict[str, str]] = field(default_factory=list)

    def judged(self, source: str, text: str, verdict: Verdict) -> None:
        """Keep a verdict for the journal."""
        row = {"source": source, "sentence": text, "verdict": "ok" if verdict.ok else "refused", "reason": verdict.reason}
        self.verdicts.append(row | ({"detail": verdict.detail} if verdict.detail else {}))

    def plain_holds(self, sentence: Sentence, verdict: Verdict) -> bool:
        """Whether a sentence of code's own may be spoken: not where it quotes what a seller's text must not say."""
        self.judged("plain", sentence.text, verdict)
        if not verdict.ok:
            self.source = "unbacked"
            log.error("turn.plain_refused", sentence=sentence.text, reason=verdict.reason, detail=verdict.detail)
        return verdict.ok

    def without_model(self, verdict: str, reason: str) -> None:
        """Keep why the model's words were not waited for."""
        self.verdicts.append({"source": "model", "verdict": verdict, "reason": reason})


async def sentences(
    words: Words, found: Found, question: str, desk: Desk, context: Context, spare_s: Callable[[], float]
) -> AsyncGenerator[Sentence]:
    """The sentences to speak, each as soon as it is there. ``spare_s``: how long viewers can be kept waiting now."""
    verdicts = {each: verdict_of(each, words.answer, plain=True, market=desk.market) for each in words.answer.sentences}
    if not all(verdict.ok for verdict in verdicts.values()):  # a model is not asked to word what may not be said
        for sentence in _allowed(words, verdicts, desk.market):
            yield sentence
        return
    script = _script(words.answer, found)
    model = partial(_model, words, script, question, desk, context, spare_s)
    if words.answer.kind == "unknown" and (said := await _worked_out(words, script, model, desk)):
        for sentence in said:
            yield sentence
        return
    if words.answer.kind == "fact":
        async with aclosing(model()) as phrased:
            async for sentence in phrased:
                words.source = "model"
                yield sentence
    for sentence in script.left:
        if words.plain_holds(sentence, verdicts[sentence]):
            words.source = words.source if words.source == "plain" else "mixed"
            yield sentence


def _allowed(words: Words, verdicts: Mapping[Sentence, Verdict], market: str) -> list[Sentence]:
    """What is left of an answer without the sentences that the guard refuses; else, that the shop's words may not be said."""
    good = [sentence for sentence, verdict in verdicts.items() if words.plain_holds(sentence, verdict)]
    words.written = kept(words.written, market)
    return good or [Sentence(withheld(words.answer.language))]


def kept(answer: Answer, market: str) -> Answer:
    """An answer without what the guard refuses; where nothing is left, that the shop's words may not be said."""
    good = [each for each in answer.sentences if verdict_of(each, answer, plain=True, market=market).ok]
    good = good or [Sentence(withheld(answer.language))]
    join = phrasebook(answer.language).tables["style"]["join"]
    return replace(answer, text=join.join(each.text for each in good), sentences=tuple(good))


def _script(answer: Answer, found: Found) -> Script:
    affirm = not found.asked.yes_no or found.verdict == "yes"
    most = LONG if found.asked.everything else SHORT
    return Script(list(answer.sentences), answer.language, affirm=affirm, most=max(most, len(answer.sentences)))


async def _worked_out(
    words: Words, script: Script, model: Callable[[], AsyncGenerator[Sentence]], desk: Desk
) -> list[Sentence]:
    """The answer of a model that looks things up, where code did not understand; empty when it has none either.

    Not where two languages are needed at once: what is written in the chat must be what is spoken.
    """
    if desk.phraser is None or not desk.phraser.calls_tools or words.written is not words.answer:
        return []
    plain, script.left = script.left, []
    async with aclosing(model()) as phrased:
        said = [sentence async for sentence in phrased]
    script.left = plain
    if not (facts := facts_of(said)):
        return []
    card = next((fact.handle for fact in facts if fact.handle), "")
    text = joined(sentence.text for sentence in said)
    words.answer = words.written = Answer(text, tuple(said), script.language, facts, "fact", card)
    words.source = "model"
    return said


async def _model(
    words: Words, script: Script, question: str, desk: Desk, context: Context, spare_s: Callable[[], float]
) -> AsyncGenerator[Sentence]:
    """What the model says, each sentence within the time that is left when it is awaited."""
    phraser, language = desk.phraser, words.answer.language
    voicing_s = max((desk.voicing_s(each.text, language) for each in words.answer.sentences[:1]), default=0.0)
    if phraser is None or (spare_s() - voicing_s < MIN_PHRASE_S and not phraser.always):
        return
    if not phraser.always and not desk.trust.asks(language):
        words.without_model("not asked", "it has failed in this language lately")
        return
    limit_s, judged, passed = 0.0, partial(words.judged, "model"), False
    pieces = _asked(words.answer, script, question, desk, context)
    try:
        async with aclosing(pieces), aclosing(spoken(pieces, script, judged)) as said:
            while True:
                limit_s = phraser.timeout_s if phraser.always else min(spare_s() - voicing_s, phraser.timeout_s)
                async with asyncio.timeout(limit_s):
                    sentence = await anext(said, None)
                if sentence is None:
                    return
                passed = True
                yield sentence
    except TimeoutError:
        words.without_model("late", f"not ready in {limit_s:.1f} s")
    except LLMError as error:
        words.without_model("failed", str(error))
    finally:
        desk.trust.learn(language, spoken=passed)


def _asked(answer: Answer, script: Script, question: str, desk: Desk, context: Context) -> AsyncGenerator[str]:
    """The model's words: worked out with tools where it can call them, else a phrasing of the plain answer."""
    assert desk.phraser is not None
    plain = answer.text if script.left else ""
    given: dict[str, Any] = {
        "language": answer.language, "question": question, "persona": desk.persona, "recent": list(context.recent),
        "before": list(context.before),
    }  # fmt: skip
    if not desk.phraser.calls_tools:
        return desk.phraser.phrase(plain, list(answer.facts), **given)
    box = Toolbox(desk.find, answer.language)
    script.told = box.told
    return desk.phraser.work_out(work_out(plain, list(answer.facts), **given), box)


def verdict_of(sentence: Sentence, answer: Answer, *, plain: bool, market: str = "") -> Verdict:
    """The guard's word on one sentence of an answer. A plain one may only lean on the facts that it cites itself."""
    facts, said = (sentence.facts, "") if plain else (answer.facts, answer.text)
    return check(sentence.text, facts, language=answer.language, plain=said, market=market)
