"""The attribute a question asks when no word list knows its words: the vote of the nearest example questions.

Examples are data/asked/examples.toml. Embeddings generalise across wording and language but do not decide alone that
something is stated, so a wrong vote ends in "the catalogue does not say", never in a false statement.
"""

import tomllib
from collections import defaultdict
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from knowledge.embed import Embedder
from knowledge.store import Store

F32 = NDArray[np.float32]
OTHER = "other"
VOTERS = 7  # nearest examples that vote, by the cube of their likeness
SHARE = 0.65  # of the votes that the winner needs: 0.96 right of the examples left out one by one, no "other" taken
NEAR = 0.35  # centred cosine that the nearest example needs


class Intent:
    """Nearest examples for one embedder; their vectors are kept in the store and made once."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        rows = _examples()
        name = f"{embedder.name}/question"
        known = store.vectors(name, [text for _, text in rows])
        if missing := [text for _, text in rows if text not in known]:
            fresh = list(zip(missing, embedder.query(missing), strict=True))
            store.keep_vectors(name, fresh)
            known |= dict(fresh)
        table = np.stack([known[text] for _, text in rows])
        self._labels = [label for label, _ in rows]
        self._mean = table.mean(axis=0)
        self._table = _unit(table - self._mean)  # (examples, dim), around the examples' own mean

    def guess(self, vector: F32) -> str:
        """The attribute that a question's embedding asks for; "" when the examples do not agree."""
        likeness = self._likeness(vector)
        if likeness.max() < NEAR:
            return ""
        votes = self._votes(likeness)
        best = max(votes, key=lambda label: votes[label])
        return best if best != OTHER and votes[best] >= SHARE else ""

    def votes(self, vector: F32) -> dict[str, float]:
        """The share of the nearest examples' votes that each attribute has, 0 to 1; "other" is left out."""
        return {label: share for label, share in self._votes(self._likeness(vector)).items() if label != OTHER}

    def _likeness(self, vector: F32) -> F32:
        out: F32 = self._table @ _unit((vector - self._mean)[None])[0]
        return out

    def _votes(self, likeness: F32) -> dict[str, float]:
        votes: dict[str, float] = defaultdict(float)
        for row in np.argsort(-likeness)[:VOTERS]:
            votes[self._labels[row]] += max(0.0, float(likeness[row])) ** 3
        total = sum(votes.values()) or 1.0
        return {label: count / total for label, count in votes.items()}


def _unit(rows: F32) -> F32:
    out: F32 = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)
    return out


@cache
def _examples() -> list[tuple[str, str]]:
    raw = (files("knowledge") / "data" / "asked" / "examples.toml").read_text(encoding="utf-8")
    return [(label, text) for label, found in tomllib.loads(raw).items() for text in found]
