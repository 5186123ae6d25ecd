"""No sentence leaves with a price, number or claim that no fact backs, however it is dressed up."""

import pytest

from agent.guard import check, numbers
from knowledge.product import Fact

TENT = (
    Fact("t/price", "t", "ALP", "Alpina Tent", "price", "€219.00", label="Price"),
    Fact("t/compare_at", "t", "ALP", "Alpina Tent", "compare_at", "€259.00", label="Regular price"),
)
PLAIN = "The price of the Alpina Tent is €219.00, regular price €259.00."
DRY = (Fact("t/w", "t", "ALP", "Alpina Tent", "water_resistance", "Water repellent, not waterproof"),)
DRY_PLAIN = "No. Water resistance of the Alpina Tent: Water repellent, not waterproof."


def code(sentence: str, facts: tuple[Fact, ...] = TENT, language: str = "en") -> str:
    return check(sentence, facts, language=language).reason


def model(sentence: str, facts: tuple[Fact, ...] = TENT, plain: str = PLAIN, language: str = "en") -> str:
    return check(sentence, facts, language=language, plain=plain).reason


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        (PLAIN, "backed"),
        ("The price of the Alpina Tent is €199.00.", "unbacked_number"),
        ("The price of the Alpina Tent is €１９９.", "unbacked_number"),
        ("The price is €1\u200b99 for you.", "unbacked_number"),
        ("ราคา €๑๙๙", "unbacked_number"),
        ("ราคา €๒๑๙", "backed"),
        ("Save ½ today.", "unbacked_number"),
        ("Now 70% off.", "unbacked_number"),
        ("The price is $219.00.", "unbacked_currency"),
        ("The price is 219 dollars.", "unbacked_currency"),
        ("The price is USD219.", "unbacked_currency"),
        ("Harganya Rp219.", "unbacked_currency"),
        ("价格是219元。", "unbacked_currency"),
        ("ราคา 219 บาท", "unbacked_currency"),
        ("See https://evil.example for it.", "contact"),
        ("Write to me@evil.example please.", "contact"),
        ("Visit evil.shop now.", "contact"),
        ("", "empty"),
        ("\u200b \u2060", "empty"),
    ],
)
def test_the_plain_check_finds_what_no_fact_backs(sentence: str, reason: str) -> None:
    assert code(sentence) == reason


def test_numbers_are_compared_by_value() -> None:
    assert numbers("24.00 and 1,299.50 and 007") == {"24", "1299.5", "7"}
    assert numbers("２４") == numbers("๒๔") == numbers("24") == {"24"}
    assert numbers("12") != numbers("1.2") != numbers("120")


@pytest.mark.parametrize(
    "sentence",
    [
        PLAIN,
        "Great question! The Alpina Tent is €219.00, and the regular price is €259.00.",
        "The Alpina Tent costs €219, regular price €259.00!",
        "Oh, hi! It's €219.00. Regular price: €259.",
    ],
)
def test_a_models_true_sentence_passes(sentence: str) -> None:
    assert model(sentence) == "backed"


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("The Alpina Tent is €219.00, was €259.00, and it is the lightest tent.", "unbacked_words"),
        ("The Alpina Tent is €219.00, regular price €259.00. Free gift!", "negation_differs"),
        ("The Alpina Tent cures backache: €219.00, regular price €259.00.", "unbacked_words"),
        ("The Alpina Tent is two hundred; price €219.00, regular price €259.00.", "unbacked_number"),
        ("The price of the Alpina Tent is €259.00, regular price €219.00.", "numbers_differ"),
        ("The price of the Alpina Tent is €219.00.", "numbers_differ"),
        ("The price of the Alpina Tent is not €219.00, regular price €259.00.", "negation_differs"),
        ("The Alpina Tent is €219.00, regular price €259.00, 5 left.", "unbacked_number"),
    ],
)
def test_a_models_sentence_may_say_nothing_more_and_nothing_else(sentence: str, reason: str) -> None:
    assert model(sentence) == reason


