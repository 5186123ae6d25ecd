"""Viewers' browsers over WebRTC (aiortc). The picture is encoded once, whatever the number of viewers.

Browsers that take H.264 (all common ones) get packets of the shared encoder; others get frames, which aiortc encodes
for each as VP8. Both streams carry the stage's own counts as time stamps.
"""

import asyncio
import json
import queue
import threading
from collections.abc import Callable
from typing import Any

import structlog
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.exceptions import InvalidStateError
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from renderer.media import FPS, AudioChunk, RenderError, VideoFrame
from renderer.output.encode import live_video, picture, sound

log = structlog.get_logger()

BACKLOG = 2 * FPS  # pairs that may wait for one viewer, or for the encoder, before the oldest go
OFFER_LIMIT = 100_000  # characters


class _Track(MediaStreamTrack):
    """What one viewer is sent of one kind. Falls behind alone: nobody else waits for it."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self._queue: asyncio.Queue[Any] = asyncio.Queue(BACKLOG)
        self._whole = kind == "audio"  # may the next packet be shown? pictures wait for a keyframe

    def push(self, data: Any, *, key: bool = True) -> None:
        """Queue a frame or packet; a full queue is emptied, and pictures then wait for the next keyframe."""
        if self._queue.full():
            while not self._queue.empty():
                self._queue.get_nowait()
            self._whole = self.kind == "audio"
        self._whole = self._whole or key
        if self._whole:
            self._queue.put_nowait(data)

    async def recv(self) -> Any:
        if self.readyState != "live":
            raise MediaStreamError
        return await self._queue.get()


class _Viewer:
    """One browser: its connection and its two tracks."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.video, self.audio = _Track("video"), _Track("audio")
        self.packets = True  # H.264 was agreed: the shared encoder's packets fit

    async def answer(self, sdp: str) -> str:
        """Agree on a session; returns our description."""
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        for track in (self.video, self.audio):
            self.connection.addTrack(track)
        video = next(t for t in self.connection.getTransceivers() if t.kind == "video")
        codecs = RTCRtpSender.getCapabilities("video").codecs
        video.setCodecPreferences(sorted(codecs, key=lambda codec: codec.mimeType != "video/H264"))
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        self.packets = video._codecs[0].mimeType == "video/H264"
        return self.connection.localDescription.sdp


class PageOutput:
    """A sink whose viewers come and go through ``session``, one WebSocket each."""

    def __init__(self, *, max_viewers: int = 40, on_viewers: Callable[[int], None] = lambda count: None) -> None:
        self._viewers: set[_Viewer] = set()
        self._max, self._on_viewers = max_viewers, on_viewers
        self._frames: queue.Queue[VideoFrame | None] = queue.Queue(BACKLOG)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._fresh = threading.Event()  # a viewer has joined: start with a keyframe
        self._thread = threading.Thread(target=self._encode, name="page", daemon=True)
        self._thread.start()

    @property
    def viewers(self) -> int:
        return len(self._viewers)

    def write(self, frame: VideoFrame, audio: AudioChunk) -> None:
        """See Sink. Without viewers nothing is encoded."""
        if not self._viewers:
            return
        self._loop = asyncio.get_running_loop()
        chunk = sound(audio)
        for viewer in self._viewers:
            viewer.audio.push(chunk)
        if any(viewer.packets for viewer in self._viewers):
            if self._frames.full():
                self._fresh.set()  # the encoder is behind: skip to now, with a keyframe
                while not self._frames.empty():
                    self._frames.get_nowait()
            self._frames.put_nowait(frame)
        raw = [viewer for viewer in self._viewers if not viewer.packets]
        if raw:
            shown = picture(frame)
            for viewer in raw:
                viewer.video.push(shown)

    async def session(self, socket: ServerConnection) -> None:
        """Serve one viewer: take an offer, send the answer, keep the connection until the socket closes."""
        if len(self._viewers) >= self._max:
            await socket.send(json.dumps({"type": "error", "message": "The show is full; please try again later."}))
            return
        viewer = _Viewer()
        try:
            async for raw in socket:
                await self._negotiate(viewer, socket, raw)
        except ConnectionClosed:
            pass
        finally:
            self._viewers.discard(viewer)
            self._on_viewers(len(self._viewers))
            await viewer.connection.close()

    async def _negotiate(self, viewer: _Viewer, socket: ServerConnection, raw: str | bytes) -> None:
        try:
            message = json.loads(raw)
            sdp = message["sdp"]
            if (
                message["type"] != "offer"
                or not isinstance(sdp, str)
                or len(sdp) > OFFER_LIMIT
                or viewer in self._viewers
            ):
                raise ValueError("one offer a connection")
            description = await viewer.answer(sdp)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, StopIteration, InvalidStateError) as error:
            log.info("page.bad_offer", why=repr(error))
            await socket.send(json.dumps({"type": "error", "message": "That offer cannot be answered."}))
            return
        await socket.send(json.dumps({"type": "answer", "sdp": description}))
        self._viewers.add(viewer)
        self._fresh.set()
        self._on_viewers(len(self._viewers))

    async def close(self) -> None:
        """Hang up on everyone and stop the encoder."""
        self._frames.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.gather(*(viewer.connection.close() for viewer in self._viewers))
        self._viewers.clear()

    def _encode(self) -> None:
        encoder: Any = None
        while (frame := self._frames.get()) is not None:
            encoder = encoder or live_video()
            image = picture(frame)
            if self._fresh.is_set():
                self._fresh.clear()
                image.pict_type = 1  # I
            try:
                packets = encoder.encode(image)
            except Exception as error:  # a broken encoder must not end the show; the next frame gets a new one
                log.error("page.encoder_failed", why=str(error))
                encoder = None
                continue
            if self._loop and packets:
                self._loop.call_soon_threadsafe(self._hand_out, packets)

    def _hand_out(self, packets: list[Any]) -> None:
        for viewer in self._viewers:
            if viewer.packets:
                for packet in packets:
                    viewer.video.push(packet, key=packet.is_keyframe)


def only_loopback() -> None:
    """Offer viewers the loopback address only: nothing is reachable from outside this machine."""
    try:
        from aioice import ice
    except ImportError as error:
        raise RenderError("the page needs aiortc: pip install aiortc==1.16.0") from error
    ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"] if use_ipv4 else []
