"""The pitch on its way to the stage: spoken ahead, taken back for an answer, said later, and rewritten where need be."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from agent.changes import Ledger, cited, why
from agent.courtesy import Courtesy
from agent.rundown import Rundown
from agent.segment import PitchLine
from renderer.media import Card, RenderError, Speech, Utterance
from renderer.stage import Stage

log = structlog.get_logger()

DISCLOSURE_EVERY_S = 600.0  # at the most
DISCLOSURE_LEAD_S = 14.0  # planned this much before it is due, so that the sentence in progress does not make it late
DISCLOSURE_RETRY_S = 10.0
REWRITES = 3  # of one line while it is being voiced; then it is left out
WITHDRAWABLE = frozenset({"pitch", "bridge", "courtesy"})  # not the disclosure, whose time has come


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
        courtesy: Courtesy | None = None,
        disclosure_every_s: float = DISCLOSURE_EVERY_S,
    ) -> None:
        """``speech`` voices, ``say`` queues on the stage; ``revised(sentence, outcome, reason)`` is told of each rewriting."""
        self.rundown, self.language = rundown, language
        self._stage, self._speech, self._say, self._card = stage, speech, say, card
        self._ledger, self._revised, self._id, self._clock = ledger, revised, id, clock
        self._resume: deque[Speech] = deque()
        self._interrupted = False
        self._began = self._disclosed = clock()
        self._courtesy, self._disclosure_every_s = courtesy, min(disclosure_every_s, DISCLOSURE_EVERY_S)
        self.shown = ""  # handle of the product that viewers have last heard the pitch of

    def heard(self, utterance: Utterance) -> None:
        """Viewers hear a sentence: only now is a line's product the one on air, as an answer may take queued lines back."""
        self.rundown.heard(utterance.text, self._now_s)
        if utterance.kind == "pitch":
            self.shown = utterance.meta.get("handle") or self.shown
        elif utterance.kind == "disclosure":
            self._disclosed = self._clock()

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
        """Say the next line; False when there was nothing that could be said just now."""
        if self.owes_disclosure:  # before all else: it must not wait
            return await self._disclose()
        if self._interrupted:
            self._interrupted = False
            if self.shown and self.shown == self._next_handle():  # else the next product is announced by its own first line
                await self._voice(self.rundown.back(self.shown, self._now_s))
        if self._resume:
            return await self._again(self._resume.popleft())
        if self._courtesy and (line := self._courtesy.due(self._now_s, self.rundown.said.lately)):
            return await self._voice(line)
        line = self.rundown.next(self._now_s)
        return line is not None and await self._voice(line)

    async def _disclose(self) -> bool:
        said = await self._voice(self.rundown.disclosure(self._now_s))
        # When no sound came of it, another wording is tried soon; meanwhile the show goes on.
        self._disclosed = self._clock() if said else self._disclosed + DISCLOSURE_RETRY_S
        return said

    @property
    def owes_disclosure(self) -> bool:
        """Whether it is time to say that an AI is speaking."""
        return self._clock() - self._disclosed > self._disclosure_every_s - DISCLOSURE_LEAD_S

    def _next_handle(self) -> str:
        """What the next line of the pitch is about; "" when none is to come just now."""
        held = [speech.utterance for speech in self._resume if speech.utterance.kind == "pitch"]
        if held:
            return str(held[0].meta["handle"])
        return next((line.handle for line in self.rundown.coming(1, self._now_s)), "")

    @property
    def _now_s(self) -> float:
        """Seconds since the show began."""
        return self._clock() - self._began

    async def _again(self, speech: Speech) -> bool:
        """A line that was held: as it was voiced, or rewritten."""
        utterance = speech.utterance
        if self._outdated(utterance) or any(fact.field == "sale_end" for fact in cited(utterance)):  # time has gone by
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
