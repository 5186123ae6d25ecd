"""The search index: FAISS over fact and product vectors, beside an inverted index of words. The only faiss importer.

Flat inner product: exact, and fast enough to about fifty thousand facts (6 ms at 100 000 on one core).
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.embed import Embedder
from knowledge.product import Fact, Product
from knowledge.store import Store

F32 = NDArray[np.float32]
BATCH = 16  # texts embedded between two progress calls
WORD = re.compile(r"[^\W_]+")
UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")  # Thai, Lao, kana, Han, Hangul
K1, B = 1.2, 0.6  # BM25

Progress = Callable[[int, int], None]  # done, of


def words(text: str) -> list[str]:
    """Search terms: lower-case words; scripts without spaces give character pairs."""
    out: list[str] = []
    for token in WORD.findall(text.lower()):
        if UNSPACED.search(token):
            out += [token[i : i + 2] for i in range(max(1, len(token) - 1))]
        else:
            out.append(token)
    return out


def fact_text(fact: Fact) -> str:
    """What is embedded for a fact."""
    head = f"{fact.product}. " if fact.product else ""
    return f"{head}{fact.label}: {fact.value}"


def product_text(product: Product) -> str:
    """What is embedded for a product: its name, kind and how the seller describes it."""
    return f"{product.title}. {product.kind}. {' '.join(product.tags)}. {product.description[:200]}"


def searchable(fact: Fact) -> bool:
    """Facts about one variant and code numbers are looked up by name, never searched by meaning."""
    return "/" not in fact.id.removeprefix(f"{fact.handle}/") and fact.field not in ("gtin", "vendor", "kind")


class Keywords:
    """BM25 over short texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._lengths = np.zeros(len(texts), np.float32)
        for row, text in enumerate(texts):
            terms = words(text)
            self._lengths[row] = len(terms)
            for term, count in Counter(terms).items():
                self._postings[term].append((row, count))
        self._mean = float(self._lengths.mean()) if len(texts) else 1.0

    def search(self, text: str, k: int) -> list[tuple[int, float]]:
        """(row, score), best first; only rows that share a word."""
        scores: dict[int, float] = defaultdict(float)
        for term in set(words(text)):
            rows = self._postings.get(term, ())
            weight = math.log(1 + (len(self._lengths) - len(rows) + 0.5) / (len(rows) + 0.5))
            for row, count in rows:
                norm = K1 * (1 - B + B * float(self._lengths[row]) / self._mean)
                scores[row] += weight * count * (K1 + 1) / (count + norm)
        return sorted(scores.items(), key=lambda item: -item[1])[:k]


class FactIndex:
    """Facts and products of one version of the catalogue, searchable by meaning and by word."""

    def __init__(
        self, facts: list[Fact], products: list[Product], vectors: F32, product_vectors: F32, version: int
    ) -> None:
        import faiss

        faiss.omp_set_num_threads(1)
        self.facts, self.products, self.version = facts, products, version
        self._facts = faiss.IndexFlatIP(vectors.shape[1])
        self._facts.add(vectors)
        self._products = faiss.IndexFlatIP(vectors.shape[1])
        if len(product_vectors):
            self._products.add(product_vectors)
        self.vectors = vectors
        self.keywords = Keywords([f"{fact_text(fact)} {fact.sku}" for fact in facts])
        self.product_words = Keywords([f"{p.title} {p.kind} {' '.join(p.tags)} {p.vendor}" for p in products])

    @classmethod
    def build(cls, store: Store, embedder: Embedder, progress: Progress = lambda done, of: None) -> "FactIndex":
        """Index the store as it is now. Only texts that were never embedded before cost anything."""
        products, version = store.products(), store.version
        facts = [fact for fact in store.facts() if searchable(fact)] + store.policies()
        texts = list(dict.fromkeys([*map(fact_text, facts), *map(product_text, products)]))
        known = store.vectors(embedder.name, texts)
        missing = [text for text in texts if text not in known]
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            fresh = list(zip(batch, embedder.passage(batch), strict=True))
            store.keep_vectors(embedder.name, fresh)
            known |= dict(fresh)
            progress(min(start + BATCH, len(missing)), len(missing))
        return cls(
            facts, products, _stack([known[fact_text(f)] for f in facts], embedder.dim),
            _stack([known[product_text(p)] for p in products], embedder.dim), version,
        )  # fmt: skip

    @staticmethod
    def embed_new(store: Store, embedder: Embedder) -> Iterator[int]:
        """Embed and keep what ``build`` would have to, a batch a step, so that other work can come between.

        Each step tells how many texts are left. What another process has kept meanwhile is not embedded again.
        """
        facts = [fact for fact in store.facts() if searchable(fact)] + store.policies()
        texts = list(dict.fromkeys([*map(fact_text, facts), *map(product_text, store.products())]))
        known = store.vectors(embedder.name, texts)
        missing = [text for text in texts if text not in known]
        for start in range(0, len(missing), BATCH):
            known = store.vectors(embedder.name, missing[start : start + BATCH])
            batch = [text for text in missing[start : start + BATCH] if text not in known]
            if batch:
                store.keep_vectors(embedder.name, zip(batch, embedder.passage(batch), strict=True))
            yield max(0, len(missing) - start - BATCH)

    def search_vector(self, vector: F32, k: int) -> list[tuple[Fact, float]]:
        """Facts nearest in meaning, best first, with their cosine."""
        return [(self.facts[row], score) for row, score in _top(self._facts, vector, k)]

    def search_products(self, vector: F32, k: int) -> list[tuple[Product, float]]:
        """Products nearest in meaning, best first, with their cosine."""
        return [(self.products[row], score) for row, score in _top(self._products, vector, k)]

    def search_keywords(self, text: str, k: int) -> list[tuple[Fact, float]]:
        """Facts that share words with ``text``, best first, with their BM25 score."""
        return [(self.facts[row], score) for row, score in self.keywords.search(text, k)]


def _stack(rows: list[F32], dim: int) -> F32:
    return np.ascontiguousarray(np.stack(rows) if rows else np.zeros((0, dim)), np.float32)


def _top(index: Any, vector: F32, k: int) -> list[tuple[int, float]]:
    count = min(k, index.ntotal)
    if not count:
        return []
    scores, rows = index.search(np.ascontiguousarray(vector.reshape(1, -1), np.float32), count)
    return [(int(row), float(score)) for row, score in zip(rows[0], scores[0], strict=True)]
