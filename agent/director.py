"""The director: what is said next. Answers first, between sentences; else the pitch, from where it stopped."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import structlog

from agent.answer import Answer, Sentence
from agent.booth import Booth
from agent.cards import reply
from agent.changes import correction
from agent.config import Config
from agent.courtesy import Courtesy
from agent.guard import check
from agent.journal import Journal
from agent.latency import Latency
from agent.memory import Memory
from agent.pitch import WITHDRAWABLE, Pitch
from agent.repeats import Repeats
from agent.revision import Revision
from agent.rundown import Rundown
from agent.strain import Strain
from agent.triage import Question, Triage
from agent.turn import Context, Desk, Turn, take
from connectors.events import ChatEvent
from knowledge.personal import redacted
from knowledge.product import Fact
from knowledge.shelf import Change
from renderer.media import Card, RenderError, Speech, Utterance
from renderer.stage import Cue, Stage
from renderer.voice.base import Voice
from renderer.voice.cache import SpeechCache
from renderer.worker import Worker

log = structlog.get_logger()

LOOKAHEAD_S = 1.6  # speech kept ready, besides what the voice takes for a sentence
ANSWER_AHEAD_S = 4.0  # of one answer still to be heard when the next is chosen: time for its words and its voice
MOST_AHEAD_S = 8.0  # with a slow voice; what is urgent waits no longer than this for an answer that was chosen before it
SILENCE_S = 0.8  # rather than a longer one before an answer, viewers hear one more line of the pitch
ANSWERS_IN_A_ROW = 4  # then one line of the pitch, so that the show does not become a help desk
NOTHING_SAID_S = 0.2  # how soon the pitch is asked again when it said nothing: it rests, or the voice has failed
SPARE_MARGIN_S = 0.6  # kept back from the model's time for voice and first pictures


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
        speech_cache: SpeechCache | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``speakable`` languages have a clear voice; ``card(handle)`` is the product card as it is now.

        ``tell`` shows a message to the room.
        """
        self.booth = Booth(voice, voice_worker, cache=speech_cache, clock=clock)
        self.config, self.triage, self.rundown = config, triage, rundown
        self.desk = replace(desk, voicing_s=self.booth.at_most_s)
        self.stage, self.journal = stage, journal
        self.card, self.tell, self.clock, self.speakable = card, tell, clock, speakable
        self.began = clock()
        self._number = 0
        self.revision = Revision(stage, journal, rundown, card, lambda: self.now_s)
        self.courtesy = Courtesy(
            config.courtesy, language=config.show.language, seed=config.show.seed,
            check=lambda text, counted: check(text, (), language=config.show.language, allowed=counted).ok,
        )  # fmt: skip
        self.pitch = Pitch(
            rundown, stage=stage, speech=self.booth.whole, say=self._stage, card=card, ledger=self.revision.ledger,
            revised=self.revision.revised, language=config.show.language, id=lambda: self._id("p"), clock=clock,
            courtesy=self.courtesy, disclosure_every_s=config.courtesy.disclosure_every_s,
        )  # fmt: skip
        self._answers_in_a_row = 0
        self._memory = Memory()
        self._recent: deque[str] = deque(maxlen=6)
        self.repeats = Repeats(self.booth, self.desk, self._here, self._idle)
        self.strain = Strain(stage)
        self.latency = Latency(journal, lambda clock_s: clock_s - self.began)
        self._answering = False
        self._next: Question | None = None  # chosen while the pitch has to come first
        self._news = asyncio.Event()

    # -- hearing --------------------------------------------------------------------------------------------------

    def hear(self, event: ChatEvent) -> None:
        """A comment, gift or the like has come in."""
        decision = self.triage.offer(event, self.now_s, self._on_air)
        user, text = redacted(event.user), redacted(event.text)
        self.journal.heard(event.platform, event.id, user, text, self.now_s, decision.outcome, decision.reason)
        self.courtesy.hear(event, self.now_s)
        self._decided()
        if decision.outcome == "waiting":
            self._news.set()

    def _decided(self) -> None:
        for event, outcome, reason in self.triage.take_decided():
            self.journal.decided(event.platform, event.id, outcome, reason)

    @property
    def _on_air(self) -> str:
        return self.pitch.shown or self.rundown.on_air

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
            enough = self._answers_in_a_row >= ANSWERS_IN_A_ROW or self.pitch.owes_disclosure
            if not enough and self.stage.pending_kind_s("answer") < self._answer_ahead_s and (question := self._take()):
                await self.answer(question)
            elif self.stage.pending_s < self._lookahead_s:
                if not await self.pitch.go_on():
                    self._answers_in_a_row = 0
                    await self._wait(NOTHING_SAID_S)
            elif enough and self._next is None and (question := self._take()):
                self._next = question  # its turn comes when viewers hear the pitch again
                await self.repeats.prepare(question, self._context(question), self._free)
            else:
                await self._wait()

    def _take(self) -> Question | None:
        """The question to answer next."""
        question, self._next = self._next, None
        if question is None:
            question = self.triage.next(self.now_s, self._on_air)
            self._decided()
        return question

    def _free(self) -> bool:
        """Whether what viewers have still to hear lasts for a while."""
        return self.stage.pending_s >= self._lookahead_s

    @property
    def _answer_ahead_s(self) -> float:
        """Seconds of an answer still to be heard below which the next question is chosen."""
        return min(ANSWER_AHEAD_S + self.repeats.slowest_s, MOST_AHEAD_S)

    @property
    def _lookahead_s(self) -> float:
        """Seconds of speech below which the next line of the pitch is voiced."""
        return LOOKAHEAD_S + self.booth.usual_s(self.config.show.language)

    async def _wait(self, least_s: float = 0.02) -> None:
        """Until a comment comes in, or the next line is due."""
        self._news.clear()
        due_s = max(least_s, self.stage.pending_s - self._lookahead_s)
        if self.triage.waiting and self._answers_in_a_row < ANSWERS_IN_A_ROW:
            due_s = min(due_s, max(0.02, self.stage.pending_kind_s("answer") - self._answer_ahead_s))
        with suppress(TimeoutError):  # not wait_for: in 3.11 it loses a cancellation that meets the event
            async with asyncio.timeout(due_s):
                await self._news.wait()

    # -- answers --------------------------------------------------------------------------------------------------

    async def answer(self, question: Question, begin: int = 0) -> None:
        """One turn, said from sentence ``begin`` on: those before it have been heard. What goes wrong fails this turn only."""
        id, chosen_s = self._id("t"), self.now_s
        event = question.event
        context, self._answering = self._context(question), True
        try:
            turn = await take(question, context, self.desk, self._speaker(id, question, begin), spare_s=self._spare_s, id=id)
        except Exception as error:  # the show goes on whatever one comment brings about
            log.exception("turn.failed", turn=id)
            for each in (event, *question.merged):
                self.journal.decided(each.platform, each.id, "failed", repr(error), id)
            return
        finally:
            self._answering = False
        turn.ms["wait_chosen"] = round((chosen_s - question.at_s) * 1000, 2)
        self._finish(turn, question, begin)

    def _finish(self, turn: Turn, question: Question, begin: int) -> None:
        recalled = turn.id in self.revision.recalled
        turn.outcome = "rewritten" if recalled else turn.outcome
        self.journal.turn(turn.id, turn.record())
        outcome = "answered" if turn.spoken else "unanswered"
        for each in (question.event, *question.merged):
            own = each is question.event
            reason = turn.outcome if own else f"asks the same as {question.id}"
            fate = "merged" if turn.spoken and not own else outcome
            self.journal.decided(each.platform, each.id, fate, reason, turn.id)
        if turn.found:
            self._memory.add(_viewer(question.event), question.text, turn.found)
        if recalled:
            return
        self._recent.append(question.text)
        if turn.answer:
            self.repeats.heard(question, turn.answer.language)
        self._answers_in_a_row += 1
        self.latency.finished(turn)

    def _context(self, question: Question) -> Context:
        """``question.on_air``: "this" is what was in sight when it was asked."""
        viewer, here = _viewer(question.event), self._here()
        last, fields = self._memory.last(viewer)
        before = tuple(exchange.text for exchange in self._memory.of(viewer))
        on_air = question.on_air or here.on_air
        return replace(here, on_air=on_air, last=last, fields=fields, before=before, recent=tuple(self._recent))

    def _here(self) -> Context:
        """What any question asked now is about."""
        show = self.config.show
        language = None if show.answer_in == "asker" else show.language
        return Context(language, show.language, self.speakable, self._on_air)

    def _idle(self) -> bool:
        """Whether the voice may work ahead: no answer is under way, nor could one be that waits."""
        free = not (self._answering or self.booth.busy or self.strain())
        return free and (not self.triage.waiting or self.stage.pending_s > ANSWER_AHEAD_S)

    def _spare_s(self) -> float:
        """How long words may still take: what viewers hear, less what the voice needs; nothing where pictures are late."""
        return 0.0 if self.strain() else self._heard_s() - SPARE_MARGIN_S

    def _speaker(self, id: str, question: Question, begin: int) -> Any:
        """Binds a turn's sentences to voice, stage and the room."""
        count = -1

        async def speak(sentence: Sentence, answer: Answer, written: Answer, first: bool) -> dict[str, float]:
            nonlocal count
            count += 1
            if count < begin or id in self.revision.recalled:
                return {}
            asker = [question.event.user, *(event.user for event in question.merged)][:3]
            utterance = Utterance(
                f"{id}.{count}", sentence.text, answer.language, "answer", id, self.card(answer.card_handle),
                {"to": asker, "question": question.text, "text": written.text, "written_in": written.language,
                 "handle": answer.card_handle, "cites": sentence.facts, "asked": question, "number": count},
            )  # fmt: skip
            return await self._voiced(utterance, first=count == begin)

        return speak

    async def _voiced(self, utterance: Utterance, *, first: bool) -> dict[str, float]:
        """Voice a sentence of an answer and queue it, in parts where that takes long; the first part's milliseconds."""
        ms, began = dict[str, float](), self.clock()
        if first and self._ready_s(utterance) - self._heard_s() < SILENCE_S:
            self.pitch.hold(interrupted=False)  # else another line of it would begin while this is voiced
        names = {fact.product for fact in utterance.meta["cites"]}
        try:
            async for speech in self.booth.parts(utterance, heard_s=self._heard_s, names=names):
                voiced = self.clock()
                if speech.opens and self.revision.outdated(utterance):
                    self.revision.recall(utterance)
                    return {}
                if speech.opens and first:
                    self.pitch.hold(interrupted=True)
                if speech.opens and utterance.meta["number"] == 0:
                    self.latency.queued(utterance.turn, utterance.meta["asked"].at_s)
                if not await self._stage(speech):
                    break
                ms = ms or {"voice": (voiced - began) * 1000, "queue": (self.clock() - voiced) * 1000}
        except BaseException:
            self.stage.close(utterance)
            raise
        return {stage: round(value, 2) for stage, value in ms.items()}

    def _ready_s(self, utterance: Utterance) -> float:
        return self.booth.first_s(utterance.text, utterance.language)

    def _heard_s(self) -> float:
        """Seconds of speech that nothing takes back any more."""
        return self.stage.committed_s(WITHDRAWABLE)

    async def _correct(self, wrong: Utterance, outdated: list[Fact]) -> None:
        """Put right a sentence that viewers have heard, before anything else is said."""
        said = correction(outdated, self.rundown, wrong.language)
        if said is None or not check(said.text, said.facts, language=wrong.language, market=self.config.show.market).ok:
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
            await self._stage(await self.booth.whole(utterance), first=True)
        except RenderError as error:
            log.error("correction.not_spoken", why=str(error), utterance=wrong.id)

    # -- what has changed -----------------------------------------------------------------------------------------

    def changed(self, changes: Sequence[Change]) -> None:
        """The catalogue has changed: nothing that no longer holds is begun from now on."""
        if changes:
            self.triage.changed()
            self.revision.changed(changes)
            self._review()

    def _review(self) -> None:
        self.pitch.review()
        if self.revision.review():
            self.pitch.hold(interrupted=False)  # so that nothing comes before the correction
        for turn in self.revision.recalled:
            self.latency.recalled(turn)
        self._news.set()

    async def _stage(self, speech: Speech, *, first: bool = False) -> bool:
        """Queue a sentence, and look again: the catalogue may have changed while its mouth was computed.

        False: it is a further part of a sentence that has been taken back.
        """
        queued = await self.stage.say(speech, first=first)
        self._review()
        return queued

    # -- what viewers hear ----------------------------------------------------------------------------------------

    def cue(self, cue: Cue) -> None:
        """The stage says that a sentence has begun or ended: journal, room, latency."""
        utterance = cue.utterance
        self.revision.heard(utterance, cue.kind)
        if cue.kind == "end":
            self.journal.ended(utterance.id, cue.pts)
            return
        self.pitch.heard(utterance)
        if utterance.kind == "pitch":
            self._answers_in_a_row = self.latency.awaited
            self._news.set()
        self.journal.began(
            utterance.id, utterance.turn, utterance.kind, utterance.language, cue.voice, utterance.text, cue.pts
        )
        self.tell({"type": "said", "text": utterance.text, "language": utterance.language, "kind": utterance.kind})
        if "to" in utterance.meta and (utterance.kind == "correction" or utterance.id.endswith(".0")):
            self.tell(reply(utterance))
        if utterance.id == f"{utterance.turn}.0":
            self.latency.heard(utterance.turn, cue)

    def _id(self, prefix: str) -> str:
        self._number += 1
        return f"{prefix}{self._number}"


def _viewer(event: ChatEvent) -> str:
    return f"{event.platform}/{event.user_id or event.user}"

