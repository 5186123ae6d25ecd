"""What viewers saw and heard, as an MP4: H.264 and AAC, exactly 25 frames a second, both beginning at 0.

While the show runs the file is written in fragments of two seconds, so that it can be played even when the process is
killed; at the end it is rewritten as a plain MP4, whose edit list takes the AAC encoder's lead-in off the sound.
"""

import asyncio
import queue
import threading
from pathlib import Path
from typing import Any

import structlog

from renderer.media import FPS, AudioChunk, RenderError, VideoFrame
from renderer.output.encode import bt709, picture, sound

log = structlog.get_logger()

WARN_S = 4.0  # of media waiting for a slow disk before it is logged
RATE = 48_000  # of the recorded sound: an AAC frame is 21 ms then, which bounds what padding can add at the end
LIMIT_S = 60.0  # …and before the recording is given up: memory is bounded, a hole in the file would be a lie


class Recording:
    """A sink that writes a file from a thread of its own. Nothing is dropped."""

    def __init__(self, path: Path) -> None:
        """Raises RenderError when the file cannot be made."""
        import av

        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._box: Any = av.open(
                str(path),
                "w",
                format="mp4",
                options={"movflags": "frag_keyframe+default_base_moof+empty_moov+delay_moov"},
            )
        except (av.FFmpegError, OSError) as error:
            raise RenderError(f"{path}: cannot be recorded to ({error}); choose another place") from None
        self._video = self._box.add_stream("libx264", rate=FPS)
        self._video.width, self._video.height, self._video.pix_fmt = 720, 1280, "yuv420p"
        self._video.options = {"preset": "superfast", "crf": "22", "g": str(2 * FPS), "bf": "0"}
        self._video.codec_context.thread_count = 1
        bt709(self._video.codec_context)
        self._audio = self._box.add_stream("aac", rate=RATE, layout="mono", bit_rate=128_000)
        self._queue: queue.SimpleQueue[tuple[VideoFrame, AudioChunk] | None] = queue.SimpleQueue()
        self._waiting, self._warned = 0, False
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="recording", daemon=True)
        self._thread.start()

    def write(self, frame: VideoFrame, audio: AudioChunk) -> None:
        """Queue one pair; see Sink."""
        if self._failure:
            return
        self._waiting += 1
        if self._waiting > WARN_S * FPS and not self._warned:
            self._warned = True
            log.warning("recording.behind", path=str(self.path), seconds=self._waiting / FPS)
        if self._waiting > LIMIT_S * FPS:
            self._fail(RenderError(f"{self.path}: the disk is too slow, the recording ends here"))
            return
        self._queue.put((frame, audio))

    @property
    def behind_s(self) -> float:
        """Seconds of media that wait to be written; who writes faster than real time waits while this is large."""
        return self._waiting / FPS

    async def close(self) -> None:
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        if self._failure:
            raise RenderError(f"{self.path}: the recording failed: {self._failure}") from None

    def _fail(self, error: Exception) -> None:
        self._failure = error
        log.error("recording.failed", path=str(self.path), why=str(error))

    def _work(self) -> None:
        from av import AudioFifo, AudioResampler

        fifo, resampler = AudioFifo(), AudioResampler(format="fltp", layout="mono", rate=RATE)
        try:
            while (pair := self._queue.get()) is not None:
                self._waiting -= 1
                if self._failure:
                    continue
                self._box.mux(self._video.encode(picture(pair[0])))
                for piece in resampler.resample(sound(pair[1])):
                    fifo.write(piece)
                self._sound(fifo.read_many(1024))
            for piece in resampler.resample(None):
                fifo.write(piece)
            self._sound([*fifo.read_many(1024), *filter(None, [fifo.read(0, partial=True)])])
            self._box.mux(self._video.encode())
            self._box.mux(self._audio.encode())
            self._box.close()
            _rewrite(self.path)
        except Exception as error:  # a full disk ends the recording, never the show
            self._fail(error)

    def _sound(self, pieces: list[Any]) -> None:
        for piece in pieces:
            self._box.mux(self._audio.encode(piece))


def _rewrite(path: Path) -> None:
    """A fragmented MP4 → a plain one with its index in front, without encoding again."""
    import av

    whole = path.with_name(path.name + ".part")
    with (
        av.open(str(path)) as source,
        av.open(str(whole), "w", format="mp4", options={"movflags": "+faststart"}) as out,
    ):
        streams = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is None:
                continue
            packet.stream = streams[packet.stream.index]
            out.mux(packet)
    whole.replace(path)
