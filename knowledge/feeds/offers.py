"""A row's cells → its offer: price, sale, stock, availability. What is odd is told, what is wrong is refused."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Literal

from knowledge.feeds import cells
from knowledge.feeds.cells import CellError
from knowledge.feeds.report import Feed, Row
from knowledge.product import Offer

OVERSELL = frozenset({"continue", "true", "yes", "1", "notify", "ja", "oui", "sí"})


class Offers:
    """Makes offers of rows; ``currency`` holds where a row names none, ``comma`` says how the file writes decimals."""

    def __init__(self, feed: Feed, currency: str, comma: bool | None) -> None:
        self.feed, self.currency, self.comma = feed, currency, comma
        self._zoneless = False

    def of(self, row: Row) -> Offer:
        """Raises CellError when there is no price that could be asked."""
        if not row.cell("price").strip():
            raise CellError("no price")
        price, currency = cells.amount(_with_currency(row), self.currency, self.comma)
        if price <= 0:
            raise CellError(f"price {cells.clean(row.cell('price'))[:40]} is not above zero")
        sale, since, until = self._sale(row, price, currency)
        stock = self._stock(row)
        available, ships = self._available(row, stock)
        return Offer(
            price, currency, self._was(row, currency), stock if stock is None or available else 0, available, ships,
            sale, since, until,
        )  # fmt: skip

    def _was(self, row: Row, currency: str) -> Decimal | None:
        value = self._other(row, "was", currency)
        return value if value and value > 0 else None

    def _other(self, row: Row, name: str, currency: str) -> Decimal | None:
        """A second amount of the offer; one that is odd is left out with a warning."""
        if not row.cell(name).strip():
            return None
        try:
            value, code = cells.amount(row.cell(name), currency, self.comma)
            if code != currency:
                raise CellError(f"{cells.clean(row.cell(name))[:40]!r} is not in {currency}")
        except CellError as error:
            self.feed.warn(row.line, f"{name.replace('_', ' ')}: {error}; left out")
            return None
        return value

    def _sale(self, row: Row, price: Decimal, currency: str) -> tuple[Decimal | None, datetime | None, datetime | None]:
        sale = self._other(row, "sale_price", currency)
        if sale is None or sale == 0:
            return None, None, None
        since, until = row.cell("sale_from"), row.cell("sale_until")
        if window := row.cell("sale_window").strip():
            since, _, until = window.partition("/")
        try:
            if not 0 < sale < price:
                raise CellError(f"sale price {sale} is not below {price}")
            begins, ends = self._moment(row, since), self._moment(row, until, end=True)
            if begins and ends and begins >= ends:
                raise CellError("the sale ends before it begins")
        except CellError as error:
            self.feed.warn(row.line, f"sale left out: {error}")
            return None, None, None
        return sale, begins, ends

    def _moment(self, row: Row, text: str, *, end: bool = False) -> datetime | None:
        if not text.strip():
            return None
        value, zoned = cells.moment(text, end=end)
        if not zoned and not self._zoneless:
            self._zoneless = True
            self.feed.warn(row.line, "sale dates name no time zone and count as UTC; this is said once")
        return value

    def _stock(self, row: Row) -> int | None:
        text = cells.clean(row.cell("stock"))
        if not text:
            return None
        if not re.fullmatch(r"[-+]?\d{1,9}(?:[.,]0*)?", text, re.ASCII):
            self.feed.warn(row.line, f"stock {text[:40]!r} is not a whole number; left out")
            return None
        return max(int(re.split(r"[.,]", text)[0]), 0)

    def _available(self, row: Row, stock: int | None) -> tuple[bool, Literal["now", "preorder", "backorder"]]:
        """Whether and when: the feed's word, then its count, where none is left only if it may be sold all the same."""
        word = "in_stock"
        if row.cell("availability").strip():
            try:
                word = cells.availability(row.cell("availability"))
            except CellError as error:
                self.feed.warn(row.line, str(error))
                word = "out_of_stock"
        if word == "preorder" or word == "backorder":
            return True, "preorder" if word == "preorder" else "backorder"
        if word == "in_stock" and stock == 0 and cells.words(row.cell("oversell")) in OVERSELL:
            return True, "backorder"
        return word == "in_stock" and stock != 0, "now"


def _with_currency(row: Row) -> str:
    """The price with the currency of its own column, unless the cell names one itself."""
    price, named = row.cell("price"), cells.clean(row.cell("currency"))
    return price if not named or re.search(r"[^\d\s.,'’+-]", price) else f"{price} {named}"
