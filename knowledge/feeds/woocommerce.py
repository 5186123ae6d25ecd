"""WooCommerce's product CSV: simple products, and variable ones whose variations point to them by id or SKU."""

import re
from collections.abc import Iterator

from knowledge.feeds.cells import clean, words
from knowledge.feeds.cells import table as named
from knowledge.feeds.report import Feed, Row
from knowledge.feeds.tables import Table, cell

MAX_ATTRIBUTES = 30
HIDDEN = ("0", "-1", "no", "false")
UNSOLD = ("variable", "grouped", "external")


def is_csv(table: Table) -> bool:
    """Whether a table's headers are those of a WooCommerce export, in any language that hawker knows."""
    places = _places(table)
    return {"type", "sku", "title", "price"} <= places.keys() and bool({"parent", "published"} & places.keys())


def _places(table: Table) -> dict[str, int]:
    headers = named()["woocommerce"]
    found = {field: table.find(*names) for field, names in headers.items() if not field.startswith("attribute_")}
    return {field: at for field, at in found.items() if at is not None}


def _attributes(table: Table) -> list[tuple[int, int]]:
    headers = named()["woocommerce"]
    pairs = []
    for n in range(1, MAX_ATTRIBUTES + 1):
        name, value = (
            table.find(*(header.format(n) for header in headers[kind]))
            for kind in ("attribute_name", "attribute_values")
        )
        if name is not None and value is not None:
            pairs.append((name, value))
    return pairs


def rows(table: Table, feed: Feed) -> Iterator[Row]:
    """Variations take their parent's key; a parent's attributes that no variation chooses are the product's own."""
    places, pairs = _places(table), _attributes(table)
    feed.columns = {field: table.header[at].strip() for field, at in places.items()}
    keys: dict[str, str] = {}  # "id:12" and SKUs of the parents so far → their keys
    hidden: set[str] = set()
    for line, row in table.rows:
        feed.rows += 1
        cells = {
            field: clean(cell(row, at)) if field != "description" else cell(row, at) for field, at in places.items()
        }
        kind = words(cells["type"]).split(" ")[0]
        parent = re.sub(r"^id:\s*", "id:", cells.get("parent", ""))
        key = keys.get(parent, parent) if kind == "variation" else (cells["sku"] or f"id:{cells.get('id', '')}")
        if kind == "variable":
            keys |= {name: key for name in (f"id:{cells.get('id', '')}", cells["sku"]) if name not in ("", "id:")}
        if cells.get("published", "1").lower() in HIDDEN or (kind == "variation" and key in hidden):
            hidden |= {key} if kind == "variable" else set()
            feed.skipped += 1
            continue
        if kind == "variation" and not parent:
            feed.reject(line, "a variation without its parent")
            continue
        own = [(cell(row, name), cell(row, value)) for name, value in pairs if cell(row, value).strip()]
        yield _row(line, key, kind, cells, own)


def _row(line: int, key: str, kind: str, cells: dict[str, str], pairs: list[tuple[str, str]]) -> Row:
    category = cells.get("kind", "").split(",")[0].split(">")[-1]
    cells = cells | {"kind": category, "image": cells.get("image", "").split(",")[0]}
    if not cells.get("description", "").strip():
        cells["description"] = cells.get("short", "")
    if kind == "variation":
        about = {name: "" for name in ("title", "description", "kind", "tags")}
        return Row(line, key, cells | about, pairs)
    own = [(name, value) for name, value in pairs if kind != "variable" or "," not in value]
    if cells.get("weight"):
        own.append(("Weight", f"{cells['weight']} kg"))
    return Row(line, key, cells, [], own, kind not in UNSOLD)
