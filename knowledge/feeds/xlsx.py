"""Excel workbooks, read row by row: what cells show, never what their formulas would do."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

from knowledge.feeds.report import Feed
from knowledge.feeds.tables import HEADER_WITHIN, Record, known_headers
from knowledge.product import CatalogueError

MAX_BYTES = 256 << 20  # of the file
MAX_UNPACKED, MAX_RATIO, MAX_PARTS = 1 << 30, 200, 5_000  # declared; the unpacker stops where they turn out to be lies
SMALL = 8 << 20  # unpacked bytes below which the ratio does not matter
MAX_ROWS, MAX_COLUMNS = 1_048_576, 256
MAX_GAP = 20_000  # empty rows behind which nothing is looked for: sheets claim a million of them


def records(path: Path, feed: Feed) -> Iterator[Record]:
    """Rows of the sheet that looks most like a product list. Raises CatalogueError for what is no sound workbook."""
    _refuse_bombs(path)
    from openpyxl import load_workbook

    with catch_warnings():
        simplefilter("ignore")  # openpyxl tells of styles and extensions that it does not draw
        try:
            book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        except Exception as error:  # the parsers below raise whatever they stumble over
            raise CatalogueError(f"{path}: not a sound workbook ({_said(error)}); save it again as .xlsx") from None
        try:
            yield from _rows(_sheet(book, path), feed)
        finally:
            book.close()


def _refuse_bombs(path: Path) -> None:
    if path.stat().st_size > MAX_BYTES:
        raise CatalogueError(f"{path}: a workbook may have {MAX_BYTES >> 20} MiB; save it as CSV")
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path}: not a sound workbook ({_said(error)}); save it again as .xlsx") from None
    whole, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if any(part.flag_bits & 1 for part in parts):
        raise CatalogueError(f"{path}: the workbook has a password; save it without")
    if len(parts) > MAX_PARTS or whole > MAX_UNPACKED or (whole > SMALL and whole > packed * MAX_RATIO):
        raise CatalogueError(f"{path}: unpacks to {whole >> 20} MiB out of {packed >> 10} KiB; refused, save it as CSV")


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:80] or type(error).__name__


def _sheet(book: Any, path: Path) -> Any:
    """The sheet whose first rows hold the most headers that hawker knows; the first one where none does."""
    sheets = [sheet for sheet in book.worksheets if hasattr(sheet, "reset_dimensions")][:20]
    if not sheets:
        raise CatalogueError(f"{path}: no sheet in it")
    for sheet in sheets:
        sheet.reset_dimensions()  # what a sheet says of its size may be wrong
    return max(sheets, key=_headers)


def _headers(sheet: Any) -> int:
    try:
        rows = list(islice(_cells(sheet), HEADER_WITHIN))
    except Exception:  # a broken sheet is not the one; when it is the only one, reading it tells why
        return -1
    return max((known_headers([text_of(value) for value in row]) for row in rows), default=0)


def _cells(sheet: Any) -> Iterator[tuple[Any, ...]]:
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows(values_only=True, max_row=MAX_ROWS, max_col=MAX_COLUMNS)
    return rows


def _rows(sheet: Any, feed: Feed) -> Iterator[Record]:
    line = last = 0
    try:
        for line, row in enumerate(_cells(sheet), 1):
            if row.count(None) == len(row):
                if line - last > MAX_GAP:
                    feed.warn(line, f"{MAX_GAP:,} empty rows; what may stand below them is not read")
                    return
                continue
            last, texts = line, [text_of(value) for value in row]
            while texts and not texts[-1]:
                texts.pop()
            if texts:
                yield line, texts
    except Exception as error:  # as above; the rows before it are good
        feed.rows += 1
        feed.reject(line + 1, f"the workbook is broken from here on: {_said(error)}")


def text_of(value: Any) -> str:
    """A cell as text, as the sheet shows it: 4006381333931 and not 4.00638E+12, 19.99 and not 19.990000000000002."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date | time) else str(value)
