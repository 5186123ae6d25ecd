"""The booth: whole sentences from a quick voice, parts from a slow one, and nothing made twice. In virtual time."""

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from agent.booth import Booth
from renderer.media import SAMPLE_RATE, Phoneme, RenderError, Speech, Utterance
from renderer.voice.base import VoiceError
from renderer.voice.finish import TAIL
from tests.virtual import VirtualLoop, run

LONG = "Ann, the tent is in stock, it weighs two kilos, it sleeps four people, and it comes in green or in orange."
PACE = 0.4  # seconds of work for a second of sound


@dataclass
class Voice:
    """Fifteen characters a second, each text with samples of its own value, and the silence that ends a sentence."""

    refuses: str = "\0"
    said: list[str] = field(default_factory=list)
    name: str = "test/voice"
    languages: frozenset[str] = frozenset({"en"})
    exact_timings: bool = True

    def speak(self, utterance: Utterance) -> Speech:
        if self.refuses in utterance.text:
            raise VoiceError("hoarse")
        self.said.append(utterance.text)
        sound = len(utterance.text) * SAMPLE_RATE // 15
        pcm = np.concatenate([np.full(sound, len(self.said), np.int16), np.zeros(TAIL, np.int16)])
        return Speech(utterance, pcm, (Phoneme("a", 0, sound),), self.name)


class Slow:
    """A worker whose jobs take ``PACE`` of the sound that they make."""

    def __init__(self, pace: float = PACE) -> None:
        self.pace = pace

    async def run(self, job: Any, *args: Any) -> Any:
        speech = job(*args)
        await asyncio.sleep(speech.duration_s * self.pace)
        return speech


def booth(loop: VirtualLoop, voice: Voice, pace: float = PACE) -> Booth:
    return Booth(voice, Slow(pace), clock=loop.time)  # type: ignore[arg-type]


def test_a_quick_voice_says_a_sentence_whole() -> None:
    async def main(loop: VirtualLoop) -> list[Speech]:
        quick = booth(loop, Voice(), 0.01)
        await quick.warm(["en"])
        return [speech async for speech in quick.parts(Utterance("u", LONG))]

    (speech,) = run(main)
    assert speech.opens and speech.closes and speech.utterance.text == LONG


def test_a_slow_voice_is_heard_after_its_first_clause_and_never_falls_behind() -> None:
    made: list[tuple[float, Speech]] = []
    voice = Voice()

    async def main(loop: VirtualLoop) -> float:
        slow = booth(loop, voice)
        await slow.warm(["en"])
        began = loop.time()
        first_s = slow.first_s(LONG, "en")
        async for speech in slow.parts(Utterance("u", LONG)):
            made.append((loop.time() - began, speech))
        return first_s

    first_s = run(main)
    assert len(made) > 2 and made[0][0] < 0.9 and made[0][0] == pytest.approx(first_s, abs=0.3)
    heard = made[0][0]
    for (_, before), (ready, _) in pairwise(made):
        heard += before.duration_s
        assert ready <= heard, "the next part is there before the last has been heard"
    assert " ".join(voice.said[1:]) == LONG, "every word is said, in its order"
    spans = [speech.span for _, speech in made]
    assert spans[0][0] == 0 and spans[-1][1] == 1
    assert [end for _, end in spans[:-1]] == [begin for begin, _ in spans[1:]]
    assert all(speech.utterance.text == LONG for _, speech in made), "the caption is the sentence"
    for _, speech in made[:-1]:
        assert 0 < len(speech.pcm) - speech.phonemes[-1].end < TAIL / 2, "a clause ends with a shorter pause"
    assert len(made[-1][1].pcm) - made[-1][1].phonemes[-1].end == TAIL


@pytest.mark.parametrize("pace", [0.9, 1.5])
def test_a_voice_slower_than_speech_begins_late_rather_than_stop_in_between(pace: float) -> None:
    made: list[tuple[float, Speech]] = []

    async def main(loop: VirtualLoop) -> None:
        slow = booth(loop, Voice(), pace)
        await slow.warm(["en"])
        async for speech in slow.parts(Utterance("u", LONG)):
            made.append((loop.time(), speech))

    run(main)
    heard = made[0][0]
    for (_, before), (ready, _) in pairwise(made):
        heard += before.duration_s
        assert ready <= heard


def test_with_time_to_spare_the_slow_voice_says_it_whole_too() -> None:
    async def main(loop: VirtualLoop) -> int:
        slow = booth(loop, Voice())
        await slow.warm(["en"])
        return len([speech async for speech in slow.parts(Utterance("u", LONG), heard_s=lambda: 10.0)])

    assert run(main) == 1


def test_what_was_said_before_takes_no_time() -> None:
    voice = Voice()

    async def main(loop: VirtualLoop) -> float:
        slow = booth(loop, voice)
        await slow.warm(["en"])
        for _ in range(2):
            began = loop.time()
            async for _speech in slow.parts(Utterance("u", LONG)):
                pass
        await slow.whole(Utterance("w", "The same."))
        again = await slow.whole(Utterance("v", "The same."))
        assert again.utterance.id == "v" and slow.takes_s("The same.", "en") == 0
        return loop.time() - began

    took = run(main)
    assert len(voice.said) == len(set(voice.said)) and took < 0.5


def test_a_voice_that_fails_says_so() -> None:
    async def main(loop: VirtualLoop) -> None:
        slow = booth(loop, Voice(refuses="kilos"))
        await slow.warm(["en"])
        spans = []
        with pytest.raises(RenderError, match="hoarse"):
            async for speech in slow.parts(Utterance("u", LONG)):
                spans.append(speech.span)
        assert spans and spans[-1][1] < 1

    run(main)
