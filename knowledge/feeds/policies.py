"""A store's own pages (shipping, returns, warranty …) as Markdown or plain text → facts, a statement each."""

import re
from pathlib import Path

from knowledge.feeds import Feed, read_text
from knowledge.fields import policy_field
from knowledge.product import CatalogueError, Fact

HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$")
UNDERLINE = re.compile(r"^\s{0,3}(=+|-{3,})\s*$")
BULLET = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s+")
SENTENCE = re.compile(r"(?<=[.!?。！？])\s+(?=[^\s\d])")
MARKS = re.compile(r"[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}|!?\[([^\]]*)\]\([^)]*\)")


def read(path: Path) -> Feed:
    """Read a page. Raises CatalogueError when there is no statement in it."""
    feed, heading = Feed(path.name), ""
    lines = read_text(path).splitlines()
    for number, line in enumerate(lines, 1):
        if found := HEADING.match(line):
            heading = found[1]
            continue
        if UNDERLINE.match(line):
            continue
        following = lines[number] if number < len(lines) else ""
        if UNDERLINE.match(following) and line.strip():
            heading = line.strip()
            continue
        for sentence in _sentences(line):
            feed.rows += 1
            feed.policies.append(_fact(path.name, number, heading, sentence, len(feed.policies)))
    if not feed.policies:
        raise CatalogueError(f"{path}: no text in it; write what buyers may ask about, a statement a line")
    return feed


def _sentences(line: str) -> list[str]:
    text = BULLET.sub("", MARKS.sub(lambda m: m[1] or "", line)).strip()
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", text)
    return [part for part in SENTENCE.split(text) if part.strip()]


def _fact(file: str, line: int, heading: str, sentence: str, number: int) -> Fact:
    field = policy_field(heading, sentence)
    return Fact(f"/{field}#{number}", "", "", "", field, sentence, source=f"{file}:{line}", label=heading or "Store")
