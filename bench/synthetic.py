"""Vectors and products by the million that look like real ones, the same in every run.

Vectors: each is a mixture of two real embeddings (every fact and card of the labelled catalogue) in random shares, with
noise of the real embeddings' own spread in every direction. So they lie in the narrow cone that the model uses, along the
directions that it uses, and between its clusters rather than in them: harder than vectors drawn around centres.
"""

import json
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.recall import products as labelled
from knowledge.embed import Embedder
from knowledge.feeds import Feed
from knowledge.index import CARDS, FactIndex, card_entry
from knowledge.product import Offer, Product, Variant
from knowledge.shelf import Shelf
from knowledge.store import Store
from knowledge.vectors import CHUNK, VectorIndex

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
NOISE = 0.6  # of the spread of the real embeddings in each direction
SYLLABLES = ("ka", "lo", "mi", "ren", "ta", "vo", "sel", "dar", "ni", "po", "qua", "zel", "bri", "fen", "tor", "lu", "mas")


def real(store: Path, embedder: str) -> F32:
    """Every embedding (n, dim) of a store, in the order of its keys."""
    rows = sqlite3.connect(store).execute("SELECT vector FROM vectors WHERE embedder = ? ORDER BY sha256", (embedder,))
    return np.stack([np.frombuffer(blob, np.float32) for (blob,) in rows])


class Vectors:
    """``count`` unit vectors, made chunk by chunk when read."""

    def __init__(self, base: F32, count: int, seed: int = 11) -> None:
        self.base, self.count, self.seed = base, count, seed
        centred = base - base.mean(axis=0)
        _, scale, directions = np.linalg.svd(centred, full_matrices=False)
        self._directions: F32 = (directions * (scale / np.sqrt(len(base)))[:, None]).astype(np.float32)

    def chunk(self, start: int) -> F32:
        """Vectors ``start`` to before ``start + CHUNK`` (b, dim); ``start`` is a multiple of CHUNK."""
        rng = np.random.default_rng((self.seed, start))
        count = min(CHUNK, self.count - start)
        first, second = rng.integers(len(self.base), size=(2, count))
        share = rng.uniform(0.2, 0.8, size=(count, 1)).astype(np.float32)
        noise = rng.normal(size=(count, len(self._directions))).astype(np.float32) @ self._directions
        rows = self.base[first] * share + self.base[second] * (1 - share) + NOISE * noise
        out: F32 = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return out

    def batches(self, every: int = 1) -> Iterator[tuple[I64, F32]]:
        for start in range(0, self.count, CHUNK):
            rows = self.chunk(start)
            yield np.arange(start, start + len(rows), dtype=np.int64)[::every], rows[::every]

    def nearest(self, queries: F32, k: int) -> I64:
        """Ids (q, k) of the exactly nearest."""
        best = np.full((len(queries), 0), -np.inf, np.float32)
        ids = np.zeros((len(queries), 0), np.int64)
        for rows, vectors in self.batches():
            scores = np.concatenate([best, queries @ vectors.T], axis=1)
            names = np.concatenate([ids, np.broadcast_to(rows, (len(queries), len(rows)))], axis=1)
            top = np.argpartition(-scores, k - 1, axis=1)[:, :k]
            best, ids = np.take_along_axis(scores, top, 1), np.take_along_axis(names, top, 1)
        return ids


def products(count: int, seed: int = 5) -> Iterator[Product]:
    """Products with a made-up brand name each, and the kinds, attributes and texts of the labelled catalogue."""
    rng = np.random.default_rng(seed)
    real_ones = labelled()
    for n in range(count):
        like, other = (real_ones[int(i)] for i in rng.integers(len(real_ones), size=2))
        name = "".join(rng.choice(SYLLABLES, size=3)).capitalize()
        price = Decimal(int(rng.integers(500, 50_000))) / 100
        offer = Offer(price, "USD", None, int(rng.integers(0, 90)))
        attributes = tuple(a for a, _ in zip(like.attributes, range(3), strict=False)) + other.attributes[-1:]
        yield Product(
            f"p{n}", f"{name} {' '.join(like.title.split()[1:])}", (Variant(f"SKU-{n:07}", offer),), like.kind,
            other.vendor, like.description, attributes, source=f"synthetic:{n}",
        )  # fmt: skip


def stock(store: Store, embedder: Embedder, vectors: Vectors) -> None:
    """Fill an empty store with ``vectors.count`` products and index them by word and by these vectors as their cards'.

    What a retriever then opens is what it would have after embedding every card, which takes hours for a million.
    """
    store.ingest(Feed("synthetic", [], [], vectors.count), products(vectors.count))
    index = FactIndex(Shelf(store), embedder, whole=False)
    with index.keywords.change():
        for product in store.each():
            index.keywords.bring(product.handle, [card_entry(product)])
    for _ in index.keywords.recount():
        pass
    with index.keywords.change(index.made_of(store.version)):
        pass
    ids = np.fromiter(index.keywords.ids(cards=True), np.int64)
    cards = VectorIndex.build(vectors.base.shape[1], vectors.count, lambda every: _under(ids, vectors.batches(every)))
    cards.save(index.path(CARDS), index.origin(store.version))
    index.close()


def _under(ids: I64, batches: Iterator[tuple[I64, F32]]) -> Iterator[tuple[I64, F32]]:
    return ((ids[rows], vectors) for rows, vectors in batches)


def questions() -> list[str]:
    path = Path(__file__).resolve().parent.parent / "tests/data/retrieval/questions.jsonl"
    return [json.loads(line)["q"] for line in path.read_text(encoding="utf-8").splitlines()]