def test_the_same_words_in_an_order_that_says_something_else_are_refused() -> None:
    assert model("The regular price of the Alpina Tent is €219.00, price €259.00.") != "backed"
    assert model("No, the Alpina Tent is water repellent, not waterproof.", DRY, DRY_PLAIN) == "backed"
    for lie in (
        "The Alpina Tent is waterproof, not water repellent.",
        "It's waterproof, so no question!",
        "Yes, it is waterproof.",
    ):
        assert model(lie, DRY, DRY_PLAIN) != "backed", lie


def test_a_comparison_cannot_be_turned_round() -> None:
    facts = (
        Fact("w/price", "w", "P", "Pulsar Watch", "price", "€179.00"),
        Fact("t/price", "t", "A", "Alpina Tent", "price", "€219.00"),
    )
    plain = "The cheaper choice is the Pulsar Watch at €179.00, against €219.00 for the Alpina Tent."
    turned = "The cheaper choice is the Alpina Tent at €179.00, against €219.00 for the Pulsar Watch."
    assert model("So, the cheaper choice is the Pulsar Watch at €179.00!", facts, plain) == "numbers_differ"
    assert model(f"Great question! {plain}", facts, plain) == "backed"
    assert model(turned, facts, plain) != "backed"


@pytest.mark.parametrize(
    ("plain", "told"),
    [("A$24.00", "$24.00"), ("CN¥24.00", "¥24.00"), ("$24.00", "S$24.00"), ("R$24.00", "$24.00")],
)
def test_one_dollar_is_not_another(plain: str, told: str) -> None:
    facts = (Fact("m/price", "m", "M", "Mug", "price", plain),)
    assert model(f"The Mug is {plain}.", facts, f"The Mug is {plain}.") == "backed"
    assert model(f"The Mug is {told}.", facts, f"The Mug is {plain}.") == "unbacked_currency"


@pytest.mark.parametrize(
    ("language", "plain", "good", "bad"),
    [
        ("es", "Alpina Tent cuesta €219.00.", "¡Hola! Alpina Tent cuesta €219.00.", "Alpina Tent no cuesta €219.00."),
        ("id", "Alpina Tent harganya €219.00.", "Halo kak! Alpina Tent harganya €219.00.",
         "Alpina Tent harganya €219.00, gratis ongkir."),
        ("de", "Der Preis von Alpina Tent: €219.00.", "Gute Frage! Der Preis von Alpina Tent: €219.00.",
         "Der Preis von Alpina Tent ist nicht €219.00."),
        ("zh", "Alpina Tent的价格是€219.00。", "Alpina Tent的价格是€219.00。", "Alpina Tent的价格不是€219.00。"),
        ("th", "Alpina Tent ราคา €219.00 ค่ะ", "Alpina Tent ราคา €219.00 ค่ะ", "Alpina Tent ไม่ ราคา €219.00 ค่ะ"),
        ("vi", "Alpina Tent có giá €219.00 ạ.", "Vâng, Alpina Tent có giá €219.00 ạ.",
         "Alpina Tent có giá €219.00 ạ, miễn phí."),
        ("ja", "Alpina Tentの価格は€219.00です。", "Alpina Tentの価格は€219.00です。",
         "Alpina Tentの価格は€219.00ではないです。"),
        ("hi", "Alpina Tent की कीमत €219.00 है।", "Alpina Tent की कीमत €219.00 है।", "Alpina Tent की कीमत €219.00 नहीं है।"),
    ],
)  # fmt: skip
def test_models_are_held_in_every_language(language: str, plain: str, good: str, bad: str) -> None:
    facts = TENT[:1]
    assert model(good, facts, plain, language) == "backed"
    assert model(bad, facts, plain, language) != "backed"


def test_what_code_computed_is_allowed_and_what_a_viewer_wrote_is_not() -> None:
    saved = "You save €40.00 on the Alpina Tent."
    assert not check(saved, TENT, language="en").ok
    assert check(saved, TENT, language="en", allowed="€40.00").ok
