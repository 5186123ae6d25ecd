"""A recording holds exactly what was shown: 25 pictures a second, both streams from 0, the same length."""

from pathlib import Path

import av
import numpy as np
import pytest

from renderer.media import FPS, HEIGHT, SAMPLES_PER_FRAME, WIDTH, AudioChunk, RenderError, VideoFrame
from renderer.output.recording import Recording


async def test_a_file_has_every_frame_and_both_streams_begin_and_end_together(tmp_path: Path) -> None:
    path, frames = tmp_path / "new" / "show.mp4", 63
    recording = Recording(path)
    tone = (np.sin(np.arange(frames * SAMPLES_PER_FRAME) / 24_000 * 440 * 2 * np.pi) * 9000).astype(np.int16)
    for k in range(frames):
        planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
        planes[:HEIGHT] = 40 + 3 * k
        pcm = tone[k * SAMPLES_PER_FRAME : (k + 1) * SAMPLES_PER_FRAME]
        recording.write(VideoFrame(k, planes), AudioChunk(k * SAMPLES_PER_FRAME, pcm))
    await recording.close()
    with av.open(str(path)) as box:
        video, audio = box.streams.video[0], box.streams.audio[0]
        assert video.average_rate == FPS and video.start_time == 0 and audio.start_time == 0
        pictures = [(float(f.pts * f.time_base), f.to_ndarray()[:HEIGHT].mean()) for f in box.decode(video)]
        assert [round(at * FPS, 6) for at, _ in pictures] == list(range(frames))
        assert all(abs(luma - (40 + 3 * k)) < 3 for k, (_, luma) in enumerate(pictures))
        assert abs(float(video.duration * video.time_base) - float(audio.duration * audio.time_base)) <= 0.040
        box.seek(0)
        sound = np.concatenate([f.to_ndarray()[0] for f in box.decode(audio)])
    assert abs(len(sound) / 48_000 - frames / FPS) <= 0.040 and np.abs(sound[9600:19200]).max() > 0.2
    assert not list(path.parent.glob("*.part"))


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RenderError, match="choose another place"):
        Recording(tmp_path / "file" / "x.mp4")
