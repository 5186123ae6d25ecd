"""Products and facts as the catalogue's file keeps them: JSON, one product a row."""

import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from knowledge.product import Fact, Offer, Product, Variant


def digest(text: str) -> str:
    """What tells one body from another."""
    return hashlib.sha256(text.encode()).hexdigest()


def key(text: str) -> bytes:
    """Under which a text's embedding is kept."""
    return hashlib.sha256(text.encode()).digest()


def dump(product: Product) -> str:
    """As ``asdict`` would have it, without its deep copies: a large feed spends a quarter of its time there."""
    variants = [_slots(variant) | {"offer": _slots(variant.offer)} for variant in product.variants]
    return json.dumps(_slots(product) | {"variants": variants}, ensure_ascii=False, default=str)


def _slots(thing: Product | Variant | Offer) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in thing.__slots__}


def load(body: str) -> Product:
    """The product of a body."""
    raw = json.loads(body)
    raw["variants"] = tuple(_load_variant(row) for row in raw["variants"])
    raw["attributes"] = tuple((name, value) for name, value in raw["attributes"])
    raw["tags"] = tuple(raw["tags"])
    return Product(**raw)


def _load_variant(raw: dict[str, Any]) -> Variant:
    offer = raw["offer"]
    offer["price"] = Decimal(offer["price"])
    for name in ("compare_at", "sale_price"):
        offer[name] = Decimal(offer[name]) if offer.get(name) is not None else None
    for name in ("sale_from", "sale_until"):
        offer[name] = datetime.fromisoformat(offer[name]) if offer.get(name) else None
    return Variant(raw["sku"], Offer(**offer), tuple((a, b) for a, b in raw["options"]), raw["gtin"])


def fact_row(fact: Fact) -> dict[str, Any]:
    """A fact as JSON can hold it."""
    return asdict(fact) | {"number": str(fact.number) if fact.number is not None else None}


def load_fact(body: str) -> Fact:
    """The fact of a body."""
    raw = json.loads(body)
    return Fact(**raw | {"number": Decimal(raw["number"]) if raw["number"] is not None else None})
