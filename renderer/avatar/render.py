"""An avatar speaking a recording, as a file: what `hawker avatar render` does."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from renderer.avatar.pack import AvatarError
from renderer.avatar.prepare import read_sound
from renderer.media import SAMPLE_RATE, SAMPLES_PER_FRAME, AudioChunk, Phoneme, Speech, Utterance, VideoFrame

CHUNK = 8  # frames drawn in one go
MOST_BEHIND_S = 3.0  # drawing waits for the encoder beyond this


def render_file(pack: Path, audio: Path, out: Path, *, timings: Path | None = None, threads: int = 2) -> dict[str, Any]:
    """Write ``out`` (MP4, 25 fps, 720×1280): the avatar saying ``audio``. Returns frames and drawing speed.

    ``timings`` is what `hawker say --timings` wrote for the same sound; without it the lips follow the sound alone.
    """
    from renderer.avatar.face import Face
    from renderer.output.recording import Recording

    face = Face.load(pack, threads=threads)
    pcm = read_sound(audio)
    phonemes = read_timings(timings) if timings else ()
    speech = Speech(Utterance("render", ""), pcm, phonemes)
    codes = face.track(speech)
    padded = np.zeros(len(codes) * SAMPLES_PER_FRAME, np.int16)
    padded[: len(pcm)] = pcm
    recording = Recording(out)
    drawing = 0.0
    for first in range(0, len(codes), CHUNK):
        began = time.perf_counter()
        part = codes[first : first + CHUNK]
        pictures = face.render(first, part, np.ones(len(part), bool))
        drawing += time.perf_counter() - began
        while recording.behind_s > MOST_BEHIND_S:
            time.sleep(0.05)
        for k, planes in enumerate(pictures, first):
            sound = padded[k * SAMPLES_PER_FRAME : (k + 1) * SAMPLES_PER_FRAME]
            recording.write(VideoFrame(k, planes), AudioChunk(k * SAMPLES_PER_FRAME, sound))
    asyncio.run(recording.close())
    return {"out": str(out), "frames": len(codes), "seconds": len(codes) / 25, "fps": round(len(codes) / drawing, 1)}


def read_timings(path: Path) -> tuple[Phoneme, ...]:
    """Phonemes from the JSON that `hawker say --timings` writes. Raises AvatarError."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["phonemes"]
        return tuple(
            Phoneme(str(row["p"]), round(float(row["t0"]) * SAMPLE_RATE), round(float(row["t1"]) * SAMPLE_RATE))
            for row in rows
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AvatarError(
            f"{path}: no phoneme times in it ({error!r}); use the file of `hawker say --timings`"
        ) from None
