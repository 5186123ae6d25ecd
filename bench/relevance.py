"""Fits "nothing relevant" on the labelled questions' tuning half and on relevance.jsonl: python -m bench.relevance [--write]

A logistic model with a quadratic penalty, by Newton's method; the rarer class weighs by the root
of how much rarer it is, which is where precision and recall of "nothing" meet. What is held out is only scored.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.recall import DATA, NOTHING, open_retriever, questions
from knowledge.relevance import Signals
from knowledge.retrieve import Retriever
from knowledge.search import seen

F64 = NDArray[np.float64]
PENALTY = 0.3  # per weight; the bias is free
NAMES = tuple(field.name for field in fields(Signals))
OUT = Path(__file__).resolve().parent.parent / "knowledge/data/relevance.toml"
HEAD = """# How likely a catalogue has something to a question: weights of knowledge/relevance.py's signals in a logistic model,
# fitted by `python -m bench.relevance --write` on the questions of tests/data/retrieval marked "tune".
"""


def rows() -> list[dict[str, Any]]:
    """The tuning half of the labelled set, and questions written for this alone, half of which the catalogue answers."""
    own = (DATA / "relevance.jsonl").read_text(encoding="utf-8").splitlines()
    return [*questions("tune"), *map(json.loads, own)]


def table(rows: Sequence[dict[str, Any]], retriever: Retriever) -> tuple[F64, F64]:
    """(signals (n, d + 1) with a one behind, answerable (n,))."""
    found = [seen(retriever, row["q"], on_air=row.get("on_air", ""), last=row.get("last", "")) for row in rows]
    x = np.array([[*(getattr(one, name) for name in NAMES), 1.0] for one in found])
    return x, np.array([float(row["kind"] != NOTHING) for row in rows])


def fit(x: F64, y: F64, each: float = PENALTY) -> F64:
    """Weights (d + 1,), the bias last; ``each`` is the penalty of a weight."""
    weight = np.sqrt(np.where(y > 0, 0.5 / y.mean(), 0.5 / (1 - y.mean())))
    penalty = np.diag([each] * (x.shape[1] - 1) + [1e-3])
    w: F64 = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ w))
        gradient = x.T @ (weight * (p - y)) + penalty @ w
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + penalty
        w = w - np.linalg.solve(hessian, gradient)
    return w


def scores(p: F64, y: F64) -> str:
    said, meant = p < 0.5, y < 0.5
    right = (said & meant).sum()
    return f"precision {right / max(1, said.sum()):.3f}, recall {right / meant.sum():.3f} of {int(meant.sum())}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=Path(tempfile.gettempdir()) / "hawker-bench-recall.sqlite")
    parser.add_argument("--write", action="store_true", help="keep the weights")
    options = parser.parse_args(arguments)
    retriever = open_retriever(options.store)
    x, y = table(rows(), retriever)
    w = fit(x, y)
    half = np.arange(len(y)) % 2 == 0
    for name, on, off in (("first", half, ~half), ("second", ~half, half)):
        print(f"fitted on the {name} half of them, on the other: {scores(_p(x[off], fit(x[on], y[on])), y[off])}")
    print(f"tune: {scores(_p(x, w), y)}")
    text = HEAD + "[weights]\n" + "".join(f"{n} = {v:.3f}\n" for n, v in zip((*NAMES, "bias"), w, strict=True))
    print(text)
    if options.write:
        OUT.write_text(text, encoding="utf-8")
    return 0


def _p(x: F64, w: F64) -> F64:
    out: F64 = 1 / (1 + np.exp(-x @ w))
    return out


if __name__ == "__main__":
    sys.exit(main())
