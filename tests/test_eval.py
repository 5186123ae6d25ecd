"""hawker eval: the grades, the set that comes with it, and a whole run against a server."""

import json
import threading
from asyncio import Event, new_event_loop
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.__main__ import main
from agent.answer import compose
from agent.config import ConfigError
from agent.eval import Row, default_set, judge, read_set, spread
from agent.statements import Sentence
from knowledge.lexicon import LANGUAGES
from tests.fakes.openai_server import OpenAIServer
from tests.shop import retriever

SHOP = Path(__file__).parent / "data" / "shop"


def graded(q: str, expect: str, *said: str, **labels: object) -> str:
    """The grade of a question's plain answer, or of other words with the same facts."""
    row = Row.model_validate({"lang": "en", "q": q, "expect": expect, **labels})
    found = retriever().find(q)
    answer = compose(found, "en")
    spoken = [Sentence(text, answer.facts) for text in said] or answer.sentences
    return judge(row, found, answer, spoken)[0]


def test_grades() -> None:
    price = "how much is the watch?"
    assert graded(price, "pulsar-watch/price") == "right"
    assert graded(price, "alpina-tent/price|pulsar-watch/price", say=["179"]) == "right"
    assert graded(price, "pulsar-watch/weight") == "wrong"
    assert graded(price, "pulsar-watch/price", lang="de") == "wrong"
    assert graded(price, "pulsar-watch/price&pulsar-watch/weight") == "incomplete"
    assert graded(price, "pulsar-watch/price", "Look at the price!", say=["179"]) == "incomplete"
    assert graded(price, "pulsar-watch/price", "It is €17.90.") == "ungrounded"
    assert graded(price, "pulsar-watch/price", **{"never": ["179"]}) == "wrong"
    assert graded("how heavy is the candle?", "missing:fir-candle/weight") == "right"
    assert graded("how heavy is the tent?", "missing:alpina-tent/weight") == "wrong"
    assert graded("is the tent waterproof?", "alpina-tent/water_resistance", verdict="yes") == "wrong"


def test_the_set_that_comes_with_hawker_asks_in_all_languages_and_for_what_is_not_stated() -> None:
    catalogue, rows = read_set(default_set())
    assert all(path.is_file() for path in catalogue) and len(rows) >= 200
    assert set(Counter(row.lang for row in rows)) == set(LANGUAGES) and min(Counter(row.lang for row in rows).values()) >= 15
    assert sum(row.kind == "missing" for row in rows) >= 40
    assert len({row.q for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no questions"),
        ('{"lang": "en"}', "line 1: q: Field required"),
        ('{"lang": "en", "q": "x", "expect": "y"}\n{oops', "line 2"),
        ('{"lang": "en", "q": "x", "expect": "y", "colour": 1}', "line 1: colour"),
        ("[1]", "line 1"),
    ],
)
def test_a_wrong_set_is_refused_with_the_line(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=told):
        read_set(tmp_path / "set.jsonl")


def test_a_limit_takes_questions_from_the_whole_set() -> None:
    rows = [Row(lang="en", q=str(i), expect="unknown") for i in range(100)]
    assert [row.q for row in spread(rows, 4)] == ["0", "25", "50", "75"] and len(spread(rows, None)) == 100


@contextmanager
def serving(server: OpenAIServer) -> Iterator[str]:
    """A server in a thread of its own: the command runs its own event loop."""
    loop, ready = new_event_loop(), threading.Event()
    done = Event()

    async def serve() -> None:
        async with server:
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    try:
        yield server.url
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()


def phrased(message: str) -> str:
    """What a plausible model says: mostly the answer, warmly; now and then an invention."""
    if "Answer: " not in message:
        return "Hello."
    answer = message.split("Answer: ", 1)[1].split("\n")[0]
    return f"Great question! {answer}" if len(answer) % 3 else f"{answer} It is the best in the world and free today!"


def test_a_servers_model_is_scored_and_cannot_make_an_answer_worse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HAWKER_DATA", str(tmp_path))
    with serving(OpenAIServer(phrased)) as url:
        assert main(["eval", "--base-url", url, "--model", "plausible", "--limit", "44", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = told[f"plausible at {url}"]
    assert found["questions"] == 44 and found["right"] >= 40 and found["ungrounded"] == 0
    assert found["worded_by_model"] > 10
    assert not any("best in the world" in answer["text"] for answer in found["answers"])


def test_a_set_of_ones_own_on_ones_own_catalogue_and_a_table_for_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HAWKER_DATA", str(tmp_path))
    rows = [{"catalogue": [str(SHOP / "products.csv")]}, {"lang": "en", "kind": "chat", "q": "hello", "expect": "smalltalk"},
            {"lang": "en", "q": "how do I fly to the moon", "expect": "smalltalk"}]  # fmt: skip
    (tmp_path / "own.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert main(["eval", "--plain", "--set", str(tmp_path / "own.jsonl")]) == 0
    out = capsys.readouterr().out
    assert "| 2 | 1 (50%) |" in out and "| kind | chat | fact |" in out and "wrong [en] how do I fly to the moon" in out
