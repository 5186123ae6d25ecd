"""Rows of any format → products: grouped by their key, checked cell by cell, let go as soon as they are whole."""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from knowledge.facts import variant_name
from knowledge.feeds import cells
from knowledge.feeds.cells import CellError
from knowledge.feeds.markup import text_of
from knowledge.feeds.offers import Offers
from knowledge.feeds.report import OPEN, Feed, Row
from knowledge.fields import canonical
from knowledge.product import Product, Variant

MAX_VARIANTS, MAX_ATTRIBUTES, MAX_TITLE, MAX_TEXT, MAX_CHOICE = 2_000, 100, 500, 20_000, 60
CHOSEN = ("size", "colour", "capacity", "storage", "scent", "pattern", "style")  # what buyers choose between
ABOUT = ("title", "description", "vendor", "kind", "tags", "image")


@dataclass(slots=True)
class Draft:
    """A product while its rows come in."""

    line: int
    handle: str
    rows: int = 0  # that were not refused
    about: dict[str, str] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)
    attributes: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)  # variant ("" for all), its pairs
    variants: list[Variant] = field(default_factory=list)
    own: list[list[tuple[str, str]]] = field(default_factory=list)  # each variant's attributes
    skus: set[str] = field(default_factory=set)


class Seen:
    """Names and the lines they first stood on, on disk once they are many."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute("CREATE TABLE seen (name TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def first(self, name: str, line: int) -> int:
        """The line where ``name`` stood before; 0 when this is the first time."""
        row = self._db.execute("SELECT line FROM seen WHERE name = ?", (name,)).fetchone()
        if row is None:
            self._db.execute("INSERT INTO seen VALUES (?, ?)", (name, line))
        return int(row[0]) if row else 0

    def close(self) -> None:
        self._db.close()


class Builder:
    """Makes products of rows; what cannot be used goes into the feed's report."""

    def __init__(self, feed: Feed, currency: str, *, comma: bool | None = None) -> None:
        self.feed, self._offers = feed, Offers(feed, currency, comma)
        self._open: dict[str, Draft] = {}
        self._handles, self._skus = Seen(), Seen()

    def products(self, rows: Iterable[Row]) -> Iterator[Product]:
        """Products in the order of their first rows."""
        try:
            for row in rows:
                self._take(row)
                if len(self._open) > OPEN:
                    yield from self._finish(self._open.pop(next(iter(self._open))))
            for draft in self._open.values():
                yield from self._finish(draft)
        finally:
            self._handles.close()
            self._skus.close()

    def _take(self, row: Row) -> None:
        row = self._screened(row)
        key = cells.clean(row.key)
        if not key:
            self.feed.reject(row.line, "no handle")
            return
        draft = self._open.get(key) or self._opened(key, row.line)
        if draft is None:
            return
        for name in ABOUT:
            if row.cell(name).strip() and name not in draft.about:
                draft.about[name] = row.cell(name)
        if title := cells.clean(row.cell("title")):
            draft.titles += [title] if title not in draft.titles and len(draft.titles) < 50 else []
        if not row.sold:
            draft.rows += 1
            draft.attributes.append(("", self._pairs(row.attributes)))
        elif variant := self._variant(row, draft):
            draft.own.append(self._pairs(row.attributes))
            draft.rows += 1
            draft.variants.append(variant)
            draft.skus.add(variant.sku)

    def _screened(self, row: Row) -> Row:
        """The row without cells that are formulas, spreadsheet errors or endless."""
        kept = {name: self._screen(row.line, name, text) for name, text in row.cells.items()}
        pairs = [
            [(name, self._screen(row.line, name, text)) for name, text in listed]
            for listed in (row.options, row.attributes)
        ]
        return Row(row.line, self._screen(row.line, "handle", row.key), kept, pairs[0], pairs[1], row.sold)

    def _screen(self, line: int, name: str, text: str) -> str:
        try:
            return cells.unformula(text)
        except CellError as error:
            self.feed.warn(line, f"{cells.clean(name)[:40]}: {error}")
            return ""

    def _opened(self, key: str, line: int) -> Draft | None:
        handle = cells.handle(key)
        if not handle:
            self.feed.reject(line, f"handle {key[:40]!r} has no letter or digit")
            return None
        if before := self._handles.first(handle, line):
            self.feed.reject(line, f"handle {handle} was line {before}'s; the rows of a product belong together")
            return None
        if handle != key.lower():
            self.feed.warn(line, f"handle {key[:60]!r} is written {handle}")
        self._open[key] = draft = Draft(line, handle)
        return draft

    def _pairs(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        named = ((cells.clean(name)[:80], cells.clean(value)[:MAX_TITLE]) for name, value in pairs)
        return [(name, value) for name, value in named if name and value]

    def _variant(self, row: Row, draft: Draft) -> Variant | None:
        sku = cells.clean(row.cell("sku"))[:120]
        try:
            if sku in draft.skus:
                raise CellError(f"SKU {sku} stands twice in {draft.handle}")
            if len(draft.variants) >= MAX_VARIANTS:
                raise CellError(f"{draft.handle} has more than {MAX_VARIANTS} variants")
            offer = self._offers.of(row)
            if draft.variants and draft.variants[0].offer.currency != offer.currency:
                raise CellError(
                    f"{draft.handle} has prices in {draft.variants[0].offer.currency}, not {offer.currency}"
                )
        except CellError as error:
            self.feed.reject(row.line, str(error))
            return None
        if sku and (before := self._skus.first(sku, row.line)):
            self.feed.warn(row.line, f"SKU {sku} is on line {before} too, in another product; give each its own")
        return Variant(
            sku or f"{draft.handle}-{len(draft.variants) + 1}", offer, tuple(self._pairs(row.options)), self._gtin(row)
        )

    def _gtin(self, row: Row) -> str:
        try:
            return cells.gtin(row.cell("gtin")) if row.cell("gtin").strip() else ""
        except CellError as error:
            self.feed.warn(row.line, f"{error}; left out")
            return ""

    # -- whole products -------------------------------------------------------------------------------------------

    def _finish(self, draft: Draft) -> Iterator[Product]:
        title = _title(draft.titles)
        if not title or not draft.variants:
            why = "no title" if not title else "no variant with a price"
            if draft.rows:  # else each of its rows has been told of
                self.feed.reject(draft.line, f"{draft.handle} has {why}", draft.rows)
            return
        about = draft.about
        _tell_apart(draft)
        draft.attributes += [(variant_name(v), pairs) for v, pairs in zip(draft.variants, draft.own, strict=True)]
        yield Product(
            draft.handle, title, tuple(draft.variants), cells.clean(about.get("kind", ""))[:MAX_TITLE],
            cells.clean(about.get("vendor", ""))[:MAX_TITLE], text_of(about.get("description", ""))[:MAX_TEXT],
            tuple(_attributes(draft)), _tags(about.get("tags", "")), self._image(draft), f"{self.feed.source}:{draft.line}",
        )  # fmt: skip

    def _image(self, draft: Draft) -> str:
        try:
            return cells.image(draft.about.get("image", ""))
        except CellError as error:
            self.feed.warn(draft.line, f"{error}; left out")
            return ""


def _tell_apart(draft: Draft) -> None:
    """Variants that no option tells apart get as options the attributes in which they differ: a cable's 1 m and 2 m."""
    names = dict.fromkeys(name for pairs in draft.own for name, _ in pairs)
    for name in sorted(names, key=lambda name: canonical(name) not in CHOSEN):
        if len({v.options for v in draft.variants}) == len(draft.variants):
            return
        values = [[value for key, value in pairs if key == name] for pairs in draft.own]
        if all(len(found) == 1 and len(found[0]) <= MAX_CHOICE for found in values) and len({found[0] for found in values}) > 1:
            draft.variants = [
                replace(v, options=(*v.options, (name, found[0]))) for v, found in zip(draft.variants, values, strict=True)
            ]
            draft.own = [[pair for pair in pairs if pair[0] != name] for pairs in draft.own]


def _attributes(draft: Draft) -> Iterator[tuple[str, str]]:
    """What holds of the product; where variants differ, each value with the variants that have it: "310 g (500 ml)"."""
    names = dict.fromkeys(name for _, pairs in draft.attributes for name, _ in pairs)
    for name in list(names)[:MAX_ATTRIBUTES]:
        found: dict[str, list[str]] = {}
        several = False
        for variant, pairs in draft.attributes:
            values = [value for key, value in pairs if key == name]
            several |= len(values) > 1 or (bool(values) and not variant)
            for value in values:
                found.setdefault(value, []).append(variant)
        if several or len(found) == 1:
            yield from ((name, value) for value in list(found)[:MAX_ATTRIBUTES])
        else:
            yield name, ", ".join(f"{value} ({'; '.join(held)})" for value, held in found.items())[:MAX_TEXT]


def _title(titles: list[str]) -> str:
    """What the titles of all variants begin with: "Fir Candle" of "Fir Candle - Small" and "Fir Candle - Large"."""
    if len(titles) < 2:
        return titles[0][:MAX_TITLE] if titles else ""
    low, high = min(titles), max(titles)
    length = next((at for at, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    shared = low[:length]
    if any(title[length : length + 1].isalnum() for title in titles):
        shared = re.sub(r"\w+$", "", shared)  # no halves of words
    shared = shared.rstrip(" -–—,(|/:·[")
    return (shared if len(shared) > 2 else titles[0])[:MAX_TITLE]


def _tags(text: str) -> tuple[str, ...]:
    return tuple(tag for part in text.split(",")[:100] if (tag := cells.clean(part)[:80]))
