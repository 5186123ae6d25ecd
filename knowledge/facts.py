"""Product → facts: every statement that an answer about it may rest on."""

import re
from collections.abc import Iterator
from decimal import Decimal

from knowledge.fields import canonical, known
from knowledge.money import money
from knowledge.product import Fact, Product, Variant

LABELLED = re.compile(r"^\s*([^\W\d_][\w '/&-]{1,30}?)\s*:\s+(\S.*)$")
SENTENCE = re.compile(r"(?<=[.!?。！？])\s+")
SIZE_OPTIONS, COLOUR_OPTIONS = "size", "colour"


def facts(product: Product) -> list[Fact]:
    """All facts of a product: offers first, then attributes in the feed's order, then what its description says."""
    out = [*_prices(product), *_stock(product), *_options(product), *_attributes(product), *_described(product)]
    out += [_fact(product, "gtin", v.gtin, variant=v, label="GTIN") for v in product.variants if v.gtin]
    if product.vendor:
        out.append(_fact(product, "vendor", product.vendor, label="Brand"))
    if product.kind:
        out.append(_fact(product, "kind", product.kind, label="Type"))
    return out


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
    counts = [v.offer.stock for v in product.variants]
    some = any(v.offer.available for v in product.variants)
    total = sum(n for n in counts if n is not None) if any(n is not None for n in counts) else None
    text = "Sold out" if not some else ("In stock" if total is None else f"In stock: {total}")
    number = Decimal(total) if total is not None else None
    yield _fact(product, "stock", text, number=number if some else Decimal(0), unit="pcs")
    if len(product.variants) > 1:
        for v in product.variants:
            left = v.offer.stock
            line = "Sold out" if not v.offer.available else ("In stock" if left is None else f"In stock: {left}")
            amount = Decimal(left) if left is not None else (None if v.offer.available else Decimal(0))
            yield _fact(product, "stock", line, number=amount, unit="pcs", variant=v)


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
