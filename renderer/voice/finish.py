"""What every engine's sound goes through: silence trimmed, level evened, ends faded, times shifted to match."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from renderer.media import SAMPLE_RATE, Pcm, Phoneme, Speech

LEAD = SAMPLE_RATE * 40 // 1000  # silence kept before the first sound
TAIL = SAMPLE_RATE * 220 // 1000  # pause after the last: sentences need air between them
FADE = SAMPLE_RATE * 8 // 1000
LEVEL_DB, PEAK = -20.0, 0.89  # RMS of the voiced parts re full scale; about -19 LUFS for speech
QUIET = 0.02  # of the peak: below is silence


def finish(sound: NDArray[np.float32], phonemes: Sequence[tuple[str, float, float]]) -> tuple[Pcm, tuple[Phoneme, ...]]:
    """Sound in −1…1 at 24 kHz and (symbol, start, end) in samples → a Speech's pcm and phonemes.

    Returns empty ones when the sound is silent.
    """
    peak = float(np.abs(sound).max(initial=0.0))
    if peak < 1e-4:
        return np.zeros(0, np.int16), ()
    loud = np.flatnonzero(np.abs(sound) > QUIET * peak)
    begin, end = max(0, int(loud[0]) - LEAD), min(len(sound), int(loud[-1]) + FADE * 2)
    cut = sound[begin:end] * _gain(sound, peak)
    ramp = np.linspace(0, 1, FADE, dtype=np.float32)
    cut[:FADE] *= ramp[: len(cut[:FADE])]
    cut[-FADE:] *= ramp[::-1][-len(cut[-FADE:]) :]
    cut = np.concatenate([cut, np.zeros(TAIL, np.float32)])
    return (cut * 32767).round().astype(np.int16), tuple(_shifted(phonemes, begin, end - begin))


def shortened(speech: Speech, pause_s: float) -> Speech:
    """Speech that goes on: a pause of ``pause_s`` after its last sound, in place of the one that ends a sentence."""
    length = len(speech.pcm) - TAIL + round(pause_s * SAMPLE_RATE)
    sounding = max((phoneme.end for phoneme in speech.phonemes), default=0)
    return replace(speech, pcm=speech.pcm[: max(length, sounding)])


def joined(parts: Sequence[Speech]) -> Speech:
    """Parts one after the other as one speech of the first one's utterance and voice."""
    phonemes, at = list[Phoneme](), 0
    for part in parts:
        phonemes += [Phoneme(p.symbol, p.start + at, p.end + at) for p in part.phonemes]
        at += len(part.pcm)
    return replace(parts[0], pcm=np.concatenate([part.pcm for part in parts]), phonemes=tuple(phonemes), span=(0.0, 1.0))


def _gain(sound: NDArray[np.float32], peak: float) -> float:
    """Brings the voiced parts to LEVEL_DB without letting any sample past PEAK."""
    blocks = sound[: len(sound) // 240 * 240].reshape(-1, 240)
    power = (blocks**2).mean(1) if len(blocks) else np.array([peak**2])
    voiced = power[power > power.max() * 0.01]
    rms = float(np.sqrt(voiced.mean()))
    return min(float(10 ** (LEVEL_DB / 20)) / rms, PEAK / peak)


def _shifted(phonemes: Sequence[tuple[str, float, float]], begin: int, length: int) -> list[Phoneme]:
    out: list[Phoneme] = []
    for symbol, start, end in phonemes:
        first = max(round(start) - begin, out[-1].end if out else 0)
        last = min(round(end) - begin, length)
        if symbol and last > first:
            out.append(Phoneme(symbol, first, last))
    return out


def from_tokens(symbols: str, durations: Sequence[float]) -> list[tuple[str, float, float]]:
    """(symbol, start, end) from one duration a character: stress joins its vowel, a space the sound before it.

    Punctuation and pads are left out, so that they are silence.
    """
    out: list[tuple[str, float, float]] = []
    stress, at, early = "", 0.0, 0.0
    for symbol, length in zip(symbols, durations, strict=True):
        start, at = at, at + length
        if symbol in "ˈˌ":
            stress, early = symbol, start
        elif symbol == " " and out and out[-1][2] >= start:
            out[-1] = (out[-1][0], out[-1][1], at)
        elif symbol in "ːˑʰʲ̃" and out:
            out[-1] = (out[-1][0] + symbol, out[-1][1], at)
        elif symbol.isalpha():
            out.append((stress + symbol, early if stress else start, at))
            stress = ""
    return out
