"""What is a question and what is not, in eleven languages, and which comments are taken for the same."""

import pytest

from bench.triage import REPORTED, judged, merging, personal, recognition
from knowledge.asked import Reader
from knowledge.talk import Talk, rude, talk

READER = Reader()


def sort(text: str) -> str:
    return talk(READER.read(text), text).sort


def test_labelled_comments_are_told_apart_and_merged_rightly() -> None:
    comments = judged()
    assert len(comments) > 900 and len({each.row["lang"] for each in comments}) == 11
    assert recognition(comments).f1 > 0.97
    unseen = [each for each in comments if each.row["split"] == REPORTED]
    assert recognition(unseen).f1 > 0.93
    score, _ = merging(comments)
    assert score.precision > 0.95 and score.recall > 0.3
    assert personal(comments).f1 > 0.97


@pytest.mark.parametrize(
    "text",
    [
        "so is it machine washable", "price pls", "m or l?", "重不重", "黑色还是白色", "ราคาเท่าไหร่", "còn ko shop",
        "kitne ka hai", "schwitzt man darin",
        "der ist toll, passt der auch im winter?", "$?", "show me the back", "¿y en azul?", "送料は？",
    ],
)  # fmt: skip
def test_questions(text: str) -> None:
    assert sort(text) == "question"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the price is so good", "chatter"),
        ("what a deal", "chatter"),
        ("wie geil ist das denn", "praise"),
        ("i'll take three", "order"),
        ("my sister has this bag", "story"),
        ("@tom did you get yours", "viewers"),
        ("goblok", "insult"),
        ("follow me, link in bio", "advert"),
        ("https://a.xyz/b", "link"),
        ("hello everyone", "greeting"),
        ("who won the world cup?", "offtopic"),
        ("🔥", "nothing"),
    ],
)
def test_what_is_none(text: str, expected: str) -> None:
    assert sort(text) == expected


def test_a_second_look_decides_what_is_undecided_only() -> None:
    text, clear = "my desk is only 40 deep, gonna work", "how much is it?"
    asked = READER.read(text)
    assert talk(asked, text, lambda _: 9.0).asks and not talk(asked, text, lambda _: -9.0).asks
    assert talk(asked, text, lambda _: None) == talk(asked, text)
    assert talk(READER.read(clear), clear, lambda _: -9.0).asks


def test_an_insult_in_an_earnest_question_does_not_lose_it() -> None:
    assert sort("how much is this crap?") == "question"
    assert sort("you are crap") == "insult"


def test_rude_names() -> None:
    assert rude("Bitch") and not rude("Mia") and not rude("小红")


def test_talk_says_whether_it_asks() -> None:
    assert Talk("question", "").asks and not Talk("praise", "").asks
