"""What a question and a statement have in common across languages, and the numbers that a statement states."""

import tomllib
from importlib.resources import files

import pytest

from knowledge.lexicon import words
from knowledge.link import written_in
from knowledge.meanings import meanings, spoken
from knowledge.measure import extent, states


def test_every_row_has_a_column_a_language() -> None:
    raw = (files("knowledge") / "data" / "words" / "meanings.toml").read_text(encoding="utf-8")
    assert {len(row) for row in tomllib.loads(raw).values()} <= set(range(6, 12))


@pytest.mark.parametrize(
    ("language", "question", "statement"),
    [
        ("fr", "ça laisse des traces ?", "Does not leave marks on clothes."),
        ("de", "gibt es das im Nachfüllbeutel?", "1 l refill pouch"),
        ("es", "¿se apaga sola?", "Switches itself off after 30 minutes."),
        ("pt", "serve para canhoto?", "Suits left-handed gardeners."),
        ("id", "bisa dilipat?", "Folds flat."),
        ("en", "does it fade in the sun?", "Verblasst nicht in der Sonne."),
    ],
)
def test_question_and_statement_meet(language: str, question: str, statement: str) -> None:
    assert {m.label for m in spoken(words(question), language)} & meanings(statement)


def test_what_has_nothing_in_common_does_not_meet() -> None:
    assert not {m.label for m in spoken(words("passt der Deckel?"), "de")} & meanings("Cut from one piece of jade.")


@pytest.mark.parametrize(
    ("measure", "stated", "not_stated"),
    [("time", "Dries in three minutes", "The cable is 2.5 m long"), ("length", "A 30 m line", "20 hours"),
     ("speed", "Up to 20 km/h", "20 km"), ("area", "Covers 60 m²", "60 cm")],
)  # fmt: skip
def test_a_number_of_the_kind_asked(measure: str, stated: str, not_stated: str) -> None:
    assert states(frozenset({measure}), stated) and not states(frozenset({measure}), not_stated)


def test_sizes_are_put_in_order() -> None:
    one, half = extent("1 l refill pouch"), extent("500 ml")
    assert one and half and one[0] > half[0] and one[1] == half[1]
    assert extent("Large") > extent("S") and extent("Rosewood") is None  # type: ignore[operator]


def test_the_language_that_a_seller_writes() -> None:
    assert written_in("Zwei Gänge, das Licht ist hell und der Griff ist weich.") == "de"
    assert written_in("A light lip tint that stays on through lunch.") == "en"
