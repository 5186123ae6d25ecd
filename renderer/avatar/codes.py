"""What the Driver net sees: phonemes and sound by frame. The same code serves training and the show."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from renderer.avatar.net import BANDS, BINS, PHONES
from renderer.media import SAMPLE_RATE, SAMPLES_PER_FRAME, Pcm
from renderer.visemes import CLASSES

F32 = NDArray[np.float32]
Timed = Sequence[tuple[str, int, int]]  # viseme class, start, end in samples

HOP = SAMPLES_PER_FRAME // BINS  # 240 samples, 10 ms
WINDOW = 600  # samples, 25 ms
PAUSE = SAMPLE_RATE * 12 // 100  # a longer silence closes the mouth
EASE_FRAMES = 2  # into and out of rest
FLOOR_DB = -60.0


def phone_features(phones: Timed, frames: int) -> F32:
    """(BINS·PHONES + 1, frames): share of each 10 ms step that each viseme fills; the last row is 1, "known"."""
    steps = np.zeros((frames * BINS, PHONES), np.float32)
    for name, start, end in phones:
        first, last = start / HOP, end / HOP
        for step in range(max(0, int(first)), min(len(steps), int(np.ceil(last)))):
            steps[step, CLASSES.index(name)] += max(0.0, min(last, step + 1) - max(first, step))
    steps[:, 0] += np.maximum(0, 1 - steps.sum(1))  # gaps between phonemes are silence
    table = steps.reshape(frames, BINS * PHONES).T
    return np.concatenate([table, np.ones((1, frames), np.float32)])


def no_phones(frames: int) -> F32:
    """The features of sound whose phonemes nobody knows."""
    return np.zeros((BINS * PHONES + 1, frames), np.float32)


def sound_features(pcm: Pcm, frames: int) -> F32:
    """(BINS·BANDS + 1, frames): log-mel energies of each 10 ms step, relative to the loud parts of this sound."""
    need = frames * SAMPLES_PER_FRAME
    signal = np.zeros(need + WINDOW, np.float32)
    take = min(len(pcm), need)
    signal[WINDOW // 2 : WINDOW // 2 + take] = pcm[:take].astype(np.float32) / 32768
    rows = np.lib.stride_tricks.sliding_window_view(signal, WINDOW)[:need:HOP]
    power = np.abs(np.fft.rfft(rows * np.hanning(WINDOW).astype(np.float32), 1024)) ** 2
    level = 10 * np.log10(power @ _mel_bank().T + 1e-10)
    level = np.clip((level - np.percentile(level.max(1), 90)) / 30, -2.0, 1.0).astype(np.float32)
    return np.concatenate([level.reshape(frames, BINS * BANDS).T, np.ones((1, frames), np.float32)])


def _mel_bank() -> F32:
    """(BANDS, 513) triangular filters between 80 Hz and 8 kHz."""

    def mel(hertz: float) -> float:
        return float(2595 * np.log10(1 + hertz / 700))

    edges = 700 * (10 ** (np.linspace(mel(80), mel(8000), BANDS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(1024, 1 / SAMPLE_RATE)
    up = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    bank: F32 = np.maximum(0, np.minimum(up, down)).astype(np.float32)
    return bank


def quiet_steps(pcm: Pcm, frames: int, below_db: float) -> NDArray[np.bool_]:
    """(frames·BINS,) True where a 10 ms step is at least ``below_db`` under the sound's loud parts."""
    need = frames * SAMPLES_PER_FRAME
    signal = np.zeros(need, np.float32)
    signal[: min(len(pcm), need)] = pcm[:need].astype(np.float32) / 32768
    level = 10 * np.log10((signal.reshape(-1, HOP) ** 2).mean(1) + 1e-10)
    out: NDArray[np.bool_] = level < max(np.percentile(level, 95) - below_db, FLOOR_DB)
    return out


def rest_weight(phones: Timed | None, pcm: Pcm, frames: int, below_db: float) -> F32:
    """(frames,) 1 where the mouth must be at rest: in pauses longer than PAUSE, eased at both sides."""
    if phones is None:
        quiet = quiet_steps(pcm, frames, below_db)
    else:
        quiet = np.ones(frames * BINS, bool)
        for name, start, end in phones:
            if name != "sil":
                quiet[start // HOP : -(-end // HOP)] = False
    quiet = _only_long(quiet, PAUSE // HOP)
    hold: F32 = quiet.reshape(frames, BINS).min(axis=1).astype(np.float32)
    return _eased(hold)


def closed_weight(phones: Timed | None, frames: int) -> F32:
    """(frames,) 1 where lips must meet: each p, b or m shuts at least the frame nearest to its middle."""
    shut = np.zeros(frames, np.float32)
    for name, start, end in phones or ():
        if name != "PP":
            continue
        middle = (start + end) / 2 / SAMPLES_PER_FRAME
        nearest = min(frames - 1, max(0, int(middle)))
        for k in range(max(0, start // SAMPLES_PER_FRAME), min(frames, -(-end // SAMPLES_PER_FRAME))):
            inside = min(end, (k + 1) * SAMPLES_PER_FRAME) - max(start, k * SAMPLES_PER_FRAME)
            shut[k] = max(shut[k], inside / SAMPLES_PER_FRAME)
        shut[nearest] = 1.0
    return np.clip(shut, 0, 1)


def settle(codes: F32, rest: F32, closed: F32, at_rest: F32, shut: F32) -> F32:
    """Impose closure and rest on predicted codes (n, CODE): what viewers see first when it is missing."""
    out = codes + shut[:, None] * (closed - codes)
    settled: F32 = (out + at_rest[:, None] * (rest - out)).astype(np.float32)
    return settled


def _only_long(quiet: NDArray[np.bool_], least: int) -> NDArray[np.bool_]:
    """Drop runs of True shorter than ``least``; runs that touch an end count as long."""
    padded = np.concatenate([[False], quiet, [False]])
    edges = np.flatnonzero(np.diff(padded.astype(np.int8)))
    out = np.zeros_like(quiet)
    for start, end in edges.reshape(-1, 2):
        if end - start >= least or start == 0 or end == len(quiet):
            out[start:end] = True
    return out


def _eased(hold: F32) -> F32:
    """A ramp of EASE_FRAMES inside each held run, so that the mouth comes to rest and does not snap."""
    out = hold.copy()
    for step in range(1, EASE_FRAMES + 1):
        level = step / (EASE_FRAMES + 1)
        for shift in (step - 1, -(step - 1)):
            edge = (hold > 0) & (np.roll(hold, 1 if shift >= 0 else -1) == 0)
            rows = np.flatnonzero(edge) + shift
            rows = rows[(rows > 0) & (rows < len(hold) - 1)]
            out[rows] = np.minimum(out[rows], level)
    return out
