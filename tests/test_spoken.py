"""Prices, measures and codes as a voice should say them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.spoken import MONEY, spoken


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("en", "It is $18.50.", "It is eighteen dollars and fifty cents."),
        ("en", "It is $1.", "It is one dollar."),
        ("en", "$1,299.00 today", "one thousand two hundred and ninety-nine dollars today"),
        ("en", "500 ml or 1 kg", "500 milliliters or 1 kilogram"),
        ("en", "2-3 days", "2 to 3 days"),
        ("en", "14 × 26 cm", "14 by 26 centimeters"),
        ("en", "Code LUM-01", "Code L U M 01"),
        ("en", "See https://x.yz now 🔥", "See now"),
        ("es", "Cuesta $1.00.", "Cuesta un dólar."),
        ("es", "Cuesta €18.50.", "Cuesta dieciocho euros con cincuenta céntimos."),
        ("zh", "价格是CN¥88.00。", "价格是八十八元。"),
        ("zh", "容量500 ml", "容量五百毫升"),
        ("th", "ราคา ฿250.00", "ราคา สองร้อยห้าสิบบาท"),
        ("vi", "Giá ₫150,000", "Giá một trăm năm mươi nghìn đồng"),
        ("id", "Harganya Rp150,000", "Harganya seratus lima puluh ribu rupiah"),
        ("de", "Es kostet €18.50.", "Es kostet achtzehn Euro und fünfzig Cent."),
        ("fr", "Il coûte €1.00.", "Il coûte un euro."),
        ("ja", "価格は¥1,980です", "価格は千九百八十円です"),
    ],
)
def test_spoken(language: str, text: str, said: str) -> None:
    assert spoken(text, language) == said


@pytest.mark.parametrize("language", [*MONEY, "xx"])
@settings(max_examples=25, deadline=None)
@given(st.text(alphabet="aZ 0123456789.,$€¥Rp-–×%kgml元บาท\n🔥<>", max_size=40))
def test_no_text_raises(language: str, text: str) -> None:
    assert "\n" not in spoken(text, language)
