"""The director: what is said next. Answers first, between sentences; else the pitch, from where it stopped."""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog

from agent.answer import Answer, Sentence
from agent.config import Config
from agent.journal import Journal
from agent.rundown import PitchLine, Rundown
from agent.triage import Question, Triage
from agent.turn import Context, Desk, Turn, take
from connectors.events import ChatEvent
from knowledge.product import Fact, Product
from renderer.media import SAMPLE_RATE, Card, RenderError, Speech, Utterance
from renderer.stage import Cue, Stage
from renderer.voice.base import Voice
from renderer.worker import Worker

log = structlog.get_logger()

LOOKAHEAD_S = 1.6  # speech kept ready: covers one synthesis on a busy machine
ANSWERS_IN_A_ROW = 4  # then one line of the pitch, so that the show does not become a help desk
SPARE_MARGIN_S = 0.6  # kept back from the model's time for voice and first pictures
DISCLOSURE_EVERY_S = 600.0
VIEWERS_REMEMBERED = 1_000
TURNS_IN_FLIGHT = 50  # answers whose first sound is still awaited
WITHDRAWABLE = frozenset({"pitch", "bridge", "disclosure"})


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
        self._resume: deque[Speech] = deque()
        self._interrupted = False
        self._shown = ""  # handle of the product that viewers have last heard the pitch of
        self._answers_in_a_row = 0
        self._disclosed = clock()
        self._last: OrderedDict[str, str] = OrderedDict()  # viewer → handle asked about
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
            if self.stage.pending_kind_s("answer") < LOOKAHEAD_S and self._answers_in_a_row < ANSWERS_IN_A_ROW:
                question = self.triage.next(self.now_s)
                self._shed()
                if question is not None:
                    await self.answer(question)
                    continue
            if self.stage.pending_s < LOOKAHEAD_S:
                await self._pitch()
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

    async def answer(self, question: Question) -> None:
        """One turn. Whatever goes wrong in it fails this turn only."""
        id, chosen_s = self._id("t"), self.now_s
        event = question.event
        context = self._context(question)
        try:
            turn = await take(question, context, self.desk, self._speaker(id, question), spare_s=self._spare_s, id=id)
        except Exception as error:  # the show goes on whatever one comment brings about
            log.exception("turn.failed", turn=id)
            for each in (event, *question.merged):
                self.journal.decided(each.platform, each.id, "failed", repr(error), id)
            return
        turn.ms["wait_chosen"] = round((chosen_s - question.at_s) * 1000, 2)
        self._finish(turn, question)

    def _finish(self, turn: Turn, question: Question) -> None:
        self.journal.turn(turn.id, turn.record())
        outcome = "answered" if turn.spoken else "unanswered"
        for each in (question.event, *question.merged):
            reason = turn.outcome if each is question.event else f"merged with {question.event.id}"
            self.journal.decided(each.platform, each.id, outcome, reason, turn.id)
        if turn.found and turn.found.products:
            self._remember(question.event, turn.found.products[0][0])
        self._recent.append(question.text)
        self._answers_in_a_row += 1
        if turn.spoken:
            self._in_flight[f"{turn.id}.0"] = (turn, question.at_s)
            while len(self._in_flight) > TURNS_IN_FLIGHT:
                self._in_flight.popitem(last=False)

    def _context(self, question: Question) -> Context:
        show = self.config.show
        language = None if show.answer_in == "asker" else show.language
        last = self._last.get(_viewer(question.event), "")
        return Context(language, show.language, self.speakable, self._shown or self.rundown.on_air, last, tuple(self._recent))

    def _remember(self, event: ChatEvent, handle: str) -> None:
        self._last[_viewer(event)] = handle
        self._last.move_to_end(_viewer(event))
        if len(self._last) > VIEWERS_REMEMBERED:
            self._last.popitem(last=False)

    def _spare_s(self) -> float:
        """How long words may still take: what viewers hear meanwhile, less what the voice needs."""
        return self.stage.committed_s(WITHDRAWABLE) - SPARE_MARGIN_S

    def _speaker(self, id: str, question: Question) -> Any:
        """Binds a turn's sentences to voice, stage and the room."""
        count = 0

        async def speak(sentence: Sentence, answer: Answer, written: Answer, first: bool) -> dict[str, float]:
            nonlocal count
            began = self.clock()
            utterance = Utterance(
                f"{id}.{count}",
                sentence.text,
                answer.language,
                "answer",
                id,
                self.card(answer.card_handle),
                {
                    "to": [question.event.user, *(event.user for event in question.merged)][:3],
                    "question": question.text,
                    "text": written.text,
                    "written_in": written.language,
                },
            )
            count += 1
            speech = await self._speech(utterance)
            voiced = self.clock()
            if first:
                self._hold_pitch()
            await self.stage.say(speech)
            return {"voice": round((voiced - began) * 1000, 2), "queue": round((self.clock() - voiced) * 1000, 2)}

        return speak

    def _hold_pitch(self) -> None:
        """Take back the pitch that nobody has begun to hear; it is said again after the answer."""
        held = self.stage.withdraw(WITHDRAWABLE)
        self._resume.extendleft(reversed([speech for speech in held if speech.utterance.kind != "bridge"]))
        self._interrupted = True

    # -- the pitch ------------------------------------------------------------------------------------------------

    async def _pitch(self) -> None:
        if self._interrupted:
            self._interrupted = False
            if self._shown == self.rundown.on_air:  # else the next product is announced by its own first line
                await self._say_line(self.rundown.back(self._shown))
        if self._resume:
            await self.stage.say(self._resume.popleft())
            return
        if self.clock() - self._disclosed > DISCLOSURE_EVERY_S:
            self._disclosed = self.clock()
            await self._say_line(self.rundown.disclosure())
        line = self.rundown.next()
        if line is None:
            self._answers_in_a_row = 0
            await asyncio.sleep(1.0)  # nothing to show: the host idles and answers
        await self._say_line(line)

    async def _say_line(self, line: PitchLine | None) -> None:
        if line is None:
            return
        utterance = Utterance(
            self._id("p"),
            line.text,
            self.config.show.language,
            line.kind,
            card=self.card(line.handle),
            meta={"handle": line.handle},
        )
        try:
            await self.stage.say(await self._speech(utterance))
        except RenderError as error:
            self._answers_in_a_row = 0
            log.error("pitch.not_spoken", why=str(error), utterance=utterance.id)
            await asyncio.sleep(0.2)  # a voice that always fails must not turn this into a busy loop

    async def _speech(self, utterance: Utterance) -> Speech:
        return await self.voice_worker.run(self.voice.speak, utterance)

    # -- what viewers hear ----------------------------------------------------------------------------------------

    def cue(self, cue: Cue) -> None:
        """The stage says that a sentence has begun or ended: journal, room, latency."""
        utterance = cue.utterance
        if cue.kind == "end":
            self.journal.ended(utterance.id, cue.pts)
            return
        if utterance.kind == "pitch":  # heard, not only queued: an answer may take it back
            self._shown = utterance.meta.get("handle") or self._shown
            self._answers_in_a_row = len(self._in_flight)
            self._news.set()
        self.journal.began(
            utterance.id, utterance.turn, utterance.kind, utterance.language, cue.voice, utterance.text, cue.pts
        )
        self.tell({"type": "said", "text": utterance.text, "language": utterance.language, "kind": utterance.kind})
        if utterance.kind == "answer" and utterance.id.endswith(".0"):
            self.tell(_reply(utterance))
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


def _reply(utterance: Utterance) -> dict[str, Any]:
    card = utterance.card
    shown = {"title": card.title, "price": card.price, "note": card.note} if card else None
    return {
        "type": "reply",
        "id": utterance.turn,
        "to": utterance.meta["to"],
        "question": utterance.meta["question"],
        "text": utterance.meta["text"],
        "language": utterance.meta["written_in"],
        "card": shown,
    }


def product_card(product: Product | None, facts: Sequence[Fact]) -> Card | None:
    """What the card shows of a product: title, price, and stock where the catalogue tells."""
    if product is None:
        return None
    whole = {fact.field: fact for fact in facts if fact.id.count("/") == 1}
    price, stock = whole.get("price"), whole.get("stock")
    return Card(
        product.variants[0].sku if product.variants else "",
        product.title,
        price.value if price else "",
        stock.value if stock else "",
        product.image,
    )
