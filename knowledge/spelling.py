"""Misspelt names put right: what is one edit away is looked up, what is two away in a long word is found by trigrams.

Both are bounded, however many names there are: a question in another language has many words that stand nowhere.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from string import ascii_lowercase

SCHEMA = """
CREATE VIRTUAL TABLE IF NOT EXISTS spelling USING fts5 (term, detail=column, tokenize='trigram');
CREATE TABLE IF NOT EXISTS spelt (term TEXT PRIMARY KEY) WITHOUT ROWID;
"""
LETTERS = 4  # from which on a word may be a misspelt name
LONG = 8  # letters from which on it may have two mistakes
LONGEST = 32  # letters of a name that is looked for
COMMON = 500  # names with one trigram: a commoner one tells too little
COMPARED = 60  # names that share most trigrams with it
KEPT = 10_000  # words whose name is remembered


class Spelling:
    """The words of names in one database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._near: dict[str, str] = {}

    def add(self, words: Iterable[str]) -> None:
        for word in {w for w in words if len(w) >= LETTERS and w.isalpha()}:
            if self._db.execute("INSERT OR IGNORE INTO spelt VALUES (?)", (word,)).rowcount:
                self._db.execute("INSERT INTO spelling (term) VALUES (?)", (word,))
                self._near.clear()

    def nearest(self, word: str) -> str:
        """The name that a word is a misspelling of; "" when none is near enough."""
        if not LETTERS <= len(word) <= LONGEST or not word.isalpha() or not word.isascii():
            return ""
        if word not in self._near:
            if len(self._near) >= KEPT:
                self._near.clear()
            self._near[word] = self._one_away(word) or (self._two_away(word) if len(word) >= LONG else "")
        return self._near[word]

    def _one_away(self, word: str) -> str:
        from rapidfuzz.distance import JaroWinkler

        near = self._existing(_edits(word))
        return max(near, key=lambda name: (JaroWinkler.similarity(word, name), name), default="")

    def _existing(self, words: Iterable[str]) -> list[str]:
        tried = json.dumps(list(dict.fromkeys(words)))
        rows = self._db.execute("SELECT term FROM spelt WHERE term IN (SELECT value FROM json_each(?))", (tried,))
        return [term for (term,) in rows]

    def _two_away(self, word: str) -> str:
        from rapidfuzz import process
        from rapidfuzz.distance import DamerauLevenshtein

        shared: Counter[int] = Counter()
        for trigram in {word[i : i + 3] for i in range(len(word) - 2)}:
            query = "SELECT rowid FROM spelling WHERE spelling MATCH ? LIMIT ?"
            rows = self._db.execute(query, (f'"{trigram}"', COMMON)).fetchall()
            shared.update(id for (id,) in rows if len(rows) < COMMON)
        ids = json.dumps([id for id, _ in shared.most_common(COMPARED)])
        query = "SELECT term FROM spelling WHERE rowid IN (SELECT value FROM json_each(?))"
        near = [term for (term,) in self._db.execute(query, (ids,))]
        best = process.extractOne(word, near, scorer=DamerauLevenshtein.distance, score_cutoff=2)
        return best[0] if best else ""


def _edits(word: str) -> Iterator[str]:
    """Every word that is one letter more, less or other, or has two neighbours changed about."""
    for i in range(len(word) + 1):
        before, after = word[:i], word[i:]
        yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        for letter in ascii_lowercase:
            yield before + letter + after
            yield before + letter + after[1:]
