"""Search by words that stand in thousands of rows: what is looked at is bounded, and the right row is still found."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge.keywords import Entry, Keywords

ROWS = 3_000
COLOURS, THINGS = ("red", "blue", "green", "black", "white"), ("cooker", "kettle", "lamp", "bottle", "shirt", "towel")

BODY = "every piece is made to last and 不锈钢保温杯 is in all of them"
LONG = " ".join((*COLOURS, *THINGS, "ever thing every piece is made to last and in all of"))
NOWHERE = " ".join(f"zzzq{chr(97 + n)}x" for n in range(26))


def entry(handle: str, title: str, body: str) -> Entry:
    return Entry(handle, "", f"{title}{body}".encode(), title, "Thing", body)


def row(n: int) -> Entry:
    return entry(f"p{n}", f"{COLOURS[n % 5]} {THINGS[n % 6]} ever", BODY)


@pytest.fixture(scope="module")
def keywords(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keywords]:
    out = Keywords(tmp_path_factory.mktemp("words") / "words.sqlite")
    with out.change("1"):
        for n in range(ROWS):
            out.bring(f"p{n}", [row(n)])
        out.bring("rice", [entry("rice", "red rice cooker ever", "every piece")])
        out.bring("both", [entry("both", "shirt towel ever", "made to last")])
    for _ in out.recount():
        pass
    yield out
    out.close()


def test_a_row_that_has_all_of_several_common_words_is_first(keywords: Keywords) -> None:
    assert keywords.search("the shirt or towel?", 3)[0][0] == "both"
    found = keywords.search("is the black bottle made to last", 40, names=True)
    assert all(THINGS[int(handle[1:]) % 6] == "bottle" and COLOURS[int(handle[1:]) % 5] == "black" for handle, _, _ in found[:40])
    assert len(found) == 40 and len({score for _, _, score in found}) == 1


def test_a_rare_word_comes_before_all_common_ones(keywords: Keywords) -> None:
    assert keywords.search("red rice cooker ever made to last", 1)[0][0] == "rice"


@pytest.mark.parametrize("text", ["ever", "thing ever", "不锈钢保温杯", LONG, NOWHERE])
def test_what_is_looked_at_does_not_grow_with_the_catalogue(keywords: Keywords, text: str) -> None:
    steps = list[str]()
    keywords._db.set_trace_callback(steps.append)
    try:
        found = keywords.search(text, 20)
    finally:
        keywords._db.set_trace_callback(None)
    assert len(found) == (0 if text.startswith("zzz") else 20) and len(steps) < ROWS / 5
    assert not any("bm25" in step for step in steps), "FTS5 counts and scores every row that has a word"


def test_what_came_since_the_last_count_is_found(keywords: Keywords) -> None:
    with keywords.change("2"):
        keywords.bring("new", [entry("new", "black black cooker lamp kettle", "")])
    assert keywords.search("black cooker lamp kettle", 1, names=True)[0][0] == "new"
    with keywords.change("3"):
        keywords.bring("new", [])
    assert "new" not in [handle for handle, _, _ in keywords.search("black cooker lamp kettle", 99, names=True)]


def test_counts_are_kept_for_common_words_and_made_again_when_much_has_changed(tmp_path: Path) -> None:
    out = Keywords(tmp_path / "w.sqlite")
    with out.change("1"):
        for n in range(300):
            out.bring(f"p{n}", [row(n)])
    list(out.recount())
    kept = sqlite3.connect(out.path).execute("SELECT terms, names, upto FROM common WHERE term = 'ever'").fetchone()
    assert kept == (300, 300, 300)
    with out.change("2"):
        for n in range(300, 320):
            out.bring(f"p{n}", [row(n)])
    assert list(out.recount()) == [] and out.rarity(["ever", "red", "nowhere"]) == {"ever": 300, "red": 64, "nowhere": 0}
    out.close()


def test_misspelt_names_are_found_among_many(tmp_path: Path) -> None:
    out = Keywords(tmp_path / "w.sqlite")
    with out.change("1"):
        for n, name in enumerate(["kettle", "settle", "kettles", "thermometer", "thermostat", *(f"{a}{b}ometer" for a in
                                  "abcdefghijklmnopqrstuvwxyz" for b in "abcdefghijklmnopqrstuvwxyz")]):  # fmt: skip
            out.bring(f"p{n}", [entry(f"p{n}", name, "")])
    assert [out.terms(word)[0] for word in ("kettel", "ketle", "thermmeter", "thremometr", "xyz", "qqqqqqq")] == [
        "kettle", "kettle", "thermometer", "thermometer", "xyz", "qqqqqqq",
    ]  # fmt: skip
    out.close()
