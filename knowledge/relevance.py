"""How likely it is that a catalogue has something to a question: a logistic model over what reading and search say.

Likeness alone does not tell: questions about other goods are as near to some product as good ones are. What tells is
whether names, codes or attributes were understood, and how far the nearest product stands out among all.
"""

import math
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from knowledge.found import Found

CHATTER = frozenset({"offtopic", "greeting", "thanks", "bye", "praise", "host", "spam", "injection"})


@dataclass(frozen=True, slots=True)
class Signals:
    """What a question looked like to the search; each is between about -3 and 3."""

    answered: float  # a fact states what is asked
    known: float  # a product is meant, whether it states it or not
    unsold: float  # a thing is named that no product is
    chatter: float  # not about goods at all
    attribute: float  # an attribute of goods is asked
    unread: float  # words that no table explains
    near: float  # cosine of the nearest product, from 0.8 in steps of 0.05
    ahead: float  # by how many deviations it stands out among the nearest
    named: float  # BM25 of the best name, in tens


def signals(found: Found, near: list[float], named: float) -> Signals:
    """``near``: cosines of the nearest products, best first; ``named``: BM25 of the best name."""
    asked = found.asked
    mean = sum(near) / len(near) if near else 0.0
    deviation = math.sqrt(sum((score - mean) ** 2 for score in near) / len(near)) if near else 0.0
    return Signals(
        float(bool(found.facts)), float(bool(found.products)), float(found.unsold), float(asked.kind in CHATTER),
        float(bool(asked.fields)), min(3.0, float(len(asked.content))),
        (near[0] - 0.8) / 0.05 if near else -3.0,
        (near[0] - mean) / (deviation + 1e-6) - 2.0 if near else -2.0,
        min(3.0, named / 10),
    )  # fmt: skip


def probability(seen: Signals) -> float:
    """That the catalogue has something, 0 to 1."""
    weights = _weights()
    total = weights["bias"] + sum(weights[f.name] * getattr(seen, f.name) for f in fields(seen))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


@cache
def _weights() -> dict[str, float]:
    raw = (files("knowledge") / "data" / "relevance.toml").read_text(encoding="utf-8")
    return {name: float(value) for name, value in tomllib.loads(raw)["weights"].items()}
