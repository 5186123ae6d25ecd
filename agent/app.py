"""The composition root: builds every part of a show from its configuration, runs them in one TaskGroup, nothing else."""

import asyncio
import itertools
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from agent.ahead import WriterAhead
from agent.cards import product_card
from agent.config import Catalogue, Config, ConfigError, data_dir
from agent.director import Director
from agent.follow import Follower
from agent.guard import check, noticed
from agent.journal import Journal
from agent.llm import LLMError, Phraser
from agent.offers import endpoint
from agent.rundown import Rundown
from agent.script import Script, load_script, read_script
from agent.triage import Triage
from agent.turn import Desk
from connectors.base import Connector, Replies, create, supervise
from connectors.events import ChatEvent
from connectors.web import WebChat
from knowledge.embed import open_embedder
from knowledge.facts import facts
from knowledge.feeds import stream
from knowledge.index import FactIndex
from knowledge.meant import open_meant
from knowledge.product import CatalogueError, Fact
from knowledge.retrieve import Retriever
from knowledge.shelf import Shelf
from knowledge.store import Report, Store
from renderer.avatar.pack import find_pack
from renderer.media import Card
from renderer.output.recording import Recording
from renderer.overlay import FONTS, Overlay
from renderer.stage import Stage
from renderer.voice.base import Voice
from renderer.voice.cache import SpeechCache
from renderer.voice.router import Voices
from renderer.worker import Worker
from studio.room import Handler, Room

log = structlog.get_logger()
Say = Callable[[str], None]

CATALOGUE, JOURNAL, SPEECH = "catalogue.sqlite", "journal.sqlite", "speech"


@dataclass(frozen=True)
class Options:
    """What the command line adds to a configuration."""

    port: int | None = None
    seconds: float | None = None
    record: Path | None = None
    chat: Path | None = None


@dataclass
class Progress:
    """Lines for a person who waits: one that is rewritten while a step goes on, then kept."""

    say: Say = field(default=lambda text: print(text, file=sys.stderr, flush=True))
    _began: dict[str, float] = field(default_factory=dict)

    def step(self, name: str, done: int = 0, of: int = 0) -> None:
        """A step has begun, or ``done`` of ``of`` parts of it are over."""
        self._began.setdefault(name, time.monotonic())
        count = f" {done}/{of}" if of else ""
        if sys.stderr.isatty() and of:
            print(f"\r  {name} …{count}", end="\n" if done == of else "", file=sys.stderr, flush=True)
        elif not of or done == of or done == 0:
            self.say(f"  {name} …{count}")


def utc() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def open_catalogue(config: Config, data: Path, progress: Progress) -> Store:
    """The catalogue as a show finds it: the configuration's files are read again when the store is theirs or empty."""
    store = Store(data / CATALOGUE)
    names = {path.name for path in config.catalogue.files}
    if config.catalogue.files and (not store.sources or names & set(store.sources)):
        for path in config.catalogue.files:
            report = ingest(store, path, config.catalogue, keep_offers=True, market=config.show.market)
            if report.added or report.changed or report.removed:
                progress.step(f"catalogue {path.name}: {report.products} products, {report.policies} store facts")
    if not store.count():
        raise CatalogueError(
            "the catalogue is empty; run `hawker ingest FILE` or name files under [catalogue] in hawker.toml"
        )
    return store


def ingest(store: Store, path: Path, catalogue: Catalogue, *, keep_offers: bool = False, market: str = "") -> Report:
    """Read one file into the store, as ``Store.ingest`` does; rows that were left out are logged with their line.

    Texts that can never be said on the air in ``market`` are taken with a warning.
    """
    feed, products = stream(path, currency=catalogue.currency, columns=catalogue.columns)
    report = store.ingest(feed, noticed(products, feed, market), keep_offers=keep_offers)
    for row in report.rejected[:20]:
        log.warning("catalogue.row_left_out", file=row.file, line=row.line, why=row.why)
    return report


def open_retriever(config: Config, store: Store, progress: Progress, now: Callable[[], datetime] = utc) -> Retriever:
    """Embedder, index and retrieval over a store; embeds what is new, with progress. Sales begin and end by ``now``."""
    embedder = open_embedder(config.catalogue.embedder)
    index = FactIndex.build(store, embedder, lambda done, of: progress.step("reading the catalogue", done, of), now=now)
    return Retriever(store, index, embedder)


def rundown_of(config: Config, shelf: Shelf, now: Callable[[], datetime] = utc) -> Rundown:
    """The pitch over a catalogue, or the seller's script, with the facts of ``now``; its lines pass the guard as answers do."""

    def holds(text: str, facts: Sequence[Fact]) -> bool:
        verdict = check(text, facts, language=config.show.language, market=config.show.market)
        if not verdict.ok:
            log.warning("pitch.line_refused", text=text, reason=verdict.reason, detail=verdict.detail)
        return verdict.ok

    def known(handle: str) -> list[Fact]:
        return shelf.store.facts(handle, now()) if handle else shelf.policies

    show, host = config.show, config.host.name
    script = _script(config, shelf, known)
    return Rundown(
        shelf, known, holds, host=host, language=show.language, seed=show.seed, script=script, only=config.rundown.only, now=now
    )  # fmt: skip


