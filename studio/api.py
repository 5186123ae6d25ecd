"""A second listener beside the room, for programs: new prices and stocks as JSON over HTTP.

The room's own server speaks WebSocket and answers GET only, so this one stands beside it. Parsing is h11's, on the
standard library's streams: one request a connection, everything bounded in size and time.
"""

import asyncio
import errno
import ipaddress
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Annotated, Any

import h11
import structlog
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from studio.listener import Listener, StudioError

log = structlog.get_logger()

PATH = "/api/offers"
MAX_BODY = 1 << 18  # bytes
MAX_OFFERS = 1_000  # a request
MAX_OPEN = 32  # connections
REQUEST_S = 15.0  # for a client to say what it wants
AMOUNT = re.compile(r"\d{1,9}(?:\.\d{1,4})?")


class Refused(Exception):
    """A request that cannot be done: HTTP status, and what is wrong in words for whoever wrote the program."""

    def __init__(self, status: int, why: str, **more: Any) -> None:
        super().__init__(why)
        self.status, self.body = status, {"error": why, **more}


def _amount(value: Any) -> Any:
    """A price as digits: "19.90", 19.90 or 19; neither true nor 1e400 nor "NaN"."""
    text = f"{Decimal(value):f}" if isinstance(value, Decimal | int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not AMOUNT.fullmatch(text):
        raise ValueError('a price is a number of at least 0, such as "19.90"')
    return Decimal(text)


class OfferIn(BaseModel):
    """What is to hold for a SKU from now on."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    sku: str = Field(min_length=1, max_length=200)
    price: Annotated[Decimal | None, BeforeValidator(lambda v: None if v is None else _amount(v))] = None
    stock: int | None = Field(None, ge=0, le=10**9)

    @model_validator(mode="after")
    def _says_something(self) -> "OfferIn":
        if self.price is None and self.stock is None:
            raise ValueError("give a price, a stock or both")
        return self


OFFERS = TypeAdapter(Annotated[list[OfferIn], Field(min_length=1, max_length=MAX_OFFERS)])
Apply = Callable[[Sequence[OfferIn]], Awaitable[dict[str, Any]]]


class Api(Listener):
    """``async with Api(...)``: open while inside; ``url`` is where offers are posted to."""

    _path = PATH

    def __init__(self, host: str, port: int, token: str, apply: Apply) -> None:
        """``apply`` changes all offers or none, and raises Refused. Port 0 takes a free one."""
        self._host, self._port, self._token, self._apply = host, port, token.encode(), apply
        self._open = 0

    async def __aenter__(self) -> "Api":
        try:
            server = await asyncio.start_server(self._connected, self._host, self._port)
        except OSError as error:
            busy = error.errno == errno.EADDRINUSE
            why = "is in use" if busy else f"cannot be listened on ({error.strerror})"
            raise StudioError(f"port {self._port} {why}; set [page] api_port to another (0 takes a free one)") from None
        self._server, self._bound = server, server.sockets[0].getsockname()[1]
        log.info("offers.open", post_to=self.url)
        return self

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= MAX_OPEN:
                await self._serve(reader, writer)
        except OSError:  # the client has gone
            pass
        finally:
            self._open -= 1
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer, and what the client still sends is not kept."""
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 14)
        try:
            async with asyncio.timeout(REQUEST_S):
                request = await _next(connection, reader, writer)
                offers = self._read(request, await self._body(connection, request, reader, writer))
            status, body = 200, await self._apply(offers)
        except Refused as refused:
            status, body = refused.status, refused.body
        except h11.RemoteProtocolError as error:
            status, body = error.error_status_hint, {"error": str(error)}
        except TimeoutError:
            status, body = 408, {"error": f"the request did not come within {REQUEST_S:.0f} s"}
        except EOFError:
            return
        writer.write(_answer(connection, status, body))
        await writer.drain()
        await _discard(reader, writer)

    async def _body(
        self, connection: h11.Connection, request: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes:
        """The body, once the head has shown that the client may send one."""
        self._admit(request)
        body = b""
        while isinstance(event := await _next(connection, reader, writer), h11.Data):
            body += event.data
            if len(body) > MAX_BODY:
                raise Refused(413, f"more than {MAX_BODY} bytes; send fewer offers at a time")
        return body

    def _admit(self, request: h11.Request) -> None:
        headers = {name.decode(): value.decode("latin-1") for name, value in request.headers}
        if request.target.split(b"?")[0] != PATH.encode():
            raise Refused(404, f"there is nothing here; offers go to {PATH}")
        if request.method not in (b"POST", b"PATCH"):
            raise Refused(405, "use POST or PATCH")
        host = headers.get("host", "")
        if not self._ours(host):
            raise Refused(403, "this Host is not served; use the address that the show has printed")
        if headers.get("origin", f"http://{host}") != f"http://{host}":
            raise Refused(403, "web pages of other sites may not change offers")
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secrets.compare_digest(token.strip().encode("latin-1"), self._token):
            raise Refused(401, "send the show's token: Authorization: Bearer TOKEN")
        if headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise Refused(415, "send Content-Type: application/json")
        length = headers.get("content-length", "0")
        if len(length) > 9 or int(length) > MAX_BODY:
            raise Refused(413, f"more than {MAX_BODY} bytes; send fewer offers at a time")

    def _ours(self, host: str) -> bool:
        """Addresses and this machine's own names; a name that an attacker pointed here is neither."""
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        try:
            return bool(ipaddress.ip_address(name.strip("[]")))
        except ValueError:
            return name.lower() in ("localhost", self._host.lower())

    def _read(self, request: h11.Request, body: bytes) -> list[OfferIn]:
        """Offers out of JSON: one object or a list of them."""
        try:
            raw = json.loads(body, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            raise Refused(400, f"not valid JSON: {error}") from None
        try:
            offers = OFFERS.validate_python(raw if isinstance(raw, list) else [raw])
        except ValidationError as error:
            raise Refused(400, first(error)) from None
        names = [offer.sku for offer in offers]
        if twice := next((sku for sku in names if names.count(sku) > 1), None):
            raise Refused(400, f'the SKU "{twice}" is in it twice')
        return offers


def first(error: ValidationError) -> str:
    """The first thing that is wrong with an offer, and where."""
    row = error.errors()[0]
    where = ".".join(str(part) for part in row["loc"])
    return f"offer {where}".strip() + f": {row['msg'].removeprefix('Value error, ')}"


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are unique: of two prices neither may win by its place."""
    out = dict(pairs)
    if len(out) < len(pairs):
        raise ValueError("a name is in one object twice")
    return out


async def _next(connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Any:
    """The next part of the request. Raises EOFError when the client went away instead."""
    while (event := connection.next_event()) is h11.NEED_DATA:
        if connection.they_are_waiting_for_100_continue:
            writer.write(connection.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        data = await reader.read(1 << 16)
        connection.receive_data(data)
        if not data and connection.their_state is h11.IDLE:
            raise EOFError
    if isinstance(event, h11.ConnectionClosed):
        raise EOFError
    return event


def _answer(connection: h11.Connection, status: int, body: dict[str, Any]) -> bytes:
    data = json.dumps(body, ensure_ascii=False).encode() + b"\n"
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(data))), ("Connection", "close"),
               ("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store")]  # fmt: skip
    headers += [("WWW-Authenticate", "Bearer")] if status == 401 else []
    headers += [("Allow", "POST, PATCH")] if status == 405 else []
    head = connection.send(h11.Response(status_code=status, headers=headers)) or b""
    return head + (connection.send(h11.Data(data=data)) or b"") + (connection.send(h11.EndOfMessage()) or b"")


async def _discard(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Let the client finish sending: closed on unread bytes, a connection is reset, and the answer lost."""
    writer.write_eof()
    with suppress(TimeoutError):
        async with asyncio.timeout(1.0):
            for _ in range(64):
                if not await reader.read(1 << 16):
                    return
