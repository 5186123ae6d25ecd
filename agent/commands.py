"""What each command does: gather, call, print. Anything that takes a second to import is imported in its command."""

import asyncio
import json
import signal
import sys
import time
import wave
from argparse import Namespace
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.config import ConfigError, data_dir, load

if TYPE_CHECKING:
    from agent.config import Catalogue
    from agent.watch import Watched
    from knowledge.index import FactIndex
    from knowledge.store import Report


def expected(error: BaseException) -> bool:
    """Whether an exception is one that a person can act on; it is then printed as one line."""
    return bool(_known(error))


def line(error: BaseException) -> str:
    """The one line; of a group, its first expected failure."""
    return str(_known(error)[0])


def _known(error: BaseException) -> list[BaseException]:
    from agent.journal import JournalError
    from agent.llm import LLMError
    from connectors.base import ConnectorError
    from knowledge.product import CatalogueError
    from renderer.media import RenderError
    from studio.room import StudioError

    if isinstance(error, BaseExceptionGroup):
        return [found for each in error.exceptions for found in _known(each)]
    kinds = (ConfigError, CatalogueError, ConnectorError, RenderError, StudioError, LLMError, JournalError)
    return [error] if isinstance(error, kinds) else []


def live(args: Namespace) -> int:
    from agent.app import Options, Progress, require
    from agent.app import live as run

    config, data = load(args.config), data_dir()
    require(args.chat)
    try:
        asyncio.run(_until_told(run(config, Options(args.port, args.seconds, args.record, args.chat), Progress())))
    except asyncio.CancelledError:  # told to end by a supervisor: everything has been closed as after Ctrl+C
        return 143
    if args.json:
        from agent.journal import summary

        _print(summary(data / "journal.sqlite"))
    return 0


