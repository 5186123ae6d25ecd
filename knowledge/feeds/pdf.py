"""The text of PDF pages. Scanned pages have none, which the report says."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from warnings import catch_warnings, simplefilter

from knowledge.feeds.report import Feed
from knowledge.product import CatalogueError

MAX_BYTES, MAX_PAGES, MAX_S = 32 << 20, 300, 60.0


def pages(path: Path, feed: Feed) -> Iterator[tuple[int, str]]:
    """Page numbers from 1 with their text. Raises CatalogueError for what is no sound PDF."""
    from pypdf import PdfReader

    if path.stat().st_size > MAX_BYTES:
        raise CatalogueError(f"{path}: a PDF may have {MAX_BYTES >> 20} MiB; save its text instead")
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of every oddity; the report tells what matters
    began = time.monotonic()
    with catch_warnings():
        simplefilter("ignore")
        try:
            reader = PdfReader(path)
            count = len(reader.pages)
        except Exception as error:  # a parser of anything raises anything
            said = " ".join(str(error).split())[:80] or type(error).__name__
            raise CatalogueError(f"{path}: not a sound PDF ({said}); save its text instead") from None
    for number in range(1, min(count, MAX_PAGES) + 1):
        if time.monotonic() - began > MAX_S:
            feed.reject(number, f"reading took longer than {MAX_S:.0f} s; the pages from here on are left out")
            return
        yield number, _page(reader, number, feed)
    if count > MAX_PAGES:
        feed.reject(MAX_PAGES + 1, f"only the first {MAX_PAGES} of {count} pages are read")


def _page(reader: object, number: int, feed: Feed) -> str:
    with catch_warnings():
        simplefilter("ignore")
        try:
            text: str = reader.pages[number - 1].extract_text()  # type: ignore[attr-defined]
        except Exception as error:  # as above; the other pages are good
            feed.rows += 1
            feed.reject(number, f"page cannot be read: {' '.join(str(error).split())[:80]}")
            return ""
    if not text.strip():
        feed.warn(number, "page has no text; a scan is a picture")
    return text
