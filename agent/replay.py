"""A recorded chat through the real show, without sound or picture, in virtual time: the same chat, the same journal.

Triage, rundown, turns, guard, revision and journal are those of a live show. Only the voice is silent (a sentence takes as
long as its text tells), nothing is drawn, and what the machine needs to compute takes no time of the show's.
"""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from agent.app import CATALOGUE, Progress, directed, heard, open_catalogue, open_retriever
from agent.config import Config, ConfigError
from agent.director import Director
from agent.follow import Follower
from agent.journal import Journal, summary, tally
from agent.llm import LLMError, Phraser
from agent.triage import Question
from agent.turn import Desk
from agent.virtual import VirtualLoop, run
from connectors.base import Connector, supervise
from connectors.replay import Replay
from knowledge.retrieve import Retriever
from knowledge.shelf import Shelf
from knowledge.store import Store
from renderer.silent import SilentStage, SilentVoice
from renderer.stage import Cue
from renderer.voice.router import Voices
from renderer.worker import Inline

log = structlog.get_logger()

AFTER_S = 60.0  # the show goes on after the last comment, for what waits to be answered

Watch = Callable[[Cue], None]
Opens = Callable[[Callable[[], datetime]], Retriever]  # given the show's clock, by which sales begin and end


@dataclass(frozen=True, slots=True)
class Options:
    """How a recording is replayed."""

    journal: Path
    began: datetime  # when the show begins, by which sales begin and end
    speed: float = 0.0  # virtual seconds in a real one; 0 is as fast as the machine can
    seconds: float | None = None  # of the show; default: AFTER_S after the last comment
    model: bool = False  # whether the configured language model may phrase answers


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay."""

    journal: str
    show_s: float
    wall_s: float
    times_real: float
    stray_tasks: int  # of asyncio, left over when the show was closed
    comments: dict[str, int]  # as agent.journal.tally
    sentences: int  # said

    def json(self) -> dict[str, Any]:
        return asdict(self)


def replay(
    config: Config, chat: Connector, options: Options, *, catalogue: Path, opens: Opens, watch: Sequence[Watch] = ()
) -> Replayed:
    """Replay to the end. ``opens`` a retriever over the ``catalogue``; ``watch`` sees what is said, and when.

    Raises asyncio.CancelledError when SIGTERM has ended it, with the journal closed.
    """

    async def show(loop: VirtualLoop) -> tuple[float, int, float]:
        task = asyncio.current_task()
        assert task is not None
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
        return await _Show(config, chat, options, catalogue, opens, watch, loop).run()

    show_s, stray, wall_s = run(show, speed=options.speed)
    return Replayed(
        str(options.journal), round(show_s, 3), round(wall_s, 2), round(show_s / wall_s, 1), stray, tally(options.journal),
        summary(options.journal)["sentences_said"],
    )  # fmt: skip


def replay_file(config: Config, path: Path, options: Options, *, data: Path, progress: Progress) -> Replayed:
    """Replay a file of comments. Raises what ``live`` raises for files and settings that cannot be used."""
    chat = Replay(Replay.Config(path=path))
    store = open_catalogue(config, data, progress)
    last_s = chat.recording.last_s
    options = replace(options, seconds=options.seconds if options.seconds is not None else last_s + AFTER_S)
    return replay(
        config, chat, options, catalogue=data / CATALOGUE, opens=lambda now: open_retriever(config, store, progress, now)
    )


class _Show:
    """One replay: the composition of a show, for the virtual clock."""

    def __init__(
        self, config: Config, chat: Connector, options: Options, catalogue: Path, opens: Opens, watch: Sequence[Watch],
        loop: VirtualLoop,
    ) -> None:  # fmt: skip
        self.config, self.chat, self.options, self.loop = config, chat, options, loop
        self.catalogue, self.opens, self.watch = catalogue, opens, watch

    def now(self) -> datetime:
        """The show's moment, for sales."""
        return self.options.began + timedelta(seconds=self.loop.time())

    async def run(self) -> tuple[float, int, float]:
        """Seconds of the show, tasks it left behind, and real seconds it took, without the opening of the catalogue."""
        before = asyncio.all_tasks()
        retriever = self.opens(self.now)
        began = time.perf_counter()
        async with AsyncExitStack() as stack:
            await self._perform(retriever, stack)
        return self.loop.time(), len(asyncio.all_tasks() - before), time.perf_counter() - began

    async def _perform(self, retriever: Retriever, stack: AsyncExitStack) -> None:
        config, clock, inline = self.config, self.loop.time, Inline()
        shop = Store(self.catalogue)
        stack.callback(shop.close)
        shelf, stage = Shelf(shop, self.now), SilentStage(clock=clock)
        clear = Voices(config.host.voice).clear_languages
        phraser = await self._phraser(stack)
        journal = Journal(
            self.options.journal, title=config.show.title, config=config.model_dump_json(), catalogue_version=shop.version,
            began=self.options.began.isoformat(timespec="seconds"), patient=True,
        )  # fmt: skip
        stack.callback(journal.close)
        director = directed(
            config, shelf=shelf, desk=Desk(retriever, inline, phraser, config.host.persona),
            voice=SilentVoice(clear | {config.show.language}), clear=clear, voice_worker=inline, stage=stage,
            journal=journal, tell=lambda message: None, clock=clock, now=self.now,
            kind=OutsideDirector if phraser else Director,
        )  # fmt: skip
        stage.on_cue = self._watched(director.cue)
        follower = Follower(shelf, retriever, inline, director.changed, now=self.now)
        async with asyncio.TaskGroup() as group:
            others = (director.run(), supervise(self.chat, heard(director)), follower.run())
            tasks = [group.create_task(other) for other in others]
            await stage.run(seconds=self.options.seconds)
            for task in tasks:
                task.cancel()

    def _watched(self, cue: Watch) -> Watch:
        def all(each: Cue) -> None:
            cue(each)
            for watch in self.watch:
                watch(each)

        return all

    async def _phraser(self, stack: AsyncExitStack) -> Phraser | None:
        if not self.options.model:
            return None
        phraser = Phraser(self.config.llm, clock=self.loop.time)
        stack.push_async_callback(self._outside, phraser.close)
        try:
            await self._outside(phraser.warm)
        except LLMError as error:
            log.warning("llm.unavailable", why=str(error), instead="plain factual answers")
        return phraser

    async def _outside(self, work: Callable[[], Awaitable[None]]) -> None:
        with self.loop.outside():
            await work()


class OutsideDirector(Director):
    """While an answer is made with a model, whose time is real, the show's clock goes as real time does."""

    async def answer(self, question: Question, begin: int = 0) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        with loop.outside():
            await super().answer(question, begin)


def speed_of(text: str) -> float:
    """ "max" or 0: as fast as possible; else how many seconds of the show pass in a real one. Raises ConfigError."""
    try:
        speed = 0.0 if text == "max" else float(text)
    except ValueError:
        speed = -1.0
    if not 0 <= speed < float("inf"):
        raise ConfigError(f'--speed {text}: give a number such as 1 (real time) or 60, or "max" (0) for as fast as possible')
    return speed


def moment(text: str | None) -> datetime:
    """A moment with its zone, the machine's where none is given; None is now. Raises ConfigError."""
    try:
        return datetime.fromisoformat(text).astimezone() if text else datetime.now(UTC)
    except (ValueError, OverflowError):
        raise ConfigError(f"--at {text}: give a moment such as 2026-11-27T20:00+01:00") from None
