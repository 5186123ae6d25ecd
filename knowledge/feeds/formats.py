"""Which format a file has, told by what is in it and then by its name, and the reader that goes with it."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path

from knowledge.feeds import google, mapped, records, schema_org, shopify, tables, woocommerce
from knowledge.feeds.report import Column, Feed, Row
from knowledge.feeds.text import encoding_of, pieces, sample
from knowledge.product import CatalogueError

SIGNATURES = {
    b"PK\x03\x04": "XLSX", b"%PDF-": "PDF", b"\xd0\xcf\x11\xe0": "old Excel (.xls)", b"\x1f\x8b": "gzip",
    b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"SQLite format 3": "a database", b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
}  # fmt: skip
HEAD = 64 * 1024
HTML = re.compile(r"<!doctype\s+html|<html[\s>]|application/ld\+json", re.I)
Found = tuple[Iterator[Row], str, bool | None]  # rows, the currency their header names, whether decimals have commas


def format_of(path: Path) -> tuple[str, str]:
    """The format's name, and the encoding of text. Raises CatalogueError for those that hawker does not read."""
    raw, suffix = sample(path, HEAD), path.suffix.lower()
    if not raw.strip():
        raise CatalogueError(f"{path}: empty; export the catalogue again")
    for mark, name in SIGNATURES.items():
        if raw.startswith(mark):
            if name in ("XLSX", "PDF"):
                return name, ""
            raise CatalogueError(f"{path}: {name}, which hawker does not read; save it as CSV or .xlsx")
    if suffix in (".xlsx", ".xlsm", ".pdf"):
        raise CatalogueError(f"{path}: not a sound {suffix} file; save it again")
    encoding = encoding_of(path)
    head = next(pieces(path, encoding, lambda _line, _why: None, HEAD), "").lstrip("\ufeff \t\r\n")
    return _of_text(path, suffix, head), encoding


def _of_text(path: Path, suffix: str, head: str) -> str:
    if suffix in (".md", ".markdown"):
        return "Markdown"
    if head.startswith("<"):
        return "HTML" if HTML.search(head) or suffix in (".html", ".htm") else "XML"
    if head.startswith(("{", "[")) and suffix not in (".csv", ".tsv", ".tab"):
        return "JSON Lines" if suffix in (".jsonl", ".ndjson") or records.is_lines(head) else "JSON"
    if suffix in (".csv", ".tsv", ".tab"):
        return "CSV"
    first = head.partition("\n")[0]
    known = max(tables.known_headers(first.split(mark)) for mark in "\t;,|")
    if known >= 3 or (known == 2 and suffix != ".txt"):
        return "CSV"
    if suffix == ".txt":
        return "text"
    raise CatalogueError(
        f"{path}: unknown format {suffix or '(no suffix)'}; hawker reads CSV, XLSX, JSON, XML, HTML, Markdown, text and PDF"
    )


def rows_of(path: Path, feed: Feed, columns: Mapping[Column, str]) -> Found:
    """The rows of a file whose format is ``feed.format``. Raises CatalogueError."""
    if feed.format == "XLSX":
        from knowledge.feeds import xlsx

        return _table(xlsx.records(path, feed), path, feed, columns)
    if feed.format == "CSV":
        return _table(tables.csv_records(path, feed), path, feed, columns)
    if feed.format == "XML":
        feed.format = "Google Merchant XML"
        return google.xml_rows(path, feed), "", False
    if feed.format == "HTML":
        feed.format = "schema.org JSON-LD"
        return _counted(schema_org.html_rows(path, feed), feed), "", False
    found = records.from_lines(path, feed) if feed.format == "JSON Lines" else records.from_json(path, feed)
    return _records(found, path, feed, columns)


def _table(found: Iterator[tables.Record], path: Path, feed: Feed, columns: Mapping[Column, str]) -> Found:
    table = tables.open_table(found, path)
    if columns and all(table.find(header) is not None for header in columns.values()):
        return mapped.open_mapped(table, feed, path, columns)  # the seller has said how to read it
    if shopify.is_csv(table):
        feed.format = f"Shopify {feed.format}"
        return shopify.csv_rows(table, feed), "", None
    if woocommerce.is_csv(table):
        feed.format = f"WooCommerce {feed.format}"
        return woocommerce.rows(table, feed), "", None
    if google.is_table(table):
        feed.format = f"Google Merchant {feed.format}"
        return google.table_rows(table, feed), "", None
    return mapped.open_mapped(table, feed, path, columns)


def _records(found: Iterator[records.Found], path: Path, feed: Feed, columns: Mapping[Column, str]) -> Found:
    """JSON objects: each product with its variants, or flat ones as the rows of a table."""
    first = list(islice(found, tables.SAMPLE_ROWS))
    if any(records.nested(each) is not None for each in first):
        shop = any(isinstance(value, dict) and "variants" in value for _, value in first)
        feed.format = f"Shopify {feed.format}" if shop else f"schema.org {feed.format}"
        return _counted(_nested(chain(first, found), feed), feed), "", False
    flat = [(line, records.flat(value)) for line, value in first if isinstance(value, dict)]
    header = records.columns(record for _, record in flat)
    if not header:
        raise CatalogueError(f"{path}: no products in it; export a list of objects with a title and a price each")
    rest = ((line, records.flat(value)) for line, value in found if isinstance(value, dict))
    rows = ((line, [record.get(name, "") for name in header]) for line, record in chain(flat, rest))
    sampled = [[record.get(name, "") for name in header] for _, record in flat]
    return mapped.open_mapped(tables.Table(header, 1, rows, sampled), feed, path, columns)


def _nested(found: Iterator[records.Found], feed: Feed) -> Iterator[Row]:
    for each in found:
        rows = records.nested(each)
        if rows is None:
            feed.rows += 1
            feed.reject(each[0], "neither a product with variants nor schema.org")
        else:
            yield from rows


def _counted(rows: Iterator[Row], feed: Feed) -> Iterator[Row]:
    for row in rows:
        feed.rows += 1
        yield row
