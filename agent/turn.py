"""One answer as one function: question → facts → words → sound, with every stage timed.

The plain answer is composed from facts first and is always ready; a model may say it better (agent/words.py), in the time
that is left before the host would fall silent. Whatever it writes passes the guard or is not spoken.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from agent.answer import Answer, Sentence, compose
from agent.desk import Context as Context
from agent.desk import Desk as Desk
from agent.guard import sayable
from agent.triage import Question
from agent.words import Words, sentences
from knowledge.product import Fact
from knowledge.retrieve import Found


class Speaking(Protocol):
    """How a turn makes one sentence heard; the director binds voice and stage to it."""

    async def __call__(self, sentence: Sentence, answer: Answer, written: Answer, first: bool) -> dict[str, float]: ...


@dataclass(slots=True)
class Turn:
    """What one turn found, said and took. ``ms`` holds milliseconds by stage."""

    id: str
    question: Question
    found: Found | None = None
    words: Words | None = None
    spoken: list[Sentence] = field(default_factory=list)
    ms: dict[str, float] = field(default_factory=dict)
    outcome: str = "running"

    @property
    def answer(self) -> Answer | None:
        """As spoken."""
        return self.words.answer if self.words else None

    @property
    def written(self) -> Answer | None:
        """As shown in the chat, in the asker's language."""
        return self.words.written if self.words else None

    @property
    def source(self) -> str:
        """Whose words were spoken: plain, model, mixed or unbacked."""
        return self.words.source if self.words else "plain"

    @property
    def verdicts(self) -> list[dict[str, str]]:
        return self.words.verdicts if self.words else []

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
            "missing": self.missing,
            "verdicts": self.verdicts,
            "ms": self.ms,
            "outcome": self.outcome,
            "asked": self._asked(),
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


def fact_row(fact: Fact) -> dict[str, str]:
    return {"sku": fact.sku, "field": fact.field, "value": fact.value, "product": fact.product, "source": fact.source}


async def take(
    question: Question, context: Context, desk: Desk, speak: Speaking, *, spare_s: Callable[[], float], id: str
) -> Turn:
    """Answer one question. ``spare_s`` tells how long the model may still think before viewers would notice."""
    turn = Turn(id, question)
    with structlog.contextvars.bound_contextvars(turn=id):
        turn.found = await _timed(turn, "retrieve", find(desk, question.text, context))
        turn.words = Words(*composed(turn.found, context, question.askers))
        await _say(turn, desk, context, speak, spare_s)
        turn.outcome = "spoken" if turn.spoken else "nothing to say"
    return turn


async def _say(turn: Turn, desk: Desk, context: Context, speak: Speaking, spare_s: Callable[[], float]) -> None:
    """Make each sentence heard as soon as it is there; the stage "words" ends with the first."""
    assert turn.found is not None and turn.words is not None
    began = time.perf_counter()
    async with aclosing(sentences(turn.words, turn.found, turn.question.text, desk, context, spare_s)) as said:
        async for sentence in said:
            first = not turn.spoken
            if first:
                turn.ms["words"] = round((time.perf_counter() - began) * 1000, 2)
            turn.spoken.append(sentence)
            timings = await speak(sentence, turn.words.answer, turn.words.written, first)
            if first:
                turn.ms |= timings


def composed(found: Found, context: Context, askers: Sequence[str]) -> tuple[Answer, Answer]:
    """The plain answer as it is spoken and as it is written: apart where no clear voice speaks the asker's language.

    ``askers``: those whose names may be said are named.
    """
    names = [name for asker in askers if (name := sayable(asker))]
    wanted = context.language or found.asked.language
    tongue = wanted if wanted in context.speakable else context.show
    spoken = compose(found, tongue, askers=names)
    return spoken, spoken if tongue == wanted else compose(found, wanted, askers=names)


async def find(desk: Desk, text: str, context: Context) -> Found:
    """Facts for a question, from the thread that owns the index."""
    return await desk.find(
        text, language=context.language, on_air=context.on_air, last=context.last, before=context.fields
    )


async def _timed(turn: Turn, stage: str, work: Any) -> Any:
    began = time.perf_counter()
    try:
        return await work
    finally:
        turn.ms[stage] = round((time.perf_counter() - began) * 1000, 2)
