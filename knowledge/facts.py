"""Product → facts: every statement that an answer about it may rest on."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from knowledge.fields import canonical, known
from knowledge.money import money
from knowledge.product import Fact, Offer, Product, Variant

LABELLED = re.compile(r"^\s*([^\W\d_][\w '/&\u0900-\u0963\u0e31-\u0e4e-]{1,30}?)\s*(?::\s+|：\s*)(\S.*)$")
SENTENCE = re.compile(r"(?<=[.!?।])\s+|(?<=[。！？])\s*(?=\S)")  # no space stands behind a Chinese or Japanese full stop
LATER = {"preorder": "Can be pre-ordered", "backorder": "On backorder: can be ordered, ships later"}


def facts(product: Product, now: datetime | None = None) -> list[Fact]:
    """All facts of a product: offers first, then attributes in the feed's order, then what its description says.

    Prices are those of ``now``, a moment with its zone; left out, the present one.
    """
    product = at(product, now or datetime.now(UTC))
    out = [*_prices(product), *_stock(product), *_options(product), *_attributes(product), *_described(product)]
    out += [_fact(product, "gtin", v.gtin, variant=v, label="GTIN") for v in product.variants if v.gtin]
    if product.vendor:
        out.append(_fact(product, "vendor", product.vendor, label="Brand"))
    if product.kind:
        out.append(_fact(product, "kind", product.kind, label="Type"))
    return out


def at(product: Product, now: datetime) -> Product:
    """The product with the offers that stand at ``now``."""
    return replace(product, variants=tuple(replace(v, offer=v.offer.at(now)) for v in product.variants))


def next_change(products: Iterable[Product], now: datetime) -> datetime | None:
    """When the next sale begins or ends: until then, facts made at ``now`` stay true. None when no sale is to come."""
    offers = [v.offer for product in products for v in product.variants if v.offer.sale_price is not None]
    edges = [edge for offer in offers for edge in (offer.sale_from, offer.sale_until) if edge and edge > now]
    return min(edges, default=None)


def variant_name(variant: Variant) -> str:
    """ "Black, M"; empty for a product's only variant."""
    return ", ".join(value for _, value in variant.options)


def _fact(
    product: Product, field: str, value: str, *, number: Decimal | None = None, unit: str = "", label: str = "",
    variant: Variant | None = None, part: str = "",
) -> Fact:  # fmt: skip
    sku = variant.sku if variant else (product.variants[0].sku if product.variants else "")
    tail = f"/{variant.sku}" if variant else (f"#{part}" if part else "")
    return Fact(
        f"{product.handle}/{field}{tail}", product.handle, sku, product.title, field, value, number, unit,
        product.source, label or field.replace("_", " ").capitalize(),
    )  # fmt: skip


def _prices(product: Product) -> Iterator[Fact]:
    offers = [(v, v.offer) for v in product.variants]
    low = min(o.price for _, o in offers)
    high = max(o.price for _, o in offers)
    currency = offers[0][1].currency
    whole = money(low, currency) if low == high else f"{money(low, currency)} to {money(high, currency)}"
    yield _fact(product, "price", whole, number=low, unit=currency)
    was = [o.compare_at for _, o in offers if o.compare_at and o.compare_at > o.price]
    if was and len(set(was)) == 1 and low == high:
        yield _fact(product, "compare_at", money(was[0], currency), number=was[0], unit=currency, label="Regular price")
    if low != high:
        for variant, offer in offers:
            yield _fact(
                product, "price", money(offer.price, currency), number=offer.price, unit=currency, variant=variant
            )


def _stock(product: Product) -> Iterator[Fact]:
    """What can be had. A product that only ships later has "availability" instead: "in stock" is not true of it."""
    offers = [v.offer for v in product.variants]
    yield _stock_fact(product, offers)
    if len(offers) > 1:
        for variant in product.variants:
            yield _stock_fact(product, [variant.offer], variant)


def _stock_fact(product: Product, offers: list[Offer], variant: Variant | None = None) -> Fact:
    orderable = [offer for offer in offers if offer.available]
    here = [offer for offer in orderable if offer.ships == "now"]
    if orderable and not here:
        text = LATER[orderable[0].ships]
        return _fact(product, "availability", text, variant=variant, label="Availability")
    counts = [offer.stock for offer in here if offer.stock is not None]
    total = sum(counts) if counts else None
    text = "Sold out" if not here else ("In stock" if total is None else f"In stock: {total}")
    number = Decimal(0) if not here else (Decimal(total) if total is not None else None)
    return _fact(product, "stock", text, number=number, unit="pcs", variant=variant)


def tells_stock(fact: Fact) -> bool:
    """Whether a fact says what can be had: how many are here, or that it ships later."""
    return fact.field == "stock" or (fact.field == "availability" and fact.value in LATER.values())


def ships_later(fact: Fact) -> str:
    """ "preorder" or "backorder" of a fact that says so, else ""."""
    return next((word for word, text in LATER.items() if fact.field == "availability" and fact.value == text), "")


def _options(product: Product) -> Iterator[Fact]:
    """Sizes and colours that exist, and which of them are sold out is the stock facts' business."""
    values: dict[str, list[str]] = {}
    for variant in product.variants:
        for name, value in variant.options:
            seen = values.setdefault(name, [])
            if value not in seen:
                seen.append(value)
    for name, seen in values.items():
        field = canonical(name)
        yield _fact(product, field, ", ".join(seen), label=name)


def _attributes(product: Product) -> Iterator[Fact]:
    used: dict[str, int] = {}
    for name, value in product.attributes:
        field = canonical(name)
        used[field] = used.get(field, 0) + 1
        part = "" if used[field] == 1 else str(used[field])
        yield _fact(product, field, value, label=name, part=part)


def _described(product: Product) -> Iterator[Fact]:
    """The description's lines: "Key: value" ones under their own field, sentences under "description"."""
    number = 0
    for line in product.description.splitlines():
        labelled = LABELLED.match(line)
        if labelled and known(labelled[1]):
            number += 1
            yield _fact(product, canonical(labelled[1]), labelled[2], label=labelled[1].strip(), part=f"d{number}")
            continue
        for sentence in SENTENCE.split(line.strip()):
            if sentence:
                number += 1
                yield _fact(product, "description", sentence, part=f"d{number}")
