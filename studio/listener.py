"""What the room and the programs' listener share: an address while inside ``async with``, and a clean end."""

from types import TracebackType
from typing import Protocol


class StudioError(Exception):
    """A listener cannot be opened; the message says what to do."""


class _Server(Protocol):
    """What asyncio's and websockets' servers have in common."""

    def close(self) -> None: ...
    async def wait_closed(self) -> None: ...


class Listener:
    """Subclasses set ``_server`` and ``_bound`` (the port it got) when they are entered."""

    _host: str
    _server: _Server | None = None
    _bound = 0
    _path = "/"

    @property
    def port(self) -> int:
        assert self._server is not None
        return self._bound

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}{self._path}"

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()
