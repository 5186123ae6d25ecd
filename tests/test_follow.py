"""The follower: a running show hears of every change, and its index is made again beside the answers."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

import agent.follow
from agent.follow import Follower
from knowledge.feeds import Feed
from knowledge.index import FactIndex
from knowledge.product import CatalogueError
from knowledge.retrieve import Retriever
from knowledge.shelf import Change, Shelf
from knowledge.store import Store
from renderer.worker import Worker
from tests.shop import CANDLE, POLICIES, PRODUCTS, retriever, shop_at


class Following:
    """A follower over a store of its own, and what it has told."""

    def __init__(self, path: Path, worker: Worker) -> None:
        self.writer, self.worker, theirs = Store(shop_at(path)), worker, Store(path)
        embedder = retriever().embedder
        self.retriever = Retriever(theirs, FactIndex.build(theirs, embedder), embedder)
        self.shelf = Shelf(Store(path))
        self.changes: list[Change] = []
        self.told = asyncio.Event()
        self.follower = Follower(self.shelf, self.retriever, worker, self._changed)

    def put(self, *more: str) -> None:
        products = [*PRODUCTS, *(replace(CANDLE, handle=name, title=name) for name in more)]
        self.writer.ingest(Feed("shop.csv", products, list(POLICIES), len(products)))

    def _changed(self, changes: Sequence[Change]) -> None:
        self.changes += changes
        self.told.set()

    async def heard(self) -> None:
        """Until a change has been told."""
        async with asyncio.timeout(60):
            await self.told.wait()


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker("knowledge")
    yield worker
    worker.close()


@pytest.fixture
async def following(tmp_path: Path, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Following]:
    for name in ("POLL_S", "QUIET_S", "RETRY_S"):
        monkeypatch.setattr(agent.follow, name, 0.05)
    following = Following(tmp_path / "c.sqlite", worker)
    task = asyncio.create_task(following.follower.run())
    yield following
    assert not task.done()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_change_by_another_connection_is_told_once(following: Following) -> None:
    following.writer.set_offer("PUL-1", price=Decimal("149.00"))
    await following.heard()
    following.writer.keep_vectors("other", [])
    await asyncio.sleep(0.2)
    assert [(c.fact.id, c.version) for c in following.changes] == [("pulsar-watch/price", 2)]


async def test_answers_come_between_while_what_is_new_is_embedded(following: Following, worker: Worker) -> None:
    following.put(*(f"Lantern number {n}" for n in range(30)))
    await following.heard()
    index, answers = following.retriever.index, 0
    while index.version < following.writer.version:
        found = await worker.run(following.retriever.find, "how much is the Lantern number 7?")
        assert found.facts
        answers += 1
    near = index.search_products(index.embedder.query(["a lantern"])[0], 99)
    assert answers >= 3 and len(near) == len(following.shelf) == 35


async def test_a_catalogue_that_cannot_be_read_for_a_while_leaves_what_is_known(
    following: Following, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.sleep(0.2)
    await worker.run(int)  # its first look is over
    failures, changes = [1, 2], following.retriever.changes

    def broken() -> list[Change]:
        if failures and failures.pop():
            raise CatalogueError("not now")
        return changes()

    monkeypatch.setattr(following.retriever, "changes", broken)
    following.writer.set_offer("PUL-1", stock=1)
    await following.heard()
    assert not failures
