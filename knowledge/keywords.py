"""Search by word, code and misspelt name: SQLite's FTS5, in a file beside the store.

One row a product (name, kind, and everything else) and one a statement of the store. Texts are cut into terms by
knowledge/texts.py, so that scripts without spaces are found by character pairs and the tokenizer has nothing to decide.
A question never reaches FTS5's query language: only its terms do, each in quotes.

FTS5 scores every row that has one of the terms, and counts all rows of each term before. Where those are thousands, the
rows to score are chosen here: those with the rarest terms, and those that have several of the common ones at once, of
names before other texts. What is looked at for one question is bounded, however large the catalogue is.
"""

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.candidates import KEPT, WEIGHTS, Names, in_texts, quoted, rows, scored
from knowledge.spelling import SCHEMA as SPELLING
from knowledge.spelling import Spelling
from knowledge.texts import words

SCHEMA_VERSION = 2
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS docs (id INTEGER PRIMARY KEY AUTOINCREMENT, handle TEXT NOT NULL, fact TEXT NOT NULL,
    digest BLOB NOT NULL, UNIQUE (handle, fact));
CREATE TABLE IF NOT EXISTS codes (code TEXT NOT NULL, doc INTEGER NOT NULL, sku TEXT NOT NULL,
    PRIMARY KEY (code, doc, sku)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS codes_doc ON codes (doc);
CREATE VIRTUAL TABLE IF NOT EXISTS terms USING fts5 (title, kind, body, detail=column, tokenize="{tokens}");
CREATE VIRTUAL TABLE IF NOT EXISTS names USING fts5 (name, content='', detail=none, tokenize="{tokens}");
CREATE VIRTUAL TABLE IF NOT EXISTS in_terms USING fts5vocab (terms, 'row');
CREATE VIRTUAL TABLE IF NOT EXISTS in_names USING fts5vocab (names, 'row');
CREATE TABLE IF NOT EXISTS common (term TEXT PRIMARY KEY, terms INTEGER NOT NULL, names INTEGER NOT NULL,
    upto INTEGER NOT NULL, ids BLOB NOT NULL);
""".replace("{tokens}", "unicode61 remove_diacritics 0 categories 'L* N* M* Co'")
TERMS = 24  # terms of one question: a message is cut at 500 characters, pairs of characters are many
COMMON = 256  # rows from which on it is kept how many and which have a term: both take time that grows with them
STEP = 20_000  # rows of one term looked through at a time: about 20 ms
BUDGET = 2_000  # rows that FTS5 scores for one question: about 5 ms


@dataclass(frozen=True, slots=True)
class Entry:
    """What is looked up for one product, or for one statement of the store (``handle`` "" and the fact's id)."""

    handle: str
    fact: str
    digest: bytes  # of the text that is embedded and of what is looked up
    title: str
    kind: str
    body: str
    codes: tuple[tuple[str, str], ...] = ()  # (SKU or GTIN, SKU)


class Keywords:
    """The words of one catalogue. Used from one thread at a time; a file that cannot be used is begun anew."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._db = self._open()
        except sqlite3.DatabaseError:
            _remove(path)
            self._db = self._open()
        self._spelling, self._names = Spelling(self._db), Names(self._db)

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            db.executescript(SCHEMA + SPELLING)
            born = secrets.token_hex(8)
            db.execute("INSERT OR IGNORE INTO meta VALUES ('schema', ?), ('born', ?)", (str(SCHEMA_VERSION), born))
            found = db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()[0]
            if found != str(SCHEMA_VERSION):
                raise sqlite3.DatabaseError(f"schema {found}")
            db.execute("SELECT count(*) FROM terms WHERE terms MATCH '\"a\"'").fetchone()
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def close(self) -> None:
        self._db.close()

    # -- what is kept ---------------------------------------------------------------------------------------------

    @property
    def version(self) -> str:
        """What the rows were last made from; "" when they were never finished."""
        row = self._db.execute("SELECT value FROM meta WHERE key = 'version'").fetchone()
        return row[0] if row else ""

    @property
    def born(self) -> str:
        """Another for every file ever begun: ids of one mean nothing in the next."""
        return str(self._db.execute("SELECT value FROM meta WHERE key = 'born'").fetchone()[0])

    @contextmanager
    def change(self, version: str = "") -> Iterator[None]:
        """All of what is done within, or nothing of it; after it the rows are those of ``version``, when it is given."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            if version:
                self._db.execute("INSERT OR REPLACE INTO meta VALUES ('version', ?)", (version,))
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def count(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM docs").fetchone()[0])

    def bring(self, handle: str, entries: Iterable[Entry]) -> bool:
        """Make a product's rows be these; False when they were. A row that is replaced gets an id never used before."""
        rows = self._db.execute("SELECT fact, id, digest FROM docs WHERE handle = ?", (handle,))
        known, moved = {fact: (int(id), bytes(digest)) for fact, id, digest in rows}, False
        for entry in entries:
            id, digest = known.pop(entry.fact, (0, b""))
            if digest != entry.digest:
                self._drop([id] if id else [])
                self._put(entry)
                moved = True
        self._drop([id for id, _ in known.values()])
        return moved or bool(known)

    def _put(self, entry: Entry) -> None:
        added = self._db.execute(
            "INSERT INTO docs (handle, fact, digest) VALUES (?, ?, ?)", (entry.handle, entry.fact, entry.digest)
        )
        new = added.lastrowid
        texts = [" ".join(words(text)) for text in (entry.title, entry.kind, entry.body)]
        self._db.execute("INSERT INTO terms (rowid, title, kind, body) VALUES (?, ?, ?, ?)", (new, *texts))
        self._db.executemany(
            "INSERT OR IGNORE INTO codes VALUES (?, ?, ?)",
            [(code.casefold(), new, sku) for code, sku in entry.codes if code],
        )
        self._db.execute("INSERT INTO names (rowid, name) VALUES (?, ?)", (new, " ".join(texts[:2])))
        self._spelling.add(texts[0].split())

    def _drop(self, ids: Sequence[int]) -> None:
        rows = [(id,) for id in ids]
        self._db.executemany(
            "INSERT INTO names (names, rowid, name) SELECT 'delete', rowid, title || ' ' || kind FROM terms WHERE rowid = ?", rows
        )
        for table, column in (("docs", "id"), ("terms", "rowid"), ("codes", "doc")):
            self._db.executemany(f"DELETE FROM {table} WHERE {column} = ?", rows)

    def ids(self, *, cards: bool) -> Iterator[int]:
        """Ids of the products' rows, or of those that are facts."""
        return (id for (id,) in self._db.execute(f"SELECT id FROM docs WHERE fact {'=' if cards else '<>'} ''"))

    def handles(self) -> Iterator[str]:
        """Handles that have rows, in small portions: rows may be dropped between two."""
        handle = ""
        while rows := self._db.execute(
            "SELECT DISTINCT handle FROM docs WHERE handle > ? ORDER BY handle LIMIT 500", (handle,)
        ).fetchall():
            yield from (handle for (handle,) in rows)
            handle = rows[-1][0]

    def name(self, id: int) -> tuple[str, str] | None:
        """(handle, fact id or "") of a row."""
        row = self._db.execute("SELECT handle, fact FROM docs WHERE id = ?", (id,)).fetchone()
        return (row[0], row[1]) if row else None

    def cards(self, ids: Sequence[int]) -> dict[int, str]:
        """Handles of those of the rows that are products'."""
        query = "SELECT id, handle FROM docs WHERE id IN (SELECT value FROM json_each(?)) AND fact = ''"
        return dict(self._db.execute(query, (json.dumps(ids),)))

    # -- searching ------------------------------------------------------------------------------------------------

    def by_code(self, code: str) -> tuple[str, str] | None:
        """(handle, SKU) of the product that bears a SKU or GTIN exactly, case aside."""
        row = self._db.execute(
            "SELECT handle, sku FROM codes JOIN docs ON docs.id = doc WHERE code = ? ORDER BY doc LIMIT 1",
            (code.casefold(),),
        ).fetchone()
        return (row[0], row[1]) if row else None

    def terms(self, text: str) -> list[str]:
        """What is looked up for a text: its first terms, those that stand nowhere put right."""
        terms = list(dict.fromkeys(words(text)))[:TERMS]
        known = self.rarity(terms)
        return list(dict.fromkeys(term if known[term] else self._spelling.nearest(term) or term for term in terms))

    def search(self, text: str, k: int, *, names: bool = False) -> list[tuple[str, str, float]]:
        """(handle, fact id or "", score) of rows that share words with ``text``, best first.

        Misspelt names are put right. ``names`` looks only into names and kinds. Scores are BM25, higher is better.
        """
        counts = {term: count for term, count in self.rarity(self.terms(text)).items() if count}
        if not counts or k <= 0:
            return []
        if sum(counts.values()) <= BUDGET:
            return self._by_fts(counts, k, names)
        total = self._total()
        ids = self._names.best(total, self._counts(list(counts), "names"))
        ids += [] if names else in_texts(self._db, total, counts, k)
        best = sorted(scored(self._db, ids, counts, total, only_names=names), key=lambda row: -row[1])[:k]
        return [(*name, score) for id, score in best if (name := self.name(id))]

    def rarity(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many rows each term stands; for common ones as it was at the last ``recount``."""
        return self._counts(terms, "terms")

    def _counts(self, terms: Iterable[str], table: str) -> dict[str, int]:
        kept = self._read(f"SELECT {table} FROM common WHERE term = ?", terms)
        return kept | self._counted([term for term in terms if term not in kept], table)

    def _counted(self, terms: Iterable[str], table: str) -> dict[str, int]:
        return dict.fromkeys(terms, 0) | self._read(f"SELECT doc FROM in_{table} WHERE term = ?", terms)

    def _read(self, query: str, terms: Iterable[str]) -> dict[str, int]:
        found = ((term, self._db.execute(query, (term,)).fetchone()) for term in terms)
        return {term: int(row[0]) for term, row in found if row}

    def _total(self) -> int:
        """How many rows there are, at most: ids of rows that went are not used again."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM docs").fetchone()[0])

    def _by_fts(self, terms: Iterable[str], k: int, names: bool) -> list[tuple[str, str, float]]:
        """Every row that has one of the terms, scored by FTS5."""
        query = " OR ".join(map(quoted, terms))
        weights = ", ".join(map(str, WEIGHTS))
        rows = self._db.execute(
            f"SELECT handle, fact, -score FROM (SELECT rowid AS id, bm25(terms, {weights}) AS score FROM terms"
            " WHERE terms MATCH ? ORDER BY score LIMIT ?) AS hit JOIN docs USING (id) ORDER BY score",
            (f"{{title kind}} : ({query})" if names else query, k),
        )
        return [(handle, fact, float(score)) for handle, fact, score in rows]

    # -- counts of common terms ---------------------------------------------------------------------------------------

    def recount(self) -> Iterator[None]:
        """Count the common terms again when a tenth of the rows has come or changed since, in small steps."""
        kept = self._db.execute("SELECT value FROM meta WHERE key = 'counted'").fetchone()
        total, term = self._total(), ""
        if total - int(kept[0] if kept else 0) <= max(COMMON, self.count() // 10):
            return
        step = "SELECT term, doc FROM in_terms WHERE term > ? LIMIT 100"
        while portion := self._db.execute(step, (term,)).fetchall():
            for term, count in portion:
                if count >= COMMON:
                    yield from self._keep(term, count, total)
            yield
        with self.change():
            self._db.execute("DELETE FROM common WHERE upto < ?", (total,))
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('counted', ?)", (str(total),))

    def _keep(self, term: str, count: int, upto: int) -> Iterator[None]:
        ids = list[int]()
        while found := rows(self._db, "names", [term], min(STEP, KEPT - len(ids)), after=max(ids[-1:], default=0), upto=upto):
            ids += found
            yield
        row = (term, count, self._counted([term], "names")[term], upto, np.array(ids, np.int32).tobytes())
        self._db.execute("INSERT OR REPLACE INTO common VALUES (?, ?, ?, ?, ?)", row)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
