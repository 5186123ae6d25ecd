"""The pitch on its way to the stage: spoken ahead, taken back for an answer, said later, and rewritten where need be."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from agent.changes import Ledger, cited, why
from agent.rundown import PitchLine, Rundown
from renderer.media import Card, RenderError, Speech, Utterance
from renderer.stage import Stage

log = structlog.get_logger()

DISCLOSURE_EVERY_S = 600.0
REWRITES = 3  # of one line while it is being voiced; then it is left out
WITHDRAWABLE = frozenset({"pitch", "bridge", "disclosure"})


def withdrawable(utterance: Utterance) -> bool:
    """Whether an answer may take its place."""
    return utterance.kind in WITHDRAWABLE


class Pitch:
    """Says the rundown's lines one by one, and knows where it was."""

    def __init__(
        self,
        rundown: Rundown,
        *,
        stage: Stage,
        speech: Callable[[Utterance], Awaitable[Speech]],
        say: Callable[[Speech], Awaitable[object]],
        card: Callable[[str], Card | None],
        ledger: Ledger,
        revised: Callable[[Utterance, str, str], None],
        language: str,
        id: Callable[[], str],
        clock: Callable[[], float],
    ) -> None:
        """``speech`` voices, ``say`` queues on the stage; ``revised(sentence, outcome, reason)`` is told of each rewriting."""
        self.rundown, self.language = rundown, language
        self._stage, self._speech, self._say, self._card = stage, speech, say, card
        self._ledger, self._revised, self._id, self._clock = ledger, revised, id, clock
        self._resume: deque[Speech] = deque()
        self._interrupted = False
        self._disclosed = clock()
        self.shown = ""  # handle of the product that viewers have last heard the pitch of

    def heard(self, utterance: Utterance) -> None:
        """Viewers hear a line: only now is its product the one on air, as an answer may take queued lines back."""
        self.shown = utterance.meta.get("handle") or self.shown

    def hold(self, *, interrupted: bool) -> None:
        """Take back what nobody has begun to hear; it is said later. After an interruption a bridge leads back to it."""
        held = self._stage.withdraw(withdrawable)
        self._resume.extendleft(reversed([s for s in held if s.utterance.kind != "bridge" or not interrupted]))
        self._interrupted = self._interrupted or interrupted

    def review(self) -> None:
        """The catalogue has changed: hold what waits on the stage if any of it no longer holds."""
        if any(withdrawable(utterance) and self._outdated(utterance) for utterance in self._stage.queued):
            self.hold(interrupted=False)

    async def go_on(self) -> bool:
        """Say the next line; False when there was nothing that could be said."""
        if self._interrupted:
            self._interrupted = False
            if self.shown == self.rundown.on_air:  # else the next product is announced by its own first line
                await self._voice(self.rundown.back(self.shown))
        if self._resume:
            return await self._again(self._resume.popleft())
        if self._clock() - self._disclosed > DISCLOSURE_EVERY_S:
            self._disclosed = self._clock()
            await self._voice(self.rundown.disclosure())
        line = self.rundown.next()
        if line is None:
            await asyncio.sleep(1.0)  # nothing to show: the host idles and answers
            return False
        return await self._voice(line)

    async def _again(self, speech: Speech) -> bool:
        """A line that was held: as it was voiced, or rewritten."""
        utterance = speech.utterance
        if self._outdated(utterance):
            return await self._voice(self._rewritten(utterance))
        card = self._card(utterance.meta["handle"])
        await self._say(replace(speech, utterance=replace(utterance, card=card)))
        return True

    async def _voice(self, line: PitchLine | None) -> bool:
        for _ in range(REWRITES):
            if line is None:
                return True
            utterance = Utterance(
                self._id(), line.text, self.language, line.kind, card=self._card(line.handle),
                meta={"handle": line.handle, "line": line, "cites": line.cites},
            )  # fmt: skip
            try:
                speech = await self._speech(utterance)
                if not self._outdated(utterance):
                    await self._say(speech)
                    return True
            except RenderError as error:
                log.error("pitch.not_spoken", why=str(error), utterance=utterance.id)
                await asyncio.sleep(0.2)  # a voice that always fails must not turn this into a busy loop
                return False
            line = self._rewritten(utterance)
        return True

    def _outdated(self, utterance: Utterance) -> bool:
        handle = utterance.meta["handle"]
        return bool(self._ledger.outdated(cited(utterance))) or bool(handle and not self.rundown.sells(handle))

    def _rewritten(self, utterance: Utterance) -> PitchLine | None:
        line = self.rundown.again(utterance.meta["line"])
        reason = why(self._ledger.outdated(cited(utterance)))
        self._revised(utterance, "rewritten" if line else "dropped", reason)
        return line
