"""The search index of one catalogue: vectors and words of products and facts, kept beside the store and kept up.

Facts are embedded where the catalogue is small enough for that to take minutes; in a larger one only the products' cards
are, and a fact is embedded when a question first turns on it. Every vector ever made stays in the store.
"""

import hashlib
import math
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
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
from knowledge.vectors import I64, Origin, VectorIndex, chunks, relabel

F32 = NDArray[np.float32]
BATCH = 16  # texts embedded in one step
PORTION = 256  # products, or vectors, looked through in one step
FACTS_UP_TO = 2_000  # products: a dozen facts each take about three minutes to embed on one core, once
LATER = 24  # facts embedded for one question in a catalogue whose facts were not
CARDS, FACTS = FILES = ("cards.faiss", "facts.faiss")
AT_ONCE = 192  # cards searched: one question asks for the nearest several times, each time for another number
NEAR = 8  # products whose facts a search by word looks into
CODE_SCORE = 1_000.0  # of a product named by its code: above any BM25
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{3,}")

Progress = Callable[[int, int], None]  # done, of


class FactIndex:
    """Products and facts of one catalogue, searchable by meaning, by word and by code."""

    def __init__(self, shelf: Shelf, embedder: Embedder, *, whole: bool) -> None:
        """As it was left on disk. ``whole``: facts have vectors of their own. Use ``build``."""
        self.shelf, self.embedder, self.whole = shelf, embedder, whole
        self._store = shelf.store
        self.keywords = Keywords(self.path("words.sqlite"))
        self.version = -1  # of the catalogue that the vectors here are of
        kept = [self._kept(name) for name in FILES]
        self._unsaved = {name for name, index in zip(FILES, kept, strict=True) if index is None}
        self._cards, self._facts = (index or VectorIndex(embedder.dim) for index in kept)
        self._moved = True  # the rows are perhaps others than those whose vectors are here
        self._known: dict[str, F32] = {}
        self._last: tuple[bytes, list[tuple[str, float]]] = b"", []  # what was searched last, and the cards near it

    @classmethod
    def build(
        cls, store: Store, embedder: Embedder, progress: Progress = lambda done, of: None, *, whole: bool | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> "FactIndex":  # fmt: skip
        """Index the store as it is now. What has not changed since the last time costs nothing.

        ``whole`` embeds every fact, or none; left out, the catalogue's size decides. ``now`` is the shelf's clock.
        """
        whole = store.count() <= FACTS_UP_TO if whole is None else whole
        out = cls(Shelf(store, now), embedder, whole=whole)
        for done, of in out.renew():
            if of:
                progress(done, of)
        out.save()
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
        found = ((self.shelf.find(handle), score) for handle, score in self.search_handles(vector, k))
        return [(product, score) for product, score in found if product is not None]

    def search_handles(self, vector: F32, k: int) -> list[tuple[str, float]]:
        """As ``search_products``, without reading the products: some may have gone since the index was brought up."""
        key = vector.tobytes()
        if self._last[0] != key or len(self._last[1]) < k:
            hits = self._cards.search(vector, max(k, AT_ONCE))
            names = self.keywords.cards([id for id, _ in hits])
            self._last = key, [(names.get(id, ""), score) for id, score in hits]
        return [(handle, score) for handle, score in self._last[1][:k] if handle]

    def search_keywords(self, text: str, k: int) -> list[tuple[Fact, float]]:
        """Facts that share words with ``text``, best first; those of a product whose code it names before all others.

        The score is their product's BM25, raised by the words that a fact shares itself.
        """
        terms = self.keywords.terms(text)
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

    # -- keeping up -----------------------------------------------------------------------------------------------

    def renew(self) -> Iterator[tuple[int, int]]:
        """Bring words and vectors up to what the shelf says, in small steps, so that questions can come between.

        Each step tells how many texts are embedded, of how many; those that look what there is to do tell (0, 0). New
        products are found by name and by word before they are by meaning. What is left off goes on the next time.
        """
        version = self.shelf.version
        if version == self.version:
            return
        self._moved |= self.keywords.version != self.made_of(self.version)  # also when another process brought them up
        yield from self._words(version)
        if self._moved:
            yield from self._vectors()
        self._moved, self.version = False, version

    def save(self) -> None:
        """Have the vectors on disk as they are here."""
        origin = self.origin(self.version)
        for name, index in zip(FILES, (self._cards, self._facts), strict=True):
            if name in self._unsaved:
                index.save(self.path(name), origin)
            else:
                relabel(self.path(name), origin)
        self._unsaved.clear()

    def origin(self, version: int) -> Origin:
        """What vectors are made from."""
        return Origin(self.embedder.name, self.embedder.dim, f"{self.keywords.born}:{self.made_of(version)}")

    def made_of(self, version: int) -> str:
        """What rows are made of: the catalogue, and how."""
        return f"{version}:{TEXTS_VERSION}:{names_key()}:{'facts' if self.whole else 'cards'}"

    def _kept(self, name: str) -> VectorIndex | None:
        """Vectors from disk; None when they go by ids of other rows than there are."""
        kept = VectorIndex.load(self.path(name), self.embedder.name, self.embedder.dim)
        return kept[0] if kept and kept[1].startswith(f"{self.keywords.born}:") else None

    def _words(self, version: int) -> Iterator[tuple[int, int]]:
        """Add, replace and drop rows until they are the catalogue's."""
        made_of = self.keywords.version
        if made_of == self.made_of(version):
            return
        before = int(made_of.partition(":")[0] or -1)
        touched = self._store.touched(before) if made_of == self.made_of(before) else None
        rows = self._all() if touched is None else ((handle, self._entries(self._store.product(handle))) for handle in touched)
        while portion := list(islice(rows, PORTION)):
            with self.keywords.change():
                for handle, entries in portion:
                    self._moved |= self.keywords.bring(handle, entries)
            yield 0, 0
        for _ in self.keywords.recount():
            yield 0, 0
        with self.keywords.change(self.made_of(version)):
            self._moved |= self.keywords.bring("", map(_statement, self.shelf.policies))

    def _all(self) -> Iterator[tuple[str, Iterable[Entry]]]:
        """Every product with its rows; those that are gone, with none."""
        for product in self._store.each():
            yield product.handle, self._entries(product)
        for handle in self.keywords.handles():
            if self._store.product(handle) is None:
                yield handle, ()

    def _entries(self, product: Product | None) -> Iterator[Entry]:
        if product is None:
            return
        yield card_entry(product)
        if self.whole:
            facts = {f.id: f for f in reversed(self.shelf.facts(product.handle)) if searchable(f)}
            yield from map(_silent, facts.values())

    def _vectors(self) -> Iterator[tuple[int, int]]:
        """Vectors for the rows that came, none for those that went."""
        cards, facts = (np.fromiter(self.keywords.ids(cards=cards), np.int64) for cards in (True, False))
        came = [np.setdiff1d(now, index.ids()) for now, index in ((cards, self._cards), (facts, self._facts))]
        yield from self._embed_missing(np.concatenate(came))
        self._cards, self._last = self._brought(CARDS, self._cards, cards), (b"", [])
        self._facts = self._brought(FACTS, self._facts, facts)

    def _embed_missing(self, ids: I64) -> Iterator[tuple[int, int]]:
        missing = array("q")
        for start in range(0, len(ids), PORTION):
            missing.extend(int(id) for id in ids[start : start + PORTION] if not self._has(int(id)))
            yield 0, 0
        for start in range(0, len(missing), BATCH):
            self._embed(list(dict.fromkeys(self._text(id) for id in missing[start : start + BATCH] if not self._has(id))))
            yield min(start + BATCH, len(missing)), len(missing)

    def _brought(self, name: str, index: VectorIndex, ids: I64) -> VectorIndex:
        """An index that holds exactly ``ids``: this one, or one made anew when most of it changed."""
        held = index.ids()
        came, went = np.setdiff1d(ids, held), np.setdiff1d(held, ids)
        if not len(came) and not len(went):
            return index
        self._unsaved.add(name)
        if index.outgrown or len(came) + len(went) > len(ids) // 3:
            return VectorIndex.build(self.embedder.dim, len(ids), lambda every: self._rows(ids[::every]))
        index.remove(went)
        for rows, vectors in self._rows(came):
            index.add(rows, vectors)
        return index

    def _rows(self, ids: I64) -> Iterator[tuple[I64, F32]]:
        def each() -> Iterator[tuple[int, F32]]:
            for id in map(int, ids):
                text = self._text(id)
                if text and (found := self._store.vectors(self.embedder.name, [text])):
                    yield id, found[text]

        return chunks(each(), self.embedder.dim)

    def path(self, name: str) -> Path:
        """A file beside the store: catalogue.sqlite → catalogue.cards.faiss."""
        return self._store.path.with_name(f"{self._store.path.stem}.{name}")

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
        product = self._store.product(name[0])  # not by the shelf: it keeps what answers are made of
        return product_text(product) if product else ""

    def _embed(self, texts: list[str]) -> dict[str, F32]:
        if not texts:
            return {}
        fresh = dict(zip(texts, self.embedder.passage(texts), strict=True))
        self._store.keep_vectors(self.embedder.name, fresh.items())
        return fresh


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\x1f".join(parts).encode()).digest()[:16]


def card_entry(product: Product) -> Entry:
    """What is looked up for a product."""
    codes = tuple((code, v.sku) for v in product.variants for code in (v.sku, v.gtin) if code)
    kind = f"{product.kind} {' '.join(product.tags)} {product.vendor}"
    body = body_text(product)
    digest = _digest(product_text(product), kind, body, repr(codes))
    return Entry(product.handle, "", digest, product.title, kind, body, codes)


def _silent(fact: Fact) -> Entry:
    """A row for a fact's vector; its words are its product's."""
    return Entry(fact.handle, fact.id, _digest(fact_text(fact)), "", "", "")


def _statement(fact: Fact) -> Entry:
    """A row for what the store says of itself."""
    return Entry(fact.handle, fact.id, _digest(fact_text(fact)), "", "", f"{fact.label} {fact.value}")
