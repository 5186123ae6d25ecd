"""Pitch lines in a model's words, written ahead between answers, and only used where the guard passes them.

A line is kept under its plain text: when a price has changed by the time it is said, the plain text is another one and the
model's is never found. Nothing waits for the model; what is not ready in time is said plainly.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from agent.guard import check
from agent.llm import LLMError
from agent.rundown import Rundown
from agent.segment import PitchLine
from agent.sentences import split
from knowledge.product import Fact

log = structlog.get_logger()

LINES_AHEAD = 4
KEPT = 64  # lines worded and not yet said
LOOK_EVERY_S, AFTER_FAILURE_S = 0.5, 30.0
ASKED = "Tell us about it."  # what a pitch line answers, for the model


class Phrases(Protocol):
    """What is needed of a model; see agent.llm.Phraser."""

    def phrase(
        self, plain: str, facts: Sequence[Fact], *, language: str, question: str, persona: str, recent: Sequence[str]
    ) -> AsyncIterator[str]: ...


class WriterAhead:
    """Words the rundown's coming lines while nobody waits for an answer."""

    def __init__(
        self, phraser: Phrases, rundown: Rundown, *, language: str, persona: str,
        idle: Callable[[], bool], now_s: Callable[[], float],
    ) -> None:  # fmt: skip
        """``idle`` tells whether the model is free for this; ``now_s`` are the show's seconds."""
        self._phraser, self._rundown, self._idle, self._now_s = phraser, rundown, idle, now_s
        self._language, self._persona = language, persona
        self._ready: OrderedDict[str, str | None] = OrderedDict()  # plain text → the model's, None where it was refused
        self.counts: Counter[str] = Counter()  # written | refused | failed | said
        rundown.better = self.take

    def take(self, line: PitchLine) -> PitchLine:
        """The line in the model's words when they are ready, else as it is."""
        text = self._ready.pop(line.text, None)
        if text is None:
            return line
        self.counts["said"] += 1
        return replace(line, text=text, source="model")

    async def run(self) -> None:
        """Write ahead until cancelled; then what came of it is logged."""
        try:
            while True:
                wait_s = await self._step() if self._idle() else LOOK_EVERY_S
                await asyncio.sleep(wait_s)
        finally:
            log.info("pitch.written_ahead", **self.counts)

    async def _step(self) -> float:
        """Word one line that has no words yet. Returns the seconds until the next look."""
        lines = [each for each in self._rundown.coming(LINES_AHEAD, self._now_s()) if each.handle and each.source == "plain"]
        line = next((each for each in lines if each.text not in self._ready), None)
        if line is None:
            return LOOK_EVERY_S
        try:
            text = await self._words(line)
        except LLMError as error:
            self.counts["failed"] += 1
            log.warning("pitch.model_failed", why=str(error), instead="plain lines")
            return AFTER_FAILURE_S
        self._ready[line.text] = text
        while len(self._ready) > KEPT:
            self._ready.popitem(last=False)
        return 0.0

    async def _words(self, line: PitchLine) -> str | None:
        """What says the same as the line in no more sentences, or None when what came back may not be said."""
        facts = line.cites
        pieces = [
            piece async for piece in self._phraser.phrase(
                line.text, list(facts), language=self._language, question=ASKED, persona=self._persona, recent=()
            )
        ]  # fmt: skip
        text = "".join(pieces).strip()
        verdict = check(text, facts, language=self._language, plain=line.text)
        brief = len(split(text, self._language)) <= len(split(line.text, self._language))  # answers cut in between lines
        if verdict.ok and brief:
            self.counts["written"] += 1
            return text
        self.counts["refused"] += 1
        log.info("pitch.words_refused", text=text, reason="longer" if verdict.ok else verdict.reason)
        return None
