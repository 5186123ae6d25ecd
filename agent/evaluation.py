"""The `hawker eval` command: opens a set's catalogue, runs each model asked for over it, prints a table a model."""

import asyncio
import json
import sys
from argparse import Namespace
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import Any

from agent.app import Progress, ingest, open_retriever
from agent.config import Catalogue, Config, ConfigError, Llm, data_dir, load
from agent.desk import Desk
from agent.eval import Outcome, default_set, read_set, score, spread, summary, table
from agent.llm import LLMError, Phraser
from knowledge.retrieve import Retriever
from knowledge.store import Store
from renderer.worker import Worker

PLAIN = "plain answers, no model"
PATIENCE_S = 30.0  # an answer: what is scored is the words, their time is told beside


def run(args: Namespace) -> int:
    """Score and print; the status is 1 when something ungrounded was said."""
    config, path = load(args.config), args.set or default_set()
    catalogue, rows = read_set(path)
    if catalogue:
        config = config.model_copy(update={"catalogue": Catalogue(files=tuple(catalogue))})
    retriever = _retriever(config, path.stem)
    results: dict[str, list[Outcome]] = {}
    for name, llm in _models(config.llm, args).items():
        results[name] = asyncio.run(_score(retriever, config, llm, spread(rows, args.limit), name))
        if not args.json:
            print(table(name, summary(results[name])) + "\n")
            _print_wrong(results[name])
    if args.json:
        told = {name: summary(found) | {"answers": [_row(o) for o in found]} for name, found in results.items()}
        print(json.dumps(told, ensure_ascii=False, indent=1))
    return int(any(outcome.grade == "ungrounded" for found in results.values() for outcome in found))


def _models(configured: Llm, args: Namespace) -> dict[str, Llm | None]:
    """Name → settings of each model to score; None for plain answers."""
    if args.plain:
        return {PLAIN: None}
    changes: dict[str, Any] = {"phrase": "always", "timeout_s": max(configured.timeout_s, PATIENCE_S)}
    if args.base_url:
        changes |= {"base_url": args.base_url, "api_key_env": args.api_key_env or ""}
    names = args.model or [configured.model]
    if args.model and not (args.base_url or configured.base_url):
        raise ConfigError("--model names a model of a server; give --base-url, or set [llm] base_url")
    if not args.model and not args.base_url and configured.phrase == "off":
        return {PLAIN: None}
    made = [Llm.model_validate(configured.model_dump() | changes | {"model": name}) for name in names]
    return {f"{llm.model or 'default'} at {llm.base_url}" if llm.base_url else "embedded SmolLM2-135M": llm for llm in made}


def _retriever(config: Config, name: str) -> Retriever:
    """Over a catalogue of its own; embeddings are kept for the next run."""
    if not config.catalogue.files:
        raise ConfigError("this set names no catalogue; name files under [catalogue] in hawker.toml")
    missing = [str(path) for path in config.catalogue.files if not path.is_file()]
    if missing:
        raise ConfigError(f"{missing[0]}: no such catalogue file; run it in a checkout, or give your own --set")
    store = Store(data_dir() / f"eval-{name}.sqlite")
    for path in config.catalogue.files:
        ingest(store, path, config.catalogue)
    return open_retriever(config, store, Progress())


async def _score(retriever: Retriever, config: Config, llm: Llm | None, rows: Any, name: str) -> list[Outcome]:
    async with AsyncExitStack() as stack:
        knowledge = Worker("knowledge")
        stack.callback(knowledge.close)
        phraser = Phraser(llm) if llm else None
        if phraser:
            stack.push_async_callback(phraser.close)
            try:
                await phraser.warm()
            except LLMError as error:
                raise ConfigError(f"{name}: {error}") from None
        return await score(rows, Desk(retriever, knowledge, phraser, config.host.persona), _Dots(len(rows)))


class _Dots:
    """How far a run is, for a person who waits."""

    def __init__(self, of: int) -> None:
        self._done, self._of = 0, of

    def __call__(self, outcome: Outcome) -> None:
        self._done += 1
        if sys.stderr.isatty():
            end = "\n" if self._done == self._of else ""
            print(f"\r  asking … {self._done}/{self._of}", end=end, file=sys.stderr, flush=True)


def _row(outcome: Outcome) -> dict[str, Any]:
    row = asdict(outcome)
    return row | {"row": outcome.row.model_dump(exclude_defaults=True)}


def _print_wrong(outcomes: list[Outcome]) -> None:
    for o in outcomes:
        if o.grade != "right":
            print(f"{o.grade} [{o.row.lang}] {o.row.q}\n    {o.text}\n    {o.why}")
