"""Personal data is found by its form, whatever the country, and numbers that are nobody's are left alone."""

import pytest

from knowledge.message import clean
from knowledge.personal import personal_data, redacted


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("call +66 81 234 5678", "phone"),
        ("ring 06 12 34 56 78", "phone"),
        ("zap 11 98765-4321", "phone"),
        ("我的手机13812345678", "phone"),
        ("call me 5551234", "phone"),
        ("a.b@example.co", "email"),
        ("a.b (at) example.co", "email"),
        ("加我微信 lily8866", "contact"),
        ("line id: nuch.k", "contact"),
        ("zalo: minh_99", "contact"),
        ("@lily_k", "handle"),
        ("4111 1111 1111 1111", "number"),
        ("DE89 3704 0044 0532 0130 00", "number"),
        ("meu cpf 123.456.789-09", "number"),
        ("身份证310101199003074258", "number"),
        ("my passport K1234567 is 123456789", "number"),
        ("cvv 123", "number"),
        ("221 Maple Street, Apt 4", "address"),
        ("14 rue des lilas 75011 paris", "address"),
        ("hauptstraße 12, 10115 berlin", "address"),
        ("上海市浦东新区世纪大道100号", "address"),
        ("jl merdeka no 15 rt 02", "address"),
        ("calle hidalgo 45", "address"),
        ("12 Nguyễn Trãi, quận 1", "address"),
    ],
)
def test_found_and_taken_out(text: str, kind: str) -> None:
    assert kind in {found.kind for found in personal_data(text)}
    assert f"[{kind}]" in redacted(text)
    digits = {char for char in text if char.isdigit()}
    assert not digits or sum(char.isdigit() for char in clean(text)) < sum(char.isdigit() for char in text)


@pytest.mark.parametrize(
    "text",
    [
        "barcode 2951122504229", "do you have 36 37 38 39 40", "is it 1.000.000 vnd", "by 2026-12-25?", "1 299 000 total",
        "size 10 12 14", "90-60-90", "10 000 mah", "wechat pay accepted?", "do you take line pay", "300 gsm 500 thread",
        "gtin 00012345678905", "what's the line up", "iphone 15 pro 256",
    ],
)  # fmt: skip
def test_numbers_that_are_nobodys(text: str) -> None:
    assert personal_data(text) == () and redacted(text) == text


def test_the_rest_of_the_comment_stays() -> None:
    assert clean("how much? mail me at kate@x.co please") == "how much? mail me at please"
