"""What a question is about, without the language it is asked in and without being a question.

Embeddings of short questions lie nearer to whatever is written in their language than to what they speak of: in a mixed
catalogue one French soap is near to every French question. What all questions of a language have in common is their
mean; taken away before searching, goods are compared by matter. Nothing of the index changes: inner products do the rest.
"""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from knowledge.embed import Embedder
from knowledge.store import Store

F32 = NDArray[np.float32]


class Matter:
    """Mean vectors of general questions by language for one embedder; kept in the store and made once."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        rows = _background()
        texts = [text for questions in rows.values() for text in questions]
        name = f"{embedder.name}/question"
        known = store.vectors(name, texts)
        if missing := [text for text in texts if text not in known]:
            fresh = list(zip(missing, embedder.query(missing), strict=True))
            store.keep_vectors(name, fresh)
            known |= dict(fresh)
        self._means: dict[str, F32] = {
            language: np.mean([known[t] for t in questions], axis=0) for language, questions in rows.items()
        }
        self._any: F32 = np.mean(list(self._means.values()), axis=0)

    def of(self, vector: F32, language: str) -> F32:
        """A question's embedding (dim,) without its language; inner products with it rank, they are no cosines."""
        out: F32 = vector - self._means.get(language, self._any)
        return out / (np.linalg.norm(out) + 1e-9)


@cache
def _background() -> dict[str, Sequence[str]]:
    raw = (files("knowledge") / "data" / "asked" / "background.toml").read_text(encoding="utf-8")
    return tomllib.loads(raw)
