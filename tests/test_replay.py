"""A recorded chat through the real show in virtual time: the same journal each time, every comment accounted for."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.config import Config, ConfigError, Llm
from agent.config import Show as ShowConfig
from agent.journal import tally
from agent.replay import Options, Replayed, moment, replay, speed_of
from agent.rundown import Rundown
from agent.virtual import VirtualLoop, run
from bench.eight_hours import Observer, Said, disclosed, judge, places, repeats, room
from connectors.replay import Replay
from knowledge.retrieve import Retriever
from renderer.media import Utterance
from renderer.silent import SilentStage, SilentVoice
from renderer.stage import Cue, Stage
from renderer.voice.base import VoiceError
from renderer.worker import Inline
from tests.fakes.openai_server import OpenAIServer
from tests.shop import retriever, shop_at
from tests.show import settings

ROOT = Path(__file__).resolve().parent.parent
BEGAN = datetime(2026, 11, 27, 20, 0, tzinfo=UTC)
CHAT = [
    (4.0, "Ann", "how much is the watch?"), (4.2, "Bob", "watch price please"), (9.0, "Cem", "is the candle waterproof?"),
    (9.5, "Dee", "nice stream"), (11.0, "Eva", "¿cuánto cuesta la tienda?"), (14.0, "Fay", "手表多少钱？"),
    (18.0, "Gus", "visit www.cheap-deals.example now"), (19.0, "Hal", ""), (30.0, "Ida", "is there a warranty on the tent?"),
]  # fmt: skip


def recording(path: Path, rows: list[tuple[float, str, str]] = CHAT) -> Path:
    lines = [json.dumps({"at": at, "user": user, "id": str(n), "text": text}) for n, (at, user, text) in enumerate(rows)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def played(folder: Path, name: str = "a", *, config: Config | None = None, watch: Any = (), **options: Any) -> Replayed:
    """The small shop's show over ``CHAT``."""
    folder.mkdir(exist_ok=True)
    chat = Replay(Replay.Config(path=recording(folder / f"{name}.jsonl", options.pop("chat", CHAT))))
    given = replace(Options(folder / f"{name}.sqlite", BEGAN, seconds=90), **options)
    catalogue = folder / "shop.sqlite"
    if not catalogue.exists():
        shop_at(catalogue)
    return replay(config or Config(), chat, given, catalogue=catalogue, opens=lambda now: retriever(), watch=watch)


def table(done: Replayed, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(done.journal)) as db:
        return db.execute(sql).fetchall()


def decided(done: Replayed) -> bytes:
    """Everything of a journal but what the machine took."""
    sqls = (
        "SELECT * FROM comments", "SELECT id, question, language, plain, spoken, source, facts, verdicts, outcome FROM turns",
        "SELECT * FROM said", "SELECT * FROM asked", "SELECT * FROM missing", "SELECT * FROM revisions", "SELECT * FROM counts",
        "SELECT * FROM shows",
    )  # fmt: skip
    return json.dumps([table(done, sql) for sql in sqls], ensure_ascii=False).encode()


def test_the_same_chat_makes_the_same_journal_and_another_seed_another(tmp_path: Path) -> None:
    first, second = played(tmp_path, "a"), played(tmp_path, "b")
    assert decided(first) == decided(second) and len(table(first, "SELECT * FROM said")) > 15
    other = played(tmp_path, "c", config=Config(show=ShowConfig(seed=2)))
    assert decided(other) != decided(first)


def test_what_a_comment_means_does_not_depend_on_the_process() -> None:
    """Sets of words have another order in each process; nothing may be chosen by it."""
    code = (
        "import json, hashlib; from pathlib import Path; from knowledge.asked import Reader; reader = Reader()\n"
        "rows = Path('tests/data/questions.jsonl').read_text().splitlines()\n"
        "texts = ['who else is watching', *(json.loads(row)['q'] for row in rows)]\n"
        "told = [(a.language, a.kind, a.fields, a.mentions) for a in map(reader.read, texts)]\n"
        "print(hashlib.sha256(repr(told).encode()).hexdigest())"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE
        )
        for seed in ("1", "2")
    ]
    first, second = (process.communicate(timeout=120)[0] for process in started)
    assert first == second and len(first) == 65


def test_every_comment_has_become_of_something(tmp_path: Path) -> None:
    done = played(tmp_path)
    told = tally(Path(done.journal))
    assert told.pop("heard") == len(CHAT) == sum(told.values())
    assert told["waiting"] == told["left_out"] == told["failed"] == 0
    assert dict(table(done, "SELECT user, decision FROM comments")) == {
        "Ann": "answered", "Bob": "answered", "Cem": "answered", "Dee": "ignored", "Eva": "answered", "Fay": "answered",
        "Gus": "ignored", "Hal": "ignored", "Ida": "answered"}  # fmt: skip
    assert ("Alpina Tent", "warranty") in table(done, "SELECT product, field FROM missing")
    assert done.stray_tasks == 0


