"""How likely it is that a comment asks: a logistic model over the signs that reading and the shapes of chat found in it.

No list knows every shape, so no single sign decides: a comment that says a property of the thing in sight, without praise
and without a story, asks even where no question word is known. The weights (data/signs.toml) are fitted by bench/signs.py.
"""

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from knowledge.asked import Asked
from knowledge.lexicon import Match

UNSPACED = {"zh": 2.0, "ja": 2.0, "th": 3.5}  # characters in a word, on average
_AS_STATED = frozenset({"es", "pt", "fr", "hi", "id", "it"})
_LAUGHS = re.compile(
    r"(ha){2,}|(ja){2,}|k{3,}|5{3,}|哈{2,}|w{2,}|\blol\b|lmao|mdr|wkwk|(hi){2,}|(he){2,}|笑|😂|🤣|rs{2,}|呜", re.I
)


@dataclass(frozen=True, slots=True)
class Signs:
    """What a comment looked like; each is between about -2 and 3, most are 0 or 1."""

    ruled: float  # the rules of talk.py take it for a question
    shaped: float  # shaped like a question
    shaped_topical: float  # … and about goods or store
    ordered: float  # stated, in a language that asks yes or no in the order of a statement
    wants_judged: float
    wants_thanked: float
    mark: float  # has a question mark
    mark_topical: float
    wants: float  # asks for something to be shown or told
    asks: float
    asks_long: float  # by how many words, two and more are 1
    ends: float
    leads: float  # begins as questions often do
    leads_topical: float
    trails: float  # ends as questions often do
    either: float  # "or"
    bare: float  # names an attribute and hardly more
    choice: float
    topical: float  # about goods or store
    stated: float  # about goods, and neither praised, nor told, laughed at or claimed
    attribute: float
    weak_attribute: float
    property: float
    thing: float
    colour: float
    size: float
    region: float
    here: float
    number: float
    yes_no: float
    open: float
    negative: float
    again: float
    host: float
    recommend: float
    lists: float
    offtopic: float
    praise: float
    thanks: float
    greets: float
    exclaims: float
    tells: float
    orders: float
    insults: float
    adverts: float
    viewers: float
    judges: float
    judges_count: float
    own: float  # speaks of the viewer
    own_topical: float
    own_unshaped: float  # … and asks in no shape
    addressed: float  # speaks to the host
    addressed_topical: float
    laughs: float
    bang: float
    at: float  # begins with a handle
    personal: float
    length: float
    short: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What the rules know of a comment when its signs are counted."""

    marks: Mapping[str, Sequence[Match]]
    first: int  # place of the first word that is no filler
    last: int  # behind the last one
    ruled: bool
    shaped: bool
    mark: bool
    bare: bool
    choice: bool
    topical: bool
    personal: bool


def signs(asked: Asked, raw: str, seen: Seen) -> Signs:
    """The signs in a comment; ``raw`` is as it was written."""
    marks, topical = seen.marks, seen.topical
    leads = any(m.start == seen.first for m in marks["leads"])
    judged = bool(marks["judges"] or marks["exclaims"] or marks["tells"] or marks["orders"])
    laughs, bang = bool(_LAUGHS.search(raw)), "!" in raw or "！" in raw
    size = UNSPACED.get(asked.language, 1.0)
    length = len(asked.text.plain) / size
    longest = max((m.end - m.start for m in marks["asks"]), default=0) / (2.0 if size > 1 else 1.0)
    wants, thanked = bool(marks["wants"]), bool(asked.cues & {"thanks", "bye"})
    own, to_host = bool(marks["self"]), bool(marks["you"])
    stated = topical and not (judged or own or laughs or bang)
    values = (
        seen.ruled, seen.shaped, seen.shaped and topical, stated and asked.language in _AS_STATED,
        wants and judged, wants and thanked,
        seen.mark, seen.mark and topical, wants,
        bool(marks["asks"]), min(1.0, longest / 2), bool(marks["ends"]), leads, leads and topical,
        any(m.end == seen.last and m.start > 0 for m in marks["trails"]), bool(marks["or"]), seen.bare, seen.choice,
        topical, stated, any(w >= 1 for _, w in asked.fields),
        any(w < 1 for _, w in asked.fields), bool(asked.properties), bool(asked.nouns or asked.mentions),
        bool(asked.colours), bool(asked.sizes), bool(asked.regions), asked.here, bool(asked.numbers), asked.yes_no,
        asked.open, asked.negative, asked.again, asked.kind == "host", bool(asked.cues & {"recommend", "seek"}),
        bool(asked.cues & {"list", "compare"}), asked.kind == "offtopic", asked.kind == "praise",
        thanked, bool(marks["greets"]), bool(marks["exclaims"]), bool(marks["tells"]),
        bool(marks["orders"]), bool(marks["insults"]), bool(marks["adverts"]), bool(marks["viewers"]),
        bool(marks["judges"]), min(3, len(marks["judges"])), own, own and topical,
        own and not (seen.shaped or seen.mark or wants), to_host, to_host and topical, laughs,
        bang, raw.lstrip().startswith("@"), seen.personal, math.log1p(length) - 1.5, length <= 3,
    )  # fmt: skip
    return Signs(*map(float, values))


def odds(found: Signs, meant: float | None = None) -> float:
    """Log odds that a comment with these signs is a question to the host; ``meant``: what knowledge/meant.py says."""
    weights = _weights()["alone" if meant is None else "with_meant"]
    total: float = weights["bias"] + sum(weights[name] * getattr(found, name) for name in NAMES)
    return total if meant is None else total + weights["meant"] * meant


NAMES = tuple(field.name for field in fields(Signs))


@cache
def _weights() -> dict[str, dict[str, float]]:
    """By name, for the signs "alone" and "with_meant"."""
    raw = (files("knowledge") / "data" / "signs.toml").read_text(encoding="utf-8")
    return {part: {name: float(value) for name, value in rows.items()} for part, rows in tomllib.loads(raw).items()}