def directed(
    config: Config, *, shelf: Shelf, desk: Desk, voice: Voice, clear: frozenset[str], voice_worker: Worker, stage: Stage,
    journal: Journal, tell: Callable[[dict[str, Any]], None], clock: Callable[[], float] = time.perf_counter,
    now: Callable[[], datetime] = utc, kind: type[Director] = Director, speech_cache: SpeechCache | None = None,
) -> Director:  # fmt: skip
    """The director of a show, live or replayed, with triage and rundown, at its place on the stage.

    ``clear`` languages have a voice that is easily followed; ``shelf`` belongs to the event loop's thread. ``clock`` counts
    seconds, ``now`` tells the moment by which sales begin and end.
    """
    director = kind(
        config, triage=Triage(meant=open_meant()), rundown=rundown_of(config, shelf, now), desk=desk, voice=voice,
        speakable=clear | {config.show.language}, voice_worker=voice_worker, stage=stage, journal=journal,
        card=_cards(shelf.store, now), tell=tell, clock=clock, speech_cache=speech_cache,
    )  # fmt: skip
    stage.on_cue = director.cue
    return director


def _script(config: Config, shelf: Shelf, known: Callable[[str], list[Fact]]) -> Script | None:
    """The seller's own lines; those that cannot be said are logged, each with its line."""
    file = config.rundown.file
    if file is None:
        return None
    script = load_script(file, shelf, known, language=config.show.language, host=config.host.name)
    log.info("rundown.read", file=str(file), products=len(script.segments), left_out=len(script.refused))
    for each in script.refused:
        log.warning("rundown.line_left_out", file=each.file, line=each.number, why=each.why, text=each.text)
    return script


async def live(config: Config, options: Options, progress: Progress) -> None:
    """Run a show until its seconds are over or it is cancelled. Everything that can be refused is refused first."""
    began, data = time.monotonic(), data_dir()
    progress.say("Setting the stage:")
    pack = find_pack(config.host.avatar, data)
    connectors = _connectors(config, options)
    if config.rundown.file:
        read_script(config.rundown.file, config.show.language)
    store = open_catalogue(config, data, progress)
    async with AsyncExitStack() as stack:
        web = next((c for c in connectors if isinstance(c, WebChat)), None)
        page, room = await _page(config, options, web, stack)
        offered = asyncio.Event()  # an offer has been changed through the endpoint
        port = config.page.port if options.port is None else options.port
        await stack.enter_async_context(endpoint(config.page, port, data, data / CATALOGUE, offered.set))
        retriever = await asyncio.to_thread(open_retriever, config, store, progress)
        progress.step("voice")
        voice = Voices(config.host.voice, threads=1)
        others = sorted(voice.clear_languages - {config.show.language}) if config.show.answer_in == "asker" else []
        languages = [config.show.language, *others]
        await asyncio.to_thread(voice.warm, languages)
        progress.step("face")
        worker, knowledge, speaking = Worker("render"), Worker("knowledge"), Worker("voice")
        for each in (worker, knowledge, speaking):
            stack.callback(each.close)
        face = await worker.run(_load_face, config, pack)
        sinks: list[Any] = [sink for sink in (page, _recording(options, stack)) if sink]
        stage = Stage(face, Overlay(config.host.label), worker=worker)
        phraser = _phraser(config, stack)
        shop = Store(data / CATALOGUE)  # the event loop's own; the retriever's belongs to the knowledge thread
        stack.callback(shop.close)
        shelf = Shelf(shop)
        desk = Desk(retriever, knowledge, phraser, config.host.persona, config.show.market)
        journal = Journal(
            data / JOURNAL, title=config.show.title, config=config.model_dump_json(), catalogue_version=store.version,
            began=datetime.now(UTC).isoformat(timespec="seconds"),
        )  # fmt: skip
        stack.callback(journal.close)
        audience = _Audience(config, connectors, web, page)
        director = directed(
            config, shelf=shelf, desk=desk, voice=voice, clear=voice.clear_languages, voice_worker=speaking, stage=stage,
            journal=journal, tell=audience.tell, speech_cache=SpeechCache(data / SPEECH),
        )  # fmt: skip
        await director.booth.warm(languages)
        follower = Follower(shelf, retriever, knowledge, director.changed, asked=offered)
        alongside: list[Callable[[], Coroutine[Any, Any, None]]] = [audience.run, follower.run]
        if phraser and (config.llm.base_url or phraser.always):  # the embedded model is too weak for lines of its own
            alongside.append(_ahead(config, phraser, director).run)
        if room:
            progress.say(f"\nThe show is on: {room.url}   (ready in {time.monotonic() - began:.1f} s; Ctrl+C ends it)")
        alongside.append(director.repeats.run)
        await _run(director, stage, sinks, connectors, alongside, phraser, options)


