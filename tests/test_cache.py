"""Speech kept for when the same is said again: the same sound, never another text's, bounded, sound on a bad disk."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from renderer.media import Phoneme, Speech, Utterance
from renderer.voice.cache import Key, SpeechCache
from renderer.voice.router import Voices


@dataclass
class Voice:
    """Counts what it is asked to say."""

    name: str = "test/voice"
    said: list[str] = field(default_factory=list)
    speaks_as: str = "test/voice"
    languages: frozenset[str] = frozenset({"en"})
    exact_timings: bool = True

    def speak(self, utterance: Utterance) -> Speech:
        self.said.append(utterance.text)
        pcm = np.full(1000, len(utterance.text), np.int16)
        return Speech(utterance, pcm, (Phoneme("ˈɑ", 10, 500), Phoneme("b", 500, 900)), self.speaks_as)


def key(text: str, **other: Any) -> Key:
    return Key(**({"text": text, "language": "en", "voice": "test/voice", "version": "1"} | other))


def speak(cache: SpeechCache, voice: Voice, key: Key) -> Speech:
    return cache.get(key, Utterance("u", key.text)) or cache.speak(key, voice, Utterance("u", key.text))


def test_the_same_text_is_made_once_and_another_price_anew() -> None:
    cache, voice = SpeechCache(), Voice()
    first, again = (speak(cache, voice, key("It is $24.")) for _ in range(2))
    assert np.array_equal(first.pcm, again.pcm) and first.phonemes == again.phonemes
    speak(cache, voice, key("It is $19."))
    assert voice.said == ["It is $24.", "It is $19."]
    assert cache.counts == {"spoken": 2, "memory": 1}
    assert cache.get(key("It is $24."), Utterance("other", "It is $24.")).utterance.id == "other"  # type: ignore[union-attr]


@pytest.mark.parametrize("other", [{"language": "es"}, {"voice": "test/other"}, {"version": "2"}])
def test_another_language_voice_or_version_is_another_sound(other: dict[str, str]) -> None:
    cache, voice = SpeechCache(), Voice()
    speak(cache, voice, key("no"))
    assert cache.get(key("no", **other), Utterance("u", "no")) is None


def test_memory_is_bounded_and_what_was_used_last_stays() -> None:
    cache, voice = SpeechCache(memory_bytes=6000), Voice()
    for text in ("a", "b", "c"):
        speak(cache, voice, key(text))
    assert cache.bytes == 6000
    speak(cache, voice, key("a"))
    speak(cache, voice, key("d"))
    assert cache.bytes == 6000 and key("a") in cache and key("b") not in cache


def test_the_next_show_finds_it_on_disk_within_bounds(tmp_path: Path) -> None:
    voice = Voice()
    made = [speak(SpeechCache(tmp_path), voice, key(text)) for text in ("a", "b", "c")]
    later = SpeechCache(tmp_path)
    found = [speak(later, voice, key(text)) for text in ("a", "b", "c")]
    assert voice.said == ["a", "b", "c"] and later.counts == {"disk": 3}
    assert all(np.array_equal(a.pcm, b.pcm) and a.phonemes == b.phonemes and a.voice == b.voice
               for a, b in zip(made, found, strict=True))  # fmt: skip
    size = max(path.stat().st_size for path in tmp_path.glob("*.npz"))
    SpeechCache(tmp_path, disk_bytes=size)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_broken_file_is_said_and_spoken_anew(tmp_path: Path) -> None:
    voice = Voice()
    speak(SpeechCache(tmp_path), voice, key("a"))
    (file,) = tmp_path.iterdir()
    for broken in (b"", b"no archive", file.read_bytes()[:200]):
        file.write_bytes(broken)
        with capture_logs() as logs:
            assert len(speak(SpeechCache(tmp_path), voice, key("a")).pcm) == 1000
        assert [row["event"] for row in logs] == ["voice.kept_speech_unreadable"]


def test_what_a_stand_in_said_is_not_kept_as_the_voice_s_own() -> None:
    cache = SpeechCache()
    speak(cache, Voice(speaks_as="espeak/en-us"), key("a"))
    assert key("a") not in cache


def test_the_router_tells_voices_and_their_versions_apart() -> None:
    voices = Voices("kokoro/af_heart")
    names = {language: voices.signature(language) for language in ("en", "zh", "es")}
    assert [name for name, _ in names.values()] == ["kokoro/af_heart", "kokoro/zf_xiaobei", "kokoro/ef_dora"]
    assert all("0.1" in version for _, version in names.values())
    assert Voices("hibari/heart").signature("en") != names["en"]
