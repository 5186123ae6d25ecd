"""Numbers in facts, in one unit a quantity, so that code can compare them."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType

from knowledge.lexicon import words
from knowledge.product import Fact

_LIFETIME = (Decimal(1200), "month")  # longer than any stated number of years
_UNITS = MappingProxyType(  # unit → (base unit, how many of it)
    {
        **{name: ("g", Decimal(n)) for name, n in (("g", 1), ("kg", 1000), ("oz", "28.35"), ("lb", "453.6"))},
        **{
            name: ("ml", Decimal(n))
            for name, n in (("ml", 1), ("cl", 10), ("l", 1000), ("litre", 1000), ("liter", 1000))
        },
        **{name: ("ml", Decimal(1000)) for name in ("litres", "liters")},
        **{name: ("h", Decimal(1)) for name in ("h", "hour", "hours")},
        **{name: ("h", Decimal(1) / 60) for name in ("min", "minute", "minutes")},
        **{name: ("month", Decimal(n)) for name, n in (("month", 1), ("months", 1), ("year", 12), ("years", 12))},
        **{name: ("cm", Decimal(n)) for name, n in (("mm", "0.1"), ("cm", 1), ("m", 100))},
        **{name: (name, Decimal(1)) for name in ("w", "db", "lumens", "mah", "pcs", "days")},
    }
)


def comparable(fact: Fact) -> tuple[Decimal, str] | None:
    """A fact's number in its base unit: "1.15 kg" → (1150, "g"). None when there is none to trust."""
    if fact.number is not None:
        unit, factor = _UNITS.get(fact.unit.casefold(), (fact.unit, Decimal(1)))
        return fact.number * factor, unit
    if "lifetime" in fact.value.casefold():
        return _LIFETIME
    return next(_measured(fact.value), None)


def span(fact: Fact) -> tuple[Decimal, Decimal] | None:
    """Least and most of what a value states in the unit of its first number: "1.5 kg (20 cm), 3.2 kg (30 cm)" → 1500, 3200."""
    found = [comparable(fact), *([] if fact.number is not None else _measured(fact.value))]
    numbers = [n for n, unit in filter(None, found) if found[0] and unit == found[0][1]]
    return (min(numbers), max(numbers)) if numbers else None


def _measured(value: str) -> Iterator[tuple[Decimal, str]]:
    """Every number that stands before a unit, in its base unit."""
    for token, following in pairwise(words(value)):
        if token.text[0].isdigit() and following.text in _UNITS:
            unit, factor = _UNITS[following.text]
            yield Decimal(token.text.replace(",", "")) * factor, unit
