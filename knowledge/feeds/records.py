"""JSON: a shop's products.json, a list of products, JSON-LD, or one object a line. Numbers stay as they are written."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from knowledge.feeds import schema_org, shopify
from knowledge.feeds.cells import words
from knowledge.feeds.report import Feed, Row
from knowledge.feeds.text import lines, whole
from knowledge.product import CatalogueError

MAX_JSON = 128 << 20  # bytes
DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)  # a GTIN is no number
LIST = re.compile(r'\s*(?:\[|\{\s*"products"\s*:\s*\[)')
BETWEEN = re.compile(r"[\s,]*")
Found = tuple[int, Any]  # line, value


def from_json(path: Path, feed: Feed) -> Iterator[Found]:
    """Objects of a JSON file with their lines; those before a broken place are good. Raises CatalogueError."""
    text = whole(path, feed.encoding, MAX_JSON, feed.warn)
    began = LIST.match(text)
    if not began:
        yield from _single(text, path)
        return
    at, line, counted = began.end(), 1, 0
    while True:
        at = _end(BETWEEN.match(text, at), at)
        if text.startswith("]", at):
            return
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            feed.rows += 1
            feed.reject(line, f"not valid JSON from here on: {_said(error)}")
            return
        yield line, value


def _end(found: re.Match[str] | None, otherwise: int) -> int:
    return found.end() if found else otherwise


def _said(error: Exception) -> str:
    return error.msg if isinstance(error, json.JSONDecodeError) else "nested too deep"


def _single(text: str, path: Path) -> Iterator[Found]:
    try:
        value = DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise CatalogueError(f"{path}, line {line}: not valid JSON ({_said(error)}); export it again") from None
    listed = value.get("products", value.get("items")) if isinstance(value, dict) else None
    yield from ((1, each) for each in (listed if isinstance(listed, list) else [value]))


def from_lines(path: Path, feed: Feed) -> Iterator[Found]:
    """Objects of a JSON Lines file; broken lines are rejected."""
    for number, line in enumerate(lines(path, feed.encoding, feed.warn), 1):
        if not line.strip():
            continue
        try:
            yield number, DECODER.decode(line.strip())
        except (ValueError, RecursionError) as error:
            feed.rows += 1
            feed.reject(number, f"not valid JSON: {_said(error)}")


def is_lines(head: str) -> bool:
    """Whether a text that begins with an object has one a line."""
    first = [line.strip() for line in head.splitlines()[:3] if line.strip()]
    try:
        return len(first) > 1 and isinstance(DECODER.decode(first[0]), dict) and first[1].startswith("{")
    except (ValueError, RecursionError):
        return False


def flat(value: dict[str, Any]) -> dict[str, str]:
    """A record as a row of a table: lists joined, nested objects left out but for a price with its currency."""
    out: dict[str, str] = {}
    for name, each in value.items():
        if isinstance(each, list):
            out[name] = ", ".join(filter(None, map(shopify.text, each)))
        elif isinstance(each, dict):
            amount = shopify.text(each.get("amount", each.get("value")))
            out[name] = f"{amount} {shopify.text(each.get('currency'))}".strip() if amount else ""
        else:
            out[name] = shopify.text(each)
    return out


def nested(found: Found) -> Iterator[Row] | None:
    """The rows of an object whose format is plain to see; None for a flat record, which is a row of a table."""
    line, value = found
    if not isinstance(value, dict):
        return None
    if "@type" in value or "@graph" in value:
        return schema_org.rows(line, value)
    if isinstance(value.get("variants"), list):
        return shopify.json_rows(line, value)
    return None


def columns(sample: Iterable[dict[str, str]]) -> list[str]:
    """The names in flat records, in the order in which they come up."""
    return list(dict.fromkeys(name for record in sample for name in record if words(name)))
