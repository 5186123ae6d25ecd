"""The journal keeps each comment's way, in a thread of its own, and nothing of it is lost."""

import json
import sqlite3
from pathlib import Path

from agent.journal import Journal, summary


def open_journal(path: Path) -> Journal:
    return Journal(path, title="t", config="{}", catalogue_version=3, began="2026-01-01T00:00:00+00:00")


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(path) as db:
        out = db.execute(sql).fetchall()
    db.close()
    return out


def test_a_comments_way_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    journal = open_journal(path)
    journal.heard("web", "1", "Ann'); DROP TABLE comments;--", "how much?", 2.5, "waiting", "question")
    journal.decided("web", "1", "answered", "spoken", "t1")
    journal.turn(
        "t1",
        {"question": "how much?", "language": "en", "kind": "fact", "plain": "$1", "spoken": "$1", "source": "plain",
         "facts": [{"sku": "S"}], "verdicts": [], "ms": {"retrieve": 3.0}, "outcome": "spoken"},
    )  # fmt: skip
    journal.timed("t1", {"retrieve": 3.0, "comment_to_voice": 900.0})
    journal.began("t1.0", "t1", "answer", "en", "hibari/heart", "$1", 960)
    journal.ended("t1.0", 9600)
    journal.close()
    assert rows(path, "SELECT user, decision, reason, turn FROM comments") == [
        ("Ann'); DROP TABLE comments;--", "answered", "spoken", "t1")
    ]
    assert rows(path, "SELECT start_pts, end_pts, voice FROM said") == [(960, 9600, "hibari/heart")]
    told = summary(path)
    assert told["comments"] == {"answered": 1} and told["turns"][0]["comment_to_voice"] == 900.0


def test_everything_is_on_disk_after_close(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    journal = open_journal(path)
    for number in range(3000):
        journal.heard("web", str(number), "u", "t", number, "waiting", "")
    journal.close()
    assert rows(path, "SELECT count(*), max(at_s) FROM comments") == [(3000, 2999.0)]


def test_shows_are_kept_apart(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    for text in ("first", "second"):
        journal = open_journal(path)
        journal.heard("web", "1", "u", text, 0, "waiting", "")
        journal.decided("web", "1", text, "")
        journal.close()
    assert rows(path, "SELECT show, decision FROM comments ORDER BY show") == [(1, "first"), (2, "second")]
    assert json.loads(json.dumps(summary(path)))["show"] == 2
