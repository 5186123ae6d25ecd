"""Ninety seconds of a show with ten questions, judged on the decoded file: frame rate, sync, words, lips.

python -m bench.recording
"""

import sqlite3
from pathlib import Path

import av
import numpy as np

from bench.show import machine, run
from renderer.avatar.landmarks import LEFT_EYE, LIPS_INNER, RIGHT_EYE, FaceTracker
from renderer.media import FPS, SAMPLE_RATE

QUESTIONS = [
    "How much is the Puffin Bottle?", "What is the Lumora Lamp made of?", "Is the backpack waterproof?",
    "How long is delivery to Germany?", "Can I return the shoes?", "What sizes does the linen shirt come in?",
    "How do I wash the sweater?", "Which is cheaper, the blender or the skillet?", "How many fans are left?",
    "Do you have a discount code?",
]  # fmt: skip
QUIET = 200  # int16 level under which a frame's sound is silence
SETTLE = 4  # frames after the last sound before the mouth must be at rest


def decode(path: Path) -> tuple[list[float], np.ndarray, np.ndarray, float, float]:
    """Frame times, lip opening by frame in eye distances, sound at 24 kHz, start and end of the sound in seconds."""
    tracker, times, openings = FaceTracker(), [], []
    with av.open(str(path)) as box:
        for frame in box.decode(video=0):
            times.append(float(frame.pts * frame.time_base))
            marks = tracker.track(frame.to_ndarray(format="rgb24"))
            openings.append(np.nan if marks is None else _opening(marks))
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    parts, start, end = [], None, 0.0
    with av.open(str(path)) as box:
        for frame in box.decode(audio=0):
            at = float(frame.pts * frame.time_base)
            start = at if start is None else start
            end = at + frame.samples / frame.sample_rate
            parts += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    return times, np.array(openings), np.concatenate(parts), start or 0.0, end


def _opening(marks: np.ndarray) -> float:
    eyes = np.linalg.norm(marks[LEFT_EYE[0]] - marks[RIGHT_EYE[0]])
    return float((marks[LIPS_INNER[1], 1] - marks[LIPS_INNER[0], 1]) / eyes)


def lips(openings: np.ndarray, pcm: np.ndarray) -> dict[str, float]:
    """How the lips move with the sound: spread of the opening in speech and in silence, and the lag of their envelopes."""
    count = min(len(openings), len(pcm) // 960)
    level = np.sqrt((pcm[: count * 960].astype(np.float64).reshape(count, 960) ** 2).mean(1))
    opening = np.interp(np.arange(count), *_known(openings[:count]))
    loud = level > QUIET
    rest = ~np.convolve(loud, np.ones(2 * SETTLE + 1), "same").astype(bool)
    lags = range(-5, 6)
    curve = [np.corrcoef(np.roll(level, lag)[10:-10], opening[10:-10])[0, 1] for lag in lags]
    best = int(np.argmax(curve))
    shuffled = np.corrcoef(np.random.default_rng(0).permutation(level), opening)[0, 1]
    return {
        "opening in speech, mean": opening[loud].mean(), "opening in speech, std": opening[loud].std(),
        "opening at rest, mean": opening[rest].mean(), "opening at rest, std": opening[rest].std(),
        "speech std / rest std": opening[loud].std() / opening[rest].std(), "frames in speech": int(loud.sum()),
        "frames at rest": int(rest.sum()), "correlation with loudness": curve[best], "shuffled": shuffled,
        "lag, ms": lags[best] * 40,
    }  # fmt: skip


def _known(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows = np.flatnonzero(~np.isnan(values))
    return rows, values[rows]


def main() -> None:
    from tests.transcribe import transcribe

    chat = [{"at": 4 + 8 * i, "platform": "bench", "user": f"viewer{i}", "id": str(i), "text": text}
            for i, text in enumerate(QUESTIONS)]  # fmt: skip
    shown = run(chat, 90)
    times, openings, pcm, start, end = decode(shown.recording)
    steps = np.diff(times)
    print(f"machine: {machine()}")
    print(f"| frames | {len(times)} |\n| frame step | {steps.min() * 1000:.2f} to {steps.max() * 1000:.2f} ms |")
    print(f"| video starts, ends | {times[0]:.3f} s, {times[-1] + 1 / FPS:.3f} s |")
    print(f"| sound starts, ends | {start:.3f} s, {end:.3f} s |")
    for name, value in lips(openings, pcm).items():
        print(f"| {name} | {value:.3f} |")
    late = [line for line in shown.log.splitlines() if "late_pictures" in line]
    print(f"| late pictures | {late[0].split('late_pictures')[1].strip() if late else 0} |")
    with sqlite3.connect(shown.journal) as db:
        rows = db.execute(
            "SELECT text, start_pts, end_pts FROM said WHERE kind = 'answer' AND end_pts IS NOT NULL"
        ).fetchall()
        decisions = db.execute("SELECT decision, count(*) FROM comments GROUP BY 1").fetchall()
    print(f"| comments | {dict(decisions)} |")
    for text, first, last in rows:
        print(f"said:  {text}\nheard: {transcribe(pcm[first:last])}")
    print(f"recording: {shown.recording}")


if __name__ == "__main__":
    main()
