"""Where the show goes: a sink takes pairs of picture and sound and never holds the stage's clock up."""

from typing import Protocol

from renderer.media import AudioChunk, VideoFrame


class Sink(Protocol):
    """``write`` is called on the event loop 25 times a second and must return at once."""

    def write(self, frame: VideoFrame, audio: AudioChunk) -> None: ...

    async def close(self) -> None:
        """Finish: everything written so far is where it should be. Raises RenderError when it could not be."""
        ...
