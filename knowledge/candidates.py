"""Which rows are scored for a question whose words stand in thousands of rows, and by what.

A row is worth scoring when it has one of the rarest terms or several of the common ones. The first are few; the second
are asked of FTS5 together, which then passes over what has only one of them. Names come before other texts. Where even
that is too much, only the rows added first are looked through, so that no question takes longer than another.
"""

import json
import math
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

WEIGHTS = (8.0, 3.0, 1.0)  # of a word in a product's name, its kind, and anything else
SATURATION, LENGTH = 1.2, 0.75  # k1 and b of BM25, as FTS5 has them
RARE, TOGETHER = 600, 150  # rows taken for rare terms, and for common ones that stand together
SIZES = (6, 4, 3, 2, 1)  # common terms that are looked for together, rarest first
SCANNED = 200_000  # entries of common terms passed over: about 5 ms
SCORED = 300  # rows that are read and scored: about 3 ms
Counts = Mapping[str, int]  # term → rows that have it


def candidates(db: sqlite3.Connection, total: int, texts: Counts, names: Counts, k: int, *, only_names: bool) -> list[int]:
    """Ids of the rows worth scoring, of ``total``; ``texts`` and ``names`` count each term in all texts and in names."""
    rough: Counter[int] = Counter()
    for table, counts, weight in (("names", names, 2.0), ("terms", texts, 0.0 if only_names else 1.0)):
        if weight:
            for id, worth in _found(db, table, counts, total, k).items():
                rough[id] += weight * worth  # type: ignore[assignment]
    return [id for id, _ in rough.most_common(SCORED)]


def _found(db: sqlite3.Connection, table: str, counts: Counts, total: int, k: int) -> dict[int, float]:
    """Rows of one table with the worth of the terms that they were found by."""
    worth = {term: _idf(count, total) for term, count in counts.items()}
    rare, common = _split(counts)
    out: dict[int, float] = {}
    for term in rare:
        for id in _rows(db, table, [term], total, RARE):
            out[id] = out.get(id, 0.0) + worth[term]
    scanned = SCANNED
    for size in dict.fromkeys(min(size, len(common)) for size in SIZES if common):
        terms = common[:size]
        whole = sum(counts[term] for term in terms)
        scanned //= 2
        ids = _rows(db, table, terms, int(total * min(1.0, scanned / whole)) if size > 1 else total, TOGETHER)
        for id in ids:
            out[id] = max(out.get(id, 0.0), sum(worth[term] for term in terms))
        if len(ids) >= k:
            break
    return out


def _split(counts: Counts) -> tuple[list[str], list[str]]:
    """(terms whose every row is taken, the commoner ones), rarest first."""
    rare, common, rows = list[str](), list[str](), 0
    for term in sorted((term for term, count in counts.items() if count), key=lambda term: counts[term]):
        rows += counts[term]
        (rare if rows <= RARE else common).append(term)
    return rare, common


def _rows(db: sqlite3.Connection, table: str, terms: Iterable[str], last: int, most: int) -> list[int]:
    """Ids, up to ``last``, of the first rows that have all terms."""
    query = " AND ".join(map(quoted, terms))
    return [id for (id,) in db.execute(
        f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid <= ? LIMIT ?", (query, last, most))]  # fmt: skip


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
        there = [worth.keys() & set(column) for column in columns]
        room = SATURATION * (1 - LENGTH + LENGTH * length / mean)
        heavy = {t: sum(w for w, has in zip(weights, there, strict=False) if t in has) for t in set().union(*there)}
        yield id, sum(worth[term] * tf * (SATURATION + 1) / (tf + room) for term, tf in heavy.items())


def _idf(count: int, total: int) -> float:
    return max(1e-6, math.log((total - count + 0.5) / (count + 0.5))) if count < total else 1e-6


def quoted(term: str) -> str:
    """A term as FTS5 takes it literally."""
    return '"' + term.replace('"', '""') + '"'
