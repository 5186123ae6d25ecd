"""Feeds: one reader a format, found by the file itself. Every row is accepted or rejected with its reason."""

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path

from knowledge.feeds.report import Column, Feed, Rejected
from knowledge.product import CatalogueError, Product

__all__ = ["MAX_BYTES", "Feed", "Rejected", "read", "stream"]

MAX_BYTES = 8 << 30
KNOWN = "CSV, TSV, XLSX, JSON, JSON Lines, XML, saved HTML pages; Markdown, text and PDF for the store's own pages"


def read(path: Path, *, currency: str = "USD", columns: Mapping[Column, str] | None = None) -> Feed:
    """Read one file of any known format into memory. Raises CatalogueError when nothing of it can be used."""
    feed, products = stream(path, currency=currency, columns=columns)
    feed.products = list(products)
    return feed


def stream(
    path: Path, *, currency: str = "USD", columns: Mapping[Column, str] | None = None
) -> tuple[Feed, Iterator[Product]]:
    """A file's feed and its products one by one; the feed's counts fill up while they are taken.

    ``currency`` (ISO 4217) holds where the file names none; ``columns`` is field → header, for plain tables. Raises
    CatalogueError at once for files of no known format, while streaming for those in which nothing can be used.
    """
    if not path.is_file():
        raise CatalogueError(f"{path}: no such file; hawker reads {KNOWN}")
    if path.stat().st_size > MAX_BYTES:
        raise CatalogueError(f"{path}: larger than {MAX_BYTES >> 30} GiB; split the export")
    from knowledge.feeds.formats import format_of

    kind, encoding = format_of(path)
    feed = Feed(path.name, format=kind, encoding=encoding)
    return feed, _products(path, feed, currency, columns or {})


def _products(path: Path, feed: Feed, currency: str, columns: Mapping[Column, str]) -> Iterator[Product]:
    from knowledge.feeds import policies
    from knowledge.feeds.build import Builder
    from knowledge.feeds.formats import rows_of

    if feed.format in ("Markdown", "text", "PDF"):
        policies.read(path, feed)
        return
    rows, named, comma = rows_of(path, feed, columns)
    products = Builder(feed, named or currency, comma=comma).products(rows)
    first = list(islice(products, 1))
    if not first:
        told = feed.rejected[0] if feed.rejected else None
        why = f"; first problem: line {told.line}, {told.why}" if told else ""
        raise CatalogueError(f"{path}: no product in it{why}")
    yield from chain(first, products)
