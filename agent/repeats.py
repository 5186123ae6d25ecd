"""What will be said again is voiced ahead, while the voice has nothing else to do: small talk, what is asked of every product.

Only where the voice is slow, and only in languages that the room writes in.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import structlog

from agent.answer import phrasebook
from agent.booth import Booth
from agent.triage import Question
from agent.turn import Context, Desk, composed, find
from renderer.media import RenderError, Utterance

log = structlog.get_logger()

SMALL_TALK = ("which", "unclear", "greeting", "unsold", "offtopic", "host", "refusal", "list_none")
LANGUAGES, QUESTIONS = 6, 8  # remembered: those heard last
LOOK_EVERY_S, AFTER_FAILURE_S = 0.5, 30.0


class Repeats:
    """Remembers what is asked again and again, and has the booth ready for it."""

    def __init__(self, booth: Booth, desk: Desk, context: Callable[[], Context], idle: Callable[[], bool]) -> None:
        """``context`` is that of a question asked now by somebody new; ``idle`` tells whether the voice is free."""
        self._booth, self._desk, self._context, self._idle = booth, desk, context, idle
        self._languages: OrderedDict[str, None] = OrderedDict()
        self._questions: OrderedDict[str, str] = OrderedDict()  # about whatever is on air → their language
        self._known: tuple[str, tuple[str, ...]] = "", ()  # the product and the questions that these are about:
        self._answered: list[tuple[str, str]] = []
        self.voiced = 0

    def heard(self, question: Question, language: str) -> None:
        """A question has been answered in ``language``."""
        _note(self._languages, language, None, LANGUAGES)
        if question.asked.here or (question.asked.kind == "fact" and not question.asked.nouns):
            _note(self._questions, question.text, language, QUESTIONS)

    @property
    def slowest_s(self) -> float:
        """Seconds that a sentence takes to voice in the slowest of the languages that are answered in."""
        return max((self._booth.usual_s(language) for language in self._languages), default=0.0)

    async def prepare(self, question: Question, context: Context, free: Callable[[], bool]) -> None:
        """Voice the beginning of the plain answer to a question whose turn comes soon, for as long as there is time."""
        answer, _ = composed(await find(self._desk, question.text, context), context, question.askers)
        for sentence in answer.sentences[:1]:
            with suppress(RenderError):  # it will be said when the answer is
                async for _ in self._booth.parts(
                    Utterance("ahead", sentence.text, answer.language, "ahead"), names={fact.product for fact in sentence.facts}
                ):
                    if not free():
                        return

    async def run(self) -> None:
        """Voice ahead until cancelled; then how much that was is logged."""
        try:
            while True:
                await asyncio.sleep(LOOK_EVERY_S)
                if self._idle():
                    await self._one()
        finally:
            log.info("voice.prepared", sentences=self.voiced)

    async def _one(self) -> None:
        """Voice the next sentence that is not ready, for as long as the voice is free."""
        for text, language in (*await self._answers(), *self._small_talk()):
            if not self._booth.slow(language) or self._booth.takes_s(text, language) == 0:
                continue
            try:
                async for _ in self._booth.parts(Utterance("ahead", text, language, "ahead")):
                    if not self._idle():
                        return  # the parts that are made are kept
                self.voiced += 1
            except RenderError as error:
                log.warning("voice.not_prepared", why=str(error), language=language)
                await asyncio.sleep(AFTER_FAILURE_S)
            return

    async def _answers(self) -> Sequence[tuple[str, str]]:
        """(sentence, language): what was asked of other products lately, answered for the one that is on air."""
        context, asked = self._context(), tuple(text for text, each in self._questions.items() if self._booth.slow(each))
        if self._known != (context.on_air, asked):
            self._known, self._answered = (context.on_air, asked), []
            for text in reversed(asked):
                answer, _ = composed(await find(self._desk, text, context), context, ())
                self._answered += [(sentence.text, answer.language) for sentence in answer.sentences]
        return self._answered

    def _small_talk(self) -> Iterator[tuple[str, str]]:
        for language in reversed(self._languages):
            book = phrasebook(language)
            yield from ((book.say(key), language) for key in SMALL_TALK if book.has(key, "say"))


def _note(where: OrderedDict[str, Any], key: str, value: Any, limit: int) -> None:
    where[key] = value
    where.move_to_end(key)
    while len(where) > limit:
        where.popitem(last=False)
