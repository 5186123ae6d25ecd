"""The stage: one clock for picture and sound.

Frame ``k`` of the show owns samples ``[k * 960, (k + 1) * 960)``. The stage decides what frame ``k`` says and shows
(``_plan``), has its picture drawn ahead of time by the one render thread, and hands out pairs of picture and sound at
25 a second. A picture that is late repeats the one before; sound is never stretched, dropped or reordered.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from renderer.lines import Line, Lines, carded, closing, line
from renderer.media import FPS, SAMPLES_PER_FRAME, AudioChunk, Card, Pcm, Planes, Speech, Utterance, VideoFrame
from renderer.worker import Worker

AHEAD_FRAMES = 10  # drawn ahead of the clock; also what an idle host lets pass before a new sentence can start
REDRAW_FRAMES = 4  # of silence drawn ahead that are kept when a sentence comes: the time in which its first ones are drawn
CHUNK_FRAMES = 4  # drawn in one go: amortises the net's per-call cost, small enough to keep the first one quick
CARD_LINGER_FRAMES = 2 * FPS  # a card stays this long after the last sentence about it
SILENCE: Pcm = np.zeros(SAMPLES_PER_FRAME, np.int16)
SILENCE.setflags(write=False)


class FaceLike(Protocol):
    """What the stage needs of an avatar; see renderer.avatar.face.Face."""

    @property
    def rest(self) -> NDArray[np.float32]: ...
    def track(self, speech: Speech) -> NDArray[np.float32]: ...
    def render(self, first: int, codes: NDArray[np.float32], talking: NDArray[np.bool_]) -> NDArray[np.uint8]: ...


class OverlayLike(Protocol):
    """What the stage needs of the overlay; see renderer.overlay.Overlay."""

    def draw(
        self, planes: Planes, *, card: Card | None, caption: str, caption_language: str, t: int, progress: float
    ) -> None: ...


class Sink(Protocol):
    """Where pairs go; ``write`` must not block. See renderer.output.base."""

    def write(self, frame: VideoFrame, audio: AudioChunk) -> None: ...


@dataclass(frozen=True, slots=True)
class Cue:
    """Something the viewers have just begun or ceased to hear."""

    kind: str  # "start" | "end"
    utterance: Utterance
    pts: int  # samples since the show began: of the first sample at start, past the last one at end
    clock_s: float  # the stage clock's reading when it was handed out (time.perf_counter in a live show)
    first_sound: int = 0  # at start: samples from pts to the first phoneme
    voice: str = ""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one frame says and shows."""

    index: int
    pcm: Pcm
    code: NDArray[np.float32]
    talking: bool
    card: Card | None
    caption: str
    language: str
    progress: float = 0.0
    starts: Line | None = None
    ends: Line | None = None
    ended: Line | None = None  # its sentence was over before this frame, as no further part came
    stalled: bool = False  # a sentence waits for its next part

    @property
    def idle(self) -> bool:
        return not (self.talking or self.ended)


