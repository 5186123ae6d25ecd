"""The viewers' room: one listener for the page's files (HTTP GET) and its WebSockets, on one port."""

import errno
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from studio.listener import Listener
from studio.listener import StudioError as StudioError

STATIC = Path(__file__).parent / "static"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml", ".ttf": "font/ttf"}  # fmt: skip
SAFE = {
    "Content-Security-Policy": "default-src 'self'; media-src 'self' blob:; connect-src 'self' ws: wss:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
Handler = Callable[[ServerConnection], Awaitable[None]]


class Room(Listener):
    """``async with Room(...)``: open while inside; ``url`` is where it is."""

    def __init__(self, host: str, port: int, sockets: dict[str, Handler], *, fonts: Path | None = None) -> None:
        """``sockets`` maps WebSocket paths ("/chat") to what serves them. Port 0 takes a free one.

        ``fonts`` is a folder of TrueType files that the page may fetch for scripts which a viewer's system lacks.
        """
        self._host, self._port, self._sockets = host, port, sockets
        self._files = {"/" + path.name: path for path in STATIC.iterdir() if path.suffix in TYPES}
        self._files["/"] = STATIC / "index.html"
        self._files |= {f"/fonts/{path.name}": path for path in fonts.glob("*.ttf")} if fonts else {}

    async def __aenter__(self) -> "Room":
        try:
            server = await serve(
                self._serve, self._host, self._port, process_request=self._request, max_size=1 << 18, max_queue=32
            )
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise StudioError(
                    f"port {self._port} is in use; stop what uses it, or choose another with --port (0 takes a free one)"
                ) from None
            raise StudioError(
                f"cannot listen on {self._host}:{self._port}: {error.strerror}; check [page] host"
            ) from None
        self._server, self._bound = server, next(iter(server.sockets)).getsockname()[1]
        return self

    async def _serve(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        await self._sockets[_path(socket.request)](socket)

    def _request(self, socket: ServerConnection, request: Request) -> Response | None:
        """A page's file as a response; None lets a WebSocket handshake go on."""
        path = _path(request)
        if path in self._sockets:
            return (
                None if _same_origin(request) else _response(HTTPStatus.FORBIDDEN, b"Another site may not connect.\n")
            )
        file = self._files.get(path)
        if file is None:
            return _response(HTTPStatus.NOT_FOUND, b"There is nothing here.\n")
        return _response(HTTPStatus.OK, file.read_bytes(), TYPES[file.suffix])


def _path(request: Request) -> str:
    return request.path.split("?", 1)[0]


def _same_origin(request: Request) -> bool:
    """Browsers send an Origin: it must be the room itself. Programs send none."""
    origin = request.headers.get("Origin")
    return origin is None or origin.split("://", 1)[-1] == request.headers.get("Host", "")


def _response(status: HTTPStatus, body: bytes, kind: str = "text/plain; charset=utf-8") -> Response:
    headers = Headers({"Content-Type": kind, "Content-Length": str(len(body)), **SAFE})
    return Response(status.value, status.phrase, headers, body)