def test_what_waits_at_the_end_is_shed(tmp_path: Path) -> None:
    rows = [(19.8, f"u{n}", text) for n, text in enumerate(("how much is the tent?", "watch warranty?", "serum ingredients?"))]
    done = played(tmp_path, chat=rows, seconds=20)
    assert done.show_s == pytest.approx(20, abs=0.1)
    told = tally(Path(done.journal))
    assert told["heard"] == 3 and told["shed"] > 0 and told["waiting"] == 0


def test_sales_begin_and_end_by_the_shows_clock(tmp_path: Path) -> None:
    seen: list[datetime] = []

    def opens(now: Callable[[], datetime]) -> Retriever:
        seen.append(now())
        return retriever()

    chat = Replay(Replay.Config(path=recording(tmp_path / "c.jsonl")))
    options = Options(tmp_path / "j.sqlite", BEGAN, seconds=5)
    replay(Config(), chat, options, catalogue=shop_at(tmp_path / "s.sqlite"), opens=opens)
    assert seen == [BEGAN]


class Picture:
    """Draws nothing, at once."""

    def __init__(self) -> None:
        from renderer.silent import _Still

        self.rest, self.track = _Still().rest, _Still().track

    def render(self, first: int, codes: Any, talking: Any) -> Any:
        import numpy as np

        return np.zeros((len(codes), 2, 2), np.uint8)

    def draw(self, planes: Any, **_: Any) -> None:
        pass


def test_the_silent_stage_cuts_where_the_drawing_one_does() -> None:
    """Sentences queued and withdrawn at odd moments are begun, given back and ended at the same samples."""
    voice = SilentVoice(frozenset({"en"}))

    def course(silent: bool) -> list[tuple[str, str, int]]:
        cues: list[Cue] = []
        back: list[tuple[str, str, int]] = []

        async def main(loop: VirtualLoop) -> None:
            picture = Picture()
            stage = SilentStage(clock=loop.time) if silent else Stage(picture, picture, worker=Inline(), clock=loop.time)
            stage.on_cue = cues.append
            task = loop.create_task(stage.run([], seconds=120))
            for n in range(40):
                await asyncio.sleep(0.013 + (n * 37 % 29) / 10)
                await stage.say(voice.speak(Utterance(f"u{n}", "word " * (1 + n * 7 % 9), "en", "pitch")), first=n % 7 == 3)
                if n % 5 == 4:
                    taken = stage.withdraw(lambda u: True)
                    back.extend((speech.utterance.id, "back", round(stage.pending_s * 25)) for speech in taken)
            await task

        run(main)
        return [(cue.utterance.id, cue.kind, cue.pts) for cue in cues] + back

    assert len(course(True)) > 40 and course(True) == course(False)


@contextmanager
def model_server(answer: str) -> Iterator[OpenAIServer]:
    """In a thread of its own: the replay's loop does not serve."""
    with asyncio.Runner() as runner:
        server = OpenAIServer(answer)
        runner.run(server.__aenter__())
        loop = runner.get_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(30)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


def test_a_model_is_given_real_time_to_phrase_answers(tmp_path: Path) -> None:
    with model_server("Great question! The price of the Pulsar GPS Watch is €179.00.") as server:
        llm = Llm(base_url=server.url, model="m", phrase="always", timeout_s=30)
        done = played(tmp_path, chat=[CHAT[0]], seconds=30, config=Config(llm=llm), model=True)
    assert [row[0] for row in table(done, "SELECT source FROM turns")] == ["model"] and done.stray_tasks == 0
    assert "Great question!" in [row[0] for row in table(done, "SELECT text FROM said")]


def test_a_long_show_of_a_busy_room_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The eight-hour benchmark, shorter. Repeats are the rundown's test: this shop is small."""
    minutes = 40
    seen = Observer(eighth_s=minutes * 60 / 8)
    monkeypatch.setattr(Rundown, "next", seen.follow(Rundown.next))
    rows = room(minutes * 60, [text for _, _, text in CHAT if text], every_s=25)
    chat = [(float(str(row["at"])), str(row["user"]), str(row["text"])) for row in rows]
    done = played(tmp_path, chat=chat, seconds=minutes * 60, watch=[seen.cue])
    judged = judge(seen, done)
    assert set(judged.wrong) <= {"a pitch line is repeated too soon"}, judged
    interruptions, resumed = places(seen)
    assert interruptions == resumed > 10
    assert len(disclosed(seen.said, done.show_s)) >= 2


