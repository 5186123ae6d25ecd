"""Phoneme times → facial actions at any moment.

Each phoneme pulls the mouth towards its viseme with a strength that falls off around its centre (Cohen and Massaro's
dominance functions), which gives coarticulation and anticipation. What viewers notice when it is missing is then imposed:
full closure on p, b and m, lower lip to upper teeth on f and v, and a calm closed mouth in pauses.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

STRESS, MARKS = "ˈˌ", " ,.!?:;—…\"'"
PAUSE_S = 0.12  # a longer gap closes the mouth

VISEMES: dict[str, dict[str, float]] = {
    "aa": {"jawOpen": 0.4, "mouthLowerDown": 0.04, "mouthUpperUp": 0.38},
    "E": {"jawOpen": 0.26, "mouthStretch": 0.22, "mouthLowerDown": 0.06, "mouthUpperUp": 0.38},
    "I": {"jawOpen": 0.14, "mouthStretch": 0.35, "mouthSmile": 0.15, "mouthLowerDown": 0.2, "mouthUpperUp": 0.36},
    "O": {"jawOpen": 0.3, "mouthFunnel": 0.55, "mouthPucker": 0.18},
    "U": {"jawOpen": 0.12, "mouthPucker": 0.62, "mouthFunnel": 0.25},
    "@": {"jawOpen": 0.19, "mouthLowerDown": 0.12, "mouthUpperUp": 0.2},
    "PP": {"jawOpen": 0.0, "mouthPress": 0.3, "mouthRollLower": 0.12, "mouthRollUpper": 0.1},
    "FF": {"jawOpen": 0.05, "mouthRollLower": 0.5, "mouthUpperUp": 0.38, "mouthShrugLower": 0.25},
    "TH": {"jawOpen": 0.15, "tongueOut": 0.42, "mouthLowerDown": 0.25, "mouthUpperUp": 0.1},
    "DD": {"jawOpen": 0.13, "tongueOut": 0.12, "mouthLowerDown": 0.15, "mouthUpperUp": 0.22, "mouthStretch": 0.08},
    "SS": {"jawOpen": 0.06, "mouthStretch": 0.3, "mouthLowerDown": 0.25, "mouthUpperUp": 0.35},
    "CH": {"jawOpen": 0.08, "mouthFunnel": 0.6, "mouthUpperUp": 0.12, "mouthLowerDown": 0.15},
    "RR": {"jawOpen": 0.13, "mouthFunnel": 0.32, "mouthPucker": 0.25},
    "kk": {"jawOpen": 0.18, "mouthLowerDown": 0.12, "mouthUpperUp": 0.18},
    "sil": {},
}
PHONES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys("ɑaɐ", ("aa",)),
    "æ": ("aa", "E"),
    "ʌ": ("aa", "@"),
    **dict.fromkeys("əᵊᵻɜɚ", ("@",)),
    **dict.fromkeys("ɛe", ("E",)),
    **dict.fromkeys("ɪij", ("I",)),
    **dict.fromkeys("ɔo", ("O",)),
    **dict.fromkeys("uʊw", ("U",)),
    "A": ("E", "I"),
    "I": ("aa", "I"),
    "O": ("O", "U"),
    "W": ("aa", "U"),
    "Y": ("O", "I"),
    **dict.fromkeys("pbm", ("PP",)),
    **dict.fromkeys("fv", ("FF",)),
    **dict.fromkeys("θð", ("TH",)),
    **dict.fromkeys("tdnlɾTʔ", ("DD",)),
    **dict.fromkeys("sz", ("SS",)),
    **dict.fromkeys("ʃʒʧʤ", ("CH",)),
    "ɹ": ("RR",),
    **dict.fromkeys("kɡgŋhx", ("kk",)),
}
# How firmly a viseme holds its shape against its neighbours, and how far in seconds it reaches.
FIRM = {"PP": 3.0, "FF": 2.6, "CH": 2.0, "U": 1.8, "O": 1.6, "aa": 1.3, "sil": 1.6, "kk": 0.6, "DD": 0.7, "@": 0.7}
REACH_S = {"U": 0.11, "O": 0.1, "CH": 0.1, "PP": 0.055, "FF": 0.06, "sil": 0.06}
SIDED = ("mouthLowerDown", "mouthUpperUp", "mouthStretch", "mouthSmile", "mouthPress")


@dataclass(frozen=True)
class Segment:
    """One viseme and its seconds."""

    viseme: str
    start: float
    end: float


def read_segments(path: Path) -> list[Segment]:
    """Visemes from a phoneme file; a stress mark's time belongs to the phoneme that follows it."""
    rows, segments, early = json.loads(path.read_text())["phonemes"], [], None
    for row in rows:
        symbol, start, end = row["p"], row["t0"], row["t1"]
        if symbol and symbol in STRESS:
            early = start if early is None else early
            continue
        begin = start if early is None else early
        early = None
        shapes = PHONES.get(symbol, ("sil",))
        if symbol == " " and segments:  # a word boundary is no pause: the sound before it lasts a little longer
            segments[-1] = Segment(segments[-1].viseme, segments[-1].start, end)
            continue
        step = (end - begin) / len(shapes)
        segments += [Segment(s, begin + i * step, begin + (i + 1) * step) for i, s in enumerate(shapes)]
    return _join_silence(segments)


