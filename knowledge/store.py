"""The catalogue on disk: SQLite in WAL mode. Ingestion is one transaction a file, idempotent and incremental."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.facts import facts as facts_of
from knowledge.feeds import Feed, Rejected
from knowledge.product import CatalogueError, Fact, Offer, Product, Variant

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sources (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS products (
    handle TEXT PRIMARY KEY, position INTEGER NOT NULL, source TEXT NOT NULL, sha256 TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS policies (source TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS vectors (embedder TEXT NOT NULL, sha256 BLOB NOT NULL, vector BLOB NOT NULL,
    PRIMARY KEY (embedder, sha256)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of one file."""

    source: str
    rows: int
    products: int
    added: int
    changed: int
    removed: int
    policies: int
    rejected: tuple[Rejected, ...]

    def json(self) -> dict[str, Any]:
        return asdict(self)


class Store:
    """One seller's catalogue. Used from one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open or create. Raises CatalogueError when the file is not a hawker catalogue."""
        self.path = path
        try:
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(SCHEMA)
            self._db.execute("INSERT OR IGNORE INTO meta VALUES ('schema', ?), ('version', 0)", (SCHEMA_VERSION,))
            found = self._meta("schema")
        except sqlite3.DatabaseError as error:
            raise CatalogueError(f"{path}: not a catalogue database ({error}); move it away and ingest again") from None
        if found != SCHEMA_VERSION:
            raise CatalogueError(f"{path}: made by another version of hawker; move it away and ingest again")

    def close(self) -> None:
        self._db.close()

    @property
    def version(self) -> int:
        """Grows by one with every change."""
        return self._meta("version")

    @property
    def sources(self) -> list[str]:
        """Names of the files ingested so far."""
        return [name for (name,) in self._db.execute("SELECT name FROM sources ORDER BY name")]

    # -- writing --------------------------------------------------------------------------------------------------

    def ingest(self, feed: Feed) -> Report:
        """Make the store hold exactly what ``feed`` says about its source; all of it or nothing."""
        bodies = {product.handle: _dump(product) for product in feed.products}
        before = dict(self._db.execute("SELECT handle, sha256 FROM products WHERE source = ?", (feed.source,)))
        now = {handle: _digest(body) for handle, body in bodies.items()}
        added = [handle for handle in now if handle not in before]
        changed = [handle for handle in now if handle in before and before[handle] != now[handle]]
        removed = [handle for handle in before if handle not in now]
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO sources VALUES (?, ?)", (feed.source, _digest("".join(bodies.values())))
            )
            self._db.executemany("DELETE FROM products WHERE handle = ?", [(handle,) for handle in removed])
            self._db.executemany(
                "INSERT OR REPLACE INTO products VALUES (?, ?, ?, ?, ?)",
                [(h, i, feed.source, now[h], body) for i, (h, body) in enumerate(bodies.items())],
            )
            moved = self._replace_policies(feed)
            if added or changed or removed or moved:
                self._db.execute("UPDATE meta SET value = value + 1 WHERE key = 'version'")
        return Report(
            feed.source, feed.rows, len(bodies), len(added), len(changed), len(removed), len(feed.policies),
            tuple(feed.rejected),
        )  # fmt: skip

    def _replace_policies(self, feed: Feed) -> bool:
        rows = [json.dumps(_fact_dict(fact), ensure_ascii=False) for fact in feed.policies]
        before = [body for (body,) in self._db.execute(
            "SELECT body FROM policies WHERE source = ? ORDER BY position", (feed.source,))]  # fmt: skip
        self._db.execute("DELETE FROM policies WHERE source = ?", (feed.source,))
        self._db.executemany(
            "INSERT INTO policies VALUES (?, ?, ?)", [(feed.source, i, body) for i, body in enumerate(rows)]
        )
        return rows != before

    def set_offer(self, sku: str, *, price: Decimal | None = None, stock: int | None = None) -> Product:
        """Change a variant's price or stock. Raises CatalogueError when no variant has this SKU."""
        product = next((p for p in self.products() if any(v.sku == sku for v in p.variants)), None)
        if product is None:
            raise CatalogueError(f'no variant has the SKU "{sku}"')
        variants = tuple(_changed(v, price, stock) if v.sku == sku else v for v in product.variants)
        updated = replace(product, variants=variants)
        body = _dump(updated)
        with self._transaction():
            self._db.execute(
                "UPDATE products SET body = ?, sha256 = ? WHERE handle = ?", (body, _digest(body), product.handle)
            )
            self._db.execute("UPDATE meta SET value = value + 1 WHERE key = 'version'")
        return updated

    # -- reading --------------------------------------------------------------------------------------------------

    def products(self) -> list[Product]:
        """All products in the feeds' order."""
        rows = self._db.execute("SELECT body FROM products ORDER BY source, position")
        return [_load(body) for (body,) in rows]

    def each(self) -> Iterator[Product]:
        """All products in the feeds' order, one at a time: a large catalogue is never in memory at once."""
        rows = self._db.execute("SELECT body FROM products ORDER BY source, position")
        return (_load(body) for (body,) in rows)

    def count(self) -> int:
        """How many products there are."""
        return int(self._db.execute("SELECT count(*) FROM products").fetchone()[0])

    def sources_key(self) -> str:
        """Equal while no file has changed: a price or stock changed by ``set_offer`` leaves it as it is."""
        rows = self._db.execute("SELECT name, sha256 FROM sources ORDER BY name").fetchall()
        return _digest(json.dumps(rows))

    def product(self, handle: str) -> Product | None:
        row = self._db.execute("SELECT body FROM products WHERE handle = ?", (handle,)).fetchone()
        return _load(row[0]) if row else None

    def facts(self, handle: str | None = None) -> list[Fact]:
        """Facts of one product, or of all products, as they are now."""
        if handle is None:
            return [fact for product in self.products() for fact in facts_of(product)]
        product = self.product(handle)
        return facts_of(product) if product else []

    def policies(self) -> list[Fact]:
        """Facts about the store itself."""
        rows = self._db.execute("SELECT body FROM policies ORDER BY source, position")
        return [_load_fact(body) for (body,) in rows]

    # -- embeddings -----------------------------------------------------------------------------------------------

    def vectors(self, embedder: str, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Embeddings kept from before, by text."""
        out: dict[str, NDArray[np.float32]] = {}
        for text in texts:
            row = self._db.execute(
                "SELECT vector FROM vectors WHERE embedder = ? AND sha256 = ?", (embedder, _key(text))
            ).fetchone()
            if row:
                out[text] = np.frombuffer(row[0], np.float32)
        return out

    def keep_vectors(self, embedder: str, vectors: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
        """Keep embeddings, so that only new or changed texts are ever embedded again."""
        with self._transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
                [(embedder, _key(text), vector.astype(np.float32).tobytes()) for text, vector in vectors],
            )

    def _meta(self, key: str) -> int:
        return int(self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0])

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._db)


class _Transaction:
    """BEGIN IMMEDIATE … COMMIT, or ROLLBACK when anything is raised."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")


