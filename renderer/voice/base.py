"""The Voice protocol: text in, timed sound out."""

from typing import Protocol, runtime_checkable

from renderer.media import RenderError, Speech, Utterance


class VoiceError(RenderError):
    """An engine could not speak; the message says what to do."""


@runtime_checkable
class Voice(Protocol):
    """A speaking engine. ``speak`` may be called from one thread at a time; it blocks while it computes."""

    @property
    def name(self) -> str:
        """ "hibari/heart", "kokoro/zf_xiaobei", "espeak/default"."""
        ...

    @property
    def languages(self) -> frozenset[str]:
        """BCP 47 primary subtags it can speak."""
        ...

    @property
    def exact_timings(self) -> bool:
        """Whether phoneme times come from the engine itself rather than from an estimate."""
        ...

    def speak(self, utterance: Utterance) -> Speech:
        """Speak one sentence. Pcm is 24 kHz mono int16, leading silence trimmed to ≤ 60 ms, no clicks at its ends.

        Raises VoiceError with what to do (language not spoken, model missing, nothing speakable in the text).
        """
        ...
