"""The plugin door: what a connector is, how it is found, and the supervisor that keeps one alive.

A connector is small: a config model, and a class with an ``events()`` async iterator. Reconnecting, back-off and
de-duplication are done here, once.
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.metadata import entry_points
from typing import Any, Protocol, runtime_checkable

import structlog

from connectors.events import ChatEvent

log = structlog.get_logger()

GROUP = "hawker.connectors"  # the entry-point group; built-ins come in by the same door
SEEN_LIMIT = 20_000  # ids remembered for de-duplication
BACKOFF_FIRST_S, BACKOFF_MAX_S = 0.5, 60.0


class ConnectorError(Exception):
    """A source cannot be opened or has failed for good; the message says what to do. Not retried."""


@runtime_checkable
class Connector(Protocol):
    """A source of chat. ``events`` ends when the source is over and raises anything to be reconnected."""

    platform: str

    def events(self) -> AsyncIterator[ChatEvent]: ...


@runtime_checkable
class Replies(Protocol):
    """A connector that can also carry what the host says back to the viewers (optional)."""

    async def reply(self, message: dict[str, Any]) -> None: ...


def installed() -> dict[str, Any]:
    """Names and entry points of every connector found, built-in or third-party. Nothing is imported."""
    return {point.name: point for point in entry_points(group=GROUP)}


def create(name: str, settings: dict[str, Any]) -> Connector:
    """Build connector ``name`` from its settings; raises ConnectorError naming what is wrong."""
    from pydantic import ValidationError

    points = installed()
    if name not in points:
        raise ConnectorError(f'no connector is called "{name}"; installed: {", ".join(sorted(points)) or "none"}')
    kind = points[name].load()
    try:
        connector: Connector = kind(kind.Config(**settings))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "settings"
        raise ConnectorError(f"connector {name}: {where}: {first['msg']}") from None
    return connector


class Seen:
    """Remembers the last ``limit`` event keys, so that nothing is handled twice."""

    def __init__(self, limit: int = SEEN_LIMIT) -> None:
        self._keys: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._limit = limit

    def add(self, event: ChatEvent) -> bool:
        """True when the event is new. Events without an id are always new."""
        key = (event.platform, event.id)
        if not event.id:
            return True
        if key in self._keys:
            return False
        self._keys[key] = None
        if len(self._keys) > self._limit:
            self._keys.popitem(last=False)
        return True


async def supervise(
    connector: Connector,
    heard: Callable[[ChatEvent], None],
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    rng: random.Random | None = None,
) -> None:
    """Feed ``heard`` with a connector's new events until its source ends, reconnecting with full-jitter back-off.

    A ConnectorError drops this source and leaves the show running; anything else is tried again.
    """
    seen, rng, failures = Seen(), rng or random.Random(), 0
    while True:
        try:
            async for event in connector.events():
                failures = 0
                if seen.add(event):
                    heard(event)
            return
        except ConnectorError as error:
            log.error("connector.gave_up", platform=connector.platform, why=str(error))
            return
        except Exception as error:  # a platform's client may raise anything; the show must not end for it
            failures += 1
            wait_s = rng.uniform(0, min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2**failures))
            log.warning("connector.reconnecting", platform=connector.platform, why=repr(error), wait_s=round(wait_s, 2))
            await sleep(wait_s)
