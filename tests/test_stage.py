"""The stage: one clock, sentences in order, sound never lost, late pictures repeated."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from renderer.media import SAMPLES_PER_FRAME, AudioChunk, Card, Phoneme, Speech, Utterance, VideoFrame
from renderer.stage import AHEAD_FRAMES, Cue, Stage
from tests.virtual import Inline, VirtualLoop, run

FRAMES = 1920, 720


class Face:
    """A face whose picture tells its frame number and code; as fast or slow as a test wants."""

    rest = np.zeros(2, np.float32)

    def __init__(self, slow: asyncio.Event | None = None) -> None:
        self.drawn: list[int] = []
        self.hold = 0.0

    def track(self, speech: Speech) -> Any:
        frames = -(-len(speech.pcm) // SAMPLES_PER_FRAME)
        return np.ones((frames, 2), np.float32)

    def render(self, first: int, codes: Any, talking: Any) -> Any:
        self.drawn += range(first, first + len(codes))
        return np.stack([np.full(FRAMES, 50 + 100 * int(code[0]), np.uint8) for code in codes])


class Overlay:
    def __init__(self) -> None:
        self.seen: dict[int, tuple[Card | None, str, float]] = {}

    def draw(
        self, planes: Any, *, card: Card | None, caption: str, caption_language: str, t: int, progress: float
    ) -> None:
        self.seen[t] = (card, caption, progress)


class Sink:
    def __init__(self) -> None:
        self.pairs: list[tuple[VideoFrame, AudioChunk]] = []

    def write(self, frame: VideoFrame, audio: AudioChunk) -> None:
        self.pairs.append((VideoFrame(frame.index, frame.planes.copy(), frame.repeated), audio))

    @property
    def pcm(self) -> Any:
        return np.concatenate([audio.pcm for _, audio in self.pairs])


def speech(id: str, frames: float, value: int, kind: str = "pitch", card: Card | None = None) -> Speech:
    samples = round(frames * SAMPLES_PER_FRAME)
    pcm = np.full(samples, value, np.int16)
    return Speech(Utterance(id, f"text {id}", kind=kind, card=card), pcm, (Phoneme("a", 100, samples),), "test")


def make(live: bool = False, **options: Any) -> tuple[Stage, Sink, list[Cue]]:
    cues: list[Cue] = []
    stage = Stage(Face(), Overlay(), live=live, on_cue=cues.append, **options)
    return stage, Sink(), cues


async def test_sentences_play_in_order_sample_for_sample() -> None:
    stage, sink, cues = make()
    await stage.say(speech("one", 3.5, 111))
    await stage.say(speech("two", 2, 222))
    await stage.run([sink], seconds=0.4)
    sound = sink.pcm
    assert len(sink.pairs) == 10
    assert [audio.pts for _, audio in sink.pairs] == [k * SAMPLES_PER_FRAME for k in range(10)]
    assert [frame.index for frame, _ in sink.pairs] == list(range(10))
    spoken = sound[sound != 0]
    assert (spoken[: round(3.5 * 960)] == 111).all() and (spoken[round(3.5 * 960) :] == 222).all()
    assert len(spoken) == round(5.5 * 960), "no sample is lost or said twice"
    assert [(cue.kind, cue.utterance.id) for cue in cues] == [
        ("start", "one"), ("end", "one"), ("start", "two"), ("end", "two"),
    ]  # fmt: skip


async def test_each_picture_belongs_to_its_sound() -> None:
    stage, sink, _ = make()
    await stage.say(speech("one", 4, 111))
    await stage.run([sink], seconds=0.8)
    for frame, audio in sink.pairs:
        assert (frame.planes[0, 0] > 100) == bool(audio.pcm.any()), f"frame {frame.index} shows another moment"


async def test_cue_times_the_first_sound() -> None:
    stage, sink, cues = make()
    await stage.say(speech("one", 4, 111))
    await stage.run([sink], seconds=0.4)
    start = cues[0]
    first = int(np.flatnonzero(sink.pcm)[0])
    assert start.pts == first and start.first_sound == 100 and start.voice == "test"


async def test_withdrawn_sentences_are_given_back_and_not_heard() -> None:
    stage, sink, _ = make()
    await stage.say(speech("playing", 3, 1))
    await stage.say(speech("pitch", 3, 2))
    await stage.say(speech("answer", 3, 3, kind="answer"))
    back = stage.withdraw(lambda u: u.kind == "pitch")
    assert [each.utterance.id for each in back] == ["playing", "pitch"]
    await stage.run([sink], seconds=0.4)
    assert set(np.unique(sink.pcm)) == {0, 3}


async def test_a_sentence_that_has_begun_is_never_withdrawn() -> None:
    stage, _, _ = make()
    await stage.say(speech("playing", 6, 1))

    class Hook(Sink):
        def write(self, frame: VideoFrame, audio: AudioChunk) -> None:
            super().write(frame, audio)
            if frame.index == 2:
                assert stage.withdraw(lambda u: u.kind == "pitch") == []

    hook = Hook()
    await stage.run([hook], seconds=0.5)
    assert (hook.pcm == 1).sum() == 6 * SAMPLES_PER_FRAME


async def test_pending_time_counts_down() -> None:
    stage, sink, _ = make()
    await stage.say(speech("one", 5, 1))
    await stage.say(speech("two", 5, 2, kind="answer"))
    assert stage.pending_s == pytest.approx(0.4)
    assert stage.pending_kind_s("answer") == pytest.approx(0.2)
    assert stage.committed_s(frozenset({"pitch"})) == pytest.approx(0.2)
    await stage.run([sink], seconds=0.6)
    assert stage.pending_s == 0


async def test_card_lingers_and_caption_does_not() -> None:
    card = Card("S", "Mug", "$1.00")
    stage, sink, _ = make()
    await stage.say(speech("one", 4, 1, card=card))
    await stage.run([sink], seconds=4)
    seen = stage.overlay.seen  # type: ignore[attr-defined]
    first = next(k for k in sorted(seen) if seen[k][1])
    assert seen[first + 3][:2] == (card, "text one") and seen[first + 3][2] == pytest.approx(0.75)
    assert seen[first + 6][:2] == (card, "")
    assert seen[first + 60][:2] == (None, "")


class Stepped:
    """A clock that moves by itself at each reading: virtual time for a live stage."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


