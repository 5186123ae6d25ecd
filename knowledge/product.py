"""The typed catalogue: products, variants, offers, and the facts that answers cite."""

from dataclasses import dataclass
from decimal import Decimal


class CatalogueError(Exception):
    """A catalogue could not be read or opened; the message says the file, the line and what to do."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a variant costs and whether it can be had."""

    price: Decimal
    currency: str  # ISO 4217
    compare_at: Decimal | None = None  # the price before a sale, when the feed gives one
    stock: int | None = None  # units; None when the feed does not say
    available: bool = True


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
