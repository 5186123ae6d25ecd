"""Scores composed answers on labelled questions: python -m bench.answers [QUESTIONS.jsonl …] [--verbose]

A question is right when the answer rests on the expected facts (or says rightly that there are none), in the language of
the question, with the expected yes or no. An answer is unsupported when the guard would refuse one of its sentences.
"""

import argparse
import json
import re
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.answer import Answer, answer_question
from agent.guard import check
from knowledge.embed import open_embedder
from knowledge.feeds import read
from knowledge.index import FactIndex
from knowledge.retrieve import Found, Retriever
from knowledge.store import Store

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = (ROOT / "examples/catalogue/products.csv", ROOT / "examples/catalogue/policies.md")
QUESTIONS = (ROOT / "tests/data/questions.jsonl", ROOT / "tests/data/questions_holdout.jsonl")


@dataclass(frozen=True, slots=True)
class Result:
    """One question's outcome. ``why`` is empty when the answer is right."""

    row: dict[str, Any]
    answer: Answer
    why: str
    unsupported: str
    ms: float


def open_retriever(files: Sequence[Path], store_path: Path) -> Retriever:
    """A retriever over catalogue files; ``store_path`` keeps the embeddings for the next run."""
    store, embedder = Store(store_path), open_embedder()
    for file in files:
        store.ingest(read(file))
    return Retriever(store, FactIndex.build(store, embedder), embedder)


def ask(row: dict[str, Any], retriever: Retriever) -> Result:
    """Answer one labelled question and judge it."""
    began = time.perf_counter()
    found, answer = answer_question(row["q"], None, retriever, on_air=row.get("on_air", ""), last=row.get("last", ""))
    ms = (time.perf_counter() - began) * 1000
    refused = [v for s in answer.sentences if not (v := check(s.text, s.facts, language=answer.language)).ok]
    return Result(row, answer, judge(row, found, answer), "; ".join(f"{v.reason} {v.detail}" for v in refused), ms)


def judge(row: dict[str, Any], found: Found, answer: Answer) -> str:
    """Why an answer is wrong, "" when it is right."""
    if answer.language != row["lang"]:
        return f"language {answer.language}"
    if not any(_expected(part, found, answer) for part in row["expect"].split("|")):
        return f"expected {row['expect']}, got {answer.kind} {[fact.id for fact in answer.facts]}"
    if row.get("verdict") and found.verdict != row["verdict"]:
        return f"verdict {found.verdict or 'none'}, expected {row['verdict']}"
    if missing := [p for p in row.get("say", ()) if not re.search(p, answer.text)]:
        return f"does not say {missing}"
    if said := [p for p in row.get("not", ()) if re.search(p, answer.text)]:
        return f"says {said}"
    return ""


def _expected(part: str, found: Found, answer: Answer) -> bool:
    if part in ("unknown", "refusal", "smalltalk"):
        return answer.kind == part
    if part.startswith("missing:"):
        want = part.removeprefix("missing:")
        return answer.kind == "missing" and any(f"{h}/{f}".startswith(want) for h, f in found.missing)
    ids = [fact.id for fact in answer.facts]
    return answer.kind == "fact" and all(any(_same(want, id) for id in ids) for want in part.split("&"))


def _same(want: str, id: str) -> bool:
    return id == want or re.match(rf"{re.escape(want)}(?:[#/]|$)", id) is not None


def table(results: Iterable[Result]) -> str:
    """Right and unsupported by language and by kind."""
    by: dict[str, dict[str, Counter[str]]] = {"language": defaultdict(Counter), "kind": defaultdict(Counter)}
    for result in results:
        for group, name in (("language", result.row["lang"]), ("kind", result.row["kind"])):
            row = by[group][name]
            row["all"] += 1
            row["right"] += not result.why
            row["unsupported"] += bool(result.unsupported)
    lines = []
    for group, rows in by.items():
        lines += [f"| {group} | questions | right | unsupported |", "|---|---|---|---|"]
        lines += [f"| {name} | {row['all']} | {row['right']} | {row['unsupported']} |" for name, row in rows.items()]
        lines.append("")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", nargs="*", type=Path, default=[path for path in QUESTIONS if path.is_file()])
    parser.add_argument("--store", type=Path, default=Path(tempfile.gettempdir()) / "hawker-bench-answers.sqlite")
    parser.add_argument("--verbose", action="store_true", help="print every answer, not only the wrong ones")
    options = parser.parse_args(arguments)
    retriever = open_retriever(CATALOGUE, options.store)
    wrong = 0
    for path in options.questions:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        results = [ask(row, retriever) for row in rows]
        report(path, results, verbose=options.verbose)
        wrong += sum(bool(result.why or result.unsupported) for result in results)
    return 1 if wrong else 0


def report(path: Path, results: list[Result], *, verbose: bool) -> None:
    right = sum(not result.why for result in results)
    times = sorted(result.ms for result in results)
    print(f"\n## {path.name}: {right}/{len(results)} right, {sum(bool(r.unsupported) for r in results)} unsupported")
    print(f"median {statistics.median(times):.1f} ms, p95 {times[int(len(times) * 0.95)]:.1f} ms a question\n")
    print(table(results))
    for result in results:
        if verbose or result.why or result.unsupported:
            mark = "WRONG" if result.why else "UNSUPPORTED" if result.unsupported else "ok"
            print(f"{mark} {result.row['q']}\n    {result.answer.text}\n    {result.why} {result.unsupported}".rstrip())


if __name__ == "__main__":
    sys.exit(main())