async def test_late_pictures_repeat_and_sound_goes_on() -> None:
    """With a clock that runs faster than drawing, every sample is still heard once and in order."""

    class Slow(Face):
        def render(self, first: int, codes: Any, talking: Any) -> Any:
            import time

            time.sleep(0.02 * len(codes))
            return super().render(first, codes, talking)

    sink = Sink()
    stage = Stage(Slow(), Overlay(), live=True, clock=Stepped(0.02))
    ramp = np.arange(40 * SAMPLES_PER_FRAME, dtype=np.int64) % 30_000 + 1
    line = Speech(Utterance("ramp", "ramp"), ramp.astype(np.int16), ())
    await stage.say(line)
    await stage.run([sink], seconds=2.4)
    heard = sink.pcm[sink.pcm != 0]
    assert (heard == line.pcm).all()
    assert stage.repeated == sum(frame.repeated for frame, _ in sink.pairs) > 0
    assert len(sink.pairs) == 60


async def test_drawing_that_is_too_slow_still_shows_pictures_in_their_place() -> None:
    """At a third of the speed that is needed the picture must go on moving, and what is fresh must be in time."""

    class Numbered(Face):
        def render(self, first: int, codes: Any, talking: Any) -> Any:
            import time

            time.sleep(0.12 * len(codes))
            return np.stack([np.full(FRAMES, 16 + (first + i) % 200, np.uint8) for i in range(len(codes))])

    sink = Sink()
    await Stage(Numbered(), Overlay()).run([sink], seconds=4)
    shown = [int(frame.planes[0, 0]) - 16 for frame, _ in sink.pairs]
    fresh = [frame.index for frame, _ in sink.pairs if not frame.repeated]
    assert len(fresh) >= 10 and all(shown[k] == k for k in fresh)
    assert len(set(shown)) >= 10 and shown == sorted(shown)


async def test_the_stage_ends_when_drawing_waits_for_its_last_frame() -> None:
    """Handing out the last frame wakes the drawing task in the moment in which it is cancelled."""
    stage, sink, _ = make()
    async with asyncio.timeout(5):
        for _ in range(20):
            stage.emitted = stage._planned = stage._next_draw = 0
            await stage.run([sink], seconds=0.6)
    assert len(sink.pairs) == 20 * 15


async def test_a_failing_face_ends_the_show_with_its_error() -> None:
    class Broken(Face):
        def render(self, first: int, codes: Any, talking: Any) -> Any:
            raise ValueError("the face broke")

    stage = Stage(Broken(), Overlay(), live=False)
    with pytest.raises(ValueError, match="the face broke"):
        await stage.run([Sink()], seconds=1)


def part(id: str, frames: float, value: int, span: tuple[float, float]) -> Speech:
    return replace(speech(id, frames, value), span=span)


async def test_parts_of_a_sentence_are_one_sentence_to_those_who_watch() -> None:
    stage, sink, cues = make()
    await stage.say(part("one", 3, 1, (0.0, 0.4)))
    await stage.say(speech("two", 2, 9))
    assert await stage.say(part("one", 2, 2, (0.4, 1.0))), "it goes behind its sentence, not behind the next"
    await stage.run([sink], seconds=0.4)
    sound = sink.pcm[sink.pcm != 0]
    assert sound.tolist() == [1] * 2880 + [2] * 1920 + [9] * 1920
    assert [(cue.kind, cue.utterance.id) for cue in cues] == [
        ("start", "one"), ("end", "one"), ("start", "two"), ("end", "two"),
    ]  # fmt: skip
    seen = stage.overlay.seen  # type: ignore[attr-defined]
    assert [seen[k][1] for k in range(5)] == ["text one"] * 5
    assert [seen[k][2] for k in range(5)] == pytest.approx([0, 0.4 / 3, 0.8 / 3, 0.4, 0.7])


