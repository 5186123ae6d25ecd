"""The journal keeps each comment's way, in a thread of its own, and nothing of it is lost."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from agent.journal import Journal, summary, tally


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


def test_each_comment_is_in_the_tally_once(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    journal = open_journal(path)
    for number in range(700):
        journal.heard("web", str(number), "u", "t", number, "merged" if number % 7 == 0 else "waiting", "")
    for number in range(300):
        journal.decided("web", str(number), ("answered", "shed", "unanswered", "failed")[number % 4], "", "t1")
    journal.heard("web", "0", "u", "the same id again", 999, "ignored", "spam")
    journal.close()
    told = journal.tally()
    assert told.pop("heard") == 701 == sum(told.values())
    assert told["answered"] == 75 and told["waiting"] == 0 and told["ignored"] == 1
    assert rows(path, "SELECT count(*) FROM comments WHERE reason = 'the show ended'") == [(told["shed"] - 75,)]


def test_of_a_killed_show_everything_but_the_last_group_is_there(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    code = f"""
import os, time
from pathlib import Path
from agent.journal import Journal
from agent.scribe import GROUP_S
journal = Journal(Path({str(path)!r}), title="t", config="", catalogue_version=1, began="now")
for number in range(5000):
    journal.heard("web", str(number), "u", "t", number, "waiting", "")
time.sleep(20 * GROUP_S)
journal.heard("web", "last", "u", "t", 1, "waiting", "")
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parent.parent)
    assert done.returncode == -9
    told = tally(path)
    assert told["heard"] == told["waiting"] in (5000, 5001)


def test_a_disk_that_stands_still_costs_no_memory_and_no_comment_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    journal = Journal(path, title="t", config="", catalogue_version=1, began="now", limit=100)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # nobody else can write
        for number in range(500):
            journal.heard("web", str(number), "u", "t", number, "ignored", "spam")
        journal.decided("web", "3", "answered", "said", "t1")
        assert len(journal._scribe._rows) <= 101
        other.execute("COMMIT")
    journal.close()
    told = journal.tally()
    assert told["heard"] == 500 and told["answered"] == 1 and 0 < told["left_out"] <= 400
    assert told["ignored"] + told["answered"] + told["left_out"] == 500


def test_a_patient_journal_waits_for_the_disk_instead(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    journal = Journal(path, title="t", config="", catalogue_version=1, began="now", limit=100, patient=True)
    for number in range(5000):
        journal.heard("web", str(number), "u", "t", number, "waiting", "")
        journal.decided("web", str(number), "shed", "pool full")
    journal.close()
    assert journal.tally() | {"waiting": 0} == {
        "heard": 5000, "answered": 0, "merged": 0, "shed": 5000, "ignored": 0, "unanswered": 0, "failed": 0, "waiting": 0,
        "left_out": 0}  # fmt: skip


def test_text_that_is_no_unicode_takes_nothing_with_it(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    journal = open_journal(path)
    journal.heard("web", "1", "half \ud800", "a \udfff b", 1, "ignored", "no words")
    journal.heard("web", "2", "u", "whole \N{SNOWMAN}", 2, "ignored", "no words")
    journal.close()
    assert rows(path, "SELECT id, text FROM comments") == [("1", "a ? b"), ("2", "whole \N{SNOWMAN}")]


def test_verdicts_and_stages_can_be_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    journal = open_journal(path)
    verdict = {"source": "model", "sentence": "It is $1.", "verdict": "refused", "reason": "unbacked_number"}
    missing = {"handle": "tent", "product": "Tent", "field": "warranty"}
    journal.turn(
        "t1",
        {"question": "warranty?", "language": "en", "kind": "missing", "plain": "", "spoken": "", "source": "plain",
         "facts": [], "verdicts": [verdict], "ms": {"retrieve": 3.5}, "outcome": "spoken", "missing": [missing],
         "asked": {"language": "de", "kind": "fact", "field": "warranty", "handle": "tent", "product": "Tent",
                   "result": "missing"}},
    )  # fmt: skip
    journal.close()
    assert rows(path, "SELECT verdict, reason, sentence FROM verdicts") == [("refused", "unbacked_number", "It is $1.")]
    assert rows(path, "SELECT stage, ms FROM stages") == [("retrieve", 3.5)]
    assert rows(path, "SELECT product, field FROM missing") == [("Tent", "warranty")]
    assert rows(path, "SELECT language, result FROM asked") == [("de", "missing")]
