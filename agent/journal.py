"""The journal: an append-only record of each comment's way, in SQLite. Report and replay read it.

Writing happens in a thread of its own, in small transactions, so that a slow disk never holds the show up.
"""

import json
import queue
import sqlite3
import threading
from pathlib import Path
from typing import Any

import structlog

from knowledge.shelf import Change

log = structlog.get_logger()

SCHEMA = """
CREATE TABLE IF NOT EXISTS shows (
    id INTEGER PRIMARY KEY, began TEXT NOT NULL, title TEXT NOT NULL, config TEXT NOT NULL, catalogue_version INTEGER);
CREATE TABLE IF NOT EXISTS comments (
    show INTEGER NOT NULL, platform TEXT NOT NULL, id TEXT NOT NULL, user TEXT NOT NULL, text TEXT NOT NULL,
    at_s REAL NOT NULL, decision TEXT NOT NULL, reason TEXT NOT NULL, turn TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS turns (
    show INTEGER NOT NULL, id TEXT NOT NULL, question TEXT NOT NULL, language TEXT NOT NULL, kind TEXT NOT NULL,
    plain TEXT NOT NULL, spoken TEXT NOT NULL, source TEXT NOT NULL, facts TEXT NOT NULL, verdicts TEXT NOT NULL,
    ms TEXT NOT NULL, outcome TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS said (
    show INTEGER NOT NULL, utterance TEXT NOT NULL, turn TEXT NOT NULL, kind TEXT NOT NULL, language TEXT NOT NULL,
    voice TEXT NOT NULL, text TEXT NOT NULL, start_pts INTEGER NOT NULL, end_pts INTEGER);
CREATE TABLE IF NOT EXISTS changes (
    show INTEGER NOT NULL, at_s REAL NOT NULL, pts INTEGER NOT NULL, sku TEXT NOT NULL, field TEXT NOT NULL,
    fact TEXT NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL, catalogue_version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS revisions (
    show INTEGER NOT NULL, at_s REAL NOT NULL, utterance TEXT NOT NULL, turn TEXT NOT NULL, kind TEXT NOT NULL,
    text TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL);
"""
DECISIONS = "UPDATE comments SET decision = ?, reason = ?, turn = ? WHERE show = ? AND platform = ? AND id = ?"


class JournalError(Exception):
    """The journal cannot be opened; the message says what to do."""


