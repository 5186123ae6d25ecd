"""Search by word, code and misspelt name: SQLite's FTS5, in a file beside the store.

One row a product (name, kind, and everything else) and one a statement of the store. Texts are cut into terms by
knowledge/texts.py, so that scripts without spaces are found by character pairs and the tokenizer has nothing to decide.
A question never reaches FTS5's query language: only its terms do, each in quotes.
"""

import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from knowledge.texts import words

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS docs (id INTEGER PRIMARY KEY AUTOINCREMENT, handle TEXT NOT NULL, fact TEXT NOT NULL,
    digest BLOB NOT NULL, UNIQUE (handle, fact));
CREATE TABLE IF NOT EXISTS codes (code TEXT NOT NULL, doc INTEGER NOT NULL, sku TEXT NOT NULL,
    PRIMARY KEY (code, doc, sku)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS codes_doc ON codes (doc);
CREATE VIRTUAL TABLE IF NOT EXISTS terms USING fts5 (title, kind, body, detail=column,
    tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co'");
CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab (terms, 'row');
CREATE VIRTUAL TABLE IF NOT EXISTS spelling USING fts5 (term, detail=column, tokenize='trigram');
CREATE TABLE IF NOT EXISTS spelt (term TEXT PRIMARY KEY) WITHOUT ROWID;
"""
WEIGHTS = "8.0, 3.0, 1.0"  # of a word in a product's name, its kind, and anything else
BUDGET = 4_000  # rows scored for one question: about 10 ms; what is commoner than that only narrows
TERMS = 24  # terms of one question: a message is cut at 500 characters, pairs of characters are many
MISSPELT = 4  # letters from which on a word may be a misspelt name


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

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            db.executescript(SCHEMA)
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
        for term in {t for t in texts[0].split() if len(t) >= MISSPELT and t.isalpha()}:
            if self._db.execute("INSERT OR IGNORE INTO spelt VALUES (?)", (term,)).rowcount:
                self._db.execute("INSERT INTO spelling (term) VALUES (?)", (term,))

    def _drop(self, ids: Sequence[int]) -> None:
        rows = [(id,) for id in ids]
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

    # -- searching ------------------------------------------------------------------------------------------------

    def by_code(self, code: str) -> tuple[str, str] | None:
        """(handle, SKU) of the product that bears a SKU or GTIN exactly, case aside."""
        row = self._db.execute(
            "SELECT handle, sku FROM codes JOIN docs ON docs.id = doc WHERE code = ? ORDER BY doc LIMIT 1",
            (code.casefold(),),
        ).fetchone()
        return (row[0], row[1]) if row else None

    def search(self, text: str, k: int, *, names: bool = False) -> list[tuple[str, str, float]]:
        """(handle, fact id or "", score) of rows that share words with ``text``, best first.

        Misspelt names are put right. ``names`` looks only into names and kinds. Scores are BM25, higher is better.
        """
        rare, common = self._weighed(self.corrected(words(text))[:TERMS])
        query = " OR ".join(map(_quoted, rare)) or " AND ".join(map(_quoted, common[:3]))
        if not query or k <= 0:
            return []
        scope = f"{{title kind}} : ({query})" if names else query
        rows = self._db.execute(
            f"SELECT handle, fact, -score FROM (SELECT rowid AS id, bm25(terms, {WEIGHTS}) AS score FROM terms"
            " WHERE terms MATCH ? ORDER BY score LIMIT ?) AS hit JOIN docs USING (id) ORDER BY score",
            (scope, k),
        )
        return [(handle, fact, float(score)) for handle, fact, score in rows]

    def rarity(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many rows each term stands."""
        out = {}
        for term in dict.fromkeys(terms):
            row = self._db.execute("SELECT doc FROM vocabulary WHERE term = ?", (term,)).fetchone()
            out[term] = int(row[0]) if row else 0
        return out

    def corrected(self, terms: Sequence[str]) -> list[str]:
        """The terms, those that stand nowhere replaced by the name that is nearest in spelling, when one is near."""
        known = self.rarity(terms)
        return [term if known[term] else self._nearest(term) or term for term in terms]

    def _nearest(self, term: str) -> str:
        from rapidfuzz import process
        from rapidfuzz.distance import DamerauLevenshtein

        if len(term) < MISSPELT or not term.isalpha() or not term.isascii():
            return ""
        parts = " OR ".join(_quoted(term[i : i + 3]) for i in range(len(term) - 2))
        near = self._db.execute(
            "SELECT term FROM spelling WHERE spelling MATCH ? ORDER BY rank LIMIT 60", (parts,)
        ).fetchall()
        best = process.extractOne(
            term, [t for (t,) in near], scorer=DamerauLevenshtein.distance, score_cutoff=1 if len(term) < 8 else 2
        )
        return best[0] if best else ""

    def _weighed(self, terms: Sequence[str]) -> tuple[list[str], list[str]]:
        """(terms rare enough to score every row that has them, the commoner ones), rarest first."""
        counts = sorted(((n, t) for t, n in self.rarity(terms).items() if n), key=lambda item: item[0])
        rare, common, rows = list[str](), list[str](), 0
        for count, term in counts:
            rows += count
            (rare if rows <= BUDGET else common).append(term)
        return rare, common


def _quoted(term: str) -> str:
    """A term as FTS5 takes it literally."""
    return '"' + term.replace('"', '""') + '"'


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