Call = Callable[[Stage], Coroutine[Any, Any, bool]]


def in_time(seconds: float, *calls: tuple[float, Call]) -> tuple[Stage, Sink, list[Cue]]:
    """A live stage in virtual time, with what is called at its seconds."""
    cues, sink, tasks = list[Cue](), Sink(), list[asyncio.Future[bool]]()

    def begin(call: Call, stage: Stage) -> None:
        tasks.append(asyncio.ensure_future(call(stage)))

    async def main(loop: VirtualLoop) -> Stage:
        stage = Stage(Face(), Overlay(), worker=Inline(), on_cue=cues.append, clock=loop.time)  # type: ignore[arg-type]
        for at, call in calls:
            loop.call_at(at, begin, call, stage)
        await stage.run([sink], seconds=seconds)
        assert all([await task for task in tasks])
        return stage

    return run(main), sink, cues


def test_a_sentence_waits_for_its_next_part_and_nothing_comes_between() -> None:
    stage, sink, cues = in_time(
        2.4,
        (0.0, lambda stage: stage.say(part("one", 3, 1, (0.0, 0.5)))),
        (0.0, lambda stage: stage.say(speech("two", 2, 9))),
        (1.2, lambda stage: stage.say(part("one", 2, 2, (0.5, 1.0)))),
        (1.1, lambda stage: stage.say(speech("correction", 1, 5), first=True)),
    )
    assert sink.pcm[sink.pcm != 0].tolist() == [1] * 2880 + [2] * 1920 + [5] * 960 + [9] * 1920
    assert [cue.utterance.id for cue in cues if cue.kind == "end"] == ["one", "correction", "two"]
    first, second = (int(np.flatnonzero(sink.pcm == value)[0]) // SAMPLES_PER_FRAME for value in (1, 2))
    assert stage.stalled == second - first - 3, "counted"
    assert 30 < second < 30 + AHEAD_FRAMES, "the silence that was drawn ahead is drawn anew"
    assert stage.overlay.seen[25][1] == "text one", "its caption stays"  # type: ignore[attr-defined]


async def test_a_sentence_whose_rest_will_not_come_ends_with_what_it_has() -> None:
    for at in (None, 1, 6):  # before it has begun, while its part is played, after that
        stage, _, cues = make()
        one = part("one", 3, 1, (0.0, 0.5))
        await stage.say(one)
        await stage.say(speech("two", 2, 9))

        class Closing(Sink):
            def write(self, frame: VideoFrame, audio: AudioChunk) -> None:
                super().write(frame, audio)
                if frame.index == at:  # noqa: B023
                    stage.close(one.utterance)  # noqa: B023

        if at is None:
            stage.close(one.utterance)
        sink = Closing()
        await stage.run([sink], seconds=1.2)
        assert [(cue.kind, cue.utterance.id) for cue in cues] == [
            ("start", "one"), ("end", "one"), ("start", "two"), ("end", "two"),
        ], at  # fmt: skip
        assert not await stage.say(part("one", 2, 2, (0.5, 1.0))), "it is over"


async def test_a_sentence_in_parts_is_withdrawn_whole_and_not_once_it_has_begun() -> None:
    stage, sink, _ = make()
    for each in (part("a", 3, 1, (0.0, 0.5)), part("a", 3, 2, (0.5, 0.8)), speech("b", 2, 9)):
        await stage.say(each)
    assert [back.utterance.id for back in stage.withdraw(lambda u: u.id == "a")] == ["a"]
    assert [u.id for u in stage.queued] == ["b"]
    assert not await stage.say(part("a", 3, 3, (0.8, 1.0))), "its further parts are not wanted"
    await stage.run([sink], seconds=0.3)
    assert set(np.unique(sink.pcm)) == {0, 9}


def test_a_sentence_does_not_wait_for_the_silence_that_is_drawn_ahead() -> None:
    stage, sink, cues = in_time(2.4, (1.2, lambda stage: stage.say(speech("one", 3, 1))))
    assert 30 < cues[0].pts // SAMPLES_PER_FRAME < 30 + AHEAD_FRAMES
    for frame, audio in sink.pairs[: 30 + AHEAD_FRAMES]:
        assert (frame.planes[0, 0] > 100) == bool(audio.pcm.any()), f"frame {frame.index} shows another moment"
    assert not stage.repeated and len(sink.pairs) == 60
