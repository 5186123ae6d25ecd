"""A store's own pages (shipping, returns, warranty, questions and answers …) → facts, a statement each."""

import re
from collections.abc import Iterator
from pathlib import Path

from knowledge.feeds.report import Feed
from knowledge.feeds.text import lines
from knowledge.fields import policy_field
from knowledge.product import CatalogueError, Fact

HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(\S.*)$")
UNDERLINE = re.compile(r"^\s{0,3}(=+|-{3,})\s*$")
BULLET = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+")
SENTENCE = re.compile(r"(?<=[.!?।])\s+(?=[^\s\d])|(?<=[。！？])\s*(?=\S)")
MARKS = re.compile(r"[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}|!?\[([^\]]{0,500})\]\([^)]{0,500}\)")
QUESTION = re.compile(r"^\s*(?:q|question|frage|问)\s*[:.：]\s*", re.I)
ANSWER = re.compile(r"^\s*(?:a|answer|antwort|答)\s*[:.：]\s*", re.I)
MAX_LINE, MAX_FACTS = 5_000, 5_000
Lines = Iterator[tuple[int, str]]


def read(path: Path, feed: Feed) -> None:
    """Read a page into ``feed.policies``. Raises CatalogueError when there is no statement in it."""
    found = _pdf(path, feed) if feed.format == "PDF" else enumerate(lines(path, feed.encoding, feed.warn), 1)
    heading, before = "", (0, "")
    for number, line in _with_end(found):
        if len(line) < MAX_LINE and UNDERLINE.match(line) and before[1].strip():
            heading, before = before[1].strip(), (number, "")
            continue
        heading = _take(feed, before, heading)
        before = (number, line.rstrip("\r\n"))
    if not feed.policies:
        raise CatalogueError(f"{path}: no text in it; write what buyers may ask about, a statement a line")


def _with_end(found: Lines) -> Lines:
    """One line behind, so that an underlined heading is known before it is taken for a statement."""
    yield from found
    yield 0, ""


def _take(feed: Feed, at: tuple[int, str], heading: str) -> str:
    """Add a line's statements; the heading that holds for the lines after it."""
    number, line = at
    if len(line) > MAX_LINE or len(feed.policies) >= MAX_FACTS:
        feed.rows += 1
        feed.reject(number, f"more than {MAX_LINE} characters in a line" if len(line) > MAX_LINE else "too many statements")
        return heading
    if found := HEADING.match(line):
        return found[1].rstrip().rstrip("#").rstrip()
    if not line.strip() or UNDERLINE.match(line):
        return heading
    if QUESTION.match(line) or (line.strip().endswith(("?", "？")) and len(line) < 200):
        return _plain(QUESTION.sub("", line))
    for sentence in SENTENCE.split(_plain(ANSWER.sub("", line))):
        if sentence.strip():
            feed.rows += 1
            feed.policies.append(_fact(feed.source, number, heading, sentence, len(feed.policies)))
    return heading


def _plain(line: str) -> str:
    text = BULLET.sub("", MARKS.sub(lambda m: m[1] or "", line)).strip()
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", text)


def _fact(file: str, line: int, heading: str, sentence: str, number: int) -> Fact:
    field = policy_field(heading, sentence)
    return Fact(f"/{field}#{number}", "", "", "", field, sentence, source=f"{file}:{line}", label=heading or "Store")


def _pdf(path: Path, feed: Feed) -> Lines:
    """Lines of a PDF with their page, the pieces of a wrapped sentence joined; short ones without an end are headings."""
    from knowledge.feeds.pdf import pages

    for page, text in pages(path, feed):
        joined = ""
        for line in (*text.splitlines(), ""):
            part = " ".join(line.split())
            head = _is_head(joined, part)
            if joined and (head or not part or BULLET.match(part) or joined.endswith((".", "!", "?", "。", ":"))):
                yield page, f"# {joined}" if head else joined
                joined = ""
            joined = f"{joined} {part}".strip()
        if joined:
            yield page, joined


def _is_head(line: str, following: str) -> bool:
    """Whether a line of a PDF is a heading: short, no full stop, and what follows begins anew."""
    bare = not BULLET.match(line) and not line.endswith((".", "!", ",", ";", "。")) and len(line) <= 60
    return bare and bool(following) and (following[:1].isupper() or bool(BULLET.match(following)))
