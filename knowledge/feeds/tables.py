"""Tables: CSV and its kin read row by row, and the header found among the first rows."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from knowledge.feeds.cells import table as named
from knowledge.feeds.cells import words
from knowledge.feeds.report import Feed
from knowledge.feeds.text import lines
from knowledge.product import CatalogueError

MAX_FIELD = 1 << 20  # characters; a longer cell is a broken file
MAX_COLUMNS = 512
SAMPLE_ROWS = 200
HEADER_WITHIN = 10  # rows; marketplaces put titles and hints above their headers
Record = tuple[int, list[str]]  # line, cells


@dataclass
class Table:
    """A header and the rows under it. ``sample`` is what was read to find the header; ``rows`` yields it first."""

    header: list[str]
    line: int
    rows: Iterator[Record]
    sample: list[list[str]]
    places: dict[str, int] = field(init=False)  # normalised header → column

    def __post_init__(self) -> None:
        self.places = {words(name): at for at, name in reversed(list(enumerate(self.header))) if words(name)}

    def find(self, *headers: str) -> int | None:
        """The column under one of these headers."""
        return next((self.places[words(name)] for name in headers if words(name) in self.places), None)


def cell(row: list[str], at: int | None) -> str:
    """A cell as it stands; empty where the row is too short."""
    return row[at] if at is not None and at < len(row) else ""


def open_table(records: Iterator[Record], path: Path) -> Table:
    """Find the header. Raises CatalogueError when there is no row."""
    first = list(islice(records, SAMPLE_ROWS))
    if not first:
        raise CatalogueError(f"{path}: no rows in it; export the catalogue again")
    best = max(range(min(len(first), HEADER_WITHIN)), key=lambda at: (known_headers(first[at][1]), -at))
    line, header = first[best]
    if not known_headers(header):
        best, (line, header) = 0, first[0]
    under = first[best + 1 :]
    return Table(header[:MAX_COLUMNS], line, chain(under, records), [row for _, row in under])


def known_headers(row: list[str]) -> int:
    """How many cells of a row are headers that hawker knows."""
    return len({words(name) for name in row[:MAX_COLUMNS]} & _headers())


def _headers() -> frozenset[str]:
    if not _HEADERS:
        data = named()
        listed = chain(*data["columns"].values(), *data["options"].values(), *data["woocommerce"].values())
        _HEADERS.append(frozenset(words(name) for name in listed))
    return _HEADERS[0]


_HEADERS: list[frozenset[str]] = []


def csv_records(path: Path, feed: Feed) -> Iterator[Record]:
    """Rows of a CSV or TSV file that hold anything. Broken ones are rejected and reading goes on behind them."""
    csv.field_size_limit(MAX_FIELD)
    source = _Lines(lines(path, feed.encoding, feed.warn))
    reader, width = csv.reader(source, delimiter=_delimiter(source)), 0
    while True:
        source.asked_past_end, began = False, reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            feed.rows += 1
            feed.reject(began, f"not valid CSV: {error}")
            continue
        if source.asked_past_end:
            feed.rows += 1
            feed.reject(began, 'the file ends inside a quoted cell; it was cut off, or a " is missing')
        elif len(row) < width and not source.last.endswith(("\n", "\r")):
            feed.rows += 1
            feed.reject(began, f"the file ends within this row, after {len(row)} of {width} cells")
        elif any(not part.isspace() for part in row if part):
            width = width or len(row)
            yield began, row


class _Lines:
    """Lines of a file, the first of which can be looked at; notes when more are asked for than there are."""

    def __init__(self, source: Iterable[str]) -> None:
        self._source = iter(source)
        self.head = list(islice(self._source, 20))
        self._rest: Iterator[str] = chain(self.head, self._source)
        self.asked_past_end, self.last = False, ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            self.last = next(self._rest)
        except StopIteration:
            self.asked_past_end = True
            raise
        return self.last


def _delimiter(source: _Lines) -> str:
    """What divides most of the first lines the same way; quoted parts do not count."""
    counts = [re.sub(r'"[^"]*"', "", line[:65_536]) for line in source.head]

    def score(mark: str) -> tuple[int, int]:
        found = [line.count(mark) for line in counts if line.strip()]
        return (max((found.count(n) * n for n in set(found) if n), default=0), sum(found))

    return max(("\t", ";", ",", "|"), key=score)
