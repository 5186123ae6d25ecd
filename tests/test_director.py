"""The show's course: answers between sentences, the pitch from where it stopped, nothing twice. In virtual time."""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.cards import product_card
from agent.config import Config
from agent.director import ANSWERS_IN_A_ROW, Director
from agent.guard import check
from agent.journal import Journal
from agent.pitch import DISCLOSURE_EVERY_S
from agent.rundown import Rundown
from agent.triage import Triage
from agent.turn import Desk
from connectors.events import ChatEvent
from knowledge.facts import facts
from renderer.media import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, Phoneme, Speech, Utterance
from renderer.stage import Cue, Stage
from renderer.voice.base import VoiceError
from tests.shop import PRODUCTS, retriever
from tests.virtual import Inline, VirtualLoop, run

CHARACTERS_A_SECOND = 15


class Face:
    rest = np.zeros(1, np.float32)

    def track(self, speech: Speech) -> Any:
        return np.ones((-(-len(speech.pcm) // SAMPLES_PER_FRAME), 1), np.float32)

    def render(self, first: int, codes: Any, talking: Any) -> Any:
        return np.zeros((len(codes), 2, 2), np.uint8)


class Overlay:
    def draw(self, planes: Any, **_: Any) -> None:
        pass


@dataclass
class Voice:
    """Speaks at a steady pace; fails for texts that hold one of ``refuses``."""

    refuses: tuple[str, ...] = ()
    name: str = "test/voice"
    languages: frozenset[str] = frozenset({"en"})
    exact_timings: bool = True

    def speak(self, utterance: Utterance) -> Speech:
        if any(part in utterance.text for part in self.refuses):
            raise VoiceError("hoarse")
        pcm = np.ones(len(utterance.text) * SAMPLE_RATE // CHARACTERS_A_SECOND, np.int16)
        return Speech(utterance, pcm, (Phoneme("a", 0, len(pcm)),), self.name)


class Sink:
    def write(self, frame: Any, audio: Any) -> None:
        pass


@dataclass
class Show:
    """What happened: cues in order, messages to the room, the journal's file."""

    journal: Path
    stage: Any = None
    cues: list[Cue] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)

    @property
    def said(self) -> list[Utterance]:
        return [cue.utterance for cue in self.cues if cue.kind == "start"]

    def texts(self, *kinds: str) -> list[str]:
        return [utterance.text for utterance in self.said if utterance.kind in kinds]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        db = sqlite3.connect(self.journal)
        out = db.execute(sql).fetchall()
        db.close()
        return out


def rundown() -> Rundown:
    by_handle = {product.handle: facts(product) for product in PRODUCTS}
    return Rundown(
        {p.handle: p for p in PRODUCTS}, lambda handle: by_handle[handle],
        lambda text, known: check(text, known, language="en").ok, host="Mei", language="en", seed=1,
    )  # fmt: skip


class Paced(Inline):
    """A voice's worker that takes a part of the time of what is said."""

    def __init__(self, pace: float) -> None:
        self.pace = pace

    async def run(self, job: Any, *args: Any, **kwargs: Any) -> Any:
        speech = await super().run(job, *args, **kwargs)
        await asyncio.sleep(self.pace * speech.duration_s)
        return speech


def play(
    tmp_path: Path, seconds: float, comments: Sequence[tuple[float, str]] = (), voice: Voice | None = None, pace: float = 0.0
) -> Show:  # fmt: skip
    """A show of ``seconds`` with comments (second, text), each from a viewer of its own."""
    show = Show(tmp_path / "j.sqlite")

    async def main(loop: VirtualLoop) -> None:
        stage = Stage(Face(), Overlay(), worker=Inline(), clock=loop.time)  # type: ignore[arg-type]
        show.stage = stage
        journal = Journal(show.journal, title="t", config="{}", catalogue_version=1, began="now")
        director = Director(
            Config(), triage=Triage(), rundown=rundown(), desk=Desk(retriever(), Inline(), None, "warm"),  # type: ignore[arg-type]
            voice=voice or Voice(), speakable=frozenset({"en"}), voice_worker=Paced(pace), stage=stage, journal=journal,  # type: ignore[arg-type]
            card=lambda handle: None, tell=show.told.append, clock=loop.time,
        )  # fmt: skip
        if pace:
            await director.booth.warm(["en"])

        def cue(cue: Cue) -> None:
            show.cues.append(cue)
            director.cue(cue)

        stage.on_cue = cue
        for number, (at, text) in enumerate(comments):
            loop.call_at(at, director.hear, ChatEvent("web", f"e{number}", f"Viewer{number}", text, user_id=f"u{number}"))
        task = loop.create_task(director.run())
        await stage.run([Sink()], seconds=seconds)
        assert not task.done(), task
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        journal.close()

    run(main)
    return show


def undisturbed(lines: int) -> list[str]:
    course = rundown()
    return [line.text for _ in range(lines) if (line := course.next())]


def test_without_comments_the_pitch_goes_on_without_a_gap(tmp_path: Path) -> None:
    show = play(tmp_path, 60)
    said = show.texts("greeting", "pitch")
    assert len(said) > 10 and said == undisturbed(len(said))
    starts = [cue.pts for cue in show.cues if cue.kind == "start"]
    ends = [cue.pts for cue in show.cues if cue.kind == "end"]
    gaps = [start - end for start, end in zip(starts[1:], ends, strict=False)]
    assert max(gaps) == 0, "speech is kept ready"


def test_an_answer_comes_after_the_sentence_in_progress_and_the_pitch_is_taken_up_again(tmp_path: Path) -> None:
    show = play(tmp_path, 90, [(20.0, "how much is the watch?")])
    kinds = [utterance.kind for utterance in show.said]
    at = kinds.index("answer")
    assert "€179.00" in show.said[at].text and kinds.count("answer") == 1
    ends = {cue.utterance.id: cue.pts for cue in show.cues if cue.kind == "end"}
    start = next(cue.pts for cue in show.cues if cue.kind == "start" and cue.utterance.kind == "answer")
    before = show.said[at - 1]
    assert ends[before.id] <= start, "no sentence is cut"
    heard = [cue.utterance for cue in show.cues if cue.kind == "start" and cue.pts < 20 * SAMPLE_RATE]
    assert at - len(heard) <= 1, "at most what was already being drawn comes before the answer"
    assert kinds[at + 1] == "bridge", "the host comes back to the product that was on"
    said = show.texts("greeting", "pitch")
    assert said == undisturbed(len(said)), "every line is said once and in its order"


def test_many_answers_interrupt_and_no_line_is_lost_or_said_twice(tmp_path: Path) -> None:
    asked = [(10 + 9 * n, text) for n, text in enumerate(
        ["how much is the tent?", "is the candle waterproof?", "watch warranty?", "do you have the boots in 42?",
         "how long is delivery to germany", "serum ingredients?", "how heavy is the watch?", "hello"])]  # fmt: skip
    show = play(tmp_path, 200, asked)
    said = show.texts("greeting", "pitch")
    assert said == undisturbed(len(said))
    ids = Counter(utterance.id for utterance in show.said)
    assert max(ids.values()) == 1
    assert len({utterance.turn for utterance in show.said if utterance.kind == "answer"}) == len(asked)
    assert {row[0] for row in show.rows("SELECT decision FROM comments")} == {"answered"}


def test_a_flood_does_not_turn_the_show_into_a_help_desk(tmp_path: Path) -> None:
    texts = ["how much is the tent?", "watch warranty?", "do you have the boots in 42?", "serum ingredients?",
             "how heavy is the watch?", "how much is the candle?", "what is the candle made of?", "how much is the serum?",
             "how heavy is the tent?", "can I pay with paypal?", "how long is delivery to germany"]  # fmt: skip
    show = play(tmp_path, 110, [(5.0, text) for text in texts])
    row, longest, turns = 0, 0, set[str]()
    for utterance in show.said:
        if utterance.kind == "answer":
            row += utterance.turn not in turns
            turns.add(utterance.turn)
        elif utterance.kind == "pitch":
            row = 0
        longest = max(longest, row)
    assert longest == ANSWERS_IN_A_ROW and len(turns) == len(texts)


def test_the_same_question_of_many_gets_one_answer_that_names_them(tmp_path: Path) -> None:
    show = play(tmp_path, 40, [(10.0, "how much is the watch?"), (10.0, "watch price?"), (10.0, "手表多少钱")])
    replies = [message for message in show.told if message["type"] == "reply"]
    assert len(replies) == 1 and sorted(replies[0]["to"]) == ["Viewer0", "Viewer1", "Viewer2"]
    fates = show.rows("SELECT decision, count(*), count(DISTINCT turn) FROM comments GROUP BY decision ORDER BY decision")
    assert fates == [("answered", 1, 1), ("merged", 2, 1)]


def test_it_is_the_product_on_air(tmp_path: Path) -> None:
    show = play(tmp_path, 60, [(20.0, "how much is it?")])
    assert len(show.texts("answer")) == 1 and "€149.90" in show.texts("answer")[0], "the product on air is meant"


def test_a_voice_that_fails_costs_its_sentence_and_never_the_show(tmp_path: Path) -> None:
    show = play(tmp_path, 80, [(10.0, "how much is the watch?"), (30.0, "tent price?")], Voice(refuses=("€179.00", "Alpina")))
    failed = show.rows("SELECT decision, reason FROM comments WHERE text LIKE '%watch%'")
    assert failed[0][0] == "failed" and "hoarse" in failed[0][1]
    assert len(show.texts("pitch")) > 10 and not any("Alpina" in text for text in show.texts("pitch"))


def test_a_voice_that_is_gone_leaves_a_silent_show_running(tmp_path: Path) -> None:
    show = play(tmp_path, 20, [(5.0, "how much is the watch?")], Voice(refuses=("",)))
    assert show.said == [] and show.rows("SELECT decision FROM comments") == [("failed",)]


def test_the_host_says_again_that_it_is_an_ai_and_not_more_often_than_it_should(tmp_path: Path) -> None:
    show = play(tmp_path, 2.5 * DISCLOSURE_EVERY_S)
    times = [cue.pts / SAMPLE_RATE for cue in show.cues if cue.kind == "start" and cue.utterance.kind == "disclosure"]
    assert len(times) == 2 and all("AI host" in text for text in show.texts("disclosure"))
    assert [times[0], times[1] - times[0]] == pytest.approx([DISCLOSURE_EVERY_S] * 2, abs=15)


def test_the_journal_holds_every_stage_of_an_answer(tmp_path: Path) -> None:
    show = play(tmp_path, 40, [(10.0, "how much is the watch?")])
    ((ms, outcome, plain, spoken),) = show.rows("SELECT ms, outcome, plain, spoken FROM turns")
    told = json.loads(ms)
    assert outcome == "spoken" and plain == spoken
    assert {"wait_chosen", "retrieve", "words", "voice", "queue", "wait_stage", "comment_to_voice"} <= set(told)
    start = next(cue for cue in show.cues if cue.kind == "start" and cue.utterance.kind == "answer")
    assert told["comment_to_voice"] == pytest.approx((start.clock_s - 10) * 1000, abs=1000 / FPS)
    said = show.rows("SELECT start_pts, end_pts FROM said ORDER BY start_pts")
    assert all(end is not None for _, end in said[:-1])


def silences(show: Show) -> list[float]:
    """Seconds between the end of what was said and the beginning of each answer, and before each of its sentences."""
    ends = {cue.utterance.id: cue.pts for cue in show.cues if cue.kind == "end"}
    starts = [cue for cue in show.cues if cue.kind == "start"]
    return [
        (after.pts - ends[before.utterance.id]) / SAMPLE_RATE
        for before, after in pairwise(starts) if after.utterance.kind == "answer"
    ]  # fmt: skip


BUSY = [(3.0 + n, text) for n, text in enumerate([
    "how much is the tent?", "watch warranty?", "do you have the boots in 42?", "serum ingredients?", "how heavy is the watch?",
    "how much is the candle?", "what is the candle made of?", "how much is the serum?", "how heavy is the tent?",
    "can I pay with paypal?", "how long is delivery to germany", "what sizes do the boots have?", "return policy?"])]  # fmt: skip


def test_a_voice_that_takes_a_third_of_its_time_is_not_waited_for_in_a_busy_room(tmp_path: Path) -> None:
    show = play(tmp_path, 120, BUSY, pace=0.35)
    gaps = sorted(silences(show))
    assert len(gaps) >= len(BUSY) and gaps[len(gaps) // 2] == 0 and gaps[-1] <= 0.8
    assert not show.stage.stalled and {row[0] for row in show.rows("SELECT decision FROM comments")} == {"answered"}
    said = show.rows("SELECT utterance, text FROM said WHERE kind = 'answer'")
    assert len(said) == len(dict(said)) and all(text[-1] in ".!?" for _, text in said), "a sentence is on record once, whole"
    assert len([row for row in show.rows("SELECT ms FROM turns") if "comment_to_voice" in row[0]]) == len(BUSY)


def test_a_voice_as_slow_as_speech_does_not_end_the_answers(tmp_path: Path) -> None:
    show = play(tmp_path, 200, BUSY[:6], pace=1.0)
    assert {row[0] for row in show.rows("SELECT decision FROM comments")} == {"answered"}
    assert not show.stage.stalled


def test_a_voice_that_fails_in_a_sentence_ends_it_there_and_the_show_goes_on(tmp_path: Path) -> None:
    class NoPitch(Voice):
        def speak(self, utterance: Utterance) -> Speech:
            if utterance.id.startswith("p"):
                raise VoiceError("not now")
            return super().speak(utterance)

    show = play(tmp_path, 60, [(10.0, "how much is the tent?"), (30.0, "watch price?")], NoPitch(refuses=("regular",)), pace=0.5)
    failed, answered = show.rows("SELECT decision, reason FROM comments")
    assert failed[0] == "failed" and "hoarse" in failed[1] and answered[0] == "answered"
    (start, end), (later, _) = show.rows("SELECT start_pts, end_pts FROM said WHERE kind = 'answer'")
    assert end - start < 4 * SAMPLE_RATE < later - end


def test_the_card_shows_price_and_stock_as_they_are_now() -> None:
    tent = PRODUCTS[1]
    card = product_card(tent, facts(tent))
    assert card is not None and (card.title, card.price, card.note) == ("Alpina Tent", "€219.00", "In stock: 14")
    assert product_card(None, []) is None
