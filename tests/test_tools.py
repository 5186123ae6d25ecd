"""A model that looks things up: what it says must phrase what a tool told, about the product that the tool told it of."""

from collections.abc import Iterator
from typing import Any

import pytest

from agent.config import Llm
from agent.llm import ROUNDS, Phraser
from agent.tools import CALLS, Toolbox
from agent.turn import Desk, Turn
from knowledge.found import Found
from renderer.worker import Worker
from tests.fakes.tool_server import Call, ToolServer
from tests.shop import retriever
from tests.test_turn import PLAIN, ask

WATCH: Call = ("product_facts", {"product": "the gps watch", "attribute": "weight"})
TENT: Call = ("product_facts", {"product": "alpina tent", "attribute": "weight"})


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker("knowledge")
    yield worker
    worker.close()


async def turn(text: str, worker: Worker, server: ToolServer) -> Turn:
    phraser = Phraser(Llm(base_url=server.url, model="m", tools="on", timeout_s=30.0))
    return await ask(text, Desk(retriever(), worker, phraser, "warm"))


async def find(question: str, **context: Any) -> Found:
    return retriever().find(question, **context)


async def call(box: Toolbox, name: str, **arguments: str) -> str:
    message = await box.call({"name": name, "args": arguments, "id": "1"})
    assert message.tool_call_id == "1"
    return str(message.content)


async def test_the_tools_tell_what_the_catalogue_states_and_keep_it() -> None:
    box = Toolbox(find, "en")
    assert "48 g" in await call(box, "product_facts", product="pulsar watch", attribute="weight")
    assert "sold out" in await call(box, "stock", product="hiking boots", version="EU 42")
    assert "cheaper choice is the Pulsar GPS Watch" in await call(box, "compare", first="tent", second="watch", attribute="price")
    assert "9 to 12 business days" in await call(box, "store_policy", topic="shipping time", place="Thailand")
    assert {fact.field for sentence in box.told for fact in sentence.facts} >= {"weight", "stock", "price", "shipping"}


async def test_what_is_not_stated_and_what_does_not_exist_is_said_so_and_kept_nowhere() -> None:
    box = Toolbox(find, "en")
    assert "not_stated" in await call(box, "product_facts", product="candle", attribute="weight")
    assert "no such product" in await call(box, "product_facts", product="submarine", attribute="weight")
    assert "no such tool" in await call(box, "run_shell", command="ls")
    assert "error" in await call(box, "stock", wrong="x")
    assert box.told == []


async def test_calls_are_counted() -> None:
    box = Toolbox(find, "en")
    for _ in range(CALLS):
        assert "48 g" in await call(box, "product_facts", product="pulsar watch", attribute="weight")
    assert "no more calls" in await call(box, "product_facts", product="pulsar watch", attribute="weight")
    assert len(box.told) == 1


async def test_a_model_adds_what_a_tool_told_to_the_plain_answer(worker: Worker) -> None:
    async with ToolServer("Sure! It costs €179.00. The weight of the Pulsar GPS Watch is 48 g.", [[WATCH]]) as server:
        out = await turn("how much is the watch?", worker, server)
    assert [s.text for s in out.spoken] == ["Sure!", "It costs €179.00.", "The weight of the Pulsar GPS Watch is 48 g."]
    assert out.spoken[2].facts[0].field == "weight" and out.source == "model"


@pytest.mark.parametrize(
    "lie",
    [
        "It weighs 2.6 kg.",  # true of the tent that a tool told of, said of the watch that was asked about
        "The weight of the Pulsar GPS Watch is 2.6 kg.",
        "The weight of the Alpina Tent is 2.5 kg.",
        "The Alpina Tent is waterproof.",
        "The price of the Alpina Tent is €219.00.",  # true, but no tool has told it
    ],
)
async def test_a_model_cannot_say_what_no_tool_told_nor_of_another_product(lie: str, worker: Worker) -> None:
    async with ToolServer(f"{PLAIN} {lie}", [[TENT]]) as server:
        out = await turn("how much is the watch?", worker, server)
    assert [s.text for s in out.spoken] == [PLAIN]


async def test_where_code_does_not_understand_a_models_findings_are_the_answer(worker: Worker) -> None:
    said = "The weight of the Alpina Tent is 2.6 kg."
    async with ToolServer(said, [[TENT]]) as server:
        out = await turn("backache gear hmm", worker, server)
    assert out.record()["spoken"] == said and out.answer is not None and out.answer.card_handle == "alpina-tent"
    assert out.written is out.answer and out.record()["facts"][0]["value"] == "2.6 kg"


async def test_a_model_that_finds_nothing_leaves_the_plain_answer(worker: Worker) -> None:
    async with ToolServer("You will love it!", [[("product_facts", {"product": "submarine", "attribute": "price"})]]) as server:
        out = await turn("backache gear hmm", worker, server)
    assert out.source == "plain" and out.answer is not None and out.answer.kind == "unknown"


async def test_the_catalogues_silence_is_never_handed_to_a_model(worker: Worker) -> None:
    async with ToolServer("The weight of the Alpina Tent is 2.6 kg.", [[TENT]]) as server:
        out = await turn("how heavy is the candle?", worker, server)
        assert server.requests == []
    assert out.record()["missing"] == [{"handle": "fir-candle", "product": "Fir Candle", "field": "weight"}]


async def test_a_model_that_only_calls_tools_must_answer_at_last(worker: Worker) -> None:
    async with ToolServer(PLAIN, [[WATCH]] * 50) as server:
        out = await turn("how much is the watch?", worker, server)
        assert len(server.requests) == ROUNDS + 1 and "tools" not in server.requests[-1]
    assert out.record()["spoken"] == PLAIN


@pytest.mark.parametrize(
    ("setting", "capable", "used"),
    [("auto", True, True), ("auto", False, False), ("on", False, True), ("off", True, False)],
)
async def test_tools_are_used_where_the_seller_says_so_or_the_model_shows_it(setting: Any, capable: bool, used: bool) -> None:
    async with ToolServer("Hi.", capable=capable) as server:
        phraser = Phraser(Llm(base_url=server.url, model="m", tools=setting, timeout_s=30.0))
        await phraser.warm()
        assert phraser.calls_tools is used
