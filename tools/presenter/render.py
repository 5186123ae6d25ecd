"""Frames and files: a presenter saying what a phoneme file says, at exactly 25 frames a second."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from tools.presenter.body import Body
from tools.presenter.look import Look
from tools.presenter.motion import Motion
from tools.presenter.scene import Scene
from tools.presenter.speech import Mouth, read_segments, stresses

FPS = 25
ARMS_DOWN, ELBOW = 0.86, 0.0


class Presenter:
    """Draws any frame of one performance; a pure function of (look, phonemes, seed, frame)."""

    def __init__(
        self,
        look: Look,
        assets: Path,
        targets: Path,
        phonemes: Path,
        *,
        size: tuple[int, int],
        seed: int,
        seconds: float,
    ) -> None:
        self.look, self.body = look, Body(assets, targets, look.targets)
        self.scene = Scene(self.body, look, assets, size)
        self.mouth = Mouth(read_segments(phonemes))
        self.motion = Motion(seconds, stresses(phonemes), seed)
        self.scene.bake(self.body.pose(dict(look.rest), arms_down=ARMS_DOWN, elbow=ELBOW))

    def frame(self, index: int) -> NDArray[np.uint8]:
        """(h, w, 3) sRGB of frame ``index``, drawn for the middle of its 40 ms."""
        t = (index + 0.5) / FPS
        posture, lips = self.motion.at(t), self.mouth.at(t)
        face = dict(self.look.rest)
        for name, value in (*posture.face.items(), *lips.items()):
            face[name] = face.get(name, 0.0) + value
        base = self.body.pose(
            face, head=posture.head, lean=posture.lean, breath=posture.breath, arms_down=ARMS_DOWN, elbow=ELBOW
        )
        roll = posture.head[2] + posture.lean[1]
        return self.scene.draw(base, np.array([-np.sin(roll), np.cos(roll), 0.0], np.float32))


def write(presenter: Presenter, frames: range, audio: Path, out: Path, tick: Callable[[int], None]) -> None:
    """H.264 (4:2:0, BT.709) with AAC; picture and sound both start at 0."""
    with av.open(str(out), "w", format="mp4") as box:
        video = box.add_stream("libx264", rate=FPS, options={"crf": "14", "preset": "medium"})
        video.width, video.height = presenter.scene.size
        video.pix_fmt = "yuv420p"
        context = video.codec_context
        context.color_range, context.colorspace, context.color_primaries, context.color_trc = 1, 1, 1, 1
        sound = box.add_stream("aac", rate=24_000, layout="mono", bit_rate=160_000)
        for index in frames:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(presenter.frame(index)), format="rgb24")
            picture = picture.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
            picture.pts = index - frames.start
            box.mux(video.encode(picture))
            tick(index)
        box.mux(video.encode())
        _sound(box, sound, audio, frames)


def _sound(box: av.container.OutputContainer, stream: av.AudioStream, audio: Path, frames: range) -> None:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=24_000)
    with av.open(str(audio)) as source:
        chunks = [f.to_ndarray()[0] for frame in source.decode(audio=0) for f in resampler.resample(frame)]
    samples = np.concatenate(chunks)[frames.start * 960 : frames.stop * 960]
    samples = np.pad(samples, (0, len(frames) * 960 - len(samples)))
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="s16", layout="mono")
    frame.sample_rate, frame.pts = 24_000, 0
    fifo = av.AudioFifo()
    fifo.write(frame)
    for piece in fifo.read_many(1024, partial=True):
        box.mux(stream.encode(piece))
    box.mux(stream.encode())
