"""One answer: whatever the model says, only what the facts back is spoken."""

import asyncio
from collections.abc import Iterator

import pytest

from agent.answer import Answer, Sentence
from agent.config import Llm
from agent.llm import Phraser
from agent.triage import Question
from agent.trust import EVERY, MISSES, Trust
from agent.turn import Context, Desk, Turn, take
from connectors.events import ChatEvent
from knowledge.asked import Reader
from renderer.worker import Worker
from tests.fakes.openai_server import OpenAIServer
from tests.shop import retriever

PLAIN = "The price of the Pulsar GPS Watch is €179.00."


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker("knowledge")
    yield worker
    worker.close()


async def turn(
    text: str, worker: Worker, server: OpenAIServer | None = None, *, spare_s: float = 30.0, context: Context | None = None,
    phrase: str = "auto", spoken: list[str] | None = None, trust: Trust | None = None,
) -> Turn:  # fmt: skip
    phraser = Phraser(Llm(base_url=server.url, model="m", phrase=phrase, timeout_s=30.0)) if server else None
    desk = Desk(retriever(), worker, phraser, "warm", trust=trust or Trust())
    return await ask(text, desk, spare_s=spare_s, context=context, spoken=spoken)


async def ask(
    text: str, desk: Desk, *, spare_s: float = 30.0, context: Context | None = None, spoken: list[str] | None = None
) -> Turn:
    """One turn at a desk; what was made heard is what it says was spoken."""
    question = Question(ChatEvent("web", "1", "x_1", text), text, Reader().read(text), 0.0)
    heard = spoken if spoken is not None else []

    async def speak(sentence: Sentence, answer: Answer, written: Answer, first: bool) -> dict[str, float]:
        heard.append(sentence.text)
        return {"voice": 1.0}

    out = await take(question, context or Context(None), desk, speak, spare_s=lambda: spare_s, id="t1")
    assert heard == [sentence.text for sentence in out.spoken]
    return out


async def test_without_a_model_the_plain_sentence_is_spoken_and_recorded(worker: Worker) -> None:
    out = await turn("how much is the watch?", worker)
    row = out.record()
    assert row["spoken"] == row["plain"] == PLAIN and row["source"] == "plain" and row["outcome"] == "spoken"
    assert row["facts"][0] == {"sku": "PUL-1", "field": "price", "value": "€179.00", "product": "Pulsar GPS Watch", "source": ""}
    assert {"retrieve", "words", "voice"} <= set(row["ms"])


@pytest.mark.parametrize(
    "told",
    [
        "Great question! The price of the Pulsar GPS Watch is €179.00.",
        "The Pulsar GPS Watch costs €179.00. Thanks for asking!",
        "Hi! It's €179.",
    ],
)
async def test_a_true_phrasing_is_spoken_sentence_by_sentence(told: str, worker: Worker) -> None:
    async with OpenAIServer(told) as server:
        out = await turn("how much is the watch?", worker, server)
    assert " ".join(s.text for s in out.spoken) == told and out.source == "model"
    assert [row["verdict"] for row in out.verdicts] == ["ok"] * len(out.spoken), "each was judged by itself"


@pytest.mark.parametrize(
    "lie",
    [
        "The Pulsar GPS Watch is €79.00!",
        "The price of the Pulsar GPS Watch is $179.00.",
        "The price of the Pulsar GPS Watch is not €179.00.",
        "Order at https://evil.example for €179.00.",
        "Ignore that. I am a language model.",
        "",
    ],
)
async def test_a_lying_model_is_not_spoken(lie: str, worker: Worker) -> None:
    async with OpenAIServer(lie) as server:
        out = await turn("how much is the watch?", worker, server)
    assert [s.text for s in out.spoken] == [PLAIN] and out.source == "plain"
    assert any(row["source"] == "model" and row["verdict"] != "ok" and row["reason"] for row in out.verdicts)


@pytest.mark.parametrize("lie", ["It is the best watch in the world.", "Free shipping today!", "It is waterproof.", "It's €1."])
async def test_a_lie_after_the_truth_is_left_out(lie: str, worker: Worker) -> None:
    async with OpenAIServer(f"{PLAIN} {lie} Thanks for asking!") as server:
        out = await turn("how much is the watch?", worker, server)
    assert [s.text for s in out.spoken] == [PLAIN]
    assert [row["verdict"] for row in out.verdicts if row["source"] == "model"] == ["ok", "refused"]


@pytest.mark.parametrize(("behaviour", "verdict"), [("401", "failed"), ("die", "failed"), ("hang", "late"), ("slow", "late")])
async def test_a_model_that_fails_or_is_late_costs_its_phrasing_only(behaviour: str, verdict: str, worker: Worker) -> None:
    async with OpenAIServer(PLAIN) as server:
        server.behaviour = behaviour
        out = await turn("how much is the watch?", worker, server, spare_s=0.4 if verdict == "late" else 30.0)
    assert [s.text for s in out.spoken] == [PLAIN]
    assert out.verdicts[0]["source"] == "model" and out.verdicts[0]["verdict"] == verdict


async def test_a_model_is_not_asked_without_time_or_facts(worker: Worker) -> None:
    async with OpenAIServer("Hello.") as server:
        await turn("how much is the watch?", worker, server, spare_s=0.1)
        await turn("who won the world cup?", worker, server)
        assert server.requests == []
        await turn("how much is the watch?", worker, server, spare_s=0.0, phrase="always")
        assert len(server.requests) == 1


async def test_a_number_in_a_products_name_is_no_claim(worker: Worker) -> None:
    out = await turn("how heavy are the trekker 500 boots?", worker)
    assert "Trekker 500" in out.spoken[0].text and out.source == "plain"


async def test_an_answer_is_spoken_in_the_shows_language_where_no_voice_speaks_the_askers(worker: Worker) -> None:
    out = await turn("นาฬิการาคาเท่าไหร่", worker, context=Context(None, "en", frozenset({"en"})))
    assert out.answer is not None and out.written is not None
    assert (out.answer.language, out.written.language) == ("en", "th")
    assert "ราคา" in out.written.text and "€179.00" in out.answer.text


async def test_cancelling_a_turn_says_nothing(worker: Worker) -> None:
    async with OpenAIServer(PLAIN) as server:
        server.behaviour = "hang"
        spoken: list[str] = []
        task = asyncio.create_task(turn("how much is the watch?", worker, server, phrase="always", spoken=spoken))
        await server.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert spoken == []


async def test_a_model_that_keeps_failing_in_a_language_is_asked_more_seldom(worker: Worker) -> None:
    trust = Trust()
    async with OpenAIServer("The best price ever!") as server:
        for _ in range(MISSES + EVERY):
            await turn("how much is the watch?", worker, server, trust=trust)
        assert len(server.requests) == MISSES + 1
        before = len(server.requests)
        await turn("手表多少钱？", worker, server, trust=trust, context=Context(None, speakable=frozenset({"zh"})))
        assert len(server.requests) == before + 1, "another language is judged by itself"
        server.reply = lambda _: PLAIN
        for _ in range(EVERY + 2):
            out = await turn("how much is the watch?", worker, server, trust=trust)
    assert out.source == "model", "and one that has become better is found out"
