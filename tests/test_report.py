"""The report: its figures are the journal's, and nothing that viewers or feeds wrote becomes markup."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog
from lxml import html

from agent.__main__ import main
from agent.journal import Journal, JournalError
from agent.report import clock, day, figures, page, percentile, span
from knowledge.product import Fact
from knowledge.shelf import Change

HOSTILE = "<script>alert(1)</script>"
ATTRIBUTE = "\" onmouseover='alert(1)' x=\""
STYLE = "</style><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}"


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def record(question: str, product: str, field: str, *, language: str = "en", missing: bool = False, ms: float = 100.0,
           result: str = "fact", verdict: str = "ok") -> dict[str, Any]:  # fmt: skip
    """What a turn leaves in the journal."""
    handle = product.casefold().replace(" ", "-")
    return {
        "question": question, "language": "en", "kind": result, "plain": "said", "spoken": "said", "source": "plain", "facts": [],
        "verdicts": [{"source": "plain", "sentence": f"About {product}", "verdict": verdict, "reason": "backed" if verdict == "ok"
                      else "unbacked_number"}],
        "ms": {"retrieve": ms / 10, "comment_to_voice": ms}, "outcome": "spoken",
        "asked": {"language": language, "kind": "fact", "field": field, "handle": handle, "product": product, "result": result},
        "missing": [{"handle": handle, "product": product, "field": field}] if missing else [],
    }  # fmt: skip


def journal(path: Path, name: str = "Tent") -> Path:
    """A short show whose texts all hold ``name``."""
    kept = Journal(path, title=f"Shop {name}", config="{}", catalogue_version=1, began="2026-11-27T20:00:00+00:00")
    turns = [
        record(f"price {name}?", f"Tent {name}", "price"), record(f"Garantie {name}?", f"Tent {name}", "warranty", language="de",
               missing=True, result="missing", ms=300.0),
        record(f"sushi {name}?", "", "", result="unsold", ms=200.0, verdict="refused"),
    ]  # fmt: skip
    for number, turn in enumerate(turns):
        kept.turn(f"t{number}", turn)
        kept.began(f"t{number}.0", f"t{number}", "answer", "en", "silent", f"said {name}", 24_000 * 60 * number)
        kept.ended(f"t{number}.0", 24_000 * 60 * number + 48_000)
    for number in range(20):
        kept.heard("web", str(number), f"viewer {name}", f"text {name}", 10.0 * number, "waiting", "")
        if number < 12:
            kept.decided("web", str(number), "answered", "spoken", f"t{min(number, 2)}")
    kept.heard("web", "g", name, name, 5.0, "ignored", f"not a comment: {name}")
    fact = Fact("tent/price", "tent", f"SKU {name}", name, "price", f"1 {name}", label="Price")
    kept.changed(70.0, 0, Change(None, fact, 2))
    kept.revised(71.0, "t0.0", "t0", "answer", f"old {name}", "rewritten", f"was {name}")
    kept.close()
    return path


def test_the_figures_are_the_journals(tmp_path: Path) -> None:
    told = figures(journal(tmp_path / "j.sqlite"))
    assert told["comments"] == {"heard": 21, "answered": 12, "merged": 0, "shed": 8, "ignored": 1, "unanswered": 0, "failed": 0,
                                "waiting": 0, "left_out": 0}  # fmt: skip
    assert told["duration_s"] == 190.0
    columns = told["over_time"]["columns"]
    assert sum(sum(column.values()) for column in columns) == 21 and columns[0]["answered"] == 1 and columns[0]["ignored"] == 1
    assert [(row["product"], row["comments"]) for row in told["products"]] == [("Tent Tent", 2)]
    assert told["products"][0]["fields"] == [{"field": "price", "comments": 1}, {"field": "warranty", "comments": 1}]
    assert told["missing"] == [
        {"product": "Tent Tent", "field": "warranty", "answers": 1, "comments": 1, "sample": "Garantie Tent?"}
    ]
    assert [(row["question"], row["why"], row["comments"]) for row in told["no_answer"]] == [("sushi Tent?", "not sold here", 10)]
    assert {row["stage"]: (row["p50"], row["p95"]) for row in told["stages"]} == {
        "retrieve": (20.0, 30.0), "comment_to_voice": (200.0, 300.0)}  # fmt: skip
    assert {(row["verdict"], row["reason"]): row["sentences"] for row in told["verdicts"]} == {
        ("ok", "backed"): 2, ("refused", "unbacked_number"): 1}  # fmt: skip
    assert [(row["language"], row["comments"], row["spoken_in_it"]) for row in told["languages"]] == [("en", 11, 2), ("de", 1, 0)]
    assert [row["outcome"] for row in told["revisions"]] == ["rewritten"] and told["changes"][0]["new"] == "1 Tent"


def test_the_page_shows_the_figures_and_needs_no_network(tmp_path: Path) -> None:
    text = page(figures(journal(tmp_path / "j.sqlite")))
    tree = html.fromstring(text)
    tiles = {div.findtext("span"): div.findtext("b") for div in tree.xpath("//section[@class='tiles']/div")}
    assert tiles["comments heard"] == "21" and tiles["answered"] == "12" and tiles["shed"] == "8"
    heights = [float(rect.get("height")) for rect in tree.xpath("//div[@class='chart']/svg/rect")]
    assert sum(heights) == 21, "each comment has its place in the chart"
    assert not tree.xpath("//script | //link | //img | //iframe | //*[@src] | //*[@href]")
    assert "http:" not in text and "https:" not in text and "url(" not in text
    (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


@pytest.mark.parametrize("name", [HOSTILE, ATTRIBUTE, STYLE])
def test_hostile_texts_stay_texts(tmp_path: Path, name: str) -> None:
    kind = html.fromstring(page(figures(journal(tmp_path / "plain.sqlite"))))
    tree = html.fromstring(page(figures(journal(tmp_path / "hostile.sqlite", name))))
    assert [element.tag for element in tree.iter()] == [element.tag for element in kind.iter()]
    assert [sorted(element.keys()) for element in tree.iter()] == [sorted(element.keys()) for element in kind.iter()]
    words = " ".join(tree.xpath("//body")[0].text_content().split())
    assert words.count(" ".join(name.split())) >= 10, "and are shown as they are"


def test_the_last_show_of_a_journal_is_told_unless_another_is_asked_for(tmp_path: Path) -> None:
    path = journal(tmp_path / "j.sqlite", "first")
    journal(path, "second")
    assert figures(path)["title"] == "Shop second" and figures(path, 1)["title"] == "Shop first"
    with pytest.raises(JournalError, match="holds no show 3"):
        figures(path, 3)


def test_a_show_without_chat_and_a_journal_of_an_earlier_version_have_a_page(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    Journal(path, title="Quiet", config="{}", catalogue_version=1, began="now").close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for what in ("VIEW verdicts", "VIEW stages", "TABLE asked", "TABLE missing", "TABLE counts"):
            db.execute(f"DROP {what}")
    assert "Quiet" in page(figures(path))


def test_the_command_writes_the_page_and_refuses_what_is_no_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HAWKER_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["report"]) == 2 and "no such journal" in capsys.readouterr().err
    journal(tmp_path / "journal.sqlite")
    assert main(["report", "--out", "page.html", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["comments"]["heard"] == 21
    assert "Shop Tent" in (tmp_path / "page.html").read_text(encoding="utf-8")
    (tmp_path / "text").write_text("no database, whatever its name says")
    assert main(["report", "text"]) == 2 and "not a journal" in capsys.readouterr().err
    assert main(["report", "--out", "none/page.html"]) == 2 and "choose another place" in capsys.readouterr().err


def test_times_and_shares() -> None:
    assert (clock(0), clock(299.6), clock(3_600), clock(28_805)) == ("0:00", "5:00", "1:00:00", "8:00:05")
    assert (span(60), span(1_800), span(7_200), span(10)) == ("minute", "30 minutes", "2 hours", "10 seconds")
    assert day("2026-11-27T20:00:00+00:00") == "27 November 2026, 20:00 UTC" and day("now") == "now"
    values = list(range(1, 101))
    assert (percentile(values, 50), percentile(values, 95), percentile([7.0], 95)) == (50, 95, 7.0)
