"""Encoders that every sink shares the settings of."""

from fractions import Fraction
from typing import Any

import numpy as np

from renderer.media import FPS, HEIGHT, SAMPLE_RATE, WIDTH, AudioChunk, VideoFrame

VIDEO_BASE, AUDIO_BASE = Fraction(1, FPS), Fraction(1, SAMPLE_RATE)


def picture(frame: VideoFrame) -> Any:
    """An av.VideoFrame of a stage frame: I420, BT.709 limited, pts in frames."""
    import av

    out = av.VideoFrame.from_ndarray(frame.planes, format="yuv420p")
    out.pts, out.time_base = frame.index, VIDEO_BASE
    return out


def sound(chunk: AudioChunk) -> Any:
    """An av.AudioFrame of a stage chunk: s16 mono 24 kHz, pts in samples."""
    import av

    out = av.AudioFrame.from_ndarray(np.ascontiguousarray(chunk.pcm[None]), format="s16", layout="mono")
    out.sample_rate, out.pts, out.time_base = SAMPLE_RATE, chunk.pts, AUDIO_BASE
    return out


def bt709(context: Any) -> None:
    """Mark a stream's colours for what they are."""
    context.color_range, context.colorspace, context.color_primaries, context.color_trc = 1, 1, 1, 1


def live_video(*, bit_rate: int = 2_500_000, threads: int = 1) -> Any:
    """A libx264 context for live viewers: no delay, a keyframe a second, parameter sets in the stream."""
    import av

    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.framerate, context.time_base = Fraction(FPS), VIDEO_BASE
    context.bit_rate, context.thread_count = bit_rate, threads
    context.gop_size = FPS
    context.options = {
        "preset": "superfast", "tune": "zerolatency", "profile": "baseline", "level": "3.1",
        "x264-params": f"repeat-headers=1:scenecut=0:vbv-maxrate={bit_rate // 1000}:vbv-bufsize={bit_rate // 2000}",
    }  # fmt: skip
    bt709(context)
    return context
