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

from bench.relevance import F64, fit
from bench.triage import COMMENTS, REPORTED
from knowledge.asked import Asked, Reader
from knowledge.signs import NAMES
from knowledge.talk import heard_signs

PENALTY = 3.0
FORGOTTEN = tuple((percent, seed) for seed in range(3) for percent in (33, 67))
LASTING = frozenset({"fillers", "self", "you"})  # closed classes: known in any comment
OUT = Path(__file__).resolve().parent.parent / "knowledge/data/signs.toml"
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
    reader = Reader()
    asked = [reader.read(row["text"]) for row in rows]
    y = np.array([float(row["label"] == "question") for row in rows])
    held = np.array([row["split"] in (REPORTED, options.without) for row in rows])
    whole = table(rows, asked)
    forgot = [table(rows, asked, one) for one in FORGOTTEN]
    x = np.vstack([part[~held] for part in (whole, *forgot)])
    w = fit(x, np.tile(y[~held], 1 + len(forgot)), PENALTY)
    if options.without:
        on = np.array([row["split"] == options.without for row in rows])
        said, meant = whole[on] @ w > 0, y[on] > 0.5
        print(f"{options.without}: F1 {2 * (said & meant).sum() / (said.sum() + meant.sum()):.3f}")
    text = HEAD + "[weights]\n" + "".join(f"{n} = {v:.3f}\n" for n, v in zip((*NAMES, "bias"), w, strict=True))
    print(text)
    if options.write:
        OUT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
