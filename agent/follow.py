"""Follows the catalogue while a show runs: whoever changes it, and whenever a sale begins or ends, the show hears of it."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import structlog

from knowledge.product import CatalogueError
from knowledge.retrieve import Retriever
from knowledge.shelf import Change, Shelf
from renderer.worker import Worker

log = structlog.get_logger()

POLL_S = 0.5
RETRY_S = 5.0
QUIET_S = 2.0  # after a change before the index is made again: changes come in flocks

UNSEEN = -1, -1
Changed = Callable[[Sequence[Change]], None]


class Follower:
    """Compares two numbers of the catalogue's file twice a second; all else happens when they differ."""

    def __init__(
        self, shelf: Shelf, retriever: Retriever, knowledge: Worker, changed: Changed,
        *, asked: asyncio.Event | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        """``shelf`` is the event loop's own, which the pitch is told from; the retriever's belongs to the ``knowledge`` thread.

        ``asked`` has it look at once rather than within ``POLL_S``: this process has changed something itself.
        """
        self._shelf, self._retriever, self._knowledge, self._changed, self._now = shelf, retriever, knowledge, changed, now
        self._seen = UNSEEN  # stamp and version of the catalogue
        self._untold: dict[Change, None] = {}
        self._asked, self._unindexed = asked or asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(), name="follow")
            group.create_task(self._index(), name="index")

    async def _follow(self) -> None:
        while True:
            try:
                if self._moved():
                    await self._tell()
            except (sqlite3.Error, CatalogueError) as error:  # what the show knows stays, until it can be read again
                log.error("catalogue.unreadable", why=str(error), again_in_s=RETRY_S)
                self._seen = UNSEEN
                await asyncio.sleep(RETRY_S)
            with suppress(TimeoutError):  # not wait_for: in 3.11 it loses a cancellation that meets the event
                async with asyncio.timeout(POLL_S):
                    await self._asked.wait()
            self._asked.clear()

    def _moved(self) -> bool:
        stamp, version = self._seen
        if stamp != (now := self._shelf.store.stamp):
            self._seen = now, self._shelf.store.version  # embeddings are written without a new version
        edges = [edge for edge in (self._shelf.until, self._retriever.shelf.until) if edge]
        return version != self._seen[1] or any(self._now() >= edge for edge in edges)

    async def _tell(self) -> None:
        """What was said rests on either shelf; what both know of is told once."""
        self._untold |= dict.fromkeys(await self._knowledge.run(self._retriever.changes))
        self._untold |= dict.fromkeys(self._shelf.refresh())
        if changes := list(self._untold):
            self._untold.clear()
            self._changed(changes)
        if self._retriever.index.version != self._retriever.shelf.version:
            self._unindexed.set()

    async def _index(self) -> None:
        """Embed what is new in small jobs, so that no answer waits for more than one of them."""
        while True:
            await self._unindexed.wait()
            self._unindexed.clear()
            await asyncio.sleep(QUIET_S)
            steps = self._retriever.renew_index()
            try:
                while await self._knowledge.run(next, steps, None) is not None:
                    pass
            except (sqlite3.Error, CatalogueError) as error:  # found by name and by word meanwhile; again at the next change
                log.warning("catalogue.not_indexed", why=str(error))
