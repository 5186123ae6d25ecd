"""The catalogue on disk: SQLite in WAL mode. Ingestion is one transaction a file, idempotent and incremental."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge import tables, touched
from knowledge.facts import facts as facts_of
from knowledge.feeds import Feed, Rejected
from knowledge.offers import NewOffer, UnknownSku, changed
from knowledge.product import CatalogueError, Fact, Product, Variant
from knowledge.rows import digest, dump, fact_row, key, load, load_fact

BUSY_S = 30.0  # waited for another writer: a large file's ingestion holds the catalogue for seconds


@dataclass(frozen=True, slots=True)
class Report:
    """What came of one file. Every row is in a product, skipped, or refused; of refusals and warnings the first are kept."""

    source: str
    rows: int
    products: int
    added: int
    changed: int
    removed: int
    policies: int
    rejected: tuple[Rejected, ...]
    format: str = ""
    encoding: str = ""
    accepted: int = 0  # rows that became a variant, or belong to one
    skipped: int = 0  # rows the seller keeps off sale: drafts, hidden and archived products
    refused: int = 0  # rows left out, however many of them ``rejected`` still tells
    warned: int = 0
    warnings: tuple[Rejected, ...] = ()  # rows that were accepted in spite of something
    columns: dict[str, str] = field(default_factory=dict)  # hawker's field → the file's own header
    unused: tuple[str, ...] = ()  # headers that nothing was taken from

    def json(self) -> dict[str, Any]:
        return asdict(self)


class Store:
    """One seller's catalogue. Used from one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open or create. Raises CatalogueError when the file is not a hawker catalogue."""
        self.path = path
        try:
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=BUSY_S)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(tables.SCHEMA)
            if not self._one("SELECT count(*) FROM meta"):  # an insert waits for whoever is writing
                self._db.execute("INSERT OR IGNORE INTO meta VALUES ('schema', ?), ('version', 0)", (tables.VERSION,))
            if not self._one("SELECT count(*) FROM meta WHERE key = 'touched'"):
                self._db.executescript(touched.SCHEMA)
            if not self._one("SELECT count(*) FROM sqlite_master WHERE name = 'skus_handle'"):
                self._note_skus()
            found = self._meta("schema")
        except sqlite3.DatabaseError as error:
            raise CatalogueError(f"{path}: not a catalogue database ({error}); move it away and ingest again") from None
        if found != tables.VERSION:
            raise CatalogueError(f"{path}: made by another version of hawker; move it away and ingest again")

    def close(self) -> None:
        self._db.close()

    def _note_skus(self) -> None:
        """Fill in which products have which SKU, for a catalogue that was made before this was kept."""
        with self._transaction():
            for statement in (*tables.SKUS, tables.ADD_SKUS.format("products")):
                self._db.execute(statement)

    @property
    def version(self) -> int:
        """Grows by one with every change."""
        return self._meta("version")

    @property
    def stamp(self) -> int:
        """Differs once another connection, of whatever process, has written; costs microseconds, so that one may poll."""
        return self._one("PRAGMA data_version")

    @property
    def sources(self) -> list[str]:
        """Names of the files ingested so far."""
        return [name for (name,) in self._db.execute("SELECT name FROM sources ORDER BY name")]

    # -- writing --------------------------------------------------------------------------------------------------

    def ingest(self, feed: Feed, products: Iterable[Product] | None = None, *, keep_offers: bool = False) -> Report:
        """Make the store hold exactly what ``feed`` says about its source; all of it or nothing.

        With ``keep_offers`` a file that says what it said last leaves offers that were changed since as they are.
        ``products`` may be a stream that fills in ``feed``'s counts as it goes: it is staged on disk, not in memory.
        Raises whatever the stream raises, with nothing changed.
        """
        digest = self._stage(feed.products if products is None else products)
        with self._transaction():
            if keep_offers and self._said(feed.source, digest):
                self._db.execute("DELETE FROM staged")
                self._db.execute(f"INSERT INTO staged {tables.STANDING}", (feed.source,))
            added, changed, removed = self._differences(feed.source)
            self._warn_of_moved(feed)
            if count := added + changed + removed:
                touched.note_staged(self._db, feed.source, count, self.version + 1)
            self._db.execute("INSERT OR REPLACE INTO sources VALUES (?, ?)", (feed.source, digest))
            for statement in tables.REPLACE:
                self._db.execute(statement, {"source": feed.source})
            moved = self._replace_policies(feed)
            if count or moved:
                self._db.execute("UPDATE meta SET value = value + 1 WHERE key = 'version'")
        products_now = self._one("SELECT COUNT(*) FROM staged")
        self._db.execute("DELETE FROM staged")
        return Report(
            feed.source, feed.rows, products_now, added, changed, removed, len(feed.policies), _by_line(feed.rejected),
            feed.format, feed.encoding, feed.rows - feed.refused - feed.skipped, feed.skipped, feed.refused, feed.warned,
            _by_line(feed.warnings), feed.columns, tuple(feed.unused),
        )  # fmt: skip

    def _said(self, source: str, digest: str) -> bool:
        """Whether a source is as it was when it was read last, and still holds all of its products."""
        same = self._one("SELECT COUNT(*) FROM sources WHERE name = ? AND sha256 = ?", source, digest)
        here = "SELECT COUNT(*) FROM products WHERE source = ? AND handle IN (SELECT handle FROM staged)"
        return bool(same) and self._one(here, source) == self._one("SELECT COUNT(*) FROM staged")

    def _stage(self, products: Iterable[Product]) -> str:
        """Write products to a temporary table, which readers and writers of the catalogue do not wait for."""
        self._db.executescript(tables.STAGED)
        whole = hashlib.sha256()
        with self._transaction("BEGIN"):
            for position, product in enumerate(products):
                body = dump(product)
                whole.update(body.encode())
                row = (product.handle, position, digest(body), body)
                self._db.execute("INSERT OR REPLACE INTO staged VALUES (?, ?, ?, ?)", row)
        return whole.hexdigest()

    def _differences(self, source: str) -> tuple[int, int, int]:
        """How many products of a source are new, changed and gone, against what is staged."""
        both = "SELECT COUNT(*) FROM staged s {} JOIN products p ON p.handle = s.handle AND p.source = :source WHERE {}"
        added = self._one(both.format("LEFT", "p.handle IS NULL"), source=source)
        changed = self._one(both.format("", "p.sha256 <> s.sha256"), source=source)
        return added, changed, self._one(f"SELECT COUNT(*) FROM products WHERE {tables.GONE}", source=source)

    def _warn_of_moved(self, feed: Feed) -> None:
        """A handle that another file has too: the file read last says what holds, and the seller is told."""
        rows = self._db.execute(
            "SELECT p.handle, p.source FROM staged s JOIN products p ON p.handle = s.handle WHERE p.source <> ?",
            (feed.source,),
        )
        for handle, other in rows:
            feed.warn(0, f"{handle} is in {other} too; {feed.source} was read last and holds")

    def _one(self, query: str, *values: str, **named: str) -> int:
        return int(self._db.execute(query, named or values).fetchone()[0])

    def _replace_policies(self, feed: Feed) -> bool:
        rows = [json.dumps(fact_row(fact), ensure_ascii=False) for fact in feed.policies]
        before = [body for (body,) in self._db.execute(
            "SELECT body FROM policies WHERE source = ? ORDER BY position", (feed.source,))]  # fmt: skip
        self._db.execute("DELETE FROM policies WHERE source = ?", (feed.source,))
        self._db.executemany(
            "INSERT INTO policies VALUES (?, ?, ?)", [(feed.source, i, body) for i, body in enumerate(rows)]
        )
        return rows != before

    def set_offer(self, sku: str, *, price: Decimal | None = None, stock: int | None = None) -> Product:
        """Change a variant's price or stock. Raises UnknownSku when no variant has this SKU."""
        rows, _ = self.set_offers([NewOffer(sku, price, stock)])
        return rows[0][0]

    def set_offers(self, offers: Sequence[NewOffer]) -> tuple[list[tuple[Product, Variant]], int]:
        """Change prices and stocks, all or none of them: the variants as they are now, and the catalogue's version.

        An article that is listed twice changes in both places. Raises UnknownSku, naming every SKU that no variant has.
        """
        news = {offer.sku: offer for offer in offers}
        with self._transaction():
            products = [changed(product, news) for product in self._with(list(news))]
            rows = [(product, variant) for product in products for variant in product.variants if variant.sku in news]
            if unknown := news.keys() - {variant.sku for _, variant in rows}:
                raise UnknownSku([sku for sku in news if sku in unknown])
            if any([self._write(product) for product in products]):
                self._db.execute("UPDATE meta SET value = value + 1 WHERE key = 'version'")
            order = {sku: number for number, sku in enumerate(news)}
            return sorted(rows, key=lambda row: order[row[1].sku]), self.version

    def _with(self, skus: Sequence[str]) -> list[Product]:
        """Products of which a variant has one of these SKUs."""
        rows = self._db.execute(tables.WITH_SKUS, (json.dumps(skus),))
        return [load(body) for (body,) in rows]

    def _write(self, product: Product) -> bool:
        """Put a product in the place of the one with its handle; False when they are the same."""
        body = dump(product)
        sql = "UPDATE products SET body = ?, sha256 = ? WHERE handle = ? AND body <> ?"
        if not self._db.execute(sql, (body, digest(body), product.handle, body)).rowcount:
            return False
        touched.note(self._db, product.handle, self.version + 1)
        return True

    # -- reading --------------------------------------------------------------------------------------------------

    def products(self) -> list[Product]:
        """All products in the feeds' order."""
        return list(self.each())

    def each(self) -> Iterator[Product]:
        """All products in the feeds' order, one at a time: a large catalogue is never in memory at once."""
        rows = self._db.execute("SELECT body FROM products ORDER BY source, position")
        return (load(body) for (body,) in rows)

    def handles(self) -> Iterator[str]:
        """Handles of all products in the feeds' order, in small portions: the catalogue may change between two."""
        at: tuple[str, int] = "", -1
        while rows := self._db.execute(tables.PORTION, at).fetchall():
            yield from (handle for _, _, handle in rows)
            at = rows[-1][:2]

    def count(self) -> int:
        """How many products there are."""
        return self._one("SELECT count(*) FROM products")

    def touched(self, since: int) -> frozenset[str] | None:
        """Handles of products that came, went or changed after version ``since``; None when that is no longer known."""
        return touched.since(self._db, since)

    def kinds(self, since: int = -1) -> frozenset[str]:
        """What sellers call the types of the products that changed after version ``since``, or of all."""
        return touched.kinds_since(self._db, since)

    def product(self, handle: str) -> Product | None:
        row = self._db.execute("SELECT body FROM products WHERE handle = ?", (handle,)).fetchone()
        return load(row[0]) if row else None

    def facts(self, handle: str | None = None, now: datetime | None = None) -> list[Fact]:
        """Facts of one product, or of all products, as they are at ``now``; left out, the present moment."""
        moment = now or datetime.now(UTC)
        if handle is None:
            return [fact for product in self.products() for fact in facts_of(product, moment)]
        product = self.product(handle)
        return facts_of(product, moment) if product else []

    def policies(self) -> list[Fact]:
        """Facts about the store itself."""
        rows = self._db.execute("SELECT body FROM policies ORDER BY source, position")
        return [load_fact(body) for (body,) in rows]

    # -- embeddings -----------------------------------------------------------------------------------------------

    def vectors(self, embedder: str, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Embeddings kept from before, by text."""
        out: dict[str, NDArray[np.float32]] = {}
        for text in texts:
            row = self._db.execute(
                "SELECT vector FROM vectors WHERE embedder = ? AND sha256 = ?", (embedder, key(text))
            ).fetchone()
            if row:
                out[text] = np.frombuffer(row[0], np.float32)
        return out

    def keep_vectors(self, embedder: str, vectors: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
        """Keep embeddings, so that only new or changed texts are ever embedded again."""
        with self._transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
                [(embedder, key(text), vector.astype(np.float32).tobytes()) for text, vector in vectors],
            )

    def _meta(self, key: str) -> int:
        return self._one("SELECT value FROM meta WHERE key = ?", key)

    def _transaction(self, begin: str = "BEGIN IMMEDIATE") -> "_Transaction":
        return _Transaction(self._db, begin)


class _Transaction:
    """BEGIN … COMMIT, or ROLLBACK when anything is raised."""

    def __init__(self, db: sqlite3.Connection, begin: str) -> None:
        self._db, self._begin = db, begin

    def __enter__(self) -> None:
        try:
            self._db.execute(self._begin)
        except sqlite3.OperationalError as error:
            raise CatalogueError(f"the catalogue cannot be written now ({error}); try again") from None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")


def _by_line(rows: Iterable[Rejected]) -> tuple[Rejected, ...]:
    return tuple(sorted(rows, key=lambda row: row.line))
