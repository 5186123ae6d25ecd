"""A show without sound and pictures: how long each sentence would take, and the stage's own clock and cuts. For replays."""

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renderer.media import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, Card, Phoneme, Planes, Speech, Utterance
from renderer.stage import AHEAD_FRAMES, CHUNK_FRAMES, Cue, Sink, Stage
from renderer.voice.base import VoiceError
from renderer.worker import Inline

# Characters a second, spaces and signs included: five to ten answer patterns a language, spoken by the installed voices.
PACE = {"de": 14.4, "en": 16.3, "es": 13.8, "fr": 15.8, "hi": 12.8, "id": 12.4, "ja": 7.0, "pt": 12.2, "th": 9.4,
        "vi": 12.2, "zh": 7.7}  # fmt: skip
USUAL_PACE = 13.0
LEAD_S = 0.06  # silence before the first phoneme
TAIL_S = 0.15
WORD = re.compile(r"[^\W_]+")
NO_SOUND = np.zeros(1, np.int16)


class SilentVoice:
    """A Voice that makes no sound but takes its time: the number of characters at the language's pace."""

    name, exact_timings = "silent", False

    def __init__(self, languages: frozenset[str]) -> None:
        self.languages = languages

    def speak(self, utterance: Utterance) -> Speech:
        if not WORD.search(utterance.text):
            raise VoiceError(f'nothing to say in "{utterance.text}"; give it a word')
        pace = PACE.get(utterance.language, USUAL_PACE)

        def at(character: int) -> int:
            return round((LEAD_S + character / pace) * SAMPLE_RATE)

        words = WORD.finditer(utterance.text)
        phonemes = tuple(Phoneme("a", at(word.start()), at(word.end())) for word in words)
        pcm = np.broadcast_to(NO_SOUND, at(len(utterance.text)) + round(TAIL_S * SAMPLE_RATE))  # one sample in memory
        return Speech(utterance, pcm, phonemes, self.name)


class _Still:
    """A face that nobody draws."""

    rest: NDArray[np.float32] = np.zeros(1, np.float32)

    def track(self, speech: Speech) -> NDArray[np.float32]:
        return np.broadcast_to(self.rest, (-(-len(speech.pcm) // SAMPLES_PER_FRAME), 1))

    def render(self, first: int, codes: NDArray[np.float32], talking: NDArray[np.bool_]) -> NDArray[np.uint8]:
        raise NotImplementedError("a silent stage draws nothing")


class _Unseen:
    """An overlay that nobody sees."""

    def draw(self, planes: Planes, *, card: Card | None, **_: Any) -> None:
        raise NotImplementedError("a silent stage draws nothing")


class SilentStage(Stage):
    """Plans frame by frame like the stage, as far ahead and in the same portions, so that it cuts at the same places.

    It draws nothing and hands nothing out; no picture is ever late.
    """

    def __init__(self, *, clock: Callable[[], float], on_cue: Callable[[Cue], None] = lambda cue: None) -> None:
        super().__init__(_Still(), _Unseen(), worker=Inline(), on_cue=on_cue, clock=clock)

    async def run(self, sinks: Sequence[Sink] = (), *, seconds: float | None = None) -> None:
        """Let ``seconds`` go by on the clock, or run for ever; ``sinks`` get nothing."""
        end = None if seconds is None else round(seconds * FPS)
        start = self.clock()
        while end is None or self.emitted < end:
            self._plan_to((self.emitted + AHEAD_FRAMES) // CHUNK_FRAMES * CHUNK_FRAMES)
            await asyncio.sleep(max(0.0, start + self.emitted / FPS - self.clock()))
            plan = self._plans.pop(self.emitted)
            self.emitted += 1
            self._cues(plan)
