"""The embedded default: hibari-tts, English, about two hundred times faster than speech on one core.

Phoneme times are the model's own: its duration tensor is exposed as one more output, 600 samples a step.
"""

from importlib.resources import files
from typing import Any

import numpy as np

from renderer.media import Speech, Utterance
from renderer.spoken import spoken
from renderer.voice.base import VoiceError
from renderer.voice.finish import finish, from_tokens

STEP = 600  # samples of one duration step
DURATIONS = "/Clip_output_0"


def exposed(model: bytes, tensor: str) -> bytes:
    """An ONNX model with one of its inner tensors as a further output."""
    import onnx

    graph = onnx.load_from_string(model)
    value = onnx.ValueInfoProto()
    value.name = tensor
    graph.graph.output.append(value)
    out: bytes = graph.SerializeToString()
    return out


class HibariVoice:
    """hibari's built-in voice."""

    exact_timings = True
    languages = frozenset({"en"})

    def __init__(self, voice: str = "heart", *, threads: int = 1) -> None:
        if voice != "heart":
            raise VoiceError(f'hibari carries the voice "heart" only, not "{voice}"')
        try:
            from hibari import Hibari, dsp
        except ImportError:
            raise VoiceError("the default voice is not installed: pip install hibari-tts==0.2.1") from None
        self.name = f"hibari/{voice}"
        model = (files("hibari") / "assets" / "hibari.onnx").read_bytes()
        self._tts: Any = Hibari(voice=voice, model=exposed(model, DURATIONS), threads=threads)
        self._dsp: Any = dsp
        self._tts.phonemize("Ready.")  # loads its dictionary now rather than in the first sentence

    def speak(self, utterance: Utterance) -> Speech:
        """See Voice.speak. The noise part is seeded, so that the same sentence always sounds the same."""
        sounds, times, offset = [], [], 0
        for phonemes in self._tts.phonemize(spoken(utterance.text, "en")):
            known = "".join(c for c in phonemes if c in self._tts.vocab)
            if not any(c.isalpha() for c in known):
                continue
            ids = self._tts.ids(known)
            run = {"ids": np.asarray([ids], np.int64), "speed": np.asarray([1.0], np.float32)}
            *parts, durations = self._tts.sess.run(None, run)
            sound = self._dsp.synth(*(part[0] for part in parts), np.random.default_rng(0))
            steps = np.asarray(durations).reshape(-1)[: len(ids)] * STEP
            rows = from_tokens("." + known + ".", steps.tolist())
            times += [(symbol, start + offset, end + offset) for symbol, start, end in rows]
            sounds.append(np.asarray(sound, np.float32))
            offset += len(sound)
        pcm, aligned = finish(np.concatenate(sounds) if sounds else np.zeros(0, np.float32), times)
        if not len(pcm):
            raise VoiceError(f"nothing to say in {utterance.text!r}: it holds no English words")
        return Speech(utterance, pcm, aligned, self.name)
