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
    named: float  # the question itself names one, by more than an everyday word
    pointed: float  # it goes on from before, points at what is shown, or gives a code
    unsold: float  # a thing is named that no product is
    chatter: float  # not about goods at all
    unclear: float  # nothing was understood
    attribute: float  # an attribute is asked, and not of a thing that nobody sells here
    other: float  # share of the nearest example questions that ask nothing of goods
    near: float  # inner product of the nearest product, in tenths
    ahead: float  # by how many deviations it stands out among the nearest
    words: float  # BM25 of the best name, in tens
    described: float  # what is wanted is told by what it is for
    called: float  # inner product of the nearest use of a thing that the shop has, in tenths


def signals(found: Found, near: list[float], words: float, other: float, called: float) -> Signals:
    """``near``: inner products of the nearest products, best first; ``words``: BM25 of the best name.

    ``other`` is the share of the nearest example questions that ask nothing of goods; ``called`` the inner product of
    the question with the nearest use of a thing that is among the products near.
    """
    asked = found.asked
    mean = sum(near) / len(near) if near else 0.0
    deviation = math.sqrt(sum((score - mean) ** 2 for score in near) / len(near)) if near else 0.0
    return Signals(
        float(bool(found.facts)), float(bool(found.products)), float(any(m.weight >= 1 for m in asked.mentions)),
        float(bool(asked.here or asked.again or asked.code)), float(found.unsold), float(asked.kind in CHATTER),
        float(asked.kind == "unclear"), float(any(weight >= 1 for _, weight in asked.fields) and not found.unsold), other,
        near[0] * 10 - 1 if near else -1.0,
        (near[0] - mean) / (deviation + 1e-6) - 3.0 if near else -3.0,
        min(3.0, words / 10), float(asked.described), called * 10 - 1,
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
