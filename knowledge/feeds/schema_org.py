"""schema.org: products as pages carry them in JSON-LD, from saved HTML or JSON."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from knowledge.feeds.markup import parse
from knowledge.feeds.report import Feed, Row
from knowledge.feeds.shopify import listed, text
from knowledge.feeds.text import whole
from knowledge.product import CatalogueError

MAX_HTML = 16 << 20  # bytes
MAX_NODES = 50_000
DECODER = json.JSONDecoder(strict=False, parse_float=str, parse_int=str, parse_constant=str)
OPTIONS = {"color": "Color", "size": "Size", "material": "Material", "pattern": "Pattern"}
GTINS = ("gtin", "gtin13", "gtin14", "gtin12", "gtin8", "isbn")
Node = dict[str, Any]


def scripts(page: str) -> list[tuple[int, str]]:
    """The JSON-LD blocks of a page, with their lines."""
    root = parse(page)
    found: Iterable[Any] = root.iter("script") if root is not None else ()
    return [
        (element.sourceline or 0, element.text or "") for element in found
        if element.get("type", "").split(";")[0].strip().lower() == "application/ld+json"
    ]  # fmt: skip


def html_rows(path: Path, feed: Feed) -> Iterator[Row]:
    """Products of a saved page. Raises CatalogueError when it carries none."""
    blocks = scripts(whole(path, feed.encoding, MAX_HTML, feed.warn))
    if not blocks:
        raise CatalogueError(
            f"{path}: the page has no product data (JSON-LD); save a product's own page, or export CSV"
        )
    for line, block in blocks:
        bare = re.sub(r"^\s*(?:<!--|//\s*<!\[CDATA\[)|(?:-->|//\s*\]\]>)\s*$", "", block).strip().rstrip(";")
        try:
            yield from rows(line, DECODER.decode(bare))
        except (ValueError, RecursionError) as error:
            feed.rows += 1
            said = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deep"
            feed.reject(line, f"JSON-LD that is not valid JSON: {said}")


def rows(line: int, value: Any) -> Iterator[Row]:
    """Rows of every product in a JSON-LD value."""
    products = list(_products(value))
    groups = {text(node.get("@id")): node for node in products if "ProductGroup" in _types(node) and node.get("@id")}
    for node in products:
        if "ProductGroup" in _types(node):
            yield Row(line, _key(node), _about(node, node), sold=False)
            for variant in listed(node, "hasVariant"):
                if isinstance(variant, dict) and (variant.get("offers") or variant.get("sku")):
                    yield from _rows(line, variant, node)
        else:
            link = node.get("isVariantOf")
            group = groups.get(text(link.get("@id")), link) if isinstance(link, dict) else None
            yield from _rows(line, node, group)


def _types(node: Node) -> set[str]:
    return {text(each).rsplit("/", 1)[-1].removeprefix("schema:") for each in listed(node, "@type")}


def _products(value: Any) -> Iterator[Node]:
    """Product and ProductGroup nodes wherever they stand, the variants inside a group left to it."""
    stack, seen = [value], 0
    while stack and seen < MAX_NODES:
        each, seen = stack.pop(), seen + 1
        if isinstance(each, list):
            stack += reversed(each)
        elif isinstance(each, dict):
            if _types(each) & {"Product", "ProductGroup", "IndividualProduct", "ProductModel"}:
                yield each
            else:
                stack += [part for part in reversed(each.values()) if isinstance(part, dict | list)]


def _about(node: Node, named: Node) -> dict[str, str]:
    """What a product is; of a variant, name and words are its group's (``named``)."""
    category = _name(node.get("category")) or _name(named.get("category"))
    return {
        "title": text(named.get("name")), "vendor": _name(named.get("brand")), "kind": category.split(">")[-1],
        "description": text(named.get("description")), "image": _image(node) or _image(named),
    }  # fmt: skip


