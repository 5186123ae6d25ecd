"""Which comments are answered: merging, ranking, ageing, shedding, and an exact count of all."""

import pytest

from agent.triage import GREETING_AGE_S, MAX_AGE_S, POOL, Triage, meaning
from connectors.events import ChatEvent
from knowledge.asked import Reader


def event(text: str, number: int = 0, kind: str = "comment", user: str = "u") -> ChatEvent:
    return ChatEvent("web", f"e{number}", user, text, kind)


def test_questions_wait_and_come_out_once() -> None:
    triage = Triage()
    assert triage.offer(event("how much is the lamp?"), 0.0).outcome == "waiting"
    question = triage.next(1.0)
    assert question is not None and question.event.id == "e0" and question.at_s == 0.0
    assert triage.next(1.0) is None and triage.waiting == 0


def test_the_same_question_is_merged_across_languages() -> None:
    triage = Triage()
    triage.offer(event("how much is the lamp?", 1), 0.0)
    assert triage.offer(event("台灯多少钱", 2), 1.0).outcome == "merged"
    assert triage.offer(event("¿cuánto cuesta la lámpara?", 3), 2.0).outcome == "merged"
    assert triage.offer(event("how much is the fan?", 4), 2.0).outcome == "waiting"
    assert triage.offer(event("is the lamp in stock?", 5), 2.0).outcome == "waiting"
    question = triage.next(3.0)
    assert question is not None and [e.id for e in question.merged] == ["e2", "e3"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FOLLOW ME free followers http://spam.xyz", "spam"),
        ("🔥🔥🔥", "no words"),
        ("", "no words"),
        ("love this", "chatter: praise"),
        ("谢谢", "chatter: thanks"),
        ("asdfgh", "unclear"),
    ],
)
def test_what_wants_no_answer_is_ignored_with_the_reason(text: str, reason: str) -> None:
    decision = Triage().offer(event(text), 0.0)
    assert (decision.outcome, decision.reason) == ("ignored", reason)


def test_slang_questions_are_not_dropped() -> None:
    assert Triage().offer(event("hw much 4 the knife"), 0.0).outcome == "waiting"


def test_gifts_and_joins_are_not_questions() -> None:
    assert Triage().offer(event("how much?", kind="join"), 0.0).outcome == "ignored"


def test_buyers_come_before_chat_and_paid_before_unpaid() -> None:
    triage = Triage()
    triage.offer(event("who won the world cup?", 1), 0.0)
    triage.offer(event("hello", 2), 0.0)
    triage.offer(event("how much is the lamp?", 3), 0.0)
    triage.offer(event("what is the fan made of?", 4, kind="paid"), 0.0)
    order = [question.event.id for _ in range(4) if (question := triage.next(1.0))]
    assert order == ["e4", "e3", "e2", "e1"]


def test_waiting_lifts_a_question() -> None:
    triage = Triage()
    triage.offer(event("what is the fan made of?", 1), 0.0)
    triage.offer(event("how much is the lamp?", 2), 60.0)
    question = triage.next(61.0)
    assert question is not None and question.event.id == "e1"


def test_old_questions_are_shed_and_handed_back() -> None:
    triage = Triage()
    triage.offer(event("how much is the lamp?", 1), 0.0)
    triage.offer(event("lamp price?", 2), 1.0)
    triage.offer(event("hello", 3), 1.0)
    assert triage.next(2.0 + MAX_AGE_S) is None
    assert {e.id for e, _ in triage.take_shed()} == {"e1", "e2", "e3"}
    assert triage.take_shed() == []
    assert GREETING_AGE_S < MAX_AGE_S


def test_a_flood_is_bounded_and_every_comment_accounted_for() -> None:
    triage, outcomes = Triage(), []
    for number in range(POOL * 3):
        outcomes.append(triage.offer(event(f"how much is the gadget{number} thing", number), number * 0.01).outcome)
    triage.offer(event("how much is the lamp?", 9999, kind="paid"), 4.0)
    shed = triage.take_shed()
    assert triage.waiting == POOL
    assert outcomes.count("waiting") + outcomes.count("merged") + 1 == POOL + len(shed) + outcomes.count("merged")
    assert all(reason == "pool full" for _, reason in shed)
    best = triage.next(5.0)
    assert best is not None and best.event.id == "e9999"
    assert triage.counts["waiting"] == POOL * 3 + 1 and triage.counts["shed"] == len(shed)


def test_personal_data_is_taken_out_of_the_question() -> None:
    triage = Triage()
    triage.offer(event("how much is the lamp? call me at +66 81 234 5678 or a@b.co"), 0.0)
    question = triage.next(0.0)
    assert question is None or ("234" not in question.text and "@" not in question.text)


def test_meaning_tells_products_apart_that_no_table_knows() -> None:
    reader = Reader()
    assert meaning(reader.read("price of the zorblat")) != meaning(reader.read("price of the quuxer"))
    assert meaning(reader.read("zorblat price?")) == meaning(reader.read("price of the zorblat"))
