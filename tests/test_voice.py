"""Real voices: sound with phonemes that lie in it, in order; the router falls back and refuses what nobody speaks."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from renderer.media import SAMPLE_RATE, Speech, Utterance
from renderer.voice.base import VoiceError
from renderer.voice.finish import LEAD, finish, from_tokens
from renderer.voice.router import Voices, timings


@pytest.fixture(scope="module")
def voices() -> Iterator[Voices]:
    yield Voices(threads=1)


def sound(speech: Speech) -> None:
    """What holds for every voice."""
    pcm, phones = speech.pcm, speech.phonemes
    assert pcm.dtype == np.int16 and np.abs(pcm).max() > 3000 and not pcm[-1] and abs(int(pcm[0])) < 300
    assert all(p.end > p.start >= 0 and p.end <= len(pcm) for p in phones) and len(phones) > 3
    assert all(a.end <= b.start for a, b in pairwise(phones))
    begin = int(np.flatnonzero(np.abs(pcm.astype(int)) > 0.05 * np.abs(pcm.astype(int)).max())[0])
    assert begin <= SAMPLE_RATE * 0.1 and abs(begin - phones[0].start) < SAMPLE_RATE * 0.08


def test_hibari_speaks_english_the_same_way_each_time(voices: Voices) -> None:
    first = voices.speak(Utterance("1", "The Mug is $24.00.", "en"))
    sound(first)
    assert first.voice == "hibari/heart" and 1.0 < first.duration_s < 4.0
    assert (voices.speak(Utterance("2", "The Mug is $24.00.", "en")).pcm == first.pcm).all()
    told = timings(first)
    assert told["sample_rate"] == SAMPLE_RATE and told["phonemes"][0]["t1"] <= told["phonemes"][1]["t0"] + 1e-3


def test_kokoro_speaks_chinese(voices: Voices) -> None:
    speech = voices.speak(Utterance("1", "价格是八十八元。", "zh"))
    sound(speech)
    assert speech.voice == "kokoro/zf_xiaobei" and 1.0 < speech.duration_s < 5.0


def test_espeak_speaks_where_no_other_does(voices: Voices) -> None:
    speech = voices.speak(Utterance("1", "Hinta on kahdeksan euroa.", "fi"))
    sound(speech)
    assert speech.voice.startswith("espeak/") and "fi" not in voices.clear_languages and "zh" in voices.clear_languages


def test_a_voice_that_fails_is_replaced_by_the_next(voices: Voices) -> None:
    class Hoarse:
        name, languages, exact_timings = "hibari/heart", frozenset({"en"}), True

        def speak(self, utterance: Utterance) -> Speech:
            raise RuntimeError("hoarse")

    router = Voices()
    router._open = {name: Hoarse() for name in ("hibari/heart", "kokoro/af_heart", "kokoro/am_michael")}
    router._open["espeak/default"] = voices._voice("espeak/default")
    speech = router.speak(Utterance("1", "Hello there, everyone.", "en"))
    assert speech.voice == "espeak/en-us"
    router._open["espeak/default"] = Hoarse()
    with pytest.raises(VoiceError, match=r"hibari/heart: hoarse; .*espeak/default: hoarse"):
        router.speak(Utterance("1", "Hello.", "en"))


def test_what_nobody_speaks_is_refused(voices: Voices) -> None:
    with pytest.raises(VoiceError, match=r'no installed voice speaks "tlh"; installed languages: .*en'):
        voices.speak(Utterance("1", "nuqneH", "tlh"))
    with pytest.raises(VoiceError, match='no voice is called "x/y"'):
        Voices("x/y")


def test_finishing_trims_levels_and_shifts() -> None:
    raw = np.zeros(24_000, np.float32)
    raw[12_000:18_000] = np.sin(np.arange(6000) / 10).astype(np.float32) * 0.01
    pcm, phones = finish(raw, [("a", 12_000, 15_000), ("b", 14_900, 18_000), ("c", 30_000, 31_000)])
    assert [(p.symbol, p.start) for p in phones] == [("a", LEAD - 1), ("b", LEAD + 2999)], "the sine's first sample is 0"
    rms = np.sqrt((pcm[LEAD + 500 : LEAD + 5500].astype(float) ** 2).mean()) / 32767
    assert 0.07 < rms < 0.13
    assert [len(part) for part in finish(np.zeros(100, np.float32), [])] == [0, 0]


def test_stress_and_length_marks_join_their_vowel() -> None:
    assert from_tokens(".hˈaː.", [1, 2, 1, 3, 1, 1]) == [("h", 1, 3), ("ˈaː", 3, 8)]


def test_names_in_latin_letters_are_read_as_english_by_the_chinese_voice(voices: Voices) -> None:
    plain = voices.speak(Utterance("1", "Puffin Bottle", "en"))
    mixed = voices.speak(Utterance("2", "Puffin Bottle的价格是二十四美元。", "zh"))
    sound(mixed)
    said = ["".join(p.symbol for p in speech.phonemes) for speech in (plain, mixed)]
    assert said[1].startswith("pˈʌfən") and said[0].startswith("pˈʌf")
