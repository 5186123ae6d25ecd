"""What a viewer asked before: bounded, and enough to go on from."""

import pytest

from agent.answer import answer_question, compose
from agent.memory import Memory
from knowledge.found import Found
from tests.shop import retriever


def talk(*questions: str, on_air: str = "") -> Found:
    """The last of several questions by one viewer."""
    memory = Memory()
    for question in questions:
        handle, fields = memory.last("v")
        found = retriever().find(question, on_air=on_air, last=handle, before=fields)
        memory.add("v", question, found)
    return found


@pytest.mark.parametrize(
    ("questions", "facts"),
    [
        (("how much is the tent?", "and its weight?"), ["alpina-tent/weight"]),
        (("how heavy is the tent?", "and the watch?"), ["pulsar-watch/weight"]),
        (("how much is the large candle?", "what about the smaller one?"), ["fir-candle/price/FIR-S"]),
        (("how much is the candle?", "and the bigger one?", "and is it in stock?"), ["fir-candle/stock"]),
        (("do you have the tent in orange?", "and in green?"), ["alpina-tent/stock/ALP-GRN"]),
        (("手表多重", "那帐篷呢"), ["alpina-tent/weight"]),
        (("¿cuánto cuesta el reloj?", "¿y las botas?"), ["trekker-boots/price"]),
        (("was kostet die Uhr?", "und das Zelt?"), ["alpina-tent/price", "alpina-tent/compare_at"]),
    ],
)
def test_a_question_goes_on_from_the_one_before(questions: tuple[str, ...], facts: list[str]) -> None:
    assert [hit.fact.id for hit in talk(*questions).facts][: len(facts)] == facts


def test_what_was_asked_before_does_not_answer_what_is_not_stated() -> None:
    found = talk("how heavy is the tent?", "and the candle?")
    assert not found.facts and found.missing == (("fir-candle", "weight"),)


def test_a_new_question_owes_nothing_to_the_one_before() -> None:
    assert [hit.fact.field for hit in talk("how heavy is the tent?", "how much is the watch?").facts] == ["price"]


def test_viewers_and_exchanges_are_bounded_and_the_silent_are_forgotten_first() -> None:
    memory, found = Memory(viewers=3, exchanges=2), retriever().find("how much is the watch?")
    for viewer in ("a", "b", "c", "a", "d"):
        memory.add(viewer, "x" * 5_000, found)
    assert len(memory) == 3 and not memory.of("b") and len(memory.of("a")) == 2
    for _ in range(10):
        memory.add("a", "q", found)
    assert len(memory.of("a")) == 2 and all(len(each.text) <= 200 for each in memory.of("a"))


def test_a_question_that_meant_no_product_is_not_remembered() -> None:
    memory = Memory()
    memory.add("a", "hello", retriever().find("hello"))
    assert memory.last("a") == ("", ()) and len(memory) == 0


def test_one_who_asks_for_everything_is_told_more_but_not_all() -> None:
    short = answer_question("tell me about the tent", None, retriever())[1]
    found = retriever().find("tell me everything about the tent")
    assert len(short.sentences) <= 2 < len(compose(found, "en").sentences) <= 5
    assert len({s.text for s in compose(found, "en").sentences}) == len(compose(found, "en").sentences)
