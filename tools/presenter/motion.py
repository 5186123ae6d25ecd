"""Life apart from the lips: blinks, gaze, brows, breath, head and shoulders. A pure function of (seed, time)."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Posture:
    """What the body does at one moment. Angles in radians."""

    face: dict[str, float]
    head: tuple[float, float, float]  # pitch, yaw, roll
    lean: tuple[float, float]
    breath: float


class Motion:
    """Draws its events once, for ``seconds`` of footage."""

    def __init__(self, seconds: float, stresses: list[float], seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._blinks = _times(rng, seconds, 2.2, 4.8)
        self._gaze_t = _times(rng, seconds, 0.7, 2.2)
        self._gaze = rng.normal(0, 1, (len(self._gaze_t) + 1, 2)) * (0.12, 0.07)
        self._gaze[::3] *= 0.15  # most of the time she looks into the camera
        spaced = [t for i, t in enumerate(stresses) if i % 3 == 0]
        self._nods = [(t, rng.uniform(0.4, 1.0)) for t in spaced]
        self._brows = [(t, rng.uniform(0.3, 1.0)) for t in spaced[::2]]
        self._phase = rng.uniform(0, 2 * np.pi, 16)

    def at(self, t: float) -> Posture:
        s = self._sway
        nod = sum(a * _bump(t - 0.06 - t0, 0.34) for t0, a in self._nods)
        brow = sum(a * _bump(t + 0.04 - t0, 0.5) for t0, a in self._brows)
        head = (
            0.020 * s(t, 0, 6.1) + 0.012 * s(t, 1, 2.7) + 0.045 * nod + 0.02,
            0.050 * s(t, 2, 8.3) + 0.025 * s(t, 3, 3.9),
            0.030 * s(t, 4, 9.7) + 0.014 * s(t, 5, 4.3),
        )
        lean = (0.008 * s(t, 6, 7.3) + 0.006 * nod, 0.014 * s(t, 7, 11.9))
        return Posture(self._face(t, brow), head, lean, s(t, 8, 3.6))

    def _sway(self, t: float, phase: int, period: float) -> float:
        return float(np.sin(2 * np.pi * t / period + self._phase[phase]))

    def _face(self, t: float, brow: float) -> dict[str, float]:
        blink = max((_blink(t - t0) for t0 in self._blinks), default=0.0)
        x, y = self._look(t)
        idle = 0.5 + 0.5 * self._sway(t, 9, 5.2)
        face = {
            "eyeBlinkLeft": blink,
            "eyeBlinkRight": blink,
            "browInnerUp": 0.25 * brow + 0.06 * idle,
            "browOuterUpLeft": 0.3 * brow,
            "browOuterUpRight": 0.3 * brow,
            "eyeWideLeft": 0.12 * brow * (1 - blink),
            "eyeWideRight": 0.12 * brow * (1 - blink),
            "eyeLookInLeft": max(0, x),
            "eyeLookOutRight": max(0, x),
            "eyeLookOutLeft": max(0, -x),
            "eyeLookInRight": max(0, -x),
        }
        for side in ("Left", "Right"):
            face["eyeLookUp" + side], face["eyeLookDown" + side] = max(0, y), max(0, -y)
        return face

    def _look(self, t: float) -> tuple[float, float]:
        """Gaze jumps in 50 ms and rests between."""
        i = int(np.searchsorted(self._gaze_t, t))
        if i == 0:
            return float(self._gaze[0, 0]), float(self._gaze[0, 1])
        mix = min(1.0, (t - self._gaze_t[i - 1]) / 0.05)
        x, y = self._gaze[i - 1] * (1 - mix) + self._gaze[i] * mix
        return float(x), float(y)


def _times(rng: np.random.Generator, seconds: float, low: float, high: float) -> list[float]:
    out, t = [], float(rng.uniform(low, high)) / 2
    while t < seconds + high:
        out.append(t)
        t += float(rng.uniform(low, high))
    return out


def _bump(t: float, width: float) -> float:
    return float(np.exp(-((t / (width / 2)) ** 2) * 2))


def _blink(t: float) -> float:
    """Down in 90 ms, shut for 40, up in 170."""
    if not 0 <= t <= 0.3:
        return 0.0
    if t < 0.09:
        return float(np.sin(np.pi / 2 * t / 0.09))
    return 1.0 if t < 0.13 else float(np.cos(np.pi / 2 * (t - 0.13) / 0.17) ** 1.5)
