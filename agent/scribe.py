"""Writes rows to SQLite from a thread of its own, in groups: a slow disk holds nobody up, and memory stays bounded."""

import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger()

GROUP_S = 0.1  # rows of so long make one transaction; a crash loses at most these
LIMIT = 100_000  # rows waiting for the disk: about 60 MB
RETRY_S = 1.0  # after a write that failed

Row = tuple[str, tuple[Any, ...]]  # statement and its values


class Scribe:
    """``put`` returns at once, and says whether there was room; what was put is on disk within ``GROUP_S``, or at ``close``."""

    def __init__(self, path: Path, *, patient: bool = False, limit: int = LIMIT) -> None:
        """``patient``: wait for room instead of refusing. For replays, where the disk may hold up the clock."""
        self.path, self._patient, self._limit = path, patient, limit
        self._rows: list[Row] = []
        self._change = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, sql: str, *values: Any, always: bool = False) -> bool:
        """Queue a row; False when that many wait for the disk that it was left out. ``always``: a rare one, which finds room."""
        with self._change:
            if len(self._rows) >= self._limit:
                if self._patient:
                    self._change.wait_for(lambda: len(self._rows) < self._limit)
                elif not always:
                    return False
            self._rows.append((sql, values))
            if len(self._rows) in (1, self._limit):
                self._change.notify_all()
        return True

    def close(self) -> None:
        """Wait until everything is on disk, or can't be written."""
        with self._change:
            self._closing = True
            self._change.notify_all()
        self._thread.join()

    def _run(self) -> None:
        db = sqlite3.connect(self.path)
        db.execute("PRAGMA synchronous=NORMAL")
        while rows := self._group():
            self._write(db, rows)
        db.close()

    def _group(self) -> list[Row]:
        """The rows of one transaction; none when closed and everything is written."""
        with self._change:
            self._change.wait_for(lambda: self._rows or self._closing)
            until = time.monotonic() + GROUP_S
            self._change.wait_for(lambda: self._closing or len(self._rows) >= self._limit, until - time.monotonic())
            rows, self._rows = self._rows, []
            self._change.notify_all()
        return rows

    def _write(self, db: sqlite3.Connection, rows: list[Row]) -> None:
        while True:
            try:
                with db:
                    for sql, values in rows:
                        _execute(db, sql, values)
                return
            except sqlite3.Error as error:  # a full disk must not silence the host; it is said loudly instead
                lost = len(rows) if self._closing else 0
                log.error("journal.write_failed", path=str(self.path), why=str(error), waiting=len(rows), lost=lost)
                if self._closing:
                    return
            time.sleep(RETRY_S)


def _execute(db: sqlite3.Connection, sql: str, values: tuple[Any, ...]) -> None:
    """One row. A row that cannot be kept as it is must not take the others with it."""
    try:
        try:
            db.execute(sql, values)
        except UnicodeEncodeError:  # half a surrogate pair, from a viewer
            db.execute(sql, tuple(v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for v in values))
    except (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError, OverflowError) as error:
        log.error("journal.row_refused", why=str(error), sql=sql.split(" VALUES")[0])
