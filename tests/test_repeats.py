"""What will be said again is ready before it is asked for, where that takes long and while nobody waits. In virtual time."""

import asyncio
from collections.abc import Callable

import pytest

from agent.answer import phrasebook
from agent.booth import Booth
from agent.repeats import SMALL_TALK, Repeats
from agent.triage import Question
from agent.turn import Context, Desk
from connectors.events import ChatEvent
from knowledge.asked import Reader
from tests.shop import retriever
from tests.test_booth import PACE, Slow, Voice
from tests.virtual import Inline, VirtualLoop, run


def question(text: str) -> Question:
    return Question(ChatEvent("web", "1", "Ann", text), text, Reader().read(text), 0.0)


def prepared(steps: Callable[[Repeats, list[str]], None], *, pace: float = PACE, idle: bool = True) -> tuple[Booth, Voice]:
    """A minute of preparing, after ``steps(repeats, on_air)`` at its beginning."""
    voice, on_air = Voice(), ["pulsar-watch"]

    async def main(loop: VirtualLoop) -> Booth:
        booth = Booth(voice, Slow(pace), clock=loop.time)  # type: ignore[arg-type]
        await booth.warm(["en"])
        desk = Desk(retriever(), Inline(), None, "warm")  # type: ignore[arg-type]
        repeats = Repeats(booth, desk, lambda: Context(None, on_air=on_air[-1]), lambda: idle)
        task = loop.create_task(repeats.run())
        steps(repeats, on_air)
        await asyncio.sleep(60)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return booth

    return run(main), voice


def test_what_is_asked_of_every_product_is_ready_for_the_one_on_air() -> None:
    def steps(repeats: Repeats, on_air: list[str]) -> None:
        repeats.heard(question("how much is it?"), "en")
        on_air.append("alpina-tent")

    booth, voice = prepared(steps)
    assert booth.takes_s("The price of the Alpina Tent is €219.00, regular price €259.00.", "en") == 0
    assert not any("Pulsar" in text for text in voice.said)


def test_small_talk_is_ready_in_the_languages_of_the_room() -> None:
    booth, _ = prepared(lambda repeats, _: repeats.heard(question("how much is the watch?"), "en"))
    assert all(booth.takes_s(phrasebook("en").say(key), "en") == 0 for key in SMALL_TALK if phrasebook("en").has(key, "say"))
    _, voice = prepared(lambda repeats, _: None)
    assert len(voice.said) == 1, "nobody has asked anything: only the measured words were said"


@pytest.mark.parametrize(("pace", "idle"), [(0.01, True), (PACE, False)])
def test_a_quick_voice_needs_no_preparing_and_a_busy_one_does_not_do_it(pace: float, idle: bool) -> None:
    _, voice = prepared(lambda repeats, _: repeats.heard(question("how much is it?"), "en"), pace=pace, idle=idle)
    assert len(voice.said) == 1


def test_an_answer_whose_turn_comes_soon_has_its_beginning_ready() -> None:
    asked, voice = question("how much is the tent?"), Voice()

    async def main(loop: VirtualLoop) -> float:
        booth = Booth(voice, Slow(), clock=loop.time)  # type: ignore[arg-type]
        await booth.warm(["en"])
        desk = Desk(retriever(), Inline(), None, "warm")  # type: ignore[arg-type]
        repeats = Repeats(booth, desk, lambda: Context(None), lambda: True)
        await repeats.prepare(asked, Context(None), lambda: True)
        return booth.first_s("Ann, the price of the Alpina Tent is €219.00, regular price €259.00.", "en")

    assert run(main) == 0