def _changed(variant: Variant, price: Decimal | None, stock: int | None) -> Variant:
    offer = variant.offer
    offer = replace(offer, price=price if price is not None else offer.price)
    if stock is not None:
        offer = replace(offer, stock=stock, available=stock > 0)
    return replace(variant, offer=offer)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _dump(product: Product) -> str:
    return json.dumps(asdict(product), ensure_ascii=False, default=str)


def _load(body: str) -> Product:
    raw = json.loads(body)
    raw["variants"] = tuple(_load_variant(row) for row in raw["variants"])
    raw["attributes"] = tuple((name, value) for name, value in raw["attributes"])
    raw["tags"] = tuple(raw["tags"])
    return Product(**raw)


def _load_variant(raw: dict[str, Any]) -> Variant:
    offer = raw["offer"]
    offer["price"] = Decimal(offer["price"])
    offer["compare_at"] = Decimal(offer["compare_at"]) if offer["compare_at"] is not None else None
    return Variant(raw["sku"], Offer(**offer), tuple((a, b) for a, b in raw["options"]), raw["gtin"])


def _fact_dict(fact: Fact) -> dict[str, Any]:
    return asdict(fact) | {"number": str(fact.number) if fact.number is not None else None}


def _load_fact(body: str) -> Fact:
    raw = json.loads(body)
    return Fact(**raw | {"number": Decimal(raw["number"]) if raw["number"] is not None else None})
