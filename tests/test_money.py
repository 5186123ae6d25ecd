"""Prices are written in one way."""

from decimal import Decimal

import pytest

from knowledge.money import money


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("18", "USD", "$18.00"),
        ("1299.5", "USD", "$1,299.50"),
        ("0.125", "USD", "$0.125"),
        ("150000", "IDR", "Rp150,000"),
        ("1980", "JPY", "¥1,980"),
        ("88", "CNY", "CN¥88.00"),
        ("-5", "EUR", "-€5.00"),
        ("1.5", "KWD", "KWD 1.500"),
        ("12", "XYZ", "12.00 XYZ"),
        ("1E+3", "USD", "$1,000.00"),
    ],
)
def test_money(amount: str, currency: str, text: str) -> None:
    assert money(Decimal(amount), currency) == text