async def _until_told(show: Coroutine[Any, Any, None]) -> None:
    """Run a show; SIGTERM ends it like Ctrl+C, with recording and journal closed."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await show


def replay(args: Namespace) -> int:
    from agent import observe
    from agent.app import Progress, require
    from agent.replay import Options, moment, replay_file, speed_of

    config, data = load(args.config), data_dir()
    require(args.chat)
    observe.setup(verbose=args.verbose, quiet=True)  # a line a turn would be thousands
    if args.seed is not None:
        config = config.model_copy(update={"show": config.show.model_copy(update={"seed": args.seed})})
    options = Options(
        args.journal or data / "replay.sqlite", moment(args.at), speed_of(args.speed), args.seconds, args.model
    )
    try:
        done = replay_file(config, args.chat, options, data=data, progress=Progress())
    except asyncio.CancelledError:  # told to end
        return 143
    if args.json:
        _print(done.json())
    else:
        print(f"{done.show_s:.0f} s of show in {done.wall_s:.1f} s, {done.times_real:.0f} times real time: {done.journal}")
        print("  " + ", ".join(f"{count} {what}" for what, count in done.comments.items() if count))
    return 0


def report(args: Namespace) -> None:
    from agent.app import JOURNAL
    from agent.report import figures, write

    journal, out = args.journal or data_dir() / JOURNAL, args.out or Path("report.html")
    if args.json and not args.out:
        _print(figures(journal, args.show))
        return
    found = write(journal, out, args.show)
    if args.json:
        _print(found)
        return
    print(f"{out}: {found['title']}, {found['comments']['heard']} comments, {found['comments']['answered']} answered")


def ingest(args: Namespace) -> None:
    from agent.app import CATALOGUE, Progress, open_retriever
    from agent.app import ingest as run
    from agent.watch import Watched
    from knowledge.store import Store

    config = load(args.config)
    store = Store(data_dir() / CATALOGUE)
    catalogue = config.catalogue.model_copy(update={"currency": args.currency} if args.currency else {})
    watched = [Watched(path, time.monotonic()) for path in args.files]
    reports = [run(store, path, catalogue, market=config.show.market) for path in args.files]
    began = time.perf_counter()
    retriever = open_retriever(config, store, Progress())
    if args.json:
        _print({"files": [r.json() for r in reports], "version": store.version,
                "index_s": round(time.perf_counter() - began, 2)})  # fmt: skip
    else:
        for r in reports:
            _print_report(r)
    if args.watch:
        _watch(watched, retriever.index, catalogue, args.json)


def _watch(files: "list[Watched]", index: "FactIndex", catalogue: "Catalogue", as_json: bool) -> None:
    """Read files again as they change, a line each, until Ctrl+C."""
    from agent.watch import reader, watch

    def say(told: dict[str, Any], text: str) -> None:
        print(json.dumps(told, ensure_ascii=False) if as_json else f"{time.strftime('%H:%M:%S')} {text}", flush=True)

    print("Watching; Ctrl+C ends it.", file=sys.stderr, flush=True)
    with suppress(KeyboardInterrupt):
        watch(files, reader(index, catalogue), say)


def offer(args: Namespace) -> None:
    from pydantic import ValidationError

    from agent.app import CATALOGUE
    from agent.offers import apply
    from knowledge.offers import NewOffer
    from studio.api import OfferIn, first

    try:
        new = OfferIn(sku=args.sku, price=args.price, stock=args.stock)
    except ValidationError as error:
        raise ConfigError(first(error)) from None
    done = apply(data_dir() / CATALOGUE, [NewOffer(new.sku, new.price, new.stock)])
    if args.json:
        _print(done)
        return
    for row in done["offers"]:
        stock = "stock unknown" if row["stock"] is None else f"{row['stock']} in stock"
        print(f"{row['sku']} {row['product']}: {row['price']} {row['currency']}, {stock} (catalogue version {done['version']})")


def _print_report(r: "Report") -> None:
    """What came of a file, as a seller reads it: counts, columns, then rows left out and oddities, each with its line."""
    kind = r.format if r.encoding in ("", "utf-8", "utf-8-sig") else f"{r.format}, {r.encoding}"
    print(f"{r.source} ({kind}): {r.rows} rows, {r.accepted} taken, {r.skipped} off sale, {r.refused} left out")
    print(f"  {r.products} products ({r.added} new, {r.changed} changed, {r.removed} gone), {r.policies} store facts")
    if r.columns:
        print("  columns: " + ", ".join(f"{field} = {header}" for field, header in r.columns.items()))
    if r.unused:
        print("  never told to buyers: " + ", ".join(r.unused))
    for what, rows, count in (("left out", r.rejected, r.refused), ("warning", r.warnings, r.warned)):
        for row in rows[:20]:
            print(f"  {what}: {f'line {row.line}: ' if row.line else ''}{row.why}")
        if count > 20:
            print(f"  … and {count - 20} more of these; --json lists {min(count, len(rows))}")


def ask(args: Namespace) -> None:
    from agent.answer import compose
    from agent.app import Progress, open_catalogue, open_retriever
    from agent.turn import fact_row
    from agent.words import verdict_of

    config = load(args.config)
    retriever = open_retriever(config, open_catalogue(config, data_dir(), Progress()), Progress())
    began = time.perf_counter()
    found = retriever.find(args.question, language=args.lang)
    middle = time.perf_counter()
    answer = compose(found, args.lang or found.asked.language)
    verdicts = [verdict_of(sentence, answer, plain=True, market=config.show.market) for sentence in answer.sentences]
    ended = time.perf_counter()
    good = [s.text for s, v in zip(answer.sentences, verdicts, strict=True) if v.ok]
    row = {
        "question": args.question, "answer": " ".join(good), "language": answer.language, "kind": answer.kind,
        "facts": [fact_row(fact) for fact in answer.facts],
        "verdict": {"ok": all(v.ok for v in verdicts), "sentences": [
            {"text": s.text, "ok": v.ok, "reason": v.reason, "detail": v.detail}
            for s, v in zip(answer.sentences, verdicts, strict=True)]},
        "ms": {**found.ms, "retrieve": round((middle - began) * 1000, 2), "compose_and_check": round((ended - middle) * 1000, 2)},
    }  # fmt: skip
    if args.json:
        _print(row)
        return
    print(row["answer"])
    for fact in answer.facts:
        print(f"  [{fact.sku or 'store'}] {fact.field}: {fact.value}  ({fact.source})", file=sys.stderr)


def evaluate(args: Namespace) -> int:
    from agent.evaluation import run

    return run(args)


def say(args: Namespace) -> None:
    from renderer.media import Utterance
    from renderer.voice.router import Voices, timings

    config = load(args.config)
    voices = Voices(args.voice or config.host.voice)
    began = time.perf_counter()
    voices.warm([args.lang])
    ready = time.perf_counter()
    speech = voices.speak(Utterance("say", args.text, args.lang))
    took = time.perf_counter() - ready
    write_wav(args.out, speech.pcm)
    if args.timings:
        _write(args.timings, json.dumps(timings(speech), ensure_ascii=False, indent=1))
    row = {"out": str(args.out), "voice": speech.voice, "language": args.lang, "duration_s": round(speech.duration_s, 3),
           "ms": {"load": round((ready - began) * 1000), "speak": round(took * 1000, 1)}}  # fmt: skip
    _print(row) if args.json else print(f"{args.out}: {speech.duration_s:.2f} s, {speech.voice}")


def voices(args: Namespace) -> None:
    from renderer.voice.router import table

    rows = table()
    if args.json:
        _print(rows)
        return
    for row in rows:
        state = "installed" if row["installed"] else "not installed"
        print(f"{row['voice']:22} {row['language']:4} {row['tier']:24} {row['licence']:18} {state}")


def connectors(args: Namespace) -> None:
    from connectors.base import installed

    rows = [{"name": name, "from": point.value} for name, point in sorted(installed().items())]
    _print(rows) if args.json else print("\n".join(f"{row['name']:12} {row['from']}" for row in rows))


def check(args: Namespace) -> int:
    from agent.check import report

    rows = report(load(args.config), data_dir())
    if args.json:
        _print(rows)
    else:
        for row in rows:
            print(
                f"{'ok  ' if row['ok'] else 'MISS'} {row['what']:18} {row['found']}"
                + (f"\n     {row['get']}" if not row["ok"] else "")
            )
    return 0 if all(row["ok"] or row["optional"] for row in rows) else 1


def avatar_train(args: Namespace) -> None:
    from renderer.avatar.train import Settings, train

    out = args.out or data_dir() / "avatars" / args.name
    settings = Settings(seed=args.seed, threads=args.threads, **({"paint_steps": args.steps} if args.steps else {}))
    began = time.monotonic()
    about = train(args.video, args.name, out, consent=args.consent, phonemes=args.transcript, settings=settings,
                  progress=_Bar())  # fmt: skip
    row = {"pack": str(out), "seconds": round(time.monotonic() - began, 1), **about.made}
    print(file=sys.stderr)
    _print(row) if args.json else print(
        f"{out}: PSNR of the mouth on the held-out stretch {about.made['psnr_mouth_speech']} dB"
    )


def avatar_render(args: Namespace) -> None:
    from renderer.avatar.pack import find_pack
    from renderer.avatar.render import render_file

    row = render_file(find_pack(args.name, data_dir()), args.audio, args.out, timings=args.timings)
    _print(row) if args.json else print(f"{args.out}: {row['frames']} frames, {row['fps']:.0f} a second")


def avatar_list(args: Namespace) -> None:
    from renderer.avatar.pack import find_packs, read_about
    from renderer.media import RenderError

    rows: list[dict[str, Any]] = []
    for name, path in find_packs(data_dir()).items():
        try:
            about = read_about(path)
            rows.append({"name": name, "ok": True, "consent": about.consent, "made": about.made})
        except RenderError as error:
            rows.append({"name": name, "ok": False, "problem": str(error)})
    _print(rows) if args.json else print(
        "\n".join(f"{row['name']:12} {'ok' if row['ok'] else row['problem']}" for row in rows)
    )


class _Bar:
    """A progress bar on standard error: a stage a line, rewritten as it goes on."""

    def __init__(self) -> None:
        self._at, self._stage, self._drawn = 0.0, "", ""

    def __call__(self, stage: str, share: float) -> None:
        name = stage.split(",")[0]
        if time.monotonic() - self._at < 0.2 and share < 1 and name == self._stage:
            return
        if not sys.stderr.isatty() and share < 1 and name == self._stage and time.monotonic() - self._at < 10:
            return
        end = "\n" if (name != self._stage and self._stage) or not sys.stderr.isatty() else ""
        self._at, self._stage = time.monotonic(), name
        bar = "#" * int(share * 30)
        print(f"{end}\r  {bar:30} {share:4.0%} {stage:44}", end="", file=sys.stderr, flush=True)


def write_wav(path: Path, pcm: Any) -> None:
    """24 kHz mono, 16 bits. Raises ConfigError when it cannot be written."""
    try:
        with path.open("wb") as raw, wave.open(raw, "wb") as file:  # given a path, wave cries when it cannot be opened
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(24_000)
            file.writeframes(pcm.tobytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); choose another place") from None


def _write(path: Path, text: str) -> None:
    """A text file. Raises ConfigError when it cannot be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); choose another place") from None


def _print(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1, default=str))
