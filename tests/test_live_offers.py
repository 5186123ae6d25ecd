"""A price changes while a real show runs: what is said from then on is the new one, by the journal and by the recording."""

import json
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from renderer.media import SAMPLES_PER_FRAME
from renderer.stage import AHEAD_FRAMES
from tests.show import Show, live
from tests.test_show import Watched, watch
from tests.transcribe import transcribe

SECONDS = 90  # at most: it is ended once everything has been heard
QUESTION = "How much is the kettle?"
OLD, NEW = "$47.50", "$39.90"


@dataclass
class Played:
    """What a show has left behind, and what its endpoint said."""

    watched: Watched
    said: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    comments: list[dict[str, Any]]
    answer: dict[str, Any]
    log: str


def rows(data: Path, table: str) -> list[dict[str, Any]]:
    with sqlite3.connect(data / "journal.sqlite") as db:
        db.row_factory = sqlite3.Row
        out = [dict(row) for row in db.execute(f"SELECT * FROM {table}")]
    db.close()
    return out


def until(show: Show, done: Callable[[], Any]) -> Any:
    """What ``done`` returns once that is true; the show's own length bounds the wait."""
    while show.process.poll() is None:
        if found := done():
            return found
        time.sleep(0.1)
    raise AssertionError("the show ended before:\n" + "\n".join(show.lines))


def answered(show: Show, price: str) -> Callable[[], Any]:
    return lambda: [r for r in rows(show.data, "said") if r["kind"] == "answer" and price in r["text"] and r["end_pts"]]


def post(show: Show, price: str) -> dict[str, Any]:
    found = next(line for line in show.lines if "offers.open" in line)
    url = next(word.split("=", 1)[1] for word in found.split() if word.startswith("post_to="))
    token = (show.data / "api.token").read_text().strip()
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(url, json={"sku": "OSP-KET-1", "price": price}, headers=headers, timeout=30, trust_env=False)
    assert answer.status_code == 200, answer.text
    assert token not in "\n".join(show.lines), "the log says where the token is, never the token"
    out: dict[str, Any] = answer.json()
    return out


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("offers")
    with live(folder, "--seconds", str(SECONDS), "--record", str(folder / "out.mp4")) as show:
        with connect(show.url.replace("http", "ws") + "chat") as room:
            room.send(json.dumps({"type": "comment", "user": "Ann", "text": QUESTION}))
            until(show, answered(show, OLD))
            answer = post(show, "39.90")
            room.send(json.dumps({"type": "comment", "user": "Ben", "text": QUESTION}))
            until(show, answered(show, NEW))
        show.process.send_signal(signal.SIGINT)
        assert show.wait(60) == 130, show.lines
    tables = {name: rows(show.data, name) for name in ("said", "changes", "comments")}
    yield Played(watch(folder / "out.mp4"), **tables, answer=answer, log="\n".join(show.lines))


def test_the_endpoint_says_what_holds_now_and_the_journal_what_has_changed(played: Played) -> None:
    (offer,) = played.answer["offers"]
    assert (offer["sku"], offer["price"], offer["product"]) == ("OSP-KET-1", "39.90", "Osprey Kettle")
    (change,) = played.changes
    told = tuple(change[name] for name in ("sku", "field", "old", "new", "catalogue_version"))
    assert told == ("OSP-KET-1", "price", OLD, NEW, played.answer["version"])


def test_the_same_question_has_the_old_price_before_and_the_new_one_after(played: Played) -> None:
    before, after = (r for r in sorted(played.said, key=lambda r: r["start_pts"]) if r["kind"] == "answer")
    assert OLD in before["text"] and NEW in after["text"]
    assert [row["decision"] for row in played.comments] == ["answered", "answered"]


def test_no_sentence_that_begins_after_the_change_has_the_old_price(played: Played) -> None:
    (change,) = played.changes
    begun = change["pts"] + AHEAD_FRAMES * SAMPLES_PER_FRAME  # what is planned counts as heard
    after = [row["text"] for row in played.said if row["start_pts"] > begun]
    assert any(NEW in text for text in after) and not any(OLD in text for text in after)


def test_it_is_so_on_the_recording(played: Played) -> None:
    (change,) = played.changes
    begun = change["pts"] + AHEAD_FRAMES * SAMPLES_PER_FRAME
    turn = max((row["end_pts"] or 0 for row in played.said if row["start_pts"] <= begun), default=0)
    before, after = transcribe(played.watched.pcm[:turn]), transcribe(played.watched.pcm[turn:])
    assert "47" in before and "39" not in before, before
    assert "39" in after and "47" not in after, after
