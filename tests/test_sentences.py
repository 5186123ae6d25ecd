"""A token stream comes out as whole sentences, the same ones however it was cut."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.sentences import LONGEST, Splitter, joined, split, stream

PARTS = ["Hello", "it", "is", " ", " ", "$18.50", "3.5 mm", "approx.", "no. 4", ". ", ".", "! ", "?!", "…", "\n", "。", "？", '"',
         "”", ")", "価格は", "多少钱", "ราคา", "นะคะ", "e.g.", "Dr. Who",
         "example.com", ", ", "; ", "x" * 90, "ok", "A."]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It is $18.50. Nice!", ["It is $18.50.", "Nice!"]),
        ("It weighs approx. 3.5 kg. Light, e.g. for hikes.", ["It weighs approx. 3.5 kg.", "Light, e.g. for hikes."]),
        ("Ask Dr. Who. He knows.", ["Ask Dr. Who.", "He knows."]),
        ('She said "Buy it." Then left.', ['She said "Buy it."', "Then left."]),
        ("看这里！多少钱？八十元。", ["看这里！", "多少钱？", "八十元。"]),
        ("ราคา 18.50 บาท\nส่งฟรี", ["ราคา 18.50 บาท", "ส่งฟรี"]),
        ("कीमत ₹50 है। ठीक है।", ["कीमत ₹50 है।", "ठीक है।"]),
        ("Wait... what?! Yes.", ["Wait... what?!", "Yes."]),
        ("See example.com for it. Bye", ["See example.com for it.", "Bye"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert split(text) == sentences


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=25), st.lists(st.integers(1, 7), min_size=1, max_size=20))
@example(["It is big", ". ", "ok"], [1])
def test_the_same_sentences_come_out_however_the_text_is_cut(parts: list[str], steps: list[int]) -> None:
    text = "".join(parts)
    splitter, out, at, turn = Splitter(), [], 0, 0
    while at < len(text):
        step = steps[turn % len(steps)]
        out += splitter.feed(text[at : at + step])
        at, turn = at + step, turn + 1
    assert [*out, *splitter.flush()] == split(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=700))
def test_nothing_is_lost_and_nothing_is_endless(text: str) -> None:
    out = split(text)
    assert "".join("".join(out).split()) == "".join(text.split())
    assert all(piece and piece.strip() == piece for piece in out)
    assert all(len(piece) <= LONGEST for piece in split("word " * 400) + split("长" * 1000))


def test_a_sentence_comes_out_as_soon_as_the_next_begins() -> None:
    splitter = Splitter()
    assert splitter.feed("It is $18") == []
    assert splitter.feed(".") == []
    assert splitter.feed("50. N") == ["It is $18.50."]
    assert splitter.flush() == ["N"]


async def test_a_stream_of_tokens() -> None:
    async def tokens() -> AsyncIterator[str]:
        for token in ("Good", " question!", " It is", " $5", ".", "00", "."):
            yield token

    assert [sentence async for sentence in stream(tokens())] == ["Good question!", "It is $5.00."]


def test_sentences_are_joined_as_their_script_does() -> None:
    assert joined(["Hello.", "Bye."]) == "Hello. Bye."
    assert joined(["你好。", "再见。"]) == "你好。再见。"
