"""The media types that flow from a sentence to the viewers' screens.

Time is an integer count of audio samples at ``SAMPLE_RATE``; frame ``k`` owns samples ``[k * SAMPLES_PER_FRAME,
(k + 1) * SAMPLES_PER_FRAME)``. Nothing here reads a wall clock.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 24_000  # Hz, mono
FPS = 25
SAMPLES_PER_FRAME = SAMPLE_RATE // FPS  # 960: an integer, so that picture and sound can never drift
WIDTH, HEIGHT = 720, 1280

Pcm = NDArray[np.int16]  # (n,) mono at SAMPLE_RATE
Planes = NDArray[np.uint8]  # (HEIGHT * 3 // 2, WIDTH) planar I420 (BT.709, limited range): Y rows, then U, then V


@dataclass(frozen=True, slots=True)
class Card:
    """What the product card shows while a sentence about the product is spoken. Texts are display-ready."""

    sku: str
    title: str
    price: str
    note: str = ""  # stock or sale line, may be empty
    image: str = ""  # path of a local picture, may be empty


@dataclass(frozen=True, slots=True)
class Utterance:
    """One sentence to be said: the unit that is queued, spoken whole, and journalled."""

    id: str
    text: str  # as shown in the caption
    language: str = "en"  # BCP 47 primary subtag
    kind: str = "pitch"  # pitch | answer | correction | bridge | greeting | disclosure
    turn: str = ""  # id of the turn that made it, for the journal
    card: Card | None = None
    meta: dict[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Phoneme:
    """One phoneme and the samples it owns, counted from the first sample of its speech."""

    symbol: str  # IPA, stress marks allowed in front ("ˈɑ"); "" is silence
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Speech:
    """An utterance with its sound. Phonemes are in order, do not overlap, and lie inside the pcm; gaps are silence.

    A sentence that takes long to voice comes in parts, in order: ``span`` is the share of its text that this one says.
    """

    utterance: Utterance
    pcm: Pcm
    phonemes: tuple[Phoneme, ...]
    voice: str = ""  # engine/voice that spoke it, for the journal
    span: tuple[float, float] = (0.0, 1.0)  # from 0 at the sentence's beginning to 1 at its end

    @property
    def opens(self) -> bool:
        """Whether the sentence begins with this part."""
        return self.span[0] == 0.0

    @property
    def closes(self) -> bool:
        """Whether the sentence ends with this part."""
        return self.span[1] == 1.0

    @property
    def duration_s(self) -> float:
        return len(self.pcm) / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """The sound of one frame: samples [pts, pts + SAMPLES_PER_FRAME)."""

    pts: int  # samples
    pcm: Pcm  # (SAMPLES_PER_FRAME,)


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """One composed picture: frame number ``index`` of the show; its pts is ``index * SAMPLES_PER_FRAME`` samples."""

    index: int
    planes: Planes
    repeated: bool = False  # the true picture was late, this is the one before


class RenderError(Exception):
    """A voice, avatar or output could not do its work; the message says what to do."""
