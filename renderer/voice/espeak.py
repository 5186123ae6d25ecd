"""espeak-ng: formant voices for a hundred languages, through its C library (PyPI package espeakng-loader).

The widest and plainest engine: it speaks where no neural voice is installed. Phoneme times come from its own events.
"""

import ctypes
import threading
from typing import Any

import numpy as np

from renderer.media import SAMPLE_RATE, Speech, Utterance
from renderer.spoken import spoken
from renderer.voice.base import VoiceError
from renderer.voice.finish import finish

RETRIEVAL, PHONEME_EVENTS_IPA = 1, 3  # output mode; initialisation bits: phoneme events, with IPA names
UTF8, END_PAUSE = 1, 0x1000
EVENT_END, EVENT_PHONEME = 0, 7
# espeak-ng's own names where they differ from BCP 47; asking for an unknown one keeps the voice before, silently.
NAMES = {"zh": "cmn", "en": "en-us", "fr": "fr-fr", "pt": "pt-br", "nb": "nb", "vi": "vi"}
LANGUAGES = frozenset(
    ["af", "am", "ar", "as", "az", "be", "bg", "bn", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "eo", "es", "et", "eu", "fa", "fi", "fr", "ga", "gd", "gl", "gu", "he", "hi", "hr", "ht", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "kn", "ko", "kok", "ku", "ky", "la", "lb", "lt", "lv", "mi", "mk", "ml", "mr", "ms", "mt", "my", "nb", "ne", "nl", "om", "or", "pa", "pl", "pt", "ro", "ru", "sd", "si", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tk", "tn", "tr", "tt", "ug", "uk", "ur", "uz", "vi", "yue", "zh"]
)


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int), ("id", ctypes.c_uint), ("text_position", ctypes.c_int), ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int), ("sample", ctypes.c_int), ("user_data", ctypes.c_void_p),
        ("string", ctypes.c_char * 8),
    )  # fmt: skip


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class EspeakVoice:
    """All languages of espeak-ng behind one voice; the utterance's language picks its own."""

    name = "espeak/default"
    languages = LANGUAGES
    exact_timings = True
    _lock = threading.Lock()  # the library holds one voice and one callback for the whole process
    _library: Any = None
    _rate = 0

    def __init__(self) -> None:
        with self._lock:
            if EspeakVoice._library is None:
                EspeakVoice._library, EspeakVoice._rate = _load()

    def speak(self, utterance: Utterance) -> Speech:
        """See Voice.speak."""
        name = NAMES.get(utterance.language, utterance.language)
        with self._lock:
            if self._library.espeak_SetVoiceByName(name.encode()) != 0:
                raise VoiceError(f'espeak-ng has no voice for "{utterance.language}"')
            sound, times = self._synthesise(spoken(utterance.text, utterance.language))
        pcm, phonemes = finish(sound, times)
        if not len(pcm):
            raise VoiceError(f"nothing to say in {utterance.text!r} for espeak-ng in {utterance.language}")
        return Speech(utterance, pcm, phonemes, f"espeak/{name}")

    def _synthesise(self, text: str) -> tuple[Any, list[tuple[str, float, float]]]:
        chunks: list[Any] = []
        marks: list[tuple[str, float]] = []

        def collect(samples: Any, count: int, events: Any) -> int:
            if samples and count > 0:
                chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
            i = 0
            while events and events[i].type != EVENT_END:
                if events[i].type == EVENT_PHONEME:
                    marks.append((events[i].string.decode("utf-8", "ignore"), events[i].audio_position / 1000))
                i += 1
            return 0

        callback = _CALLBACK(collect)
        self._library.espeak_SetSynthCallback(callback)
        data = text.encode() + b"\0"
        self._library.espeak_Synth(data, len(data), 0, 1, 0, UTF8 | END_PAUSE, None, None)
        self._library.espeak_Synchronize()
        sound = np.concatenate(chunks).astype(np.float32) / 32768 if chunks else np.zeros(0, np.float32)
        return self._resampled(sound), self._spans(marks, len(sound) / self._rate)

    def _resampled(self, sound: Any) -> Any:
        import soxr

        return soxr.resample(sound, self._rate, SAMPLE_RATE) if len(sound) else sound

    def _spans(self, marks: list[tuple[str, float]], length_s: float) -> list[tuple[str, float, float]]:
        """Each phoneme lasts until the next one begins; unnamed ones are pauses."""
        ends = [at for _, at in marks[1:]] + [length_s]
        return [
            (symbol, at * SAMPLE_RATE, end * SAMPLE_RATE)
            for (symbol, at), end in zip(marks, ends, strict=True)
            if any(c.isalpha() for c in symbol)
        ]


def _load() -> tuple[Any, int]:
    try:
        import espeakng_loader
    except ImportError:
        raise VoiceError("espeak-ng is not installed: pip install espeakng-loader==0.2.4") from None
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(RETRIEVAL, 200, espeakng_loader.get_data_path().encode(), PHONEME_EVENTS_IPA)
    if rate <= 0:
        raise VoiceError("espeak-ng's data cannot be opened; reinstall espeakng-loader")
    return library, int(rate)
