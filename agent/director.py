"""The director: what is said next. Answers first, between sentences; else the pitch, from where it stopped."""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog

from agent.answer import Answer, Sentence
from agent.cards import reply
from agent.changes import correction
from agent.config import Config
from agent.guard import check
from agent.journal import Journal
from agent.memory import Memory
from agent.pitch import WITHDRAWABLE, Pitch
from agent.revision import Revision
from agent.rundown import Rundown
from agent.triage import Question, Triage
from agent.turn import Context, Desk, Turn, take
from connectors.events import ChatEvent
from knowledge.product import Fact
from knowledge.shelf import Change
from renderer.media import SAMPLE_RATE, Card, RenderError, Speech, Utterance
from renderer.stage import Cue, Stage
from renderer.voice.base import Voice
from renderer.worker import Worker

log = structlog.get_logger()

LOOKAHEAD_S = 1.6  # speech kept ready: covers one synthesis on a busy machine
ANSWERS_IN_A_ROW = 4  # then one line of the pitch, so that the show does not become a help desk
SPARE_MARGIN_S = 0.6  # kept back from the model's time for voice and first pictures
TURNS_IN_FLIGHT = 50  # answers whose first sound is still awaited


class Director:
    """Owns what is said next; everything it needs is given."""

    def __init__(
        self,
        config: Config,
        *,
        triage: Triage,
        rundown: Rundown,
        desk: Desk,
        voice: Voice,
        speakable: frozenset[str],
        voice_worker: Worker,
        stage: Stage,
        journal: Journal,
        card: Callable[[str], Card | None],
        tell: Callable[[dict[str, Any]], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``speakable`` languages have a clear voice; ``card(handle)`` is the product card as it is now.

        ``tell`` shows a message to the room.
        """
        self.config, self.triage, self.rundown, self.desk = config, triage, rundown, desk
        self.voice, self.voice_worker, self.stage, self.journal = voice, voice_worker, stage, journal
        self.card, self.tell, self.clock, self.speakable = card, tell, clock, speakable
        self.began = clock()
        self._number = 0
        self.revision = Revision(stage, journal, rundown, card, lambda: self.now_s)
        self.pitch = Pitch(
            rundown, stage=stage, speech=self._speech, say=self._stage, card=card, ledger=self.revision.ledger,
            revised=self.revision.revised, language=config.show.language, id=lambda: self._id("p"), clock=clock,
        )  # fmt: skip
        self._answers_in_a_row = 0
        self._memory = Memory()
        self._recent: deque[str] = deque(maxlen=6)
        self._in_flight: OrderedDict[str, tuple[Turn, float]] = OrderedDict()
        self._news = asyncio.Event()

    # -- hearing --------------------------------------------------------------------------------------------------

    def hear(self, event: ChatEvent) -> None:
        """A comment, gift or the like has come in."""
        decision = self.triage.offer(event, self.now_s)
        self.journal.heard(
            event.platform, event.id, event.user, event.text, self.now_s, decision.outcome, decision.reason
        )
        self._shed()
        self._news.set()

    def _shed(self) -> None:
        for event, reason in self.triage.take_shed():
            self.journal.decided(event.platform, event.id, "shed", reason)

    @property
    def now_s(self) -> float:
        return self.clock() - self.began

    # -- what next ------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the stage supplied until cancelled."""
        while True:
            if self.revision.wrong:
                await self._correct(*self.revision.wrong.popleft())
                continue
            if self.revision.again:
                await self.answer(*self.revision.again.popleft())
                continue
            if self.stage.pending_kind_s("answer") < LOOKAHEAD_S and self._answers_in_a_row < ANSWERS_IN_A_ROW:
                question = self.triage.next(self.now_s)
                self._shed()
                if question is not None:
                    await self.answer(question)
                    continue
            if self.stage.pending_s < LOOKAHEAD_S:
                if not await self.pitch.go_on():
                    self._answers_in_a_row = 0
            else:
                await self._wait()

    async def _wait(self) -> None:
        """Until a comment comes in, or the next line is due."""
        self._news.clear()
        due_s = max(0.02, self.stage.pending_s - LOOKAHEAD_S)
        if self.triage.waiting:
            due_s = min(due_s, max(0.02, self.stage.pending_kind_s("answer") - LOOKAHEAD_S))
        with suppress(TimeoutError):  # not wait_for: in 3.11 it loses a cancellation that meets the event
            async with asyncio.timeout(due_s):
                await self._news.wait()

    # -- answers --------------------------------------------------------------------------------------------------

    async def answer(self, question: Question, begin: int = 0) -> None:
        """One turn, said from sentence ``begin`` on: those before it have been heard. What goes wrong fails this turn only."""
        id, chosen_s = self._id("t"), self.now_s
        event = question.event
        context = self._context(question)
        try:
            turn = await take(question, context, self.desk, self._speaker(id, question, begin), spare_s=self._spare_s, id=id)
        except Exception as error:  # the show goes on whatever one comment brings about
            log.exception("turn.failed", turn=id)
            for each in (event, *question.merged):
                self.journal.decided(each.platform, each.id, "failed", repr(error), id)
            return
        turn.ms["wait_chosen"] = round((chosen_s - question.at_s) * 1000, 2)
        self._finish(turn, question, begin)

    def _finish(self, turn: Turn, question: Question, begin: int) -> None:
        recalled = turn.id in self.revision.recalled
        turn.outcome = "rewritten" if recalled else turn.outcome
        self.journal.turn(turn.id, turn.record())
        outcome = "answered" if turn.spoken else "unanswered"
        for each in (question.event, *question.merged):
            reason = turn.outcome if each is question.event else f"merged with {question.event.id}"
            self.journal.decided(each.platform, each.id, outcome, reason, turn.id)
        if turn.found:
            self._memory.add(_viewer(question.event), question.text, turn.found)
        if recalled:
            return
        self._recent.append(question.text)
        self._answers_in_a_row += 1
        if turn.spoken and not begin:
            self._in_flight[f"{turn.id}.0"] = (turn, question.at_s)
            while len(self._in_flight) > TURNS_IN_FLIGHT:
                self._in_flight.popitem(last=False)

    def _context(self, question: Question) -> Context:
        show = self.config.show
        language = None if show.answer_in == "asker" else show.language
        viewer = _viewer(question.event)
        last, fields = self._memory.last(viewer)
        before = tuple(exchange.text for exchange in self._memory.of(viewer))
        on_air = self.pitch.shown or self.rundown.on_air
        return Context(language, show.language, self.speakable, on_air, last, fields, before, tuple(self._recent))

    def _spare_s(self) -> float:
        """How long words may still take: what viewers hear meanwhile, less what the voice needs."""
        return self.stage.committed_s(WITHDRAWABLE) - SPARE_MARGIN_S

    def _speaker(self, id: str, question: Question, begin: int) -> Any:
        """Binds a turn's sentences to voice, stage and the room."""
        count = -1

        async def speak(sentence: Sentence, answer: Answer, written: Answer, first: bool) -> dict[str, float]:
            nonlocal count
            count += 1
            if count < begin or id in self.revision.recalled:
                return {}
            began = self.clock()
            asker = [question.event.user, *(event.user for event in question.merged)][:3]
            utterance = Utterance(
                f"{id}.{count}", sentence.text, answer.language, "answer", id, self.card(answer.card_handle),
                {"to": asker, "question": question.text, "text": written.text, "written_in": written.language,
                 "handle": answer.card_handle, "cites": sentence.facts, "asked": question, "number": count},
            )  # fmt: skip
            speech = await self._speech(utterance)
            voiced = self.clock()
            if self.revision.outdated(utterance):
                self.revision.recall(utterance)
                return {}
            if count == begin:
                self.pitch.hold(interrupted=True)
            await self._stage(speech)
            return {"voice": round((voiced - began) * 1000, 2), "queue": round((self.clock() - voiced) * 1000, 2)}

        return speak

    async def _correct(self, wrong: Utterance, outdated: list[Fact]) -> None:
        """Put right a sentence that viewers have heard, before anything else is said."""
        said = correction(outdated, self.rundown, wrong.language)
        if said is None or not check(said.text, said.facts, language=wrong.language).ok:
            log.error("correction.refused", utterance=wrong.id, text=said.text if said else "")
            return
        handle, meta = said.facts[0].handle, {"cites": said.facts}
        if "to" in wrong.meta:  # it was an answer: the chat is put right too
            written = correction(outdated, self.rundown, wrong.meta["written_in"]) or said
            meta = wrong.meta | meta | {"text": written.text}
        utterance = Utterance(
            self._id("c"), said.text, wrong.language, "correction", wrong.turn, self.card(handle), meta | {"handle": handle}
        )  # fmt: skip
        try:
            await self._stage(await self._speech(utterance), first=True)
        except RenderError as error:
            log.error("correction.not_spoken", why=str(error), utterance=wrong.id)

    # -- what has changed -----------------------------------------------------------------------------------------

    def changed(self, changes: Sequence[Change]) -> None:
        """The catalogue has changed: nothing that no longer holds is begun from now on."""
        if changes:
            self.revision.changed(changes)
            self._review()

    def _review(self) -> None:
        self.pitch.review()
        if self.revision.review():
            self.pitch.hold(interrupted=False)  # so that nothing comes before the correction
        for turn in self.revision.recalled:
            self._in_flight.pop(f"{turn}.0", None)
        self._news.set()

    async def _stage(self, speech: Speech, *, first: bool = False) -> None:
        """Queue a sentence, and look again: the catalogue may have changed while its mouth was computed."""
        await self.stage.say(speech, first=first)
        self._review()

    async def _speech(self, utterance: Utterance) -> Speech:
        return await self.voice_worker.run(self.voice.speak, utterance)

    # -- what viewers hear ----------------------------------------------------------------------------------------

    def cue(self, cue: Cue) -> None:
        """The stage says that a sentence has begun or ended: journal, room, latency."""
        utterance = cue.utterance
        self.revision.heard(utterance, cue.kind)
        if cue.kind == "end":
            self.journal.ended(utterance.id, cue.pts)
            return
        if utterance.kind == "pitch":
            self.pitch.heard(utterance)
            self._answers_in_a_row = len(self._in_flight)
            self._news.set()
        self.journal.began(
            utterance.id, utterance.turn, utterance.kind, utterance.language, cue.voice, utterance.text, cue.pts
        )
        self.tell({"type": "said", "text": utterance.text, "language": utterance.language, "kind": utterance.kind})
        if "to" in utterance.meta and (utterance.kind == "correction" or utterance.id.endswith(".0")):
            self.tell(reply(utterance))
        self._heard_first(utterance.id, cue)

    def _heard_first(self, id: str, cue: Cue) -> None:
        if id not in self._in_flight:
            return
        turn, at_s = self._in_flight.pop(id)
        first_s = cue.clock_s - self.began + cue.first_sound / SAMPLE_RATE
        total = (first_s - at_s) * 1000
        known = sum(turn.ms.get(stage, 0.0) for stage in ("wait_chosen", "retrieve", "words", "voice", "queue"))
        turn.ms |= {
            "lead": round(cue.first_sound / SAMPLE_RATE * 1000, 2),
            "wait_stage": round(total - known - cue.first_sound / SAMPLE_RATE * 1000, 2),
            "comment_to_voice": round(total, 2),
        }
        self.journal.timed(turn.id, turn.ms)
        log.info("turn.done", turn=turn.id, source=turn.source, kind=turn.answer and turn.answer.kind, **turn.ms)

    def _id(self, prefix: str) -> str:
        self._number += 1
        return f"{prefix}{self._number}"


def _viewer(event: ChatEvent) -> str:
    return f"{event.platform}/{event.user_id or event.user}"