async def _run(
    director: Director, stage: Stage, sinks: list[Any], connectors: list[Connector],
    others: Sequence[Callable[[], Coroutine[Any, Any, None]]], phraser: Phraser | None, options: Options,
) -> None:  # fmt: skip
    """The show's one TaskGroup: it ends when the stage has played its seconds."""
    hear = heard(director)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(director.run(), name="director")]
            tasks += [group.create_task(supervise(c, hear), name=c.platform) for c in connectors]
            tasks += [group.create_task(other(), name=other.__qualname__) for other in others]
            if phraser:
                tasks.append(group.create_task(_warm(phraser), name="model"))
            await stage.run(sinks, seconds=options.seconds)
            for task in tasks:
                task.cancel()
    finally:
        for sink in sinks:
            await sink.close()
        if stage.repeated:
            log.info("stage.late_pictures", repeated=stage.repeated, of=stage.emitted)
        if stage.stalled:
            log.info("stage.stalled", frames=stage.stalled, of=stage.emitted)
        log.info("voice.reused", **director.booth.cache.counts)
        log.info("voice.pace", **director.booth.paces)


def heard(director: Director) -> Callable[[ChatEvent], None]:
    """What connectors feed. An event without an id gets one of its own, by which the journal keeps its way."""
    nameless = itertools.count(1)

    def hear(event: ChatEvent) -> None:
        director.hear(replace(event, id=event.id or f"nameless-{next(nameless)}", at_s=director.now_s))

    return hear


def _connectors(config: Config, options: Options) -> list[Connector]:
    out = [create(source.use, source.settings) for source in config.connectors]
    if options.chat:
        out.append(create("replay", {"path": options.chat}))
    return out


async def _page(
    config: Config, options: Options, web: WebChat | None, stack: AsyncExitStack
) -> tuple[Any, Room | None]:
    """The viewers' page, when the configuration has a web chat to go with it."""
    if web is None:
        return None, None
    from renderer.output.page import PageOutput, only_loopback

    if config.page.host in ("127.0.0.1", "localhost", "::1"):
        only_loopback()
    page = PageOutput()
    port = config.page.port if options.port is None else options.port
    sockets: dict[str, Handler] = {"/chat": web.session, "/watch": page.session}
    room = await stack.enter_async_context(Room(config.page.host, port, sockets, fonts=FONTS))
    await web.reply(
        {"type": "state", "phase": "starting", "detail": "The host is getting ready…", "title": config.show.title}
    )
    return page, room


def _load_face(config: Config, pack: Path) -> Any:
    from renderer.avatar.face import Face

    settings = config.renderer
    return Face.load(pack, threads=settings.threads, device=settings.device, seed=config.show.seed)


def _recording(options: Options, stack: AsyncExitStack) -> Recording | None:
    return Recording(options.record) if options.record else None


def _phraser(config: Config, stack: AsyncExitStack) -> Phraser | None:
    if config.llm.phrase == "off":
        return None
    phraser = Phraser(config.llm)
    stack.push_async_callback(phraser.close)
    return phraser


def _ahead(config: Config, phraser: Phraser, director: Director) -> WriterAhead:
    return WriterAhead(
        phraser, director.rundown, language=config.show.language, persona=config.host.persona,
        idle=lambda: not director.triage.waiting, now_s=lambda: director.now_s,
    )  # fmt: skip


async def _warm(phraser: Phraser) -> None:
    """Wake the model while the host is already talking; without it the answers are plain ones."""
    try:
        await phraser.warm()
    except LLMError as error:
        log.warning("llm.unavailable", why=str(error), instead="plain factual answers")


def _cards(store: Store, now: Callable[[], datetime] = utc) -> Callable[[str], Card | None]:
    def card(handle: str) -> Card | None:
        product = store.product(handle) if handle else None
        return product_card(product, facts(product, now())) if product else None

    return card


class _Audience:
    """Carries what the host says back to every room that can show it."""

    def __init__(self, config: Config, connectors: Sequence[Connector], web: WebChat | None, page: Any) -> None:
        self._config, self._web, self._page = config, web, page
        self._rooms = [c for c in connectors if isinstance(c, Replies)]
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue(200)

    def tell(self, message: dict[str, Any]) -> None:
        """Queue a message; when a room is that far behind, the oldest goes."""
        if self._messages.full():
            self._messages.get_nowait()
        self._messages.put_nowait(message)

    async def run(self) -> None:
        self._state()
        while True:
            try:
                async with asyncio.timeout(5):
                    message = await self._messages.get()
            except TimeoutError:
                self._state()
                continue
            for room in self._rooms:
                await self._reply(room, message)

    async def _reply(self, room: Replies, message: dict[str, Any]) -> None:
        try:
            await room.reply(message)
        except Exception as error:  # a room that cannot be written to must not end the show
            log.warning("room.reply_failed", why=repr(error))

    def _state(self) -> None:
        viewers = self._web.viewers if self._web else 0
        title, host = self._config.show.title, self._config.host.name
        self.tell({"type": "state", "phase": "live", "title": title, "host": host, "viewers": viewers})


def require(path: Path | None) -> Path | None:
    """A file given on the command line must be there."""
    if path is not None and not path.is_file():
        raise ConfigError(f"{path}: no such file")
    return path
