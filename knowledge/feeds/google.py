"""Google Merchant feeds: RSS 2.0 or Atom with g: elements, and the same attributes as columns of a table."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler, feature_namespaces
from xml.sax.xmlreader import AttributesNSImpl, Locator

from knowledge.feeds.cells import MAX_CELL, clean
from knowledge.feeds.report import Feed, Row
from knowledge.feeds.tables import Table, cell
from knowledge.feeds.text import pieces
from knowledge.product import CatalogueError

Values = dict[str, list[str]]  # attribute → its values: image links and details come more than once
OPTIONS = {"color": "Color", "size": "Size", "material": "Material", "pattern": "Pattern", "flavor": "Flavor"}
FIELDS = {
    "title": ("title",), "description": ("description", "content", "summary"), "vendor": ("brand",),
    "kind": ("product_type", "google_product_category"), "image": ("image_link",), "gtin": ("gtin",),
    "sku": ("id",), "price": ("price",), "sale_price": ("sale_price",),
    "sale_window": ("sale_price_effective_date",), "availability": ("availability",),
    "stock": ("sell_on_google_quantity", "quantity"),
}  # fmt: skip
ATTRIBUTES = {
    "material": "Material", "pattern": "Pattern", "color": "Color", "size": "Size", "age_group": "Age group",
    "gender": "Gender", "condition": "Condition", "size_system": "Size system", "product_weight": "Weight",
    "product_length": "Length", "product_width": "Width", "product_height": "Height", "energy_efficiency_class": "Energy class",
}  # fmt: skip
NAMESPACE = "http://base.google.com/ns/1.0"
OURS = ("id", "title", "description")  # Atom and RSS have elements of these names too; Google's own hold
MAX_DEPTH, MAX_ITEM = 12, 1 << 20  # elements, characters
MAX_SILENT = 2 << 20  # characters without an element or text


def is_table(table: Table) -> bool:
    """Whether a table's headers are Google's: its id and availability, which no other format calls so, and a price."""
    names = [table.find(name) for name in ("id", "title", "price")]
    some = (
        "item_group_id",
        "image_link",
        "availability",
        "google_product_category",
        "sale_price_effective_date",
        "gtin",
    )
    return None not in names and sum(table.find(name) is not None for name in some) >= 2


def table_rows(table: Table, feed: Feed) -> Iterator[Row]:
    """Rows of a feed as a table, whatever divides its columns."""
    names = [re.sub(r"\W+", "_", clean(name).lower().removeprefix("g:")).strip("_") for name in table.header]
    feed.columns = {field: name for field, all_ in FIELDS.items() for name in all_ if name in names}
    for line, row in table.rows:
        feed.rows += 1
        values: Values = defaultdict(list)
        for at, name in enumerate(names):
            if cell(row, at).strip():
                values[name].append(cell(row, at))
        yield row_of(line, values)


def row_of(line: int, values: Values) -> Row:
    """One item. In a group its colour and size are what can be chosen, alone they are what it is."""
    cells = {
        field: next((values[name][0] for name in names if values.get(name)), "") for field, names in FIELDS.items()
    }
    cells["kind"] = cells["kind"].split(">")[-1]
    group = next(iter(values.get("item_group_id", ())), "")
    chosen = [(label, values[name][0]) for name, label in OPTIONS.items() if group and values.get(name)]
    own = [
        (label, values[name][0]) for name, label in ATTRIBUTES.items()
        if values.get(name) and (label, values[name][0]) not in chosen and clean(values[name][0]).lower() != "new"
    ]  # fmt: skip
    own += [("Feature", text) for text in values.get("product_highlight", ())]
    details = [part.split(":") for text in values.get("product_detail", ()) for part in text.split(";;")]
    own += [(part[-2], part[-1]) for part in details if len(part) >= 2]
    return Row(line, group or cells["sku"], cells, chosen, own)


def xml_rows(path: Path, feed: Feed) -> Iterator[Row]:
    """Items of an XML feed, one at a time. Raises CatalogueError for DTDs and entities, and for XML of another kind."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.expatreader import DefusedExpatParser

    handler = _Items()
    parser: Any = DefusedExpatParser(forbid_dtd=True)
    parser.setFeature(feature_namespaces, True)
    parser.setContentHandler(handler)
    handler.setDocumentLocator(parser)
    try:
        silent = 0
        for number, text in enumerate(pieces(path, feed.encoding, feed.warn), 1):
            parser.feed(_declared(text) if number == 1 else text)
            yield from _taken(handler, feed)
            silent, handler.moved = 0 if handler.moved else silent + len(text), False
            if silent > MAX_SILENT:  # the parser begins an unfinished tag or comment anew with every piece
                raise SAXException(f"a tag or comment of more than {MAX_SILENT:,} characters")
        parser.close()
    except DefusedXmlException:
        raise CatalogueError(f"{path}: XML with a DTD or entities is refused; a product feed needs neither") from None
    except (SAXException, ValueError, LookupError, AssertionError) as error:
        yield from _taken(handler, feed)
        line = error.getLineNumber() if isinstance(error, SAXParseException) else handler.line
        feed.rows += 1
        said = error.getMessage() if isinstance(error, SAXException) else str(error)
        feed.reject(line or 0, f"not valid XML from here on: {clean(said)[:80]}")
    if not handler.root:
        raise CatalogueError(f"{path}: neither RSS nor Atom; export a Google Merchant feed")


