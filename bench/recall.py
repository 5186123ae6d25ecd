"""Scores the search on labelled questions: python -m bench.recall [--split tune|holdout|all] [--mode fused …] [--wrong]

A question is found at k when one of the first k facts is an expected one ("handle/field", "handle/*" for any). Recall
counts questions that have an answer; "nothing relevant" is scored on all, as the class to be found.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from knowledge.embed import Embedder, open_embedder
from knowledge.feeds import Feed
from knowledge.index import FactIndex
from knowledge.product import Fact, Offer, Product, Variant
from knowledge.retrieve import Retriever
from knowledge.search import MODES, Mode, Results, search
from knowledge.store import Store

DATA = Path(__file__).resolve().parent.parent / "tests/data/retrieval"
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Judged:
    """One question's outcome: the place of the first expected fact (0 when it is not among the hits)."""

    row: dict[str, Any]
    results: Results
    place: int

    @property
    def answerable(self) -> bool:
        return self.row["kind"] != NOTHING


def products() -> list[Product]:
    """The labelled set's catalogue."""
    return [_product(json.loads(line)) for line in (DATA / "products.jsonl").read_text(encoding="utf-8").splitlines()]


def _product(raw: dict[str, Any]) -> Product:
    variants = tuple(_variant(v) for v in raw["variants"])
    attributes = tuple((name, value) for name, value in raw["attributes"])
    return Product(
        raw["handle"], raw["title"], variants, raw["kind"], raw["vendor"], raw["description"], attributes,
        source="products.jsonl",
    )  # fmt: skip


def _variant(raw: dict[str, Any]) -> Variant:
    was = Decimal(raw["compare_at"]) if "compare_at" in raw else None
    offer = Offer(Decimal(raw["price"]), "USD", was, raw["stock"], raw["stock"] > 0)
    return Variant(raw["sku"], offer, tuple((name, value) for name, value in raw["options"]), raw["gtin"])


def questions(split: str = "all") -> list[dict[str, Any]]:
    lines = (DATA / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for line in lines if (row := json.loads(line)) and split in ("all", row["split"])]


def open_retriever(path: Path, embedder: Embedder | None = None, *, whole: bool | None = None) -> Retriever:
    """A retriever over the labelled catalogue; ``path`` keeps the embeddings for the next run."""
    store, embedder = Store(path), embedder or open_embedder()
    catalogue = products()
    store.ingest(Feed("products.jsonl", catalogue, [], len(catalogue)))
    return Retriever(store, FactIndex.build(store, embedder, whole=whole), embedder)


def judge(row: dict[str, Any], retriever: Retriever, mode: Mode) -> Judged:
    results = search(retriever, row["q"], mode=mode, k=3, on_air=row.get("on_air", ""), last=row.get("last", ""))
    place = next((i for i, hit in enumerate(results.hits, 1) if _expected(row["expect"], hit.fact)), 0)
    return Judged(row, results, place)


def _expected(expect: Iterable[str], fact: Fact) -> bool:
    return any(want in (f"{fact.handle}/{fact.field}", f"{fact.handle}/*") for want in expect)


def recall(judged: Iterable[Judged], k: int) -> float:
    """Of the questions that have an answer, the share found among the first k."""
    places = [j.place for j in judged if j.answerable]
    return sum(0 < place <= k for place in places) / max(1, len(places))


def nothing(judged: Iterable[Judged]) -> tuple[float, float]:
    """(precision, recall) of "nothing relevant"."""
    said = [j for j in judged if j.results.nothing]
    meant = [j for j in judged if not j.answerable]
    right = sum(not j.answerable for j in said)
    return right / max(1, len(said)), right / max(1, len(meant))


def table(by_mode: dict[Mode, list[Judged]], group: str) -> str:
    """Recall at 1 and 3 by ``group``, one column a mode."""
    rows: dict[str, dict[Mode, list[Judged]]] = defaultdict(lambda: defaultdict(list))
    for mode, judged in by_mode.items():
        for j in judged:
            if j.answerable:
                rows[j.row[group]][mode].append(j)
                rows["all"][mode].append(j)
    modes = list(by_mode)
    lines = [f"| {group} | questions | " + " | ".join(f"{mode} @1 / @3" for mode in modes) + " |"]
    lines.append("|---" * (len(modes) + 2) + "|")
    for name, found in rows.items():
        cells = [f"{recall(found[mode], 1):.2f} / {recall(found[mode], 3):.2f}" for mode in modes]
        lines.append(f"| {name} | {len(found[modes[0]])} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("tune", "holdout", "all"), default="all")
    parser.add_argument("--mode", nargs="*", choices=MODES, default=list(MODES))
    parser.add_argument("--store", type=Path, default=Path(tempfile.gettempdir()) / "hawker-bench-recall.sqlite")
    parser.add_argument("--cards", action="store_true", help="embed products only, as in a large catalogue")
    parser.add_argument("--wrong", action="store_true", help="print the questions that are not found")
    options = parser.parse_args(arguments)
    retriever = open_retriever(options.store, whole=False if options.cards else None)
    rows = questions(options.split)
    by_mode: dict[Mode, list[Judged]] = {}
    for mode in options.mode:
        began = time.perf_counter()
        by_mode[mode] = [judge(row, retriever, mode) for row in rows]
        print(f"{mode}: {(time.perf_counter() - began) * 1000 / len(rows):.1f} ms a question")
    print(f"\n{table(by_mode, 'lang')}\n\n{table(by_mode, 'kind')}\n")
    for mode in set(options.mode) & {"fused"}:
        precision, found = nothing(by_mode[mode])
        print(f"nothing relevant, {mode}: precision {precision:.2f}, recall {found:.2f}")
        if options.wrong:
            print("\n".join(_wrong(by_mode[mode])))
    return 0


def _wrong(judged: Iterable[Judged]) -> Iterable[str]:
    for j in judged:
        if j.results.nothing == j.answerable or (j.answerable and not j.place):
            got = [hit.fact.id for hit in j.results.hits]
            kind = j.results.found.asked.kind if j.results.found else ""
            yield f"{j.row['id']} {j.row['q']}\n    {j.results.relevant:.2f} {kind} wants {j.row['expect']}, got {got}"


if __name__ == "__main__":
    sys.exit(main())
