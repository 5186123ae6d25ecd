"""Prices as text: one way to write them, one way to read them."""

import tomllib
from decimal import Decimal
from functools import cache
from importlib.resources import files


@cache
def _currencies() -> dict[str, tuple[str, int]]:
    text = (files("knowledge") / "data" / "currencies.toml").read_text(encoding="utf-8")
    return {code: (symbol, digits) for code, (symbol, digits) in tomllib.loads(text).items()}


def money(amount: Decimal, currency: str) -> str:
    """``money(Decimal("18"), "USD") == "$18.00"``. Fractions finer than the currency's are kept, never rounded away."""
    symbol, digits = _currencies().get(currency, ("", 2))
    exponent = amount.normalize().as_tuple().exponent
    places = max(digits, -exponent) if isinstance(exponent, int) else digits
    number = f"{abs(amount):,.{places}f}"
    sign = "-" if amount < 0 else ""
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{number} {currency}"


def parse_price(text: str) -> tuple[Decimal, str] | None:
    """The amount in a feed's cell and the currency sign or code beside it ("" when bare); None when there is no number.

    Understands "19.00", "$1,299.00", "1.299,00 €" and "15.00 USD".
    """
    from price_parser import Price

    price = Price.fromstring(text)
    return None if price.amount is None else (price.amount, price.currency or "")
