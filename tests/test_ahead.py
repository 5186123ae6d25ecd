"""Lines worded ahead by a model: used only where the guard passes them, never waited for, never with an old price."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from agent.ahead import AFTER_FAILURE_S, LINES_AHEAD, WriterAhead
from agent.llm import LLMError
from agent.rundown import Rundown
from agent.segment import PitchLine
from knowledge.facts import facts
from knowledge.product import Fact
from tests.shop import WATCH
from tests.test_rundown import holds, with_offer
from tests.virtual import VirtualLoop, run


@dataclass
class Model:
    """Words a line by ``how``; counts what it was asked."""

    how: Callable[[str], str]
    asked: list[str] = field(default_factory=list)

    async def phrase(
        self, plain: str, facts: Sequence[Fact], *, language: str, question: str, persona: str, recent: Sequence[str]
    ) -> AsyncIterator[str]:
        self.asked.append(plain)
        await asyncio.sleep(0.2)
        for piece in self.how(plain).split(" "):
            yield piece + " "


def show(
    model: Model, lines: int, *, idle: Callable[[], bool] = lambda: True, change: int = -1
) -> tuple[list[PitchLine], WriterAhead]:
    """``lines`` of a pitch, one every four seconds, with the model at work; the price changes before line ``change``."""
    known = {WATCH.handle: facts(WATCH)}
    rundown = Rundown({WATCH.handle: WATCH}, lambda h: known[h], holds, host="Mei", language="en", seed=1)

    async def main(loop: VirtualLoop) -> tuple[list[PitchLine], WriterAhead]:
        writer = WriterAhead(model, rundown, language="en", persona="warm", idle=idle, now_s=loop.time)
        task = loop.create_task(writer.run())
        out = list[PitchLine]()
        for number in range(lines):
            await asyncio.sleep(4)
            if number == change:
                known[WATCH.handle] = facts(with_offer(price=Decimal("99.00")))
            if line := rundown.next(loop.time()):
                out.append(line)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return out, writer

    return run(main)


def test_a_model_that_says_the_same_is_heard() -> None:
    lines, writer = show(Model(lambda plain: f"Okay, here we go: {plain}"), 11)
    model = [line for line in lines if line.source == "model"]
    assert len(model) >= 6 and all(line.text.startswith("Okay, here we go: ") for line in model)
    assert writer.counts["said"] == len(model) and writer.counts["refused"] == 0
    assert any("€179.00" in line.text and line.cites[1].field == "price" for line in model), "it cites what the plain line cites"


LIES: tuple[Callable[[str], str], ...] = (
    lambda plain: f"{plain} And 50% off!",
    lambda plain: "It is the best and waterproof.",
    lambda plain: "",
    lambda plain: f"Hello there! Oh, I love this. {plain}",
    lambda plain: f"€17.90, not more: {plain}",
)


@pytest.mark.parametrize("lie", LIES)
def test_a_model_that_lies_or_rambles_is_never_heard(lie: Callable[[str], str]) -> None:
    lines, writer = show(Model(lie), 11)
    assert {line.source for line in lines} == {"plain"} and len(lines) == 11
    assert writer.counts["refused"] > 5 and writer.counts["written"] == 0


def test_a_price_that_changed_after_it_was_worded_is_said_plainly() -> None:
    plain, _ = show(Model(lambda plain: plain), 11)
    at = next(number for number, line in enumerate(plain) if "€179.00" in line.text)
    lines, _ = show(Model(lambda plain: f"Okay, here we go: {plain}"), 11, change=at)
    assert not any("€179.00" in line.text for line in lines)
    assert any("€99.00" in line.text and line.source == "plain" for line in lines)


def test_it_writes_only_while_nobody_waits_and_never_far_ahead() -> None:
    busy = Model(lambda plain: plain)
    show(busy, 5, idle=lambda: False)
    assert busy.asked == []
    eager = Model(lambda plain: plain)
    lines, _ = show(eager, 6)
    assert len(eager.asked) == len(set(eager.asked)) <= len(lines) + LINES_AHEAD


def test_a_model_that_fails_leaves_the_pitch_as_it_is_and_is_left_alone_for_a_while() -> None:
    def broken(plain: str) -> str:
        raise LLMError("cannot be reached; start it")

    model = Model(broken)
    lines, writer = show(model, 10)
    assert {line.source for line in lines} == {"plain"} and len(lines) == 10
    assert 1 <= writer.counts["failed"] == len(model.asked) <= 40 / AFTER_FAILURE_S + 1
