"""The journal: an append-only record of each comment's way, in SQLite. Report and replay read it.

A comment's ``decision`` is waiting until it is answered (said), unanswered (nothing that holds could be said), failed, shed or
ignored; merged, when it joined another question. The last show's figures: ``tally``, ``summary``, and agent.report.
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import structlog

from agent.scribe import LIMIT, Scribe
from knowledge.shelf import Change

log = structlog.get_logger()

DECISIONS = ("answered", "merged", "shed", "ignored", "unanswered", "failed", "waiting")
DECIDED_BY_TURN = frozenset({"answered", "unanswered", "failed"})
SCHEMA = """
CREATE TABLE IF NOT EXISTS shows (
    id INTEGER PRIMARY KEY, began TEXT NOT NULL, title TEXT NOT NULL, config TEXT NOT NULL, catalogue_version INTEGER);
CREATE TABLE IF NOT EXISTS counts (show INTEGER PRIMARY KEY, heard INTEGER NOT NULL, left_out INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS comments (
    show INTEGER NOT NULL, platform TEXT NOT NULL, id TEXT NOT NULL, user TEXT NOT NULL, text TEXT NOT NULL,
    at_s REAL NOT NULL, decision TEXT NOT NULL, reason TEXT NOT NULL, turn TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS comments_by_id ON comments (show, platform, id);
CREATE TABLE IF NOT EXISTS turns (
    show INTEGER NOT NULL, id TEXT NOT NULL, question TEXT NOT NULL, language TEXT NOT NULL, kind TEXT NOT NULL,
    plain TEXT NOT NULL, spoken TEXT NOT NULL, source TEXT NOT NULL, facts TEXT NOT NULL, verdicts TEXT NOT NULL,
    ms TEXT NOT NULL, outcome TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS turns_by_id ON turns (show, id);
CREATE TABLE IF NOT EXISTS asked (
    show INTEGER NOT NULL, turn TEXT NOT NULL, language TEXT NOT NULL, kind TEXT NOT NULL, field TEXT NOT NULL,
    handle TEXT NOT NULL, product TEXT NOT NULL, result TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS missing (
    show INTEGER NOT NULL, turn TEXT NOT NULL, handle TEXT NOT NULL, product TEXT NOT NULL, field TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS said (
    show INTEGER NOT NULL, utterance TEXT NOT NULL, turn TEXT NOT NULL, kind TEXT NOT NULL, language TEXT NOT NULL,
    voice TEXT NOT NULL, text TEXT NOT NULL, start_pts INTEGER NOT NULL, end_pts INTEGER);
CREATE INDEX IF NOT EXISTS said_by_id ON said (show, utterance);
CREATE TABLE IF NOT EXISTS changes (
    show INTEGER NOT NULL, at_s REAL NOT NULL, pts INTEGER NOT NULL, sku TEXT NOT NULL, field TEXT NOT NULL,
    fact TEXT NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL, catalogue_version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS revisions (
    show INTEGER NOT NULL, at_s REAL NOT NULL, utterance TEXT NOT NULL, turn TEXT NOT NULL, kind TEXT NOT NULL,
    text TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL);
CREATE VIEW IF NOT EXISTS verdicts AS
    SELECT turns.show AS show, turns.id AS turn, turns.language AS language, value ->> 'source' AS source,
        value ->> 'verdict' AS verdict, value ->> 'reason' AS reason, value ->> 'sentence' AS sentence
    FROM turns, json_each(turns.verdicts);
CREATE VIEW IF NOT EXISTS stages AS
    SELECT turns.show AS show, turns.id AS turn, key AS stage, value AS ms FROM turns, json_each(turns.ms);
"""
# Of events that share an id, the last: the supervisor lets a second one through once it has forgotten the first.
DECIDED = """UPDATE comments SET decision = ?, reason = ?, turn = ? WHERE rowid =
    (SELECT max(rowid) FROM comments WHERE show = ? AND platform = ? AND id = ?)"""
ENDED = "UPDATE comments SET decision = 'shed', reason = 'the show ended' WHERE show = ? AND decision = 'waiting'"


class JournalError(Exception):
    """The journal cannot be opened; the message says what to do."""


class Journal:
    """One show's record. Methods return at once; ``close`` waits until everything is on disk."""

    def __init__(
        self, path: Path, *, title: str, config: str, catalogue_version: int, began: str, patient: bool = False,
        limit: int = LIMIT,
    ) -> None:  # fmt: skip
        """Raises JournalError when the file is not a journal.

        When ``limit`` rows wait for the disk, further comments are counted only; a ``patient`` journal waits instead.
        """
        self.path = path
        try:
            self.show = _opened(path, (began, title, config, catalogue_version))
        except sqlite3.DatabaseError as error:
            raise JournalError(f"{path}: not a journal ({error}); move it away and start the show again") from None
        self._heard = self._left_out = 0
        self._scribe = Scribe(path, patient=patient, limit=limit)

    def heard(self, platform: str, id: str, user: str, text: str, at_s: float, decision: str, reason: str) -> None:
        """A comment came in; ``decision`` is waiting, merged or ignored."""
        self._heard += 1
        row = (platform, id, user, text, at_s, decision, reason)
        if not self._scribe.put("INSERT INTO comments VALUES (?, ?, ?, ?, ?, ?, ?, ?, '')", self.show, *row):
            self._left_out += 1

    def decided(self, platform: str, id: str, decision: str, reason: str, turn: str = "") -> None:
        """What became of a comment that was waiting: answered, shed, failed …"""
        row = (decision, reason, turn, self.show, platform, id)
        self._scribe.put(DECIDED, *row, always=decision in DECIDED_BY_TURN)  # of others there may be a flood

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
        if asked := record.get("asked"):
            row = [asked[key] for key in ("language", "kind", "field", "handle", "product", "result")]
            self._put("INSERT INTO asked VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self.show, id, *row)
        for each in record.get("missing", ()):
            row = [each[key] for key in ("handle", "product", "field")]
            self._put("INSERT INTO missing VALUES (?, ?, ?, ?, ?)", self.show, id, *row)

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

    def tally(self) -> dict[str, int]:
        """As the function of this name; of what is on disk, which is everything after ``close``."""
        return tally(self.path, self.show)

    def close(self) -> None:
        """What still waits is shed: the show has ended."""
        self._put(ENDED, self.show)
        self._put("INSERT INTO counts VALUES (?, ?, ?)", self.show, self._heard, self._left_out)
        self._scribe.close()
        if self._left_out:
            log.error("journal.comments_left_out", path=str(self.path), comments=self._left_out, why="the disk was too slow")

    def _put(self, sql: str, *values: Any) -> None:
        self._scribe.put(sql, *values, always=True)


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


def last_show(db: sqlite3.Connection) -> int:
    """The number of the journal's last show; 0 when it holds none."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM shows").fetchone()[0])


def tally(path: Path, show: int | None = None) -> dict[str, int]:
    """What became of a show's comments: ``heard`` is the sum of all the others.

    ``waiting`` are those of a show that goes on or was killed, of which only what is on disk counts as heard; ``left_out``
    those that a slow disk had no room for.
    """
    with closing(sqlite3.connect(path)) as db:
        show = last_show(db) if show is None else show
        rows = dict(db.execute("SELECT decision, count(*) FROM comments WHERE show = ? GROUP BY decision", (show,)))
        counted = db.execute("SELECT heard, left_out FROM counts WHERE show = ?", (show,)).fetchone()
    heard, left_out = counted or (sum(rows.values()), 0)
    return {"heard": heard, **{each: rows.get(each, 0) for each in DECISIONS}, "left_out": left_out}


def summary(path: Path) -> dict[str, Any]:
    """Figures of the last show in a journal: comments by decision, turns, and milliseconds to the first voiced sample."""
    with closing(sqlite3.connect(path)) as db:
        show = last_show(db)
        comments = dict(db.execute("SELECT decision, count(*) FROM comments WHERE show = ? GROUP BY decision", (show,)))
        turns = [json.loads(ms) for (ms,) in db.execute("SELECT ms FROM turns WHERE show = ?", (show,))]
        said = db.execute("SELECT count(*) FROM said WHERE show = ?", (show,)).fetchone()[0]
    return {"show": show, "comments": comments, "turns": turns, "sentences_said": said}