def _join_silence(segments: list[Segment]) -> list[Segment]:
    out: list[Segment] = []
    for segment in segments:
        if out and segment.viseme == out[-1].viseme == "sil":
            out[-1] = Segment("sil", out[-1].start, segment.end)
        else:
            out.append(segment)
    return out


def stresses(path: Path) -> list[float]:
    """Seconds of the primary stresses: where nods and brows may fall."""
    return [row["t0"] for row in json.loads(path.read_text())["phonemes"] if row["p"] == "ˈ"]


class Mouth:
    """Facial actions of the mouth as a function of time."""

    def __init__(self, segments: list[Segment]) -> None:
        self.segments = segments
        self._start = np.array([s.start for s in segments])
        self._end = np.array([s.end for s in segments])
        self._centre = (self._start + self._end) / 2
        self._firm = np.array([FIRM.get(s.viseme, 1.0) for s in segments])
        self._reach = np.array([REACH_S.get(s.viseme, 0.075) for s in segments])
        self._names = sorted({name for pose in VISEMES.values() for name in pose})
        table = {v: np.array([pose.get(n, 0.0) for n in self._names]) for v, pose in VISEMES.items()}
        self._poses = np.array([table[s.viseme] for s in segments])
        self._kind = np.array([s.viseme for s in segments])

    def at(self, t: float) -> dict[str, float]:
        """Actions at ``t`` seconds, left and right named apart."""
        outside = np.maximum(0, np.maximum(self._start - t, t - self._end))
        pull = self._firm * np.exp(-((outside / self._reach) ** 2) * 1.5)
        pull *= np.clip((self._end - self._start) / 0.06, 0.4, 1.0)
        values = dict(zip(self._names, (pull[:, None] * self._poses).sum(0) / (pull.sum() + 1e-9), strict=True))
        shut = max(self._hold(t, "PP", 0.0), self._hold(t, "sil", PAUSE_S))
        self._impose(values, "PP" if self._hold(t, "PP", 0.0) >= shut else "sil", shut)
        self._impose(values, "FF", self._hold(t, "FF", 0.0) * (1 - shut))
        return _both_sides(values)

    def _hold(self, t: float, viseme: str, longer_than: float) -> float:
        """1 inside segments of a viseme, easing to 0 within 60 ms outside."""
        pick = (self._kind == viseme) & (self._end - self._start > longer_than)
        if not pick.any():
            return 0.0
        grow = 0.01 if viseme == "PP" else 0.0
        start, end = self._start[pick] - grow, self._end[pick] + grow
        if viseme == "sil":
            start = start + 0.05  # the last sound rings on before the lips meet
        away = np.maximum(0, np.maximum(start - t, t - end)).min()
        return float(np.clip(1 - away / 0.06, 0, 1) ** 2 * (3 - 2 * np.clip(1 - away / 0.06, 0, 1)))

    def _impose(self, values: dict[str, float], viseme: str, amount: float) -> None:
        pose = VISEMES[viseme]
        for name in self._names:
            values[name] = (1 - amount) * values[name] + amount * pose.get(name, 0.0)


def _both_sides(values: dict[str, float]) -> dict[str, float]:
    out = {name: value for name, value in values.items() if name not in SIDED}
    for name in SIDED:
        out[name + "Left"] = out[name + "Right"] = values[name]
    return out
