"""Numbers in facts, in one unit a quantity, so that code can compare them."""

import re
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


_ORDER = MappingProxyType(
    {
        **{"XXS": 0, "XS": 1, "S": 2, "SMALL": 2, "M": 3, "MEDIUM": 3, "L": 4, "LARGE": 4},
        **{"XL": 5, "XXL": 6, "2XL": 6, "XXXL": 7, "3XL": 7},
    }
)
_NUMBER = r"(?:\d[\d.,]*|\b(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|half|several|few))"
_TIME = (
    r"(?:s|sec|seconds?|min|minutes?|h|hours?|days?|nights?|weeks?|months?|years?|seasons?|"
    r"segundos?|minutos?|horas?|días?|dias?|semanas?|meses|mês|años?|anos?|secondes?|heures?|jours?|semaines?|mois|ans?|"
    r"sekunden?|minuten?|stunden?|tagen?|tage|wochen?|monaten?|monate|jahren?|jahre|detik|menit|jam|hari|minggu|bulan|tahun)"
)
_KINDS = MappingProxyType(
    {
        "time": re.compile(rf"{_NUMBER}[\s-]*(?:(?:to|or|-|–|bis|a|à)\s*{_NUMBER}\s*)?{_TIME}\b", re.IGNORECASE),
        "length": re.compile(rf"{_NUMBER}\s*(?:mm|cm|m|km|metres?|meters?|inch(?:es)?|in|ft|feet)\b", re.IGNORECASE),
        "temperature": re.compile(r"\d\s*(?:°|degrees?|grad|graus|grados|degrés)", re.IGNORECASE),
        "speed": re.compile(r"\d\s*(?:km/h|kmh|kph|mph|rpm|m/s|u/min)", re.IGNORECASE),
        "area": re.compile(rf"{_NUMBER}\s*(?:m²|m2|qm|sqm|sq|square|metros cuadrados|mètres carrés|quadratmeter)", re.IGNORECASE),
        "count": re.compile(_NUMBER, re.IGNORECASE),
        "often": re.compile(
            r"\b(?:once|twice|daily|weekly|monthly|every|each|times|per (?:day|week|month)|morning|evening)\b"
            r"|\b(?:vez|veces|fois|mal|kali)\b",
            re.IGNORECASE,
        ),
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


def extent(option: str) -> tuple[Decimal, str] | None:
    """How large an option is among its like: "1 l" → (1000, "ml"), "Medium" → (3, "size"); None for a colour."""
    if measured := next(_measured(option), None):
        return measured
    letters = next((at for part in option.upper().split() if (at := _ORDER.get(part)) is not None), None)
    return None if letters is None else (Decimal(letters), "size")


def states(measures: frozenset[str], text: str) -> bool:
    """Whether a text states a number of one of these kinds: "in three minutes" is a time."""
    return any(_KINDS[measure].search(text) for measure in measures if measure in _KINDS)


def _measured(value: str) -> Iterator[tuple[Decimal, str]]:
    """Every number that stands before a unit, in its base unit."""
    for token, following in pairwise(words(value)):
        if token.text[0].isdigit() and following.text in _UNITS:
            unit, factor = _UNITS[following.text]
            yield Decimal(token.text.replace(",", "")) * factor, unit
