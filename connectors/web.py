"""The viewers' own room: chat over a WebSocket, as JSON messages.

Client: ``{"type": "comment", "user": …, "text": …}``. Server: the room's comments, and whatever ``reply`` is given.
"""

import asyncio
import json
import uuid
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import structlog
from pydantic import BaseModel, ConfigDict, Field
from websockets.asyncio.server import ServerConnection, broadcast
from websockets.exceptions import ConnectionClosed

from connectors.events import ChatEvent

log = structlog.get_logger()

MESSAGE_LIMIT = 4_096  # bytes of one WebSocket message; a longer one is answered with an error
CONTROL = {code: None for code in (*range(32), 127, *range(0x200B, 0x2010), *range(0x202A, 0x202F))}


def clean(text: Any, limit: int) -> str:
    """A viewer's string without control and direction-override characters, at most ``limit`` long."""
    return str(text).translate(CONTROL).strip()[:limit] if isinstance(text, str) else ""


class WebChat:
    """Any number of viewers in one room. ``session`` serves one socket; the listener is studio.room's."""

    platform = "web"

    class Config(BaseModel):
        model_config = ConfigDict(extra="forbid", frozen=True)
        history: int = Field(default=50, ge=0, le=500, description="messages a newcomer is shown")
        backlog: int = Field(default=2_000, ge=1, description="comments waiting for the host before the oldest go")
        comments_a_minute: int = Field(default=30, ge=1, description="by one viewer")
        max_chars: int = Field(default=500, ge=20)
        max_viewers: int = Field(default=500, ge=1)

    def __init__(self, config: "WebChat.Config | None" = None) -> None:
        self.config = config or WebChat.Config()
        self.dropped = 0  # comments lost because nobody fetched them
        self._sockets: set[ServerConnection] = set()
        self._history: deque[str] = deque(maxlen=self.config.history)
        self._state = ""
        self._waiting: deque[ChatEvent] = deque()
        self._arrived = asyncio.Event()

    @property
    def viewers(self) -> int:
        return len(self._sockets)

    async def events(self) -> AsyncIterator[ChatEvent]:
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            self._arrived.clear()
            await self._arrived.wait()

    async def reply(self, message: dict[str, Any]) -> None:
        """Show a message to everyone in the room; replies are kept for newcomers, a state replaces the one before."""
        text = json.dumps(message, ensure_ascii=False)
        if message.get("type") == "state":
            self._state = text
        elif message.get("type") in ("comment", "reply"):
            self._history.append(text)
        broadcast(self._sockets, text)

    async def session(self, socket: ServerConnection) -> None:
        """Serve one viewer's socket until it closes."""
        if len(self._sockets) >= self.config.max_viewers:
            await socket.send(_error("The room is full; please try again later."))
            return
        self._sockets.add(socket)
        try:
            for message in [*self._history, *([self._state] if self._state else [])]:
                await socket.send(message)
            await self._listen(socket)
        except ConnectionClosed:
            pass
        finally:
            self._sockets.discard(socket)

    async def _listen(self, socket: ServerConnection) -> None:
        visitor, times = uuid.uuid4().hex[:12], deque[float](maxlen=self.config.comments_a_minute)
        clock = asyncio.get_running_loop().time
        async for raw in socket:
            problem, event = self._parse(raw, visitor)
            if event and len(times) == times.maxlen and clock() - times[0] < 60:
                problem, event = "You are writing very fast; please wait a moment.", None
            if event is None:
                await socket.send(_error(problem))
                continue
            times.append(clock())
            await self._accept(event)

    def _parse(self, raw: str | bytes, visitor: str) -> tuple[str, ChatEvent | None]:
        if len(raw) > MESSAGE_LIMIT:
            return "That message is too long.", None
        try:
            message = json.loads(raw)
        except (ValueError, RecursionError):  # deep nesting is the latter
            return "Messages are JSON objects.", None
        if not isinstance(message, dict) or message.get("type") != "comment":
            return 'The only message understood here is {"type": "comment", "user": …, "text": …}.', None
        text = clean(message.get("text"), self.config.max_chars)
        user = clean(message.get("user"), 40) or "Guest"
        if not text:
            return "Please write something first.", None
        return "", ChatEvent("web", uuid.uuid4().hex, user, text, user_id=visitor)

    async def _accept(self, event: ChatEvent) -> None:
        await self.reply(
            {"type": "comment", "id": event.id, "user": event.user, "text": event.text, "platform": event.platform}
        )
        if len(self._waiting) >= self.config.backlog:
            self._waiting.popleft()
            self.dropped += 1
            log.warning("web.backlog_full", dropped=self.dropped)
        self._waiting.append(event)
        self._arrived.set()


def _error(message: str) -> str:
    return json.dumps({"type": "error", "message": message})
