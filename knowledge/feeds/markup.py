"""HTML of descriptions and pages. lxml, for Python's own parser takes minutes for a few kilobytes of "<a <a <a"."""

import html
import re
from typing import Any

from knowledge.feeds.cells import clean

JUNK = ("script", "style", "iframe", "object", "template", "noscript", "head")
BLOCKS = ("p", "li", "div", "br", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table")

HIDDEN = re.compile(r"<(script|style|iframe|object|template|noscript|head)\b.*?(?:</\1|$)", re.I | re.S)
TAGS = re.compile(r"<[^>]{0,5000}>?")


def text_of(markup: str) -> str:
    """A description's plain text: scripts and styles dropped, a line a block or list item, cells of a table as "a: b"."""
    if "<" not in markup:
        markup = html.unescape(markup)
    text = markup
    if re.search(r"<[a-zA-Z/!]", markup):
        text = _text(markup)
        if not text.strip():  # markup so deep or so broken that the parser gave up on it
            text = TAGS.sub(" ", HIDDEN.sub(" ", markup))
    return "\n".join(line for line in map(clean, text.splitlines()) if line)


def parse(markup: str) -> Any:
    """The root element of HTML however broken; None when there is no element in it."""
    from lxml import etree

    parser = etree.HTMLParser(recover=True, encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        return etree.fromstring(markup.encode("utf-8", "replace"), parser)
    except etree.LxmlError:
        return None


def _text(markup: str) -> str:
    from lxml import etree

    root = parse(markup)
    if root is None:
        return ""
    etree.strip_elements(root, *JUNK, with_tail=False)
    for row in list(root.iter("tr")):
        cells = [" ".join(" ".join(cell.itertext()).split()) for cell in row.iter("td", "th")]
        row[:], row.text = [], "\n" + ": ".join(cell for cell in cells if cell) + "\n"
    for block in root.iter(*BLOCKS):
        if len(block):
            block[-1].tail = (block[-1].tail or "") + "\n"
        else:
            block.text = (block.text or "") + "\n"
    return "".join(root.itertext())
