"""Which statements about the store answer a question: by what is asked of a policy, by place, by kind of goods."""

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from knowledge.asked import Asked
from knowledge.evidence import shared
from knowledge.language import language_of
from knowledge.lexicon import (
    LANGUAGES,
    Match,
    Phrases,
    Word,
    lexicon,
    longest,
    noun_parents,
    region_groups,
    regions,
    words,
)
from knowledge.product import Fact

Likeness = Callable[[Fact], float]  # cosine of a fact with the question
HOME_OF = {"th": "TH", "vi": "VN", "id": "ID", "zh": "CN", "ja": "JP", "ko": "KR", "hi": "IN", "de": "DE", "fr": "FR"}
_MONEY = re.compile(
    r"[$€£¥฿₫₹]\s?\d|\d\s?(?:[$€£¥฿₫₹元円块]|บาท|đ\b|k\b|रुपये|रुपए)"
    r"|\b(?:USD|EUR|GBP|JPY|CNY|THB|VND|IDR|INR)\b|Rp\s?\d"
)
_EVERYWHERE = frozenset(
    ("worldwide", "international", "internationally", "elsewhere", "abroad", "everywhere", "overseas", "anywhere")
)
_USUAL = {
    "returns": "returns.time",
    "payment": "payment.methods",
    "discount": "discount.code",
    "contact": "contact.email",
}
_PARTICULAR = {"payment.cod", "payment.instalments", "payment.security", "discount.code", "returns.cost"}
_SERVICE = frozenset(("shipping.time", "shipping.cost", "shipping.customs", "shipping.express", "shipping.tracking"))
_OF_GOODS = frozenset(("shipping", "returns", "warranty"))  # policies that differ from goods to goods
_FAR = re.compile(
    r"海外|国外|境外|国际|跨境|ต่างประเทศ|nước ngoài|quốc tế|विदेश|luar negeri|extranjero|étranger|ausland|exterior",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[;.。；]\s*(?=\S)")
_TWO_PARTS = ("shipping.time", "shipping.cost")  # a plain question about shipping is answered by both


@dataclass(frozen=True, slots=True)
class Term:
    """A statement about the store with what it speaks of."""

    fact: Fact
    aspects: frozenset[str]
    places: frozenset[str]
    everywhere: bool
    outside: bool  # about places outside those named: "we do not ship outside the EU"
    things: frozenset[str]  # goods it is about: "houseplants cannot be returned"
    general: bool  # it also speaks of all goods: "delivery takes 3 days; furniture takes 2 weeks"

    def about(self, things: frozenset[str]) -> bool:
        """Whether it holds for goods that are these things: for all goods, or for these among others."""
        return not self.things or self.general or _concerns(self, things)


def term(fact: Fact, kinds: Phrases = Phrases(())) -> Term:  # noqa: B008 (never changed)
    """Read one policy statement. ``kinds`` are the catalogue's own product types, known to no table perhaps."""
    plain = words(fact.value)
    aspects = {m.label for m in _aspect_phrases().find(plain)}
    aspects |= {m.label for m in _asked_aspects(fact.value, plain)}
    if _MONEY.search(fact.value):
        aspects.add("shipping.cost")
    clauses = [_goods(clause, kinds if fact.field in _OF_GOODS else None) for clause in _CLAUSE.split(fact.value)]
    return Term(
        fact, frozenset(a for a in aspects if a.split(".")[0] == fact.field),
        frozenset(m.label for m in longest(regions().find(plain))),
        any(w.text in _EVERYWHERE for w in plain), any(w.text == "outside" for w in plain),
        frozenset(thing for goods in clauses for thing in goods), not all(clauses),
    )  # fmt: skip


def _asked_aspects(text: str, plain: tuple[Word, ...]) -> list[Match]:
    """What a statement in a script of its own speaks of, by the words that questions use for it."""
    language = language_of(text) if any(ord(char) > 0x900 for char in text) else ""
    return lexicon(language, False).find("aspects", plain) if language in LANGUAGES else []


def _goods(clause: str, kinds: Phrases | None) -> list[str]:
    """Things a policy names; words that name the papers of a sale and no goods are left out."""
    plain = words(clause)
    own_script = language_of(clause) if any(ord(char) > 0x900 for char in clause) else "en"
    tables = lexicon(own_script if own_script in LANGUAGES else "en", False)
    nouns = longest([n for n in tables.find("nouns", plain) if n.weight >= 1 or own_script == "en"])
    own = kinds.find(plain) if kinds else []
    return [m.label for m in (*nouns, *own) if m.label not in ("ticket", "book", "food", "light")]


def choose(
    asked: Asked, field: str, terms: Sequence[Term], things: frozenset[str], like: Likeness, *, most: int = 2
) -> list[Fact]:
    """The statements that answer, best first; none when the store's pages do not say.

    ``things`` is what the product in question is; statements about other goods are left out.
    """
    pool = [t for t in terms if t.fact.field == field and t.about(things)]
    wanted = frozenset(a for a in asked.aspects if a.split(".")[0] == field)
    if field == "shipping":
        return _shipping(asked, pool, wanted, things, like, most)
    usual = wanted or frozenset({_USUAL[field]} if field in _USUAL else ())
    ranked = sorted(pool, key=lambda t: -_score(t, usual, things, like) - 0.1 * min(2, shared(asked, t.fact)))
    if not ranked:
        return []
    if wanted & _PARTICULAR:
        ranked = [t for t in ranked if t.aspects & wanted or shared(asked, t.fact)] or (
            [] if field == "payment" else ranked
        )
    out = [t.fact for t in ranked[:1]]
    special = [t.fact for t in ranked[1:] if t.things and things]
    general = [t.fact for t in ranked[1:] if not t.things and len(wanted) > 1 and (t.aspects & wanted)]
    if wanted == {"returns.exchange"}:  # "it does not fit, can I return it": within how long, too
        general += [t.fact for t in ranked[1:] if _USUAL[field] in t.aspects and "returns.refund" not in t.aspects][:1]
    return list(dict.fromkeys(out + special + general))[:most]


def _score(t: Term, wanted: frozenset[str], things: frozenset[str], like: Likeness) -> float:
    special = 0.35 if t.things and _concerns(t, things) else 0.0
    exception = -0.05 if "returns.not" in t.aspects and not t.things else 0.0
    return like(t.fact) + 0.12 * len(t.aspects & wanted) - 0.08 * len(t.aspects - wanted) + special + exception


def _concerns(t: Term, things: frozenset[str]) -> bool:
    """Whether a statement about certain goods is about these."""
    family = things | {wider for thing in things for wider in noun_parents().get(thing, ())}
    return bool(t.things & family)


def _shipping(
    asked: Asked, pool: list[Term], wanted: frozenset[str], things: frozenset[str], like: Likeness, most: int
) -> list[Fact]:
    bans = [t.fact for t in pool if not t.general and t.things and _concerns(t, things)]
    rare = wanted & {"shipping.customs", "shipping.tracking", "shipping.express"}
    if rare:
        found = sorted((t for t in pool if t.aspects & rare), key=lambda t: -like(t.fact))
        return (_placed(found, asked.regions[:1]) or [t.fact for t in found])[:1]
    place = place_of(asked, pool)
    served = [t for t in pool if t.places and not t.outside and not t.aspects & _SERVICE]
    there = [t.fact for t in served if place and t.places & _around(place[0])]
    if place and served and not there and not any(t.everywhere for t in pool):
        return [t.fact for t in served][:1]  # where the store delivers is the answer for places where it does not
    if asked.regions and not any(t.places & _around(place[0]) for t in pool) and (far := _abroad(place[0], pool)):
        return far[:1]  # "we do not ship abroad", where no statement names the country
    parts = [a for a in _TWO_PARTS if a in wanted] or list(_TWO_PARTS)
    if "shipping.where" in wanted and place:  # "do you ship there, and for how much": how long it takes says yes
        parts = list(dict.fromkeys([*parts, "shipping.time"]))
    out = list(bans[:1])
    for part in parts:
        out += _part(part, place, pool, things, like, said=bool(asked.regions))
    if there and (not out or ("shipping.where" in wanted and "shipping.time" not in wanted)):
        out = [there[0], *out]
    if place and not out:
        out = [t.fact for t in pool if t.outside and not t.places & _around(place[0])][:1]
    return list(dict.fromkeys(out))[:most]


def _abroad(place: str, pool: list[Term]) -> list[Fact]:
    """What is said of other countries in a page in a language of its own; nothing for the country where that is spoken."""
    found = [t.fact for t in pool if _FAR.search(t.fact.value)]
    return [fact for fact in found if HOME_OF.get(language_of(fact.value), place) != place]


def _part(
    part: str, place: tuple[str, ...], pool: list[Term], things: frozenset[str], like: Likeness, *, said: bool
) -> list[Fact]:
    """The delivery time or cost, for a place when one is given; what says only the one is preferred to what says both.

    A place that the viewer has not ``said`` is only supposed: then what names no place holds too.
    """
    other = next(a for a in _TWO_PARTS if a != part)
    found = [
        t
        for t in pool
        if part in t.aspects and (t.general or not t.things) and not t.aspects & {"shipping.express", "shipping.customs"}
    ]
    found = [t for t in pool if part in t.aspects and _concerns(t, things)] or found  # "bicycles come by freight for €39"
    found.sort(key=lambda t: (other in t.aspects, -like(t.fact)))
    there = _placed(found, place) if place else [t.fact for t in found[:1]]
    return there or ([] if said else [t.fact for t in found if not t.places][:1])


def _around(place: str) -> frozenset[str]:
    return frozenset((place, *region_groups().get(place, ())))


def _placed(found: list[Term], place: tuple[str, ...]) -> list[Fact]:
    """The statement for a place: its own, else its group's, nearest group first, else the one for everywhere.

    One that names no place holds for all only where none of its like names any.
    """
    if not place:
        return []
    for region in (place[0], *region_groups().get(place[0], ())):
        if hits := [t.fact for t in found if region in t.places and not t.outside]:
            return hits[:1]
    placeless = not any(t.places for t in found)
    return [t.fact for t in found if t.everywhere or (placeless and not t.places)][:1]


def place_of(asked: Asked, pool: Sequence[Term]) -> tuple[str, ...]:
    """Where a parcel is to go. A viewer who names no place: where the language is at home, if the store names it."""
    if asked.regions:
        return asked.regions[:1]
    home = HOME_OF.get(asked.language, "")
    return (home,) if home and any(home in t.places for t in pool) else ()


@cache
def _aspect_phrases() -> Phrases:
    raw = (files("knowledge") / "data" / "words" / "terms.toml").read_text(encoding="utf-8")
    return Phrases((word, aspect) for aspect, found in tomllib.loads(raw).items() for word in found)
