"""Shopify: the product CSV with both generations of headers, and the public products.json."""

import re
from collections.abc import Iterator
from typing import Any

from knowledge.feeds.cells import clean
from knowledge.feeds.report import OPEN, Feed, Row
from knowledge.feeds.tables import Table, cell

# Field → the old header and the new one.
COLUMNS = {
    "handle": ("Handle", "URL handle"), "title": ("Title",), "description": ("Body (HTML)", "Description"),
    "vendor": ("Vendor",), "kind": ("Type",), "category": ("Product category",), "tags": ("Tags",),
    "status": ("Status",), "published": ("Published", "Published on online store"),
    "sku": ("Variant SKU", "SKU"), "gtin": ("Variant Barcode", "Barcode"), "price": ("Variant Price", "Price"),
    "was": ("Variant Compare At Price", "Compare-at price"), "stock": ("Variant Inventory Qty", "Inventory quantity"),
    "oversell": ("Variant Inventory Policy", "Continue selling when out of stock"),
    "tracker": ("Variant Inventory Tracker", "Inventory tracker"), "image": ("Image Src", "Product image URL"),
}  # fmt: skip
METAFIELD = re.compile(r"^(?P<label>.+?) \((?:product|variant)\.metafields\.[\w.-]+\)$")
HIDDEN = ("draft", "archived")


def is_csv(table: Table) -> bool:
    """Whether a table's headers are those of a Shopify export."""
    some = ("Variant Price", "Option1 Name", "Variant SKU", "Body (HTML)", "Compare-at price", "URL handle")
    found = sum(table.find(name) is not None for name in some)
    return table.find(*COLUMNS["handle"]) is not None and table.find(*COLUMNS["price"]) is not None and found >= 2


def csv_rows(table: Table, feed: Feed) -> Iterator[Row]:
    """A product spans the rows that share its handle; rows with neither price nor SKU carry only a picture."""
    places = {field: at for field, names in COLUMNS.items() if (at := table.find(*names)) is not None}
    feed.columns = {field: table.header[at].strip() for field, at in places.items()}
    metafields = [
        (at, m["label"].strip()) for at, name in enumerate(table.header) if (m := METAFIELD.match(name.strip()))
    ]
    options = [(table.find(f"Option{n} Name"), table.find(f"Option{n} Value")) for n in "123"]
    names: dict[str, list[str]] = {}
    for line, row in table.rows:
        feed.rows += 1
        cells = {field: cell(row, at) for field, at in places.items()}
        key = clean(cells.pop("handle"))
        if clean(cells.get("status", "")).lower() in HIDDEN:
            feed.skipped += 1
            continue
        if key not in names:
            names[key] = [clean(cell(row, at)) for at, _ in options]  # on the first row of each product only
            if len(names) > OPEN:
                names.pop(next(iter(names)))
        values = [clean(cell(row, at)) for _, at in options]
        chosen = [(n, v) for n, v in zip(names[key], values, strict=True) if v != "Default Title"]
        attributes = [(label, cell(row, at)) for at, label in metafields]
        yield Row(
            line, key, _tidied(cells, places), chosen, attributes, bool(cells["price"].strip() or cells.get("sku"))
        )


def _tidied(cells: dict[str, str], places: dict[str, int]) -> dict[str, str]:
    if not cells.get("kind", "").strip():
        cells["kind"] = cells.get("category", "").split(">")[-1]
    if "tracker" in places and not cells["tracker"].strip():
        cells["stock"] = ""  # a count that nobody keeps
    return cells


def json_rows(line: int, product: dict[str, Any]) -> Iterator[Row]:
    """One product of products.json: a row a variant."""
    names = [
        text(option.get("name")) if isinstance(option, dict) else text(option) for option in listed(product, "options")
    ]
    tags = product.get("tags")
    about = {
        "title": text(product.get("title")), "description": text(product.get("body_html")),
        "vendor": text(product.get("vendor")), "kind": text(product.get("product_type")),
        "tags": ",".join(map(text, tags)) if isinstance(tags, list) else text(tags), "image": _image(product),
    }  # fmt: skip
    key = text(product.get("handle")) or text(product.get("id"))
    if not listed(product, "variants"):
        yield Row(line, key, about, sold=False)
    for variant in listed(product, "variants"):
        if isinstance(variant, dict):
            values = [text(variant.get(f"option{n}")) for n in range(1, len(names) + 1)]
            chosen = [(n, v) for n, v in zip(names, values, strict=True) if v and v != "Default Title"]
            yield Row(line, key, about | _variant(variant), chosen)


def _variant(variant: dict[str, Any]) -> dict[str, str]:
    return {
        "sku": text(variant.get("sku")), "gtin": text(variant.get("barcode")), "price": text(variant.get("price")),
        "was": text(variant.get("compare_at_price")), "availability": text(variant.get("available")),
        "stock": text(variant.get("inventory_quantity")), "oversell": text(variant.get("inventory_policy")),
    }  # fmt: skip


def _image(product: dict[str, Any]) -> str:
    first = next(iter(listed(product, "images")), product.get("image"))
    return text(first.get("src")) if isinstance(first, dict) else text(first)


def listed(record: dict[str, Any], name: str) -> list[Any]:
    """A value that is one thing or a list of them, as a list."""
    value = record.get(name)
    return value if isinstance(value, list) else ([] if value is None else [value])


def text(value: Any) -> str:
    """A JSON value as a cell; empty for null, and for what is no single value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None or isinstance(value, dict | list) else str(value)
