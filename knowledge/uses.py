"""Which things a need calls for: "keep my drinks cold at the beach" → a cooler box.

Somebody who describes what they want names nothing that a title has. What each thing is for stands in
data/words/uses.toml; a question is compared with that by meaning, without its language, beside the products' own texts.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from knowledge.embed import Embedder
from knowledge.lexicon import noun_parents
from knowledge.matter import Matter
from knowledge.store import Store

F32 = NDArray[np.float32]
WIDER = 0.5  # what a thing's wider kind is for counts half: cookware in general says less of a wok


class Uses:
    """What things are for, for one embedder; the vectors are kept in the store and made once."""

    def __init__(self, store: Store, embedder: Embedder, matter: Matter) -> None:
        rows = _uses()
        name = f"{embedder.name}/question"
        texts = list(dict.fromkeys(text for _, text in rows))
        known = store.vectors(name, texts)
        if missing := [text for text in texts if text not in known]:
            fresh = list(zip(missing, embedder.query(missing), strict=True))
            store.keep_vectors(name, fresh)
            known |= dict(fresh)
        self._things = [thing for thing, _ in rows]
        self._table: F32 = np.stack([matter.of(known[text], "en") for _, text in rows])  # (uses, dim)

    def likeness(self, vector: F32) -> dict[str, float]:
        """How near a question's matter (dim,) is to what each thing is for, by its nearest use."""
        out: dict[str, float] = {}
        for thing, score in zip(self._things, (self._table @ vector).tolist(), strict=True):
            out[thing] = max(out.get(thing, 0.0), score)
        return out


def suits(things: Iterable[str], likeness: Mapping[str, float]) -> float:
    """How well a product that is these things suits a question, 0 where nothing is known of them."""
    scores = [0.0]
    for thing in things:
        scores.append(likeness.get(thing, 0.0))
        scores += [WIDER * likeness.get(wider, 0.0) for wider in noun_parents()[thing]]
    return max(scores)


@cache
def _uses() -> list[tuple[str, str]]:
    """(thing, what it is for)."""
    raw = (files("knowledge") / "data" / "words" / "uses.toml").read_text(encoding="utf-8")
    return [(thing, use.strip()) for thing, uses in tomllib.loads(raw).items() for use in uses.split("|")]
