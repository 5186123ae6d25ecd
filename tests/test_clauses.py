"""Clauses: nothing lost, nothing cut where a speaker would not pause."""

import random

import pytest

from agent.clauses import clauses, parts

SENTENCES = [
    ("en", "Ann, the Fern Blanket (80% cotton, 20% wool) costs $1,299.00, or 12:30 on May 5, 2026; that is it."),
    ("en", "The price of the Alpina Tent is €219.00."),
    ("es", "Puffin Bottle cuesta de $24 a $29, según la versión."),
    ("fr", "Le prix est de 1 299,00 €, selon la version ; voilà."),
    ("pt", "O envio para o Brasil leva de 7 a 12 dias, mas não há entrega aos domingos."),
    ("zh", "根据退货政策，签收后三十天内可以退货，商品需未使用：请保留包装、吊牌。"),
    ("zh", "价格是1，299美元。"),
    ("ja", "素材は、オーガニックコットン、ウールです。"),
    ("hi", "Puffin Bottle की कीमत 24 से 29 डॉलर है, और यह उपलब्ध है।"),
    ("th", "สินค้ามีสามสี, แดง, เขียว, น้ำเงิน"),
    ("id", "Harga Puffin Bottle 24 sampai 29 dolar, tergantung varian."),
]


@pytest.mark.parametrize(("language", "text"), SENTENCES)
def test_nothing_is_lost_or_changed(language: str, text: str) -> None:
    assert "".join(clauses(text, language)) == text
    dice = random.Random(text)
    for _ in range(50):
        sizes = [dice.randint(1, 60) for _ in range(dice.randint(1, 4))]
        cut = parts(text, language, sizes)
        assert "".join(cut) == text and all(any(c.isalnum() for c in piece) for piece in cut)


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("en", "It is $1,299.00 and 12:30, at 3,5 kg.", ["It is $1,299.00 and 12:30, ", "at 3,5 kg."]),
        ("en", "Sold on May 5, 2026, in sizes 38, 39, 40.", ["Sold on May 5, 2026, ", "in sizes 38, 39, 40."]),
        ("en", "The rug (jute, cotton) is here, yes.", ["The rug (jute, cotton) is here, ", "yes."]),
        ("en", "They said “soft, warm” — and so it is.", ["They said “soft, warm” — ", "and so it is."]),
        ("zh", "价格是1，299美元，有货。", ["价格是1，299美元，", "有货。"]),
        ("fr", "Le prix : 1 299,00 €.", ["Le prix : ", "1 299,00 €."]),
    ],
)
def test_numbers_prices_dates_and_parentheses_stay_whole(language: str, text: str, wanted: list[str]) -> None:
    assert clauses(text, language) == wanted


def test_a_name_with_a_comma_stays_whole() -> None:
    text = "The Kestrel Knife, 20 cm, walnut is in stock, and it is sharp."
    assert clauses(text, "en", keep=["Kestrel Knife, 20 cm, walnut"]) == [
        "The Kestrel Knife, 20 cm, walnut is in stock, ", "and it is sharp."
    ]  # fmt: skip


def test_the_first_part_is_short_and_later_ones_hold_more() -> None:
    text = "Ann, the tent is here, it is green, it weighs two kilos, it sleeps four, and it is easy to pitch."
    assert [len(piece) for piece in parts(text, "en", [10, 30, 60])][:2] == [5, 18]
    assert parts(text, "en", [500]) == [text]


def test_a_clause_without_a_mark_is_cut_before_a_conjunction_when_it_is_long() -> None:
    text = "Puffin Bottle cuesta veinticuatro dólares y viene en muchos colores"
    assert parts(text, "es", [100]) == [text]
    assert parts(text, "es", [25]) == ["Puffin Bottle cuesta veinticuatro dólares ", "y viene en muchos colores"]
    assert parts(text, "es", [25], keep=["dólares y viene"]) == [text], "not inside a name"
