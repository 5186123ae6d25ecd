"""Any other table: which column is what is told by its header, in many languages, else by its values."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import get_args

from knowledge.feeds import cells
from knowledge.feeds.cells import CellError, words
from knowledge.feeds.cells import table as named
from knowledge.feeds.report import Column, Feed, Row
from knowledge.feeds.tables import Table, cell
from knowledge.product import CatalogueError

SIGNS = re.compile(r"\b(?:incl?|inkl|inc|ttc|vat|mwst|brutto|in|en|em)\b\.?", re.I)
HIDDEN = ("draft", "archived", "hidden", "inactive", "entwurf")


@cache
def _fields() -> dict[str, str]:
    return {words(name): field for field in get_args(Column) for name in named()["columns"][field]}


@cache
def _options() -> dict[str, str]:
    return {words(name): label for label, names in named()["options"].items() for name in names}


@cache
def _private() -> frozenset[str]:
    return frozenset(words(name) for name in named()["private"]["words"])


class ColumnMap:
    """Which column of a table is what."""

    def __init__(self, table: Table, given: Mapping[Column, str], feed: Feed) -> None:
        self.at: dict[str, int] = {}
        self.options: list[tuple[int, str]] = []
        self.others: list[tuple[int, str]] = []
        self.unused: list[str] = []
        self.currency = ""
        self._given(table, given, feed)
        self._by_header(table)
        self._by_values(table)

    def _given(self, table: Table, given: Mapping[Column, str], feed: Feed) -> None:
        for field, header in given.items():
            if (at := table.find(header)) is not None:
                self.at[field] = at
            else:
                feed.warn(table.line, f'[catalogue.columns] {field} = "{header}": no such column here')

    def _by_header(self, table: Table) -> None:
        taken = set(self.at.values())
        for at, header in enumerate(table.header):
            name = words(SIGNS.sub(" ", header)) or words(header)
            bare, currency = _without_currency(header)
            field = _fields().get(words(header)) or _fields().get(name) or _fields().get(bare)
            if at in taken or not words(header):
                continue
            if field and field not in self.at:
                self.at[field] = at
                self.currency = currency if field == "price" and currency else self.currency
            elif words(header) in _options():
                self.options.append((at, _options()[words(header)]))
            elif words(header) in _private() or field:
                self.unused.append(header.strip())
            else:
                self.others.append((at, cells.clean(header)))

    def _by_values(self, table: Table) -> None:
        """Barcodes, prices and names show what they are, when exactly one column without a known header does."""
        for field, test in (("gtin", _is_gtin), ("price", _is_price), ("title", _is_title)):
            if field not in self.at:
                told = [at for at in self._free(table) if _all(table, at, test)]
                if len(told) == 1 or (told and field == "title"):
                    self.at[field] = told[0]
                    self.others = [(at, label) for at, label in self.others if at != told[0]]

    def _free(self, table: Table) -> list[int]:
        taken = {*self.at.values(), *(at for at, _ in self.options)}
        private = {at for at, header in enumerate(table.header) if words(header) in _private()}
        return [at for at in range(len(table.header)) if at not in taken | private]


def _without_currency(header: str) -> tuple[str, str]:
    """A header without the currency in it, and that currency: "Price (EUR)" is ("price", "EUR")."""
    header = header[:100]
    for part in re.split(r"[\s()\[\]/,:*-]+", SIGNS.sub(" ", header)):
        if part:
            try:
                _, code = cells.amount(f"1 {part}", "")
            except CellError:
                continue
            return words(SIGNS.sub(" ", header).replace(part, " ")), code
    return "", ""


def _all(table: Table, at: int, test: Callable[[str], bool]) -> bool:
    values = [text for row in table.sample if (text := cell(row, at).strip())]
    return len(values) > len(table.sample) / 2 and all(map(test, values))


def _is_gtin(text: str) -> bool:
    try:
        return len(cells.gtin(text)) >= 12
    except CellError:
        return False


def _is_price(text: str) -> bool:
    try:
        cells.amount(text, "USD")
    except CellError:
        return False
    return bool(re.search(r"[.,]\d{2}(?!\d)|[^\d\s.,+-]", text))


def _is_title(text: str) -> bool:
    return sum(letter.isalpha() for letter in text) >= 3 and len(text) <= 200 and "//" not in text


def decimal_comma(texts: Sequence[str]) -> bool | None:
    """Whether amounts of a column have decimal commas; None when none of them tells."""
    commas = sum(bool(re.search(r",\d{1,2}(?!\d)", text)) for text in texts)
    points = sum(bool(re.search(r"\.\d{1,2}(?!\d)", text)) for text in texts)
    return None if commas == points else commas > points


def open_mapped(
    table: Table, feed: Feed, path: Path, given: Mapping[Column, str]
) -> tuple[Iterator[Row], str, bool | None]:
    """Rows, the currency that the header of the prices names, and whether decimals have commas. Raises CatalogueError."""
    mapping = ColumnMap(table, given, feed)
    missing = [field for field in ("title", "price") if field not in mapping.at]
    if missing:
        known = ", ".join(repr(cells.clean(name)[:40]) for name in table.header[:12] if name.strip())
        raise CatalogueError(
            f"{path}, line {table.line}: no column for {' and '.join(missing)} among {known or 'nothing'}; "
            f'name it in hawker.toml: [catalogue.columns] {missing[0]} = "the header"'
        )
    feed.columns = {field: cells.clean(table.header[at]) for field, at in mapping.at.items()}
    feed.columns |= {f"option {label}": cells.clean(table.header[at]) for at, label in mapping.options}
    feed.columns |= {f"fact {label}": label for _, label in mapping.others}
    feed.unused = mapping.unused
    prices = [cell(row, mapping.at["price"]) for row in table.sample]
    return _rows(table, mapping, feed), mapping.currency, decimal_comma(prices)


def _rows(table: Table, mapping: ColumnMap, feed: Feed) -> Iterator[Row]:
    """A row a variant: those with one handle, or else one title, are one product. Merged cells leave the rest empty."""
    title = handle = ""
    at = mapping.at["title"]
    twice = {name for name, count in Counter(cell(row, at).strip() for row in table.sample).items() if count > 1}
    for line, row in table.rows:
        feed.rows += 1
        found = {field: cell(row, at) for field, at in mapping.at.items()}
        if words(found.pop("status", "")) in HIDDEN:
            feed.skipped += 1
            continue
        chosen = [(label, cell(row, at)) for at, label in mapping.options if cell(row, at).strip()]
        if not found["title"].strip() and chosen and title:
            found["title"], found["handle"] = title, handle
        title, handle = found["title"], found.get("handle", "")
        own = [(label, cell(row, at)) for at, label in mapping.others]
        alike = mapping.options or title.strip() in twice
        key = handle.strip() or (title if alike else found.get("sku", "").strip() or title)
        yield Row(line, key, found, chosen, own)
