"""The pitch on the stage: interrupted anywhere, each line is said once and in order; courtesy and disclosure at their rates."""

import asyncio
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from agent.changes import Ledger
from agent.config import Config
from agent.config import Courtesy as Rates
from agent.courtesy import Courtesy
from agent.director import Director
from agent.journal import Journal
from agent.pitch import Pitch
from agent.triage import Triage
from agent.turn import Desk
from connectors.events import ChatEvent
from renderer.media import SAMPLE_RATE, Speech, Utterance
from renderer.stage import Cue, Stage
from tests.shop import retriever
from tests.test_director import Face, Overlay, Show, Sink, Voice, rundown, undisturbed
from tests.virtual import Inline, VirtualLoop, run


def interrupted(seed: int, seconds: float = 90.0) -> list[tuple[float, Utterance]]:
    """A pitch into which answers cut at random moments, sometimes several at once. Starts with their seconds."""
    said, dice = list[tuple[float, Utterance]](), random.Random(seed)

    async def main(loop: VirtualLoop) -> None:
        stage = Stage(Face(), Overlay(), worker=Inline(), clock=loop.time)  # type: ignore[arg-type]
        numbers = iter(range(10_000))

        async def speech(utterance: Utterance) -> Speech:
            await asyncio.sleep(dice.choice([0.0, 0.05, 0.4]))
            return Voice().speak(utterance)

        pitch = Pitch(
            rundown(), stage=stage, speech=speech, say=stage.say, card=lambda handle: None, ledger=Ledger(),
            revised=lambda *args: None, language="en", id=lambda: f"p{next(numbers)}", clock=loop.time,
        )  # fmt: skip

        def cue(cue: Cue) -> None:
            if cue.kind == "start":
                said.append((cue.pts / SAMPLE_RATE, cue.utterance))
                pitch.heard(cue.utterance)

        async def talk() -> None:
            due = dice.uniform(1, 8)
            while True:
                if loop.time() >= due:
                    due = loop.time() + dice.choice([0.0, 0.5, 3.0, 9.0, 15.0])
                    answer = await speech(Utterance(f"a{next(numbers)}", "Yes, it is. " * dice.randint(1, 4), kind="answer"))
                    pitch.hold(interrupted=True)
                    await stage.say(answer)
                elif stage.pending_s < 1.6:
                    await pitch.go_on()
                else:
                    await asyncio.sleep(0.1)

        stage.on_cue = cue
        task = loop.create_task(talk())
        await stage.run([Sink()], seconds=seconds)
        assert not task.done(), task
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(main)
    return said


@pytest.mark.parametrize("seed", range(6))
def test_wherever_answers_cut_in_each_line_is_said_once_and_in_its_order(seed: int) -> None:
    said = [utterance for _, utterance in interrupted(seed)]
    lines = [utterance.text for utterance in said if utterance.kind in ("greeting", "pitch")]
    assert lines == undisturbed(len(lines)) and len(lines) >= 5
    assert sum(utterance.kind == "answer" for utterance in said) >= 4
    for number, utterance in enumerate(said[:-1]):
        if utterance.kind == "bridge":
            assert said[number - 1].kind == "answer", "a bridge comes after an answer"
            after = next((u for u in said[number + 1 :] if u.kind == "pitch"), None)
            cut = said[number + 1].kind == "answer"
            assert cut or after is None or after.meta["handle"] == utterance.meta["handle"], "and leads to its product"


