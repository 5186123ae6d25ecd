"""Shopify's product CSV, both generations of headers. A product spans the rows that share its handle."""

import csv
import io
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from warnings import catch_warnings, simplefilter

from knowledge.feeds import Feed, Rejected, read_text
from knowledge.product import CatalogueError, Offer, Product, Variant

# Column → the old header and the new one, lower case.
COLUMNS = {
    "handle": ("handle", "url handle"), "title": ("title",), "body": ("body (html)", "description"), "vendor": ("vendor",),
    "kind": ("type",), "category": ("product category",), "tags": ("tags",), "status": ("status",),
    "sku": ("variant sku", "sku"), "barcode": ("variant barcode", "barcode"), "price": ("variant price", "price"),
    "was": ("variant compare at price", "compare-at price"), "stock": ("variant inventory qty", "inventory quantity"),
    "policy": ("variant inventory policy", "continue selling when out of stock"),
    "tracker": ("variant inventory tracker", "inventory tracker"),
    "image": ("image src", "product image url"), "grams": ("variant grams", "weight value (grams)"),
}  # fmt: skip
METAFIELD = re.compile(r"^(?P<label>.+?) \((?:product|variant)\.metafields\.(?P<key>[\w.-]+)\)$")
OPTION = re.compile(r"^option(?P<n>[123]) (?P<part>name|value)$")
MAX_FIELD = 1 << 20  # characters; a longer cell is a broken file


@dataclass(frozen=True)
class _Header:
    columns: dict[str, int]
    options: dict[tuple[str, str], int]
    attributes: list[tuple[int, str]]

    def cell(self, row: list[str], name: str) -> str:
        return _at(row, self.columns.get(name))

    def option(self, row: list[str], n: str, part: str) -> str:
        """Part "name" or "value" of option "1", "2" or "3"."""
        return _at(row, self.options.get((n, part)))


def _at(row: list[str], at: int | None) -> str:
    """A cell; empty where the row is shorter or the file has no such column."""
    return row[at].strip() if at is not None and at < len(row) else ""


@dataclass
class _Draft:
    """A product while its rows are read."""

    line: int
    handle: str
    title: str
    body: str
    vendor: str
    kind: str
    tags: tuple[str, ...]
    image: str
    attributes: tuple[tuple[str, str], ...]
    option_names: list[str]
    variants: list[Variant]


def read(path: Path, *, currency: str) -> Feed:
    """Read an export. Raises CatalogueError when it is not one, or when no product in it can be used."""
    csv.field_size_limit(MAX_FIELD)
    rows = csv.reader(io.StringIO(read_text(path), newline=""))
    feed, drafts = Feed(path.name), dict[str, _Draft]()
    try:
        header = _header(next(rows, []), path)
        for row in rows:
            if any(cell.strip() for cell in row):
                feed.rows += 1
                _row(header, row, rows.line_num, currency, feed, drafts)
    except csv.Error as error:
        if not drafts:
            raise CatalogueError(f"{path}, line {rows.line_num}: not valid CSV ({error}); export it again") from None
        feed.rejected.append(Rejected(path.name, rows.line_num, f"not valid CSV from here on: {error}"))
    for draft in drafts.values():
        _finish(draft, feed)
    if not feed.products:
        why = f"; first problem: line {feed.rejected[0].line}, {feed.rejected[0].why}" if feed.rejected else ""
        raise CatalogueError(f"{path}: no product in it{why}")
    return feed


def _header(names: list[str], path: Path) -> _Header:
    places = {name.strip().lower(): at for at, name in enumerate(names)}
    columns = {key: next((places[n] for n in known if n in places), -1) for key, known in COLUMNS.items()}
    columns = {key: at for key, at in columns.items() if at >= 0}
    missing = [key for key in ("handle", "title", "price") if key not in columns]
    if missing:
        raise CatalogueError(
            f"{path}: not a Shopify product export, no column for {', '.join(missing)}; "
            "in Shopify choose Products, Export, CSV"
        )
    options = {(m["n"], m["part"]): at for name, at in places.items() if (m := OPTION.match(name))}
    attributes = [(at, m["label"].strip()) for at, name in enumerate(names) if (m := METAFIELD.match(name.strip()))]
    return _Header(columns, options, attributes)


def _row(header: _Header, row: list[str], line: int, currency: str, feed: Feed, drafts: dict[str, _Draft]) -> None:
    handle = header.cell(row, "handle")
    if not handle:
        feed.rejected.append(Rejected(feed.source, line, "no handle"))
        return
    if header.cell(row, "status").lower() in ("draft", "archived"):
        feed.rejected.append(Rejected(feed.source, line, f"status is {header.cell(row, 'status').lower()}"))
        return
    if handle not in drafts:
        if not header.cell(row, "title"):
            feed.rejected.append(Rejected(feed.source, line, f"first row of {handle} has no title"))
            return
        drafts[handle] = _draft(header, row, line, handle)
    if header.cell(row, "price") or header.cell(row, "sku"):
        _variant(header, row, line, currency, feed, drafts[handle])