def _rows(line: int, node: Node, group: Node | None) -> Iterator[Row]:
    about, key = _about(node, group or node), _key(group or node)
    pairs = [(label, value) for name, label in OPTIONS.items() if (value := _name(node.get(name)))]
    chosen, own = _properties(node, pairs if group else [], [] if group else pairs, group)
    for offer in _offers(node):
        yield Row(line, key, about | _offer(offer, node), chosen, own)


def _properties(
    node: Node, chosen: list[tuple[str, str]], own: list[tuple[str, str]], group: Node | None
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """additionalProperty: a choice where the group varies by it, else what the product is."""
    varies = {text(each).rsplit("/", 1)[-1].lower() for each in listed(group or {}, "variesBy")}
    for each in (*listed(node, "additionalProperty"), *(listed(group, "additionalProperty") if group else ())):
        if isinstance(each, dict) and (value := text(each.get("value"))):
            pair = (text(each.get("name")), f"{value} {text(each.get('unitText'))}".strip())
            (chosen if pair[0].lower() in varies else own).append(pair)
    weight = node.get("weight", (group or {}).get("weight"))
    if isinstance(weight, dict) and weight.get("value"):
        unit = {"GRM": "g", "KGM": "kg"}.get(text(weight.get("unitCode")), text(weight.get("unitText")))
        own.append(("Weight", f"{text(weight.get('value'))} {unit}".strip()))
    return chosen, own


def _key(node: Node) -> str:
    """What names a product: its group's id, the last part of its address, its SKU, or its name."""
    path = urlsplit(text(node.get("url"))[:2000].replace("[", "").replace("]", "")).path
    last = unquote(path.rstrip("/").rsplit("/", 1)[-1]).removesuffix(".html")
    return text(node.get("productGroupID")) or last or text(node.get("sku")) or text(node.get("name"))


def _offers(node: Node) -> list[Node]:
    """A product's offers; one offer of each SKU counts, for others are other sellers'."""
    found: dict[str, Node] = {}
    for each in listed(node, "offers"):
        inner = listed(each, "offers") if isinstance(each, dict) and "AggregateOffer" in _types(each) else []
        for offer in inner or [each]:
            if isinstance(offer, dict):
                found.setdefault(text(offer.get("sku")), offer)
    return list(found.values()) or [{}]


def _offer(offer: Node, node: Node) -> dict[str, str]:
    cells = {
        "price": text(offer.get("price")), "currency": text(offer.get("priceCurrency")),
        "availability": text(offer.get("availability")), "sku": text(offer.get("sku")) or text(node.get("sku")),
        "gtin": next((text(where.get(n)) for where in (offer, node) for n in GTINS if text(where.get(n))), ""),
    }  # fmt: skip
    level = offer.get("inventoryLevel")
    cells["stock"] = text(level.get("value")) if isinstance(level, dict) else text(level)
    low, high = text(offer.get("lowPrice")), text(offer.get("highPrice"))
    if not cells["price"] and low and low == (high or low):
        cells["price"] = low
    for each in listed(offer, "priceSpecification"):
        if isinstance(each, dict):
            _specified(cells, each)
    return cells


def _specified(cells: dict[str, str], specification: Node) -> None:
    """A price inside a specification: the struck-out one is what it was before."""
    kind = text(specification.get("priceType")).rsplit("/", 1)[-1]
    field = "was" if kind in ("StrikethroughPrice", "ListPrice", "SRP", "MSRP") else "price"
    cells[field] = cells.get(field) or text(specification.get("price"))
    cells["currency"] = cells["currency"] or text(specification.get("priceCurrency"))


def _name(value: Any) -> str:
    """A text, or the name of the thing that stands in its place."""
    if isinstance(value, list):
        value = value[0] if value else None
    return text(value.get("name")) if isinstance(value, dict) else text(value)


def _image(node: Node) -> str:
    first = next(iter(listed(node, "image")), None)
    return text(first.get("url") or first.get("contentUrl")) if isinstance(first, dict) else text(first)