def play(
    tmp_path: Path, seconds: float, rates: Rates, events: list[tuple[float, ChatEvent]], voice: Voice | None = None
) -> Show:
    show = Show(tmp_path / "j.sqlite")

    async def main(loop: VirtualLoop) -> None:
        stage = Stage(Face(), Overlay(), worker=Inline(), clock=loop.time)  # type: ignore[arg-type]
        journal = Journal(show.journal, title="t", config="{}", catalogue_version=1, began="now")
        director = Director(
            Config(courtesy=rates), triage=Triage(), rundown=rundown(), desk=Desk(retriever(), Inline(), None, "warm"),  # type: ignore[arg-type]
            voice=voice or Voice(), speakable=frozenset({"en"}), voice_worker=Inline(), stage=stage, journal=journal,  # type: ignore[arg-type]
            card=lambda handle: None, tell=show.told.append, clock=loop.time,
        )  # fmt: skip

        def cue(cue: Cue) -> None:
            show.cues.append(cue)
            director.cue(cue)

        stage.on_cue = cue
        for at, event in events:
            loop.call_at(at, director.hear, event)
        task = loop.create_task(director.run())
        await stage.run([Sink()], seconds=seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        journal.close()

    run(main)
    return show


def starts(show: Show, kind: str) -> list[float]:
    return [cue.pts / SAMPLE_RATE for cue in show.cues if cue.kind == "start" and cue.utterance.kind == kind]


def test_the_disclosure_keeps_its_rate_while_questions_never_end(tmp_path: Path) -> None:
    asked = ["how much is the tent?", "watch warranty?", "serum ingredients?", "how heavy is the watch?", "candle price?"]
    events = [(2.0 * n, ChatEvent("web", f"e{n}", "V", asked[n % 5], user_id=f"u{n}")) for n in range(1, 70)]
    show = play(tmp_path, 130, Rates(disclosure_every_s=60), events)
    times = [0.0, *starts(show, "disclosure")]
    assert len(times) == 3 and all(40 <= after - before <= 60 for before, after in pairwise(times))
    assert len(starts(show, "answer")) > 10


def test_a_disclosure_that_cannot_be_voiced_is_soon_tried_in_other_words(tmp_path: Path) -> None:
    first = rundown().disclosure().text
    show = play(tmp_path, 90, Rates(disclosure_every_s=60), [], Voice(refuses=(first,)))
    (text,) = show.texts("disclosure")
    assert text != first and starts(show, "disclosure")[0] < 80
    assert len(show.texts("pitch")) > 10


def test_the_disclosure_can_only_be_made_more_frequent() -> None:
    for wrong in (0.0, 601.0, 59.0):
        with pytest.raises(ValueError, match="disclosure_every_s"):
            Rates(disclosure_every_s=wrong)


def event(kind: str, user: str, number: int = 0, text: str = "") -> ChatEvent:
    return ChatEvent("web", f"{kind}{user}{number}", user, text, kind=kind, user_id=f"{user}{number}")


def test_the_room_is_welcomed_and_thanked_together_and_at_most_so_often(tmp_path: Path) -> None:
    events = [(3.0, event("join", "Ana")), (3.1, event("join", "Ben")), (3.2, event("join", "Cleo"))]
    events += [(20.0 + n, event("gift", "Ana", n, "call me: +49 170 1234567")) for n in range(30)]
    events += [(30.0, event("follow", "x_sniper_99")), (31.0, event("follow", "Dora"))]
    events += [(70.0, event("join", "Ana")), (75.0, event("join", "Emil"))]
    show = play(tmp_path, 110, Rates(welcome_every_s=60, thanks_every_s=20), events)
    said = show.texts("courtesy")
    welcomes = [text for text in said if "Ben" in text or "Emil" in text]
    assert len(welcomes) == 2 and "Ben, Cleo and one more" in welcomes[0] and "Ana" not in welcomes[1], "nobody is welcomed twice"
    gifts = [text for text in said if "Ana" in text]
    assert 1 <= len(gifts) <= 3 and len(set(said)) == len(said)
    follows = [text for text in said if "Dora" in text]
    assert len(follows) == 1 and "and one more" in follows[0] and "sniper" not in " ".join(said)
    assert not any("170" in text for text in said), "what comes with a gift is not read out"
    assert show.texts("greeting", "pitch") == undisturbed(len(show.texts("greeting", "pitch")))


def courtesy(language: str = "en", refuse: Callable[[str], bool] = lambda text: False, **rates: float) -> Courtesy:
    return Courtesy(Rates(**rates), language=language, seed=1, check=lambda text, counted: not refuse(text))


def test_names_that_are_not_plain_or_refused_are_among_the_others() -> None:
    host = courtesy(refuse=lambda text: "Mistword" in text)
    for number, user in enumerate(["Mistword", "www.buy.com", "+49 170 1234567", "a@b.de", "Price", "Hello", "<b>X</b>"]):
        host.hear(event("follow", user, number), 1.0)
    line = host.due(2.0)
    assert line is not None and line.part == "follow_all"
    assert not any(part in line.text for part in ("Mist", "buy", "170", "@", "Price", "<"))


def test_it_can_be_switched_off_and_late_thanks_are_let_go() -> None:
    quiet = courtesy(welcome_every_s=0, thanks_every_s=0)
    for kind in ("join", "gift", "follow", "order"):
        quiet.hear(event(kind, "Ana"), 1.0)
    assert quiet.due(10.0) is None
    late = courtesy()
    late.hear(event("gift", "Ana"), 1.0)
    assert late.due(1_000.0) is None and late.due(1_001.0) is None


def test_a_flood_of_joins_is_one_welcome_in_bounded_memory() -> None:
    host = courtesy()
    for number in range(50_000):
        host.hear(event("join", "Viewer", number), number / 1_000)
    line = host.due(60.0)
    assert line is not None and "others" in line.text and host.due(61.0) is None
    held: Any = host
    assert len(held._greeted) <= 2_000


@pytest.mark.parametrize("language", ["en", "zh", "th", "vi", "id", "es", "fr", "de", "pt", "ja", "hi"])
def test_every_language_thanks_and_welcomes_with_names_and_without(language: str) -> None:
    names = {"zh": "小王", "ja": "花子", "th": "สมชาย", "hi": "प्रिया"}.get(language, "Ana")
    host, said = courtesy(language, welcome_every_s=1, thanks_every_s=1), list[str]()
    for second, users in enumerate([[names], [names, "Ben"], [names, "Ben", "x9"], [names, "Ben", "x9", "y9"], ["z9"]]):
        for kind in ("join", "gift", "follow", "order"):
            for number, user in enumerate(users):
                host.hear(event(kind, user, 10 * second + number), 10.0 * second)
        while line := host.due(10.0 * second):
            said.append(line.text)
    assert len(said) == 20 and not any("{" in text or "x9" in text for text in said)
    assert sum("Ben" in text for text in said) == 12 and sum("2" in text for text in said) == 4
