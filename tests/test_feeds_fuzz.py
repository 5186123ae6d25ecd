"""Whatever bytes come in, a reader gives a feed or one line that says what is wrong; it never raises else, nor hangs."""

import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.facts import facts
from knowledge.feeds import Feed, read
from knowledge.product import CatalogueError
from tests.feeds_shop import FILES, NOW
from tests.test_feeds_formats import workbook

SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".xml", ".html", ".xlsx", ".pdf", ".md", ".txt", "")
NAMES = (*sorted(path.name for path in FILES.iterdir()), "shop.xlsx")
QUICK = settings(max_examples=40, deadline=5_000, suppress_health_check=list(HealthCheck), derandomize=True)
PIECES = (
    b"", b"\x00", b'"', b"\n", b"\r", b",", b";", b"\t", b"=1+1", b"]]>", b"<![", b"</", b"{", b"[[[[", b"\\u0000", b"\\ud800",
    b"\xff\xfe", b"&#0;", b"&amp", b"<!DOCTYPE x [", b"<!--", b"9" * 400, b"-0", b"1e999", b"NaN",
    b"null", b"9999-99-99", b"\xf0\x9f\x92\xa9",
    b"id:", b"../", b"obj", b"stream", b"/Type", b"0000000000", "²".encode(), "٣".encode(), b"r=\"", b"<g:price>",
)  # fmt: skip


@cache
def original(name: str) -> bytes:
    if name == "shop.xlsx":
        return workbook(Path(tempfile.mkdtemp()) / name).read_bytes()
    return (FILES / name).read_bytes()


def holds(data: bytes, suffix: str) -> None:
    """Read; what comes of it must be of use."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"shop{suffix}"
        path.write_bytes(data)
        try:
            feed = read(path)
        except CatalogueError as error:
            assert str(error) and len(str(error).splitlines()) == 1
            return
    sound(feed)


def sound(feed: Feed) -> None:
    assert feed.products or feed.policies
    assert feed.refused + feed.skipped <= feed.rows, "every row is taken, skipped or refused"
    assert len({product.handle for product in feed.products}) == len(feed.products)
    for product in feed.products:
        assert product.title and product.handle and product.variants and facts(product, NOW)
        assert all(variant.offer.price > 0 and len(variant.offer.currency) == 3 for variant in product.variants)
        assert "/" not in product.handle and ".." not in product.handle


@QUICK
@given(st.binary(max_size=3_000), st.sampled_from(SUFFIXES))
def test_random_bytes(data: bytes, suffix: str) -> None:
    holds(data, suffix)


@QUICK
@given(st.text(max_size=2_000), st.sampled_from(SUFFIXES), st.sampled_from(["utf-8", "utf-16"]))
def test_random_text(text: str, suffix: str, encoding: str) -> None:
    holds(text.encode(encoding, "surrogatepass"), suffix)


@pytest.mark.parametrize("name", NAMES)
@QUICK
@given(at=st.floats(0, 1), suffix=st.sampled_from(("", *SUFFIXES)))
def test_files_that_are_cut_off(name: str, at: float, suffix: str) -> None:
    data = original(name)
    holds(data[: int(at * len(data))], suffix if at < 0.2 else Path(name).suffix)


@pytest.mark.parametrize("name", NAMES)
@QUICK
@given(
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(PIECES)), min_size=1, max_size=6)
)
def test_files_that_are_damaged(name: str, changes: list[tuple[float, int, bytes]]) -> None:
    data = original(name)
    for where, length, piece in changes:
        at = int(where * len(data))
        data = data[:at] + piece + data[at + length :]
    holds(data, Path(name).suffix)


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith((".csv", ".tsv", ".json", ".jsonl", ".xml"))])
@QUICK
@given(st.data())
def test_rows_in_any_order_and_number(name: str, data: st.DataObject) -> None:
    head, *rows = original(name).splitlines(keepends=True)
    chosen = data.draw(st.lists(st.sampled_from(rows), max_size=40))
    holds(head + b"".join(chosen), Path(name).suffix)
