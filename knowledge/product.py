"""The typed catalogue: products, variants, offers, and the facts that answers cite."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

Availability = Literal["in_stock", "out_of_stock", "preorder", "backorder"]


class CatalogueError(Exception):
    """A catalogue could not be read or opened; the message says the file, the line and what to do."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a variant costs and whether it can be had."""

    price: Decimal  # outside the sale's window
    currency: str  # ISO 4217
    compare_at: Decimal | None = None  # the price before a sale, when the feed gives one
    stock: int | None = None  # units; None when the feed does not say
    available: bool = True  # whether it can be ordered
    ships: Literal["now", "preorder", "backorder"] = "now"  # of what can be ordered: when it leaves
    sale_price: Decimal | None = None
    sale_from: datetime | None = None  # with its zone; None: since ever
    sale_until: datetime | None = None  # with its zone, the first moment after the sale; None: until further notice

    @property
    def availability(self) -> Availability:
        """The one word that feeds use."""
        if not self.available:
            return "out_of_stock"
        return "in_stock" if self.ships == "now" else self.ships

    def on_sale(self, now: datetime) -> bool:
        """Whether the sale price holds at ``now``, a moment with its zone."""
        if self.sale_price is None or (self.sale_from and now < self.sale_from):
            return False
        return self.sale_until is None or now < self.sale_until

    def at(self, now: datetime) -> "Offer":
        """The offer as it stands at ``now``: what is asked is its ``price``, and no sale is left to come."""
        price, was = self.price, self.compare_at
        if self.on_sale(now) and self.sale_price is not None:
            price, was = self.sale_price, max(self.price, was or self.price)
        return replace(self, price=price, compare_at=was, sale_price=None, sale_from=None, sale_until=None)


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing that can be bought."""

    sku: str
    offer: Offer
    options: tuple[tuple[str, str], ...] = ()  # (("Color", "Black"), ("Size", "M")); empty for a one-variant product
    gtin: str = ""  # digits as text: leading zeros count


@dataclass(frozen=True, slots=True)
class Product:
    """One product as the seller lists it."""

    handle: str  # unique in the catalogue
    title: str
    variants: tuple[Variant, ...]
    kind: str = ""  # the seller's product type: "Backpack"
    vendor: str = ""
    description: str = ""  # plain text, markup removed
    attributes: tuple[tuple[str, str], ...] = ()  # ("Material", "100% organic cotton"), in the feed's words and order
    tags: tuple[str, ...] = ()
    image: str = ""  # URL or path as given; never fetched by hawker
    source: str = ""  # "catalogue.csv:12"


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement that an answer may rest on.

    ``field`` is canonical where hawker knows the attribute (price, stock, material, size, colour, care, weight,
    dimensions, capacity, battery, power, water_resistance, warranty, compatibility, ingredients, origin, age, shipping,
    returns, payment, contact, discount …), else the feed's own name in snake_case. ``value`` is display-ready, in the
    catalogue's own words and language: answers quote it exactly. Numbers that code must compute with are in ``number``.
    """

    id: str  # stable: "<handle or policy>/<field>[/<variant sku>]"
    handle: str  # product handle, or "" for a fact about the store
    sku: str  # the variant's SKU, or the first variant's for facts about the whole product; "" for the store
    product: str  # product title; "" for the store
    field: str
    value: str
    number: Decimal | None = None
    unit: str = ""  # ISO currency for prices, "pcs" for stock, "g", "cm" …
    source: str = ""  # "catalogue.csv:12"
    label: str = ""  # the feed's own name of the attribute ("Battery life"), for showing


@dataclass(frozen=True, slots=True)
class Hit:
    """A fact found for a question. Scores are comparable inside one search only."""

    fact: Fact
    score: float
    via: str = "vector"  # vector | keyword | sku | fused
