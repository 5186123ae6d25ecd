"""A small shop for the tests of questions and answers: not the example catalogue, so that nothing can lean on it."""

import sqlite3
import tempfile
from decimal import Decimal
from functools import cache
from pathlib import Path

from knowledge.embed import open_embedder
from knowledge.feeds import Feed
from knowledge.index import FactIndex
from knowledge.product import Fact, Offer, Product, Variant
from knowledge.retrieve import Retriever
from knowledge.store import Store


def variant(sku: str, price: str, stock: int | None, *options: tuple[str, str], was: str | None = None) -> Variant:
    offer = Offer(Decimal(price), "EUR", Decimal(was) if was else None, stock, stock is None or stock > 0)
    return Variant(sku, offer, options)


BOOTS = Product(
    "trekker-boots", "Trekker 500 Hiking Boots", kind="Boots", vendor="Bergfuchs",
    description="Ankle-high boots for rocky paths.\nWaterproof membrane.",
    attributes=(("Material", "Nubuck leather, rubber sole"), ("Care instructions", "Brush, never machine wash")),
    variants=(
        variant("TRK-41", "149.90", 5, ("Size", "EU 41")),
        variant("TRK-42", "149.90", 0, ("Size", "EU 42")),
    ),
)  # fmt: skip
TENT = Product(
    "alpina-tent", "Alpina Tent", kind="Tent", description="Pitches in five minutes.",
    attributes=(("Weight", "2.6 kg"), ("Water resistance", "Water repellent, not waterproof")),
    variants=(
        variant("ALP-GRN", "219.00", 12, ("Color", "Forest Green"), was="259.00"),
        variant("ALP-ORG", "219.00", 2, ("Color", "Orange"), was="259.00"),
    ),
)  # fmt: skip
WATCH = Product(
    "pulsar-watch", "Pulsar GPS Watch", kind="Smartwatch", description="Tracks routes and heart rate.",
    attributes=(("Battery life", "14 days"), ("Warranty", "2 years"), ("Weight", "48 g")),
    variants=(variant("PUL-1", "179.00", 9),),
)  # fmt: skip
CANDLE = Product(
    "fir-candle", "Fir Candle", kind="Candle", attributes=(("Material", "Soy wax"),),
    variants=(variant("FIR-S", "12.00", 3, ("Size", "Small")), variant("FIR-L", "18.00", 4, ("Size", "Large"))),
)  # fmt: skip
SERUM = Product(
    "glow-serum", "Glow Serum", kind="Serum", attributes=(("Ingredients", "Water, squalane; no alcohol"),),
    variants=(variant("GLO-30", "26.00", 40),),
)  # fmt: skip
PRODUCTS = (BOOTS, TENT, WATCH, CANDLE, SERUM)


def policy(number: int, field: str, value: str) -> Fact:
    return Fact(f"/{field}#{number}", "", "", "", field, value, source="terms.md:1", label=field.capitalize())


POLICIES = (
    policy(1, "shipping", "Delivery to Germany takes 2 to 3 business days."),
    policy(2, "shipping", "Delivery to Thailand: 9 to 12 business days."),
    policy(3, "shipping", "We do not ship outside Germany and Thailand."),
    policy(4, "shipping", "Shipping costs €4.90 to Germany and €19.00 to Thailand."),
    policy(5, "returns", "You can return anything within 14 days for a refund."),
    policy(6, "returns", "Opened skincare cannot be returned."),
    policy(7, "payment", "We accept PayPal, Klarna and credit cards."),
    policy(8, "payment", "Cash on delivery is not available."),
)


@cache
def retriever() -> Retriever:
    """A retriever with the real embedder over the small shop; made once a test run."""
    store = Store(Path(tempfile.mkdtemp()) / "shop.sqlite")
    store.ingest(Feed("shop.csv", list(PRODUCTS), list(POLICIES), len(PRODUCTS)))
    embedder = open_embedder()
    return Retriever(store, FactIndex.build(store, embedder), embedder)


def shop_at(path: Path) -> Path:
    """The small shop's catalogue once more, with all embeddings that are kept in it."""
    with sqlite3.connect(retriever().store.path) as db:
        db.execute("VACUUM INTO ?", (str(path),))
    db.close()
    return path
