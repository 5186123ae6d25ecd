"""Sentence by sentence: a model's words are spoken early, and only if they say what plain sentences say, all of it."""

from collections.abc import AsyncGenerator

import pytest

from agent.guard import Verdict
from agent.phrasing import Script, affirms, spoken
from agent.statements import Sentence
from knowledge.product import Fact

PRICE = Fact("w/price", "w", "W", "Pulsar Watch", "price", "€179.00", label="Price")
BAND = Fact("w/material", "w", "W", "Pulsar Watch", "material", "Steel case, rubber strap", label="Material")
PLAIN = [
    Sentence("The price of the Pulsar Watch is €179.00.", (PRICE,)),
    Sentence("The material of the Pulsar Watch: Steel case, rubber strap.", (BAND,)),
]


def script(*, affirm: bool = True, told: tuple[Sentence, ...] = ()) -> Script:
    return Script(list(PLAIN), "en", list(told), affirm)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("It costs €179.00.", 1),
        ("It costs €179.00 and is made of steel case, rubber strap.", 0),
        ("Great question!", 2),
    ],
)
def test_what_is_said_is_ticked_off(text: str, left: int) -> None:
    lines = script()
    sentence, verdict = lines.match(text)
    assert sentence is not None and verdict.ok and len(lines.left) == left


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("It costs €17.90.", "unbacked_number"),
        ("It costs €179.00 and you will adore it.", "unbacked_words"),
        ("It is not €179.00.", "negation_differs"),
        ("The material of the Pulsar Watch: steel case.", "numbers_differ"),  # the price comes first
    ],
)
def test_what_says_more_or_less_is_refused_with_the_reason(text: str, reason: str) -> None:
    lines = script()
    sentence, verdict = lines.match(text)
    assert sentence is None and verdict.reason == reason and lines.left == PLAIN


def test_a_value_is_said_whole_or_not_at_all() -> None:
    lines = Script([PLAIN[1]], "en")
    assert lines.match("It is made of steel!")[1] == Verdict(False, "value_cut", "Steel case, rubber strap")


def test_a_model_may_be_idle_twice_only() -> None:
    lines = script()
    assert [lines.match(text)[0] is not None for text in ("Hello!", "Great question!", "Thanks!")] == [True, True, False]


def test_yes_is_said_only_where_the_answer_is_yes() -> None:
    assert script(affirm=False).match("Yes, it costs €179.00.")[1].reason == "affirms"
    assert script(affirm=False).match("Sure!")[0] is None and script().match("Sure!")[0] is not None
    said = {"zh": "当然", "es": "¡Claro!", "th": "ใช่ค่ะ", "de": "Ja!", "hi": "हाँ"}
    assert all(affirms(text, language) for language, text in said.items())
    assert not affirms("The price is surely", "en")


def test_what_a_tool_told_is_said_with_the_products_name_only() -> None:
    other = Sentence("The weight of the Alpina Tent is 2.6 kg.", (Fact("t/weight", "t", "T", "Alpina Tent", "weight", "2.6 kg"),))
    lines = Script([], "en", [other])
    assert lines.match("It weighs 2.6 kg.")[1].reason == "incomplete"
    assert lines.match("The Alpina Tent weighs 2.6 kg.")[0] == Sentence("The Alpina Tent weighs 2.6 kg.", other.facts)


async def test_the_first_sentence_is_there_before_the_second_is_written() -> None:
    heard: list[str] = []

    async def pieces() -> AsyncGenerator[str]:
        yield "It costs €179.00. It "
        assert heard == ["It costs €179.00."]
        yield "is a lie. It is made of steel case, rubber strap."

    lines, verdicts = script(), list[bool]()
    async for sentence in spoken(pieces(), lines, lambda _, verdict: verdicts.append(verdict.ok)):
        heard.append(sentence.text)
    assert heard == ["It costs €179.00."] and verdicts == [True, False] and lines.left == PLAIN[1:]
