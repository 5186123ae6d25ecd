"""Prices as text: the one way in which hawker writes them."""

import tomllib
from decimal import Decimal
from functools import cache
from importlib.resources import files


@cache
def _currencies() -> dict[str, tuple[str, int]]:
    text = (files("knowledge") / "data" / "currencies.toml").read_text(encoding="utf-8")
    return {code: (symbol, digits) for code, (symbol, digits) in tomllib.loads(text).items()}


def digits_of(currency: str) -> int | None:
    """How many digits a currency has after the point; None for a code that hawker does not know."""
    found = _currencies().get(currency)
    return found[1] if found else None


def money(amount: Decimal, currency: str) -> str:
    """``money(Decimal("18"), "USD") == "$18.00"``. Fractions finer than the currency's are kept, never rounded away."""
    symbol, digits = _currencies().get(currency, ("", 2))
    exponent = amount.normalize().as_tuple().exponent
    places = max(digits, -exponent) if isinstance(exponent, int) else digits
    number = f"{abs(amount):,.{places}f}"
    sign = "-" if amount < 0 else ""
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{number} {currency}"