def _draft(header: _Header, row: list[str], line: int, handle: str) -> _Draft:
    names = [header.option(row, n, "name") for n in "123"]
    attributes = tuple((label, _clean(row[at])) for at, label in header.attributes if at < len(row) and row[at].strip())
    tags = tuple(tag.strip() for tag in header.cell(row, "tags").split(",") if tag.strip())
    kind = header.cell(row, "kind") or header.cell(row, "category").split(">")[-1].strip()
    return _Draft(
        line, handle, _clean(header.cell(row, "title")), text_of(header.cell(row, "body")), header.cell(row, "vendor"),
        kind, tags, header.cell(row, "image"), attributes, names, [],
    )  # fmt: skip


def _variant(header: _Header, row: list[str], line: int, currency: str, feed: Feed, draft: _Draft) -> None:
    price = decimal(header.cell(row, "price"))
    if price is None or price < 0:
        feed.rejected.append(Rejected(feed.source, line, f"price {header.cell(row, 'price')!r} is not an amount"))
        return
    was, stock = decimal(header.cell(row, "was")), decimal(header.cell(row, "stock"))
    tracked = bool(header.cell(row, "stock")) and (header.cell(row, "tracker") != "" or "tracker" not in header.columns)
    oversell = header.cell(row, "policy").lower() in ("continue", "true", "yes")
    left = int(stock) if tracked and stock is not None else None
    offer = Offer(
        price, currency, was or None, max(left, 0) if left is not None else None, left is None or left > 0 or oversell
    )
    values = [header.option(row, n, "value") for n in "123"]
    options = tuple(
        (name, _clean(value)) for name, value in zip(draft.option_names, values, strict=True)
        if name and value and value != "Default Title"
    )  # fmt: skip
    sku = header.cell(row, "sku") or f"{draft.handle}-{len(draft.variants) + 1}"
    gtin = re.sub(r"[^\d]", "", header.cell(row, "barcode").lstrip("'"))
    draft.variants.append(Variant(sku, offer, options, gtin if len(gtin) in (8, 12, 13, 14) else ""))


def _finish(draft: _Draft, feed: Feed) -> None:
    if not draft.variants:
        feed.rejected.append(Rejected(feed.source, draft.line, f"{draft.handle} has no variant with a price"))
        return
    feed.products.append(
        Product(
            draft.handle, draft.title, tuple(draft.variants), draft.kind, draft.vendor, draft.body, draft.attributes,
            draft.tags, draft.image, f"{feed.source}:{draft.line}",
        )
    )  # fmt: skip


def decimal(text: str) -> Decimal | None:
    """An amount from a cell ("18.00", "$1,299.50", "1.299,50 EUR"); None when there is none.

    >>> decimal("1.299,50 EUR"), decimal("18"), decimal("n/a")
    (Decimal('1299.50'), Decimal('18'), None)
    """
    digits = re.sub(r"[^\d.,-]", "", text)
    if "," in digits and (digits.rfind(",") > digits.rfind(".")):
        whole, _, cents = digits.rpartition(",")
        digits = whole.replace(".", "").replace(",", "") + ("." + cents if len(cents) != 3 else cents)
    else:
        digits = digits.replace(",", "")
    try:
        value = Decimal(digits)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value) < 10**12 else None


def text_of(html: str) -> str:
    """A description's plain text: scripts and styles dropped, a line a block or list item, cells of a table as "a: b"."""
    if "<" not in html:
        return _clean(html)
    from bs4 import BeautifulSoup

    with catch_warnings():
        simplefilter("ignore")  # a description that looks like a URL or a file name is still a description
        soup = BeautifulSoup(html, "html.parser")
    for junk in soup(["script", "style", "iframe", "object", "template", "noscript"]):
        junk.decompose()
    for row in soup("tr"):
        cells = [cell.get_text(" ", strip=True) for cell in row(["td", "th"])]
        row.replace_with("\n" + ": ".join(cell for cell in cells if cell) + "\n")
    for block in soup(["p", "li", "div", "br", "h1", "h2", "h3", "h4", "ul", "ol", "table"]):
        block.append("\n")
    lines = (_clean(line) for line in soup.get_text().splitlines())
    return "\n".join(line for line in lines if line)


def _clean(text: str) -> str:
    """One line without control characters."""
    return re.sub(r"\s+", " ", re.sub(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e]", "", text)).strip()