def test_a_show_that_loses_its_place_is_seen(tmp_path: Path) -> None:
    """The benchmark's own eyes: a line lost, a line doubled, a line that comes again."""
    def show(*texts: str) -> Observer:
        said = [Said(f"p{n}", "answer" if text == "A" else "pitch", "", text, 10.0 * n) for n, text in enumerate(texts)]
        return Observer(said=said, ended={each.id for each in said}, course=["1", "2", "3", "4"])

    assert places(show("1", "A", "2", "3", "A", "4")) == (2, 2)
    assert places(show("1", "A", "3", "A", "4")) == (2, 0)
    assert places(show("1", "2", "A", "2", "3")) == (1, 0)
    again = show("1", "2", "1")
    assert repeats(again.said, again.ended) == [("1", 20.0)] and repeats(again.said, {"p1"}) == []
    assert disclosed([Said("d", "disclosure", "", "AI", 700.0)], 900.0) == [700.0, 200.0]


def test_a_sentence_takes_as_long_as_its_text_and_language_tell() -> None:
    voice = SilentVoice(frozenset({"en", "zh"}))
    short, long = (voice.speak(Utterance("a", "word " * n, "en")).duration_s for n in (4, 8))
    assert 1.8 < long / short < 2.0
    chinese, english = voice.speak(Utterance("a", "这件衣服是棉的", "zh")), voice.speak(Utterance("a", "It is 7", "en"))
    assert len(chinese.utterance.text) == len(english.utterance.text) and chinese.duration_s > 1.5 * english.duration_s
    speech = voice.speak(Utterance("a", "One, two.", "en"))
    assert all(p.start < p.end <= len(speech.pcm) for p in speech.phonemes) and len(speech.phonemes) == 2
    with pytest.raises(VoiceError, match="nothing to say"):
        voice.speak(Utterance("a", "…", "en"))


def test_virtual_time_is_paced_by_the_wall_clock_when_asked() -> None:
    async def main(loop: VirtualLoop) -> float:
        began = time.perf_counter()
        await asyncio.sleep(20)
        assert loop.time() == pytest.approx(20, abs=1e-6)
        return time.perf_counter() - began

    assert run(main, speed=100) >= 0.2 > run(main)


def test_threads_and_servers_take_real_time_and_a_deadlock_is_told() -> None:
    async def main(loop: VirtualLoop) -> float:
        await asyncio.to_thread(time.sleep, 0.05)
        with loop.outside():
            await asyncio.sleep(0.05)
        return loop.time()

    assert run(main) >= 0.08  # two waits of 0.05 s of real time, which a timer may cut by some of its grain

    async def stuck(loop: VirtualLoop) -> None:
        await loop.create_future()

    with pytest.raises(RuntimeError, match="no task will ever go on"):
        run(stuck)


def test_what_the_command_line_refuses() -> None:
    assert (speed_of("max"), speed_of("0"), speed_of("2.5")) == (0, 0, 2.5)
    for wrong in ("fast", "-1", "nan", "inf"):
        with pytest.raises(ConfigError, match="real time"):
            speed_of(wrong)
    assert moment("2026-11-27T20:00+01:00") == datetime(2026, 11, 27, 19, 0, tzinfo=UTC)
    with pytest.raises(ConfigError, match="give a moment"):
        moment("tomorrow")


def test_the_command_survives_being_told_to_end(tmp_path: Path) -> None:
    """SIGTERM in the middle of a paced replay: the journal is closed, and its sum exact."""
    chat = recording(tmp_path / "chat.jsonl", [(0.05 * n, f"u{n}", f"how much is the watch? {n}") for n in range(40)])
    (tmp_path / "show.toml").write_text(settings(), encoding="utf-8")
    journal = tmp_path / "j.sqlite"
    process = subprocess.Popen(
        [sys.executable, "-m", "agent", "replay", str(chat), "--speed", "20", "--seconds", "9000", "--journal", str(journal),
         "--config", str(tmp_path / "show.toml")],
        cwd=ROOT, env={**os.environ, "HAWKER_DATA": str(tmp_path / "data")}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until and not (journal.exists() and _heard(journal) == 40):
            time.sleep(0.1)
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)
    assert process.returncode == 143, log
    told = tally(journal)
    assert told.pop("heard") == 40 == sum(told.values()) and told["waiting"] == 0


def _heard(journal: Path) -> int:
    try:
        return tally(journal)["heard"]
    except sqlite3.OperationalError:  # its tables are being made
        return 0
