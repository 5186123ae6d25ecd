"""The language model behind a real HTTP server that answers, refuses, hangs, dies and lies."""

import asyncio
import socket
from typing import Any

import pytest

from agent.breaker import FAILURES_TO_OPEN, OPEN_S, Breaker
from agent.config import Llm
from agent.llm import LLMError, Phraser
from tests.fakes.openai_server import OpenAIServer


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def phraser(url: str, clock: Clock | None = None, **settings: Any) -> Phraser:
    return Phraser(Llm(base_url=url, model="m", **settings), clock=clock or Clock())


async def say(phraser: Phraser, plain: str = "The Mug is $24.00.") -> str:
    pieces = phraser.phrase(plain, [], language="en", question="how much?", persona="warm", recent=())
    return "".join([piece async for piece in pieces])


async def error_of(phraser: Phraser) -> str:
    with pytest.raises(LLMError) as caught:
        await say(phraser)
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def test_an_answer_streams_and_the_request_is_as_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "secret-1")
    async with OpenAIServer("Sure! The Mug is $24.00.") as server:
        assert await say(phraser(server.url, api_key_env="A_KEY", max_tokens=33)) == "Sure! The Mug is $24.00."
        request = server.requests[0]
        assert request["stream"] and request["model"] == "m" and "Answer: The Mug is $24.00." in str(request["messages"])
        assert 33 in (request.get("max_completion_tokens"), request.get("max_tokens"))
        assert "Bearer secret-1" in server.headers[0]


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        ("401", "refused the key; check the environment variable A_KEY"),
        ("404", 'does not know the model "m"; check [llm] model'),
        ("hang", "did not answer within 0.3 s"),
        ("slow", "did not answer within 0.3 s"),
        ("refuse", "cannot be reached"),
        ("500", "failed"),
        ("garbage", "failed"),
        ("die", "cannot be reached"),
    ],
)
async def test_each_failure_is_one_clear_line(behaviour: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "secret-1")
    async with OpenAIServer("Well said indeed.") as server:
        server.behaviour = behaviour
        error = await error_of(phraser(server.url, api_key_env="A_KEY", timeout_s=0.3))
        assert told in error and server.url in error and "secret-1" not in error


async def test_nobody_listening_is_told_after_one_more_try() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        assert "cannot be reached; start it, or correct [llm] base_url" in await error_of(phraser(url))


async def test_a_server_that_was_just_restarted_is_asked_once_more() -> None:
    async with OpenAIServer("Hi.") as server:
        server.behaviour = "refuse"
        asked = phraser(server.url)

        async def recover() -> None:
            await server.asked.wait()
            server.behaviour = "answer"

        recovery = asyncio.create_task(recover())
        assert await say(asked) == "Hi."
        await recovery
        assert len(server.requests) == 2 and asked.breaker.state == "closed"


async def test_what_was_streamed_before_a_break_is_never_streamed_twice() -> None:
    async with OpenAIServer("Well said indeed.") as server:
        server.behaviour = "die"
        got: list[str] = []
        with pytest.raises(LLMError):
            async for piece in phraser(server.url).phrase(
                "x", [], language="en", question="q", persona="", recent=()
            ):
                got.append(piece)
        assert "".join(got) == "Well"


async def test_an_empty_key_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_KEY", raising=False)
    assert "the environment variable A_KEY is empty" in await error_of(phraser("http://127.0.0.1:9/v1", api_key_env="A_KEY"))


async def test_a_server_that_keeps_failing_is_left_alone_for_a_while() -> None:
    clock = Clock()
    async with OpenAIServer("Hi.") as server:
        server.behaviour = "500"
        asked = phraser(server.url, clock)
        for _ in range(FAILURES_TO_OPEN):
            await error_of(asked)
        count = len(server.requests)
        assert "left alone" in await error_of(asked) and len(server.requests) == count
        clock.now = OPEN_S
        server.behaviour = "answer"
        assert await say(asked) == "Hi." and asked.breaker.state == "closed"


def test_the_breaker_opens_half_opens_and_opens_again_at_once() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(FAILURES_TO_OPEN - 1):
        breaker.failure()
    assert breaker.state == "closed"
    breaker.failure()
    assert breaker.state == "open"
    clock.now += OPEN_S
    assert breaker.state == "half-open"
    breaker.failure()
    assert breaker.state == "open"
    clock.now += OPEN_S
    breaker.success()
    assert breaker.state == "closed"


async def test_cancelling_stops_at_once_and_does_not_count_as_a_failure() -> None:
    """At whatever point of the exchange it comes; the client's own handling loses it at some of them."""
    async with OpenAIServer("Well said indeed.") as server:
        server.behaviour = "slow"
        asked = phraser(server.url, timeout_s=100)
        async with asyncio.timeout(50):
            for steps in range(25):
                server.asked.clear()
                task = asyncio.create_task(say(asked))
                await server.asked.wait()
                for _ in range(steps):
                    await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            await server.gone.wait()
        assert asked.breaker.state == "closed"


async def test_warming_asks_for_one_token() -> None:
    async with OpenAIServer("Hi.") as server:
        await phraser(server.url).warm()
        request = server.requests[0]
        assert 1 in (request.get("max_completion_tokens"), request.get("max_tokens"))
        server.behaviour = "401"
        with pytest.raises(LLMError, match="refused the key"):
            await phraser(server.url).warm()