class Journal:
    """One show's record. Methods return at once; ``close`` waits until everything is on disk."""

    def __init__(self, path: Path, *, title: str, config: str, catalogue_version: int, began: str) -> None:
        """Raises JournalError when the file is not a journal."""
        self.path = path
        self._jobs: queue.SimpleQueue[tuple[str, tuple[Any, ...]] | None] = queue.SimpleQueue()
        try:
            self.show = _opened(path, (began, title, config, catalogue_version))
        except sqlite3.DatabaseError as error:
            raise JournalError(f"{path}: not a journal ({error}); move it away and start the show again") from None
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
        self._thread.start()

    def heard(self, platform: str, id: str, user: str, text: str, at_s: float, decision: str, reason: str) -> None:
        """A comment came in; ``decision`` is waiting, merged or ignored."""
        self._put(
            "INSERT INTO comments VALUES (?, ?, ?, ?, ?, ?, ?, ?, '')",
            self.show,
            platform,
            id,
            user,
            text,
            at_s,
            decision,
            reason,
        )

    def decided(self, platform: str, id: str, decision: str, reason: str, turn: str = "") -> None:
        """What became of a comment that was waiting: answered, shed, failed …"""
        self._put(DECISIONS, decision, reason, turn, self.show, platform, id)

    def turn(self, id: str, record: dict[str, Any]) -> None:
        """A finished turn: question, facts, words, verdicts and every stage's milliseconds."""
        texts = [record[key] for key in ("question", "language", "kind", "plain", "spoken", "source")]
        blobs = [json.dumps(record[key], ensure_ascii=False) for key in ("facts", "verdicts", "ms")]
        self._put(
            "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self.show,
            id,
            *texts,
            *blobs,
            record["outcome"],
        )

    def timed(self, id: str, ms: dict[str, float]) -> None:
        """A turn's stage times, once its first sound has been heard."""
        self._put("UPDATE turns SET ms = ? WHERE show = ? AND id = ?", json.dumps(ms), self.show, id)

    def began(self, utterance: str, turn: str, kind: str, language: str, voice: str, text: str, pts: int) -> None:
        """A sentence is being heard from sample ``pts`` on."""
        self._put(
            "INSERT INTO said VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            self.show,
            utterance,
            turn,
            kind,
            language,
            voice,
            text,
            pts,
        )

    def ended(self, utterance: str, pts: int) -> None:
        self._put("UPDATE said SET end_pts = ? WHERE show = ? AND utterance = ?", pts, self.show, utterance)

    def outcome(self, turn: str, outcome: str) -> None:
        """What became of a turn after all."""
        self._put("UPDATE turns SET outcome = ? WHERE show = ? AND id = ?", outcome, self.show, turn)

    def changed(self, at_s: float, pts: int, change: Change) -> None:
        """A fact of the catalogue has changed; sentences that begin from sample ``pts`` on were judged by it.

        A fact that is new has no ``old`` value, one that is gone no ``new`` one.
        """
        fact, old, new = change.fact, change.was.value if change.was else "", change.now.value if change.now else ""
        row = (at_s, pts, fact.sku, fact.field, fact.id, old, new, change.version)
        self._put("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", self.show, *row)

    def revised(self, at_s: float, utterance: str, turn: str, kind: str, text: str, outcome: str, reason: str) -> None:
        """A sentence that no longer holds was rewritten, dropped, or (already heard) corrected."""
        row = (at_s, utterance, turn, kind, text, outcome, reason)
        self._put("INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self.show, *row)

    def close(self) -> None:
        self._jobs.put(None)
        self._thread.join()

    def _put(self, sql: str, *values: Any) -> None:
        self._jobs.put((sql, values))

    def _write(self) -> None:
        db = sqlite3.connect(self.path)
        db.execute("PRAGMA synchronous=NORMAL")
        done = False
        while not done:
            done = self._write_some(db)
        db.close()

    def _write_some(self, db: sqlite3.Connection) -> bool:
        """One transaction: the next job and all that wait behind it. True when the journal is closed."""
        job = self._jobs.get()
        try:
            with db:
                while job is not None:
                    db.execute(*job)
                    if self._jobs.empty():
                        break
                    job = self._jobs.get()
        except sqlite3.Error as error:  # a full disk must not silence the host; it is said loudly instead
            log.error("journal.write_failed", path=str(self.path), why=str(error))
        return job is None


def _opened(path: Path, row: tuple[Any, ...]) -> int:
    """Make the tables where they are missing and begin a show: (began, title, config, version) → its id."""
    db = sqlite3.connect(path)
    try:
        with db:
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(SCHEMA)
            sql = "INSERT INTO shows (began, title, config, catalogue_version) VALUES (?, ?, ?, ?)"
            return db.execute(sql, row).lastrowid or 0
    finally:
        db.close()


def summary(path: Path) -> dict[str, Any]:
    """Figures of the last show in a journal: comments by decision, turns, and milliseconds to the first voiced sample."""
    with sqlite3.connect(path) as db:
        (show,) = db.execute("SELECT max(id) FROM shows").fetchone()
        comments = dict(db.execute("SELECT decision, count(*) FROM comments WHERE show = ? GROUP BY decision", (show,)))
        turns = [json.loads(ms) for (ms,) in db.execute("SELECT ms FROM turns WHERE show = ?", (show,))]
        said = db.execute("SELECT count(*) FROM said WHERE show = ?", (show,)).fetchone()[0]
    db.close()
    return {"show": show, "comments": comments, "turns": turns, "sentences_said": said}
