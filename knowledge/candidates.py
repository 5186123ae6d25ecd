"""Which rows are scored for a question whose words stand in thousands of rows, and by what.

Of names every term counts: where the common ones stand is kept as arrays, which are added up in a millisecond. Of other
texts a row is taken when it has one of the rarest terms or several of the common ones; these FTS5 looks for together, in
so many of the rows that no question takes longer than another.
"""

import json
import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

I32 = NDArray[np.int32]
WEIGHTS = (8.0, 3.0, 1.0)  # of a word in a product's name, its kind, and anything else
SATURATION, LENGTH = 1.2, 0.75  # k1 and b of BM25, as FTS5 has them
KEPT = 50_000  # rows kept for one term of names; a commoner one tells next to nothing
RARE, TOGETHER = 500, 100  # rows taken for rare terms of other texts, and for common ones that stand together
SIZES = (4, 2, 1)  # common terms that are looked for together, rarest first
SCANNED = 40_000  # entries of these passed over in one try: about 2 ms
BY_NAME, BY_TEXT = 160, 80  # rows that are read and scored: about 3 ms
Counts = Mapping[str, int]  # term → rows that have it


class Names:
    """The rows whose names have most of some terms."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._worth = np.zeros(0, np.float32)  # by id; all zero between two questions

    def best(self, total: int, counts: Counts) -> list[int]:
        """Ids of those rows, the rarer terms weighing more; ``counts`` has in how many names each term stands."""
        if total >= len(self._worth):
            self._worth = np.zeros(total + total // 8 + 1, np.float32)
        found = [(self._rows(term, total), _idf(count, total)) for term, count in counts.items() if count]
        for ids, worth in found:
            self._worth[ids] += worth
        every = np.concatenate([np.empty(0, np.int32), *(ids for ids, _ in found)])
        out = self._highest(every, BY_NAME * len(found))[:BY_NAME]
        self._worth[every] = 0.0
        return out

    def _highest(self, every: I32, most: int) -> list[int]:
        """Ids of the ``most`` entries that are worth most, best first; a row has an entry for each of its terms."""
        if len(every) > most:
            every = every[np.argpartition(-self._worth[every], most)[:most]]
        ids = np.unique(every)
        return [int(id) for id in ids[np.argsort(-self._worth[ids], kind="stable")]]

    def _rows(self, term: str, total: int) -> I32:
        """Rows that have a term in their names: those kept, and those that came since."""
        upto, kept = self._db.execute("SELECT upto, ids FROM common WHERE term = ?", (term,)).fetchone() or (0, b"")
        since = rows(self._db, "names", [term], KEPT, after=upto) if upto < total else []
        return np.concatenate([np.frombuffer(kept, np.int32), np.array(since, np.int32)])


def in_texts(db: sqlite3.Connection, total: int, counts: Counts, k: int) -> list[int]:
    """Ids of rows that have the rarest terms, or common ones together, wherever they stand."""
    rare, common = _split(counts)
    out: dict[int, float] = {}
    for term in rare:
        for id in rows(db, "terms", [term], RARE):
            out[id] = out.get(id, 0.0) + _idf(counts[term], total)
    for size in dict.fromkeys(min(size, len(common)) for size in SIZES if common):
        terms = common[:size]
        share = min(1.0, SCANNED / sum(counts[term] for term in terms))
        ids = rows(db, "terms", terms, TOGETHER, upto=int(total * share) if size > 1 else total)
        for id in ids:
            out[id] = max(out.get(id, 0.0), sum(_idf(counts[term], total) for term in terms))
        if len(ids) >= k:
            break
    return sorted(out, key=lambda id: -out[id])[:BY_TEXT]


def _split(counts: Counts) -> tuple[list[str], list[str]]:
    """(terms whose every row is taken, the commoner ones), rarest first."""
    rare, common, rows = list[str](), list[str](), 0
    for term in sorted((term for term, count in counts.items() if count), key=lambda term: counts[term]):
        rows += counts[term]
        (rare if rows <= RARE else common).append(term)
    return rare, common


def rows(
    db: sqlite3.Connection, table: str, terms: Iterable[str], most: int, *, after: int = 0, upto: int = 1 << 62
) -> list[int]:
    """Ids, within bounds, of the first rows that have all terms."""
    found = db.execute(
        f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid > ? AND rowid <= ? LIMIT ?",
        (" AND ".join(map(quoted, terms)), after, upto, most),
    )
    return [id for (id,) in found]


def scored(
    db: sqlite3.Connection, ids: Iterable[int], texts: Counts, total: int, *, only_names: bool
) -> Iterator[tuple[int, float]]:
    """(id, BM25) of rows, as FTS5 would score them; the mean length is that of these rows."""
    query = "SELECT rowid, title, kind, body FROM terms WHERE rowid IN (SELECT value FROM json_each(?))"
    rows = [(id, [text.split() for text in columns]) for id, *columns in db.execute(query, (json.dumps(list(ids)),))]
    lengths = [sum(map(len, columns)) for _, columns in rows]
    mean = sum(lengths) / max(1, len(lengths)) or 1.0
    worth = {term: _idf(count, total) for term, count in texts.items() if count}
    weights = WEIGHTS[:2] if only_names else WEIGHTS
    for (id, columns), length in zip(rows, lengths, strict=True):
        there = [worth.keys() & column for column in columns]
        room = SATURATION * (1 - LENGTH + LENGTH * length / mean)
        heavy = {t: sum(w for w, has in zip(weights, there, strict=False) if t in has) for t in set().union(*there)}
        yield id, sum(worth[term] * tf * (SATURATION + 1) / (tf + room) for term, tf in heavy.items())


def _idf(count: int, total: int) -> float:
    return max(1e-6, math.log((total - count + 0.5) / (count + 0.5))) if count < total else 1e-6


def quoted(term: str) -> str:
    """A term as FTS5 takes it literally."""
    return '"' + term.replace('"', '""') + '"'