def _declared(text: str) -> str:
    """The first line without its declared encoding: the text is decoded already."""
    return re.sub(
        r"""(<\?xml[^>]{0,100}?)\s+encoding\s*=\s*(["'])[^"'>]*\2""", r"\1", text.lstrip("\ufeff \t"), count=1
    )


def _taken(handler: "_Items", feed: Feed) -> Iterator[Row]:
    for line, values in handler.done:
        feed.rows += 1
        yield row_of(line, values)
    handler.done.clear()


class _Items(ContentHandler):
    """Collects <item> and <entry> elements; only the one being read is held."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[tuple[int, Values]] = []
        self.root = ""
        self.moved = False  # whether anything was found since it was last set back
        self._item: Values | None = None
        self._path: list[str] = []
        self._text: list[str] = []
        self._size = self._whole = self._began = 0
        self._detail: list[str] = []
        self._locator: Locator | None = None

    def setDocumentLocator(self, locator: Locator) -> None:
        self._locator = locator

    @property
    def line(self) -> int:
        return (self._locator.getLineNumber() or 0) if self._locator else 0

    def startElementNS(self, name: tuple[str | None, str], qname: str | None, attrs: AttributesNSImpl) -> None:
        local, self.moved = name[1].lower(), True
        if not self.root and local in ("rss", "feed", "channel", "rdf"):
            self.root = local
        elif not self._path and not self.root:
            raise SAXException("neither RSS nor Atom")
        self._path.append(local)
        if len(self._path) > MAX_DEPTH:
            raise SAXException("elements too deep")
        if local in ("item", "entry") and self._item is None:
            self._item, self._began, self._path, self._whole = defaultdict(list), self.line, [local], 0
        self._text, self._size = [], 0

    def characters(self, content: str) -> None:
        self.moved = True
        if self._item is not None and self._size <= MAX_CELL and self._whole <= MAX_ITEM:
            self._size, self._whole = self._size + len(content), self._whole + len(content)
            self._text.append(content)

    def endElementNS(self, name: tuple[str | None, str], qname: str | None) -> None:
        local, text = name[1].lower(), "".join(self._text).strip()
        self._text, depth = [], len(self._path)
        if self._path:
            self._path.pop()
        if self._item is None:
            return
        if depth == 1:
            self.done.append((self._began, dict(self._item)))
            self._item = None
        elif depth == 2 and local == "product_detail":
            self._item[local].append(":".join(self._detail))
            self._detail = []
        elif depth == 2 and text and len(self._item) < 200 and len(self._item[local]) < 100:
            self._item[local].insert(0 if name[0] == NAMESPACE and local in OURS else len(self._item[local]), text)
        elif depth == 3 and len(self._detail) < 10 and self._path[-1] == "product_detail":
            self._detail.append(text.replace(":", "："))
