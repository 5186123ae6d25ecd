"""The shop that every file in tests/data/feeds tells of, as hawker should know it, and how to compare what it read."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from knowledge.feeds import Feed
from knowledge.product import Offer, Product, Variant

FILES = Path(__file__).parent / "data" / "feeds"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # inside the tent's sale
BEGINS = datetime.fromisoformat("2026-11-20T00:00+01:00")
ENDS = datetime.fromisoformat("2026-12-01T00:00+01:00")


def _variant(
    sku: str, price: str, stock: int | None, gtin: str, *options: tuple[str, str], ships: Any = "now"
) -> Variant:
    available = ships != "now" or stock is None or stock > 0
    return Variant(sku, Offer(Decimal(price), "EUR", None, stock, available, ships), options, gtin)


def _colour(colour: str, size: str) -> tuple[tuple[str, str], ...]:
    return (("Color", colour), ("Size", size))


TENT = Variant(
    "ALP-2P",
    Offer(Decimal("259.00"), "EUR", None, 12, True, "now", Decimal("219.00"), BEGINS, ENDS),
    gtin="4006381333931",
)
SHOP = (
    Product("trail-runner", "Trail Runner", vendor="Norrvik", kind="Shoes", variants=(
        _variant("TRL-BLK-41", "89.90", 5, "4012345000016", *_colour("Black", "41")),
        _variant("TRL-BLK-42", "89.90", 0, "4012345000023", *_colour("Black", "42")),
        _variant("TRL-RED-41", "94.90", 2, "4012345000030", *_colour("Red", "41")),
    )),
    Product("fir-candle", "Fir Candle", vendor="Norrvik", kind="Candle", variants=(
        _variant("FIR-S", "12.00", 30, "", ("Size", "Small")), _variant("FIR-L", "18.00", 4, "", ("Size", "Large")),
    )),
    Product("alpina-tent", "Alpina Tent", vendor="Norrvik", kind="Tent", variants=(TENT,)),
    Product("steel-bottle", "Steel Bottle", vendor="Puffin", kind="Bottle", variants=(
        _variant("BTL-750", "24.00", 40, "036000291452"),)),
    Product("bluetenhonig", "Blütenhonig „Süße Wiese“", vendor="Imkerei Jäger", kind="Food", variants=(
        _variant("00712", "7.50", 200, "40123455"),)),
    Product("wool-hat", "Wool Hat", vendor="Norrvik", kind="Hat", variants=(
        _variant("HAT-1", "24.00", None, "", ships="preorder"),)),
    Product("studio-lamp", "Studio Lamp", vendor="Lumora", kind="Lamp", variants=(
        _variant("LMP-9", "1299.50", 0, "", ships="backorder"),)),
    Product("tea-set", "Tea Set", vendor="Lumora", kind="Tableware", variants=(_variant("TEA-6", "45.00", 0, ""),)),
)  # fmt: skip
FACTS = ("Pitches in five minutes.", "Nubuck leather")  # a sentence of the tent's description, the shoes' material


@dataclass(frozen=True)
class Can:
    """What a format has a place for."""

    handle: bool = True
    stock: bool = True
    later: tuple[Literal["preorder", "backorder"], ...] = ("preorder", "backorder")
    window: bool = True


def told(products: tuple[Product, ...] | list[Product], can: Can = Can()) -> list[dict[str, Any]]:
    """Products as a format can carry them, so that two readings can be held side by side."""
    return [
        {
            "handle": product.handle if can.handle else "", "title": product.title, "vendor": product.vendor,
            "kind": product.kind, "variants": [_told(variant, can) for variant in product.variants],
        }
        for product in products
    ]  # fmt: skip


def _told(variant: Variant, can: Can) -> tuple[Any, ...]:
    offer = variant.offer if can.window else variant.offer.at(NOW)
    if offer.ships not in ("now", *can.later):
        offer = replace(offer, ships="now")
    if not can.stock or (offer.available and not offer.stock):
        offer = replace(offer, stock=None)
    return variant.sku, variant.gtin, variant.options, offer


def lines(feed: Feed) -> dict[int, str]:
    """The report's refusals and warnings by line."""
    return {row.line: row.why for row in (*feed.warnings, *feed.rejected)}
