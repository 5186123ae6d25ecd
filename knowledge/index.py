"""The search index of one catalogue: vectors and words of products and facts, kept beside the store and kept up.

Facts are embedded where the catalogue is small enough for that to take minutes; in a larger one only the products' cards
are, and a fact is embedded when a question first turns on it. Every vector ever made stays in the store.
"""

import hashlib
import math
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.embed import Embedder
from knowledge.fields import names_key
from knowledge.keywords import Entry, Keywords
from knowledge.product import Fact, Product
from knowledge.shelf import Shelf
from knowledge.store import Store
from knowledge.texts import TEXTS_VERSION, body_text, fact_text, product_text, searchable, words
from knowledge.vectors import I64, Origin, VectorIndex, chunks

F32 = NDArray[np.float32]
BATCH = 16  # texts embedded between two progress calls
FACTS_UP_TO = 2_000  # products: a dozen facts each take about three minutes to embed on one core, once
LATER = 24  # facts embedded for one question in a catalogue whose facts were not
FILES = ("cards.faiss", "facts.faiss")
NEAR = 8  # products whose facts a search by word looks into

CODE_SCORE = 1_000.0  # of a product named by its code: above any BM25
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{3,}")

Progress = Callable[[int, int], None]  # done, of


class FactIndex:
    """Products and facts of one catalogue, searchable by meaning, by word and by code."""

    def __init__(self, store: Store, embedder: Embedder, keywords: Keywords, *, whole: bool) -> None:
        """``whole``: facts have vectors of their own. Use ``build``."""
        self.shelf, self.embedder, self.keywords, self.whole = Shelf(store), embedder, keywords, whole
        self.version = store.version
        self._store = store
        self._cards = self._facts = VectorIndex(embedder.dim)
        self._known: dict[str, F32] = {}

    @classmethod
    def build(
        cls, store: Store, embedder: Embedder, progress: Progress = lambda done, of: None, *, whole: bool | None = None
    ) -> "FactIndex":
        """Index the store as it is now. What has not changed since the last time costs nothing.

        ``whole`` embeds every fact, or none; left out, the catalogue's size decides.
        """
        whole = store.count() <= FACTS_UP_TO if whole is None else whole
        out = cls(store, embedder, Keywords(_beside(store, "words.sqlite")), whole=whole)
        out._bring_up(progress)
        return out

    def close(self) -> None:
        self.keywords.close()

    # -- search ---------------------------------------------------------------------------------------------------

    def search_vector(self, vector: F32, k: int) -> list[tuple[Fact, float]]:
        """Facts nearest in meaning, best first, with their inner product (a cosine for a unit vector).

        In a catalogue whose facts are not embedded they are those of the nearest products.
        """
        if self.whole:
            found = [(self._fact(id), score) for id, score in self._facts.search(vector, k)]
            return [(fact, score) for fact, score in found if fact is not None]
        near = [f for p, _ in self.search_products(vector, NEAR) for f in self.shelf.facts(p.handle) if searchable(f)]
        pool = [*near[:LATER], *self.shelf.policies]
        scored = [(fact, float(row @ vector)) for fact, row in zip(pool, self.vectors(pool), strict=True)]
        return sorted(scored, key=lambda item: -item[1])[:k]

    def search_products(self, vector: F32, k: int) -> list[tuple[Product, float]]:
        """Products nearest in meaning, best first, with their cosine."""
        out = []
        for id, score in self._cards.search(vector, k):
            name = self.keywords.name(id)
            product = self.shelf.find(name[0]) if name else None
            if product is not None:
                out.append((product, score))
        return out

    def search_keywords(self, text: str, k: int) -> list[tuple[Fact, float]]:
        """Facts that share words with ``text``, best first; those of a product whose code it names before all others.

        The score is their product's BM25, raised by the words that a fact shares itself.
        """
        terms = self.keywords.corrected(words(text))
        worth = {t: 1 / (1 + math.log1p(n)) for t, n in self.keywords.rarity(terms).items() if n}
        rows = self.keywords.search(text, NEAR)
        if code := self.by_code(text):
            rows = [(code[0], "", CODE_SCORE), *(row for row in rows if row[0] != code[0])]
        out = [hit for handle, id, score in rows for hit in self._shared(handle, id, score, worth)]
        return sorted(out, key=lambda item: -item[1])[:k]

    def _shared(self, handle: str, id: str, score: float, worth: dict[str, float]) -> Iterator[tuple[Fact, float]]:
        for fact in self.shelf.facts(handle):
            if searchable(fact) and (not id or fact.id == id):
                own = set(words(f"{fact.label} {fact.value}")) - set(words(fact.product))
                yield fact, score * (1 + sum(worth.get(term, 0.0) for term in own))

    def by_code(self, text: str) -> tuple[str, str] | None:
        """(handle, SKU) of a product whose SKU or GTIN stands in the text."""
        for found in CODE.findall(text):
            if hit := self.keywords.by_code(found.rstrip(".-/")):
                return hit
        return None

    def vector_of(self, fact: Fact) -> F32:
        """The embedding of a fact: from the store, or made now and kept."""
        return self.vectors([fact])[0]

    def vectors(self, facts: Sequence[Fact]) -> list[F32]:
        """The embeddings (dim,) of facts."""
        texts = [fact_text(fact) for fact in facts]
        if len(self._known) > 10_000:
            self._known.clear()
        wanted = [text for text in texts if text not in self._known]
        self._known |= self._store.vectors(self.embedder.name, wanted)
        if missing := list(dict.fromkeys(text for text in wanted if text not in self._known)):
            self._known |= self._embed(missing)
        return [self._known[text] for text in texts]

    def _fact(self, id: int) -> Fact | None:
        name = self.keywords.name(id)
        return self.shelf.fact(*name) if name else None

    # -- building -------------------------------------------------------------------------------------------------

    def _bring_up(self, progress: Progress) -> None:
        """Words first, then vectors; each is finished as a whole or begun again the next time."""
        version = f"{self._store.version}:{TEXTS_VERSION}:{names_key()}:{'facts' if self.whole else 'cards'}"
        if self.keywords.version != version:
            self._words(version)
        self._vectors(version, progress)

    def _words(self, version: str) -> None:
        """Add, replace and drop rows until they are the catalogue's."""
        self.keywords.begin()
        try:
            gone = bytearray(b"\1") * (self.keywords.last_id() + 1)
            for entry in self._entries():
                known = self.keywords.digest(entry.handle, entry.fact)
                if known and known[1] == entry.digest:
                    gone[known[0]] = 0
                else:
                    self.keywords.put(entry, known[0] if known else None)
            self.keywords.drop([id for id in self.keywords.ids() if id < len(gone) and gone[id]])
            self.keywords.finish(version)
        except BaseException:
            self.keywords.abandon()
            raise

    def _entries(self) -> Iterator[Entry]:
        for product in self._store.each():
            yield card_entry(product)
            if self.whole:
                facts = {f.id: f for f in reversed(self.shelf.facts(product.handle)) if searchable(f)}
                yield from map(_silent, facts.values())
        for fact in self._store.policies():
            yield _silent(fact, body=f"{fact.label} {fact.value}")

    def _vectors(self, version: str, progress: Progress) -> None:
        """Both vector indexes as they were kept, with what has changed since; else made anew."""
        version = f"{self.keywords.born}:{version}"
        kept = [self._kept(name) for name in FILES]
        if all(one and one[1] == version for one in kept):
            self._cards, self._facts = (one[0] for one in kept if one)
            return
        ids = array("q", self.keywords.ids())
        self._embed_missing(ids, progress)
        cards = array("q", (id for id in ids if self._is_card(id)))
        facts = array("q", sorted(set(ids) - set(cards)))
        self._cards, self._facts = (
            self._brought(name, version, old and old[0], rows)
            for name, old, rows in zip(FILES, kept, (cards, facts), strict=True)
        )

    def _kept(self, name: str) -> tuple[VectorIndex, str] | None:
        """An index from disk with its version; None when it holds ids of other rows than there are."""
        kept = VectorIndex.load(self._path(name), self.embedder.name, self.embedder.dim)
        return kept if kept and kept[1].startswith(f"{self.keywords.born}:") else None

    def _embed_missing(self, ids: Sequence[int], progress: Progress) -> None:
        missing = array("q", (id for id in ids if not self._has(id)))
        for start in range(0, len(missing), BATCH):
            self._embed(list(dict.fromkeys(self._text(id) for id in missing[start : start + BATCH])))
            progress(min(start + BATCH, len(missing)), len(missing))

    def _brought(self, name: str, version: str, kept: VectorIndex | None, ids: Sequence[int]) -> VectorIndex:
        """An index that holds exactly ``ids``, and is so on disk."""
        index = self._changed(kept, ids) if kept and not kept.outgrown else None
        if index is None:
            index = VectorIndex.build(self.embedder.dim, len(ids), lambda every: self._rows(ids[::every]))
        index.save(self._path(name), Origin(self.embedder.name, self.embedder.dim, version))
        return index

    def _changed(self, index: VectorIndex, ids: Sequence[int]) -> VectorIndex | None:
        """The index with what came and without what went; None when most of it changed."""
        held, now = set(index.ids()), set(ids)
        if len(held ^ now) > len(now) // 3:
            return None
        index.remove(sorted(held - now))
        for rows, vectors in self._rows(sorted(now - held)):
            index.add(rows, vectors)
        return index

    def _rows(self, ids: Iterable[int]) -> Iterator[tuple[I64, F32]]:
        def each() -> Iterator[tuple[int, F32]]:
            for id in ids:
                text = self._text(id)
                if text and (found := self._store.vectors(self.embedder.name, [text])):
                    yield id, found[text]

        return chunks(each(), self.embedder.dim)

    def _path(self, name: str) -> Path:
        return _beside(self._store, name)

    def _is_card(self, id: int) -> bool:
        name = self.keywords.name(id)
        return bool(name and not name[1])

    def _has(self, id: int) -> bool:
        text = self._text(id)
        return not text or text in self._store.vectors(self.embedder.name, [text])

    def _text(self, id: int) -> str:
        """What is embedded for a row."""
        name = self.keywords.name(id)
        if name is None:
            return ""
        if name[1]:
            fact = self.shelf.fact(*name)
            return fact_text(fact) if fact else ""
        product = self.shelf.find(name[0])
        return product_text(product) if product else ""

    def _embed(self, texts: list[str]) -> dict[str, F32]:
        if not texts:
            return {}
        fresh = dict(zip(texts, self.embedder.passage(texts), strict=True))
        self._store.keep_vectors(self.embedder.name, fresh.items())
        return fresh


def _beside(store: Store, name: str) -> Path:
    """A file beside the store: catalogue.sqlite → catalogue.cards.faiss."""
    return store.path.with_name(f"{store.path.stem}.{name}")


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\x1f".join(parts).encode()).digest()[:16]


def card_entry(product: Product) -> Entry:
    """What is looked up for a product."""
    codes = tuple((code, v.sku) for v in product.variants for code in (v.sku, v.gtin) if code)
    kind = f"{product.kind} {' '.join(product.tags)} {product.vendor}"
    body = body_text(product)
    digest = _digest(product_text(product), kind, body, repr(codes))
    return Entry(product.handle, "", digest, product.title, kind, body, codes)


def _silent(fact: Fact, body: str = "") -> Entry:
    """A row for a fact's vector; its words are its product's, a statement of the store has its own."""
    return Entry(fact.handle, fact.id, _digest(fact_text(fact)), "", "", body)