class Stage:
    """Plays sentences in order, idles between them, and keeps picture and sound on one count.

    All methods belong to the event loop's thread; only drawing happens in ``worker``.
    """

    def __init__(
        self,
        face: FaceLike,
        overlay: OverlayLike,
        *,
        worker: Worker | None = None,
        live: bool = True,
        on_cue: Callable[[Cue], None] = lambda cue: None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``live=False`` waits for every picture instead of keeping wall-clock time: for files and tests."""
        self.face, self.overlay, self.live, self.on_cue, self.clock = face, overlay, live, on_cue, clock
        self.worker = worker or Worker()
        self.emitted = 0  # frames handed out
        self.repeated = 0  # of them, pictures that were late
        self._planned = 0  # next frame to plan
        self._next_draw = 0
        self._chunk = CHUNK_FRAMES  # drawn in one go now: less while drawing is slower than the clock
        self._skip = 0  # frames left out meanwhile, so that what is drawn next comes in time
        self.stalled = 0  # frames for which a sentence that had begun waited for its next part
        self._lines = Lines()
        self._playing: Line | None = None
        self._ended: Line | None = None  # its sentence was over only after its last frame had been planned
        self._position = 0  # frames of _playing already planned
        self._latest: Utterance | None = None  # whose card lingers
        self._card_until = 0
        self._plans: dict[int, _Plan] = {}
        self._pictures: dict[int, Planes] = {}
        self._last: Planes | None = None
        self._changed = asyncio.Event()

    # -- what the director asks and does ------------------------------------------------------------------------

    async def say(self, speech: Speech, *, first: bool = False) -> bool:
        """Queue a sentence behind those already queued, or before them; its mouth codes come from the render thread.

        Further parts of a sentence go behind it. False: it has been withdrawn meanwhile, and they are not wanted.
        """
        codes = await self.worker.run(self.face.track, speech)
        queued = self._lines.put(line(speech, codes), first=first)
        if queued:
            self._plan_anew()
        return queued

    def close(self, utterance: Utterance) -> None:
        """The parts of a sentence that are still to come will not come: it ends with what it has."""
        last = self._lines.close(utterance)
        if last and self._playing:  # of the same sentence: nothing else is played while one is open
            self._playing = closing(self._playing)
        elif last:
            self._ended = last

    def withdraw(self, which: Callable[[Utterance], bool]) -> list[Speech]:
        """Take back those queued sentences that no frame has been planned for; of one in parts the first is returned."""
        return self._lines.withdraw(which)

    @property
    def queued(self) -> list[Utterance]:
        """Sentences that no frame has been planned for, in order."""
        return [line.utterance for line in self._lines if line.speech.opens]

    @property
    def playing(self) -> Utterance | None:
        """The sentence whose frames are being planned: viewers hear it, or will within ``AHEAD_FRAMES``."""
        now = self._playing or self._lines.open
        return now.utterance if now else None

    def renew_cards(self, card: Callable[[Utterance], Card | None]) -> None:
        """Give what plays, lingers and waits the cards of now, from the next frame on that is planned."""
        self._lines.renew_cards(card)
        self._playing = carded(self._playing, card) if self._playing else None
        self._latest = replace(self._latest, card=card(self._latest)) if self._latest else None

    @property
    def pending_s(self) -> float:
        """Seconds of speech that viewers have still to hear: what is playing, planned and queued."""
        playing = self._playing.frames - self._position if self._playing else 0
        planned = sum(1 for plan in self._plans.values() if plan.talking)
        return (playing + planned + sum(line.frames for line in self._lines)) / FPS

    def committed_s(self, withdrawable: frozenset[str]) -> float:
        """Seconds that will be heard whatever is withdrawn: what plays, what is planned, queued lines of other kinds."""
        queued = sum(line.frames for line in self._lines if line.utterance.kind in withdrawable)
        return self.pending_s - queued / FPS

    def pending_kind_s(self, kind: str) -> float:
        """Seconds of speech of one kind that viewers have still to hear."""
        playing, at = self._playing, self._position
        rest = playing.frames - at if playing and playing.utterance.kind == kind else 0
        return (rest + sum(line.frames for line in self._lines if line.utterance.kind == kind)) / FPS

    # -- the clock ------------------------------------------------------------------------------------------------

    async def run(self, sinks: Sequence[Sink], *, seconds: float | None = None) -> None:
        """Hand out pairs until ``seconds`` of media have gone, or for ever; the caller owns the sinks."""
        end = None if seconds is None else round(seconds * FPS)
        drawing = asyncio.create_task(self._draw_ahead())
        try:
            await self._lead_in(drawing)
            start = self.clock()
            while end is None or self.emitted < end:
                if drawing.done():
                    drawing.result()
                await self._until_due(start)
                self._emit(sinks)
        finally:
            drawing.cancel()
            await asyncio.gather(drawing, return_exceptions=True)

    async def _lead_in(self, drawing: "asyncio.Task[None]") -> None:
        """The show begins with its first picture, not with a black frame."""
        while 0 not in self._pictures and not drawing.done():
            await self._wait_change()

    async def _until_due(self, start: float) -> None:
        if not self.live:
            while self.emitted not in self._pictures:
                await asyncio.sleep(0)
                if self.emitted not in self._pictures:
                    await self._wait_change()
            return
        delay = start + self.emitted / FPS - self.clock()
        await asyncio.sleep(max(0.0, delay))

    async def _wait_change(self) -> None:
        self._changed.clear()
        # Not wait_for: in 3.11 it loses a cancellation that meets the event, and the show would never end.
        with suppress(TimeoutError):  # look again: a picture may have been skipped as late
            async with asyncio.timeout(1.0):
                await self._changed.wait()

    def _emit(self, sinks: Sequence[Sink]) -> None:
        index = self.emitted
        self._plan_to(index + 1)
        plan = self._plans.pop(index)
        picture = self._pictures.pop(index, None)
        late = picture is None
        self._last = picture if picture is not None else self._last
        assert self._last is not None  # _lead_in saw the first one
        self.repeated += late
        self.stalled += plan.stalled
        frame = VideoFrame(index, self._last, repeated=late)
        audio = AudioChunk(index * SAMPLES_PER_FRAME, plan.pcm)
        for sink in sinks:
            sink.write(frame, audio)
        self.emitted = index + 1
        self._cues(plan)
        self._changed.set()

    def _cues(self, plan: _Plan) -> None:
        pts, now = plan.index * SAMPLES_PER_FRAME, self.clock()
        if plan.ended:
            speech = plan.ended.speech
            self.on_cue(Cue("end", speech.utterance, pts, now, 0, speech.voice))
        if plan.starts:
            speech = plan.starts.speech
            first = next((phoneme.start for phoneme in speech.phonemes if phoneme.symbol), 0)
            self.on_cue(Cue("start", speech.utterance, pts, now, first, speech.voice))
        if plan.ends:
            speech = plan.ends.speech
            self.on_cue(Cue("end", speech.utterance, pts + SAMPLES_PER_FRAME, now, 0, speech.voice))

    # -- planning -------------------------------------------------------------------------------------------------

    def _plan_to(self, end: int) -> None:
        while self._planned < end:
            plan = self._plan(self._planned)
            self._plans[plan.index] = plan
            self._planned += 1

    def _plan(self, index: int) -> _Plan:
        starts = self._begin_line() if self._playing is None else None
        ended, self._ended = self._ended, None
        line = self._playing
        if line is None:
            return self._silent(index, ended)
        utterance, at = line.utterance, self._position
        self._latest, self._card_until = utterance, index + CARD_LINGER_FRAMES
        self._position += 1
        last = self._position == line.frames
        if last:
            self._playing = None
        pcm = line.pcm[at * SAMPLES_PER_FRAME : (at + 1) * SAMPLES_PER_FRAME]
        return _Plan(
            index, pcm, line.codes[at], True, utterance.card, utterance.text, utterance.language, line.progress(at),
            starts if starts and starts.speech.opens else None, line if last and line.speech.closes else None, ended,
        )  # fmt: skip

    def _silent(self, index: int, ended: Line | None) -> _Plan:
        """Nothing is said: between sentences, or inside one whose next part is late; then its caption stays."""
        waiting = self._lines.open
        if waiting:
            self._latest, self._card_until = waiting.utterance, index + CARD_LINGER_FRAMES
        card = self._latest.card if self._latest and index < self._card_until else None
        text, language = (waiting.utterance.text, waiting.utterance.language) if waiting else ("", "")
        progress = waiting.speech.span[1] if waiting else 0.0
        return _Plan(index, SILENCE, self.face.rest, False, card, text, language, progress, ended=ended, stalled=bool(waiting))

    def _begin_line(self) -> Line | None:
        self._playing, self._position = self._lines.take(), 0
        return self._playing

    def _plan_anew(self) -> None:
        """What is said next need not wait until the silence that is drawn already has gone by: that is drawn again."""
        keep = self.emitted + REDRAW_FRAMES
        while self._planned > keep and self._plans[self._planned - 1].idle:
            self._planned -= 1
            del self._plans[self._planned]
            self._pictures.pop(self._planned, None)
        self._next_draw = min(self._next_draw, self._planned)

    # -- drawing --------------------------------------------------------------------------------------------------

    async def _draw_ahead(self) -> None:
        while True:
            first = max(self._next_draw, self.emitted + self._skip)
            count = min(self._chunk, self.emitted + AHEAD_FRAMES - first)
            if count < self._chunk:
                await self._wait_change()
                continue
            self._plan_to(first + count)
            plans = [self._plans[k] for k in range(first, first + count)]
            self._next_draw, began = first + count, self.emitted
            self._keep(plans, await self.worker.run(self._draw, plans), self.emitted - began)
            self._changed.set()

    def _keep(self, plans: list[_Plan], pictures: Sequence[Planes], took: int) -> None:
        """Put pictures where the clock finds them. ``took`` frames went by meanwhile.

        A machine that draws too slowly shows fewer pictures, each in its place, rather than none: chunks get smaller,
        and each is drawn for the time at which it will be ready. What came too late is newer than what is shown.
        """
        for plan, picture in zip(plans, pictures, strict=True):
            if plan.index < self.emitted:
                self._last = picture
            elif self._plans.get(plan.index) is plan:  # else it has been planned anew
                self._pictures[plan.index] = picture
        slow = took > len(plans)
        self._chunk = max(1, self._chunk // 2) if slow else min(CHUNK_FRAMES, self._chunk * 2)
        ready = 1 + took * self._chunk // len(plans)  # frames that will have gone by when the next chunk is drawn
        self._skip = min(ready, AHEAD_FRAMES - self._chunk) if slow else 0

    def _draw(self, plans: list[_Plan]) -> Any:
        """In the render thread: pictures of consecutive frames, overlays included."""
        codes = np.stack([plan.code for plan in plans])
        talking = np.array([plan.talking for plan in plans])
        pictures = self.face.render(plans[0].index, codes, talking)
        for plan, planes in zip(plans, pictures, strict=True):
            self.overlay.draw(
                planes, card=plan.card, caption=plan.caption, caption_language=plan.language, t=plan.index,
                progress=plan.progress,
            )  # fmt: skip
        return pictures
