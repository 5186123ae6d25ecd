"""Questions that go on from one before: "and the fan?", "and in coral?", "what about the smaller one?".

What such a question leaves out is taken from before: the attribute asked, and the version that a comparison points at.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from knowledge.asked import STORE_FIELDS, Asked
from knowledge.evidence import choose
from knowledge.product import Product, Variant

_OF_VERSIONS = ("price", "stock")  # what is asked again of another colour or size
_SIZED = frozenset(("dimensions", "capacity", "weight", "size"))
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_LETTERS = ("XXS", "XS", "S", "SMALL", "M", "MEDIUM", "L", "LARGE", "XL", "XXL", "2XL", "XXXL", "3XL")


def resumed(asked: Asked, before: Sequence[str], product: Product | None) -> Asked:
    """The question with what it leaves out. ``before``: attributes asked last; ``product``: the one it means."""
    if product is None:
        return asked
    if code := _pointed_version(asked, product):
        return _asking(replace(asked, code=code, sort=None), before, _OF_VERSIONS)
    if asked.kind not in ("fact", "unclear") or not (asked.again or asked.here):
        return asked
    chosen = choose(asked, product)
    if chosen.narrowed or chosen.unmet:
        wanted = replace(asked, kind="fact")
        return wanted if _own(asked) else _asking(wanted, before, _OF_VERSIONS)
    if _own(asked) or not (asked.mentions and asked.again):
        return asked
    return _asking(asked, [name for name in before if name not in STORE_FIELDS], None)


def _own(asked: Asked) -> bool:
    """Whether a question names an attribute itself, more than the size or colour that chooses a version."""
    return any(name not in ("size", "colour", "fit") for name, _ in asked.fields)


def _asking(asked: Asked, before: Sequence[str], only: Sequence[str] | None) -> Asked:
    names = [name for name in before if only is None or name in only]
    return replace(asked, kind="fact", fields=tuple((name, 1.0) for name in names)) if names else replace(asked, kind="fact")


def _pointed_version(asked: Asked, product: Product) -> str:
    """SKU of the version that "the smaller one" means; "" when the question means no version of this product."""
    if not asked.sort or asked.mentions or not asked.again or len(product.variants) < 2:
        return ""
    name, order = asked.sort
    ranked = [(_cost(v) if name == "price" else _measure(v), v) for v in product.variants if name == "price" or name in _SIZED]
    known = [(amount, v.sku) for amount, v in ranked if amount is not None]
    if len({amount for amount, _ in known}) < 2:
        return ""
    return (min if order == "<" else max)(known, key=lambda item: item[0])[1]


def _cost(variant: Variant) -> Decimal:
    return variant.offer.price


def _measure(variant: Variant) -> Decimal | None:
    """How large a version is, by the number or the letter of its size."""
    for _, value in variant.options:
        if found := _NUMBER.search(value):
            return Decimal(found[0])
        letters = [_LETTERS.index(part) for part in re.split(r"[\s(]+", value.upper()) if part in _LETTERS]
        if letters:
            return Decimal(letters[0])
    return None
