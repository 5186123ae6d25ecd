"""What came of reading a file: its products and statements, and every row that was not simply taken."""

from dataclasses import dataclass, field
from typing import Literal

from knowledge.product import Fact, Product

Column = Literal[
    "handle", "title", "description", "vendor", "kind", "tags", "image", "sku", "gtin", "price", "currency", "was",
    "sale_price", "sale_window", "sale_from", "sale_until", "stock", "availability", "status",
]  # fmt: skip
OPEN = 20_000  # products held at a time; rows of one product may stand that many products apart
KEPT = 1000  # rejections and warnings told one by one; a broken file of a million rows is not a list of a million


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was left out, or taken with a warning: where it stands and why. Line 0 is the file as a whole."""

    file: str
    line: int
    why: str


@dataclass(slots=True)
class Feed:
    """What one file holds, and what of it could not be used. Lines count from 1; in a PDF they are pages."""

    source: str
    products: list[Product] = field(default_factory=list)
    policies: list[Fact] = field(default_factory=list)
    rows: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    format: str = ""
    encoding: str = ""  # of text files, as it was told from the file
    skipped: int = 0  # rows of products that the seller keeps off sale
    refused: int = 0
    warned: int = 0
    warnings: list[Rejected] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)

    def reject(self, line: int, why: str, rows: int = 1) -> None:
        """Leave a row out, or several that fail together."""
        self.refused += rows
        if len(self.rejected) < KEPT:
            self.rejected.append(Rejected(self.source, line, why))

    def warn(self, line: int, why: str) -> None:
        """Take a row, but tell the seller what is odd about it."""
        self.warned += 1
        if len(self.warnings) < KEPT:
            self.warnings.append(Rejected(self.source, line, why))


@dataclass(slots=True)
class Row:
    """One row of any format, its cells as text under hawker's names; nothing of it is trusted yet.

    ``cells`` may hold: title description vendor kind tags image sku gtin price currency was sale_price sale_from
    sale_until sale_window stock availability oversell. Rows with one ``key`` are one product.
    """

    line: int
    key: str
    cells: dict[str, str]
    options: list[tuple[str, str]] = field(default_factory=list)
    attributes: list[tuple[str, str]] = field(default_factory=list)
    sold: bool = True  # False: says something about the product, and is no variant itself

    def cell(self, name: str) -> str:
        return self.cells.get(name, "")
