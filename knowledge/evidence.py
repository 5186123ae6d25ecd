"""Which facts of a product answer a question, which of them decide a yes or no, and what the catalogue does not state."""

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files

from knowledge.asked import Asked
from knowledge.facts import tells_stock
from knowledge.fields import canonical, known
from knowledge.language import language_of
from knowledge.lexicon import LANGUAGES, Match, Word, lexicon, longest, shades, traits, words
from knowledge.link import stem
from knowledge.meanings import meanings, spoken
from knowledge.measure import extent, states
from knowledge.product import Fact, Product, Variant

Likeness = Callable[[Fact], float]  # cosine of a fact with the question
PLAIN = ("description", "features", "details")  # fields whose texts may speak of anything
TEXTS = (*PLAIN, "care", "compatibility", "material", "ingredients", "in_the_box", "power")  # may speak of others
# Where else an attribute may be stated when no fact bears its name; those texts must also speak of it.
ELSEWHERE = {
    "size": ("dimensions", "capacity", "fit"), "fit": ("size",), "dimensions": ("size",), "capacity": ("size",),
    "weight": ("shipping_weight",), "charging": ("power", "battery"), "battery": ("power", "charging"),
    "power": ("charging",), "allergens": ("ingredients", "material", "safety"), "ingredients": ("material",),
    "material": ("ingredients",), "certification": ("material", "ingredients", "origin"),
    "safety": ("ingredients", "material", "compatibility", "age"), "compatibility": ("connectivity",),
    "dishwasher_safe": ("care",), "microwave_safe": ("care",), "oven_safe": ("care",),
    "connectivity": ("compatibility", "power"), "scent": ("ingredients",), "directions": ("care",),
    "features": ("description",), "light": ("power",), "water_resistance": ("material", "care", "compatibility"),
    "shelf_life": ("care",), "age": ("safety", "directions", "certification"), "pieces": ("in_the_box",),
    "nutrition": ("ingredients",), "watering": ("care",),
    "sunlight": ("light", "care"), "burn_time": ("battery", "capacity"), "range": ("connectivity", "compatibility"),
    "max_load": ("capacity", "compatibility", "weight"), "display": ("dimensions",), "temperature": ("care", "material"),
    "closure": ("material",), "players": ("age",), "season": ("material",), "spiciness": ("scent", "flavour"),
    "filter": ("in_the_box",), "sound": ("noise",), "room_size": ("capacity", "compatibility"), "firmness": ("material",),
}  # fmt: skip
FREELY = frozenset(
    {
        ("size", "dimensions"),
        ("fit", "size"),
        ("dimensions", "size"),
        ("weight", "shipping_weight"),
        ("features", "description"),
        ("material", "ingredients"),
        ("pieces", "in_the_box"),
        ("sunlight", "light"),
        ("range", "connectivity"),
    }
)
# Attributes under which much may be asked that another text tells.
VAGUE = ("compatibility", "safety", "in_the_box", "ingredients")
# Attributes that a sentence tells by the kind of number it has.
NUMBERED = {"temperature": "temperature", "area": "area", "room_size": "area", "speed": "speed"}
ASIDE = (  # attributes that a sentence may state in words of another language
    "care", "compatibility", "features", "safety", "allergens", "in_the_box", "directions", "adjustable",
    "storage_conditions", "dimensions", "insulation",
)  # fmt: skip
TOLD = 5  # attributes told of a product to one who asks for everything
_LENGTHS = frozenset(("cm", "mm", "m", "inch", "inches", "in", "厘"))
_FITS = ("compatibility", "fit", "size", "dimensions", "age")  # "will it fit a 104 cm kid": a variant may answer
_MEASURED = re.compile(r"\d\s*(?:cm|mm|m|in|inch|inches|″|\")(?![a-z])", re.IGNORECASE)
_VOLUME = re.compile(r"\d\s*(?:ml|l|litres?|liters?|oz|fl|mah|gb|cups?)(?![a-z])", re.IGNORECASE)
_DISTANCE = re.compile(r"\d\s*(?:m|km|ft|metres?|meters?|feet)(?![a-z])", re.IGNORECASE)
_WEIGHS = re.compile(
    r"weigh|heavy|light|gewicht|wieg|schwer|leicht|\bpes[ao]|peso|liger|poids|pèse|lourd|lég|重|轻|軽|หนัก|เบา|nặng|nhẹ|berat|ringan|वज़?न|भार",
    re.IGNORECASE,
)
_TOLD_BY = {  # attributes that a measure in a sentence tells, though no word for them stands there
    "pieces": re.compile(
        r"\d+\s*(?:pieces|pcs|sheets|bags|packs|sachets|tablets|capsules|pairs|rolls"
        r"|片|枚|包|袋|颗|粒|条|支|個|袋入|ชิ้น|แผ่น|ซอง|เม็ด|miếng|gói|viên|tờ|cái)\b|\d+\s*[片枚包袋颗粒支個]",
        re.IGNORECASE,
    ),
    "noise": re.compile(r"\d\s*(?:dB|分贝|เดซิเบล)", re.IGNORECASE),
    "battery": re.compile(r"\d\s*(?:mAh|毫安)", re.IGNORECASE),
    "power": re.compile(r"\d\s*(?:W|瓦|วัตต์)(?![a-zA-Z])"),
    "age": re.compile(
        r"\d\s*(?:months?|years?)\s*(?:\+|and up|old)|\d\s*个?[月岁]以上|\d\s*(?:tháng|tuổi) trở lên|\d\s*(?:เดือน|ปี)ขึ้นไป"
    ),
}
_AMOUNT = re.compile(r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]*)")
_THOUSANDFOLD = re.compile(r"(?:kg|l|litre|liter|lít|กก|ลิตร|公斤|千克|升|リットル|キロ|लीटर|किलो)(?![a-z])", re.IGNORECASE)
_RUN = {"zh": 2, "ja": 2, "th": 5}  # characters that make about a word where none are parted by spaces
_HIRAGANA = re.compile(r"[\u3040-\u309f]+")
_RANGE = re.compile(r"(\d+)\s*[-–]\s*(\d+)")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a product's facts say to a question."""

    facts: tuple[Fact, ...] = ()
    missing: tuple[str, ...] = ()  # attributes asked that are not stated
    verdict: str = ""  # yes | no | "" when nothing decides


@dataclass(frozen=True, slots=True)
class Choice:
    """What a question's colour, size or number leaves of a product's variants."""

    variants: tuple[Variant, ...]
    narrowed: bool = False  # something in the question chose among them
    unmet: tuple[str, ...] = ()  # "colour", "size": asked for, and no variant has it


def evidence(asked: Asked, product: Product, facts: Sequence[Fact], like: Likeness) -> Evidence:
    """Answer from one product's facts. Works field by field; what is not stated is named, never replaced."""
    choice = choose(asked, product)
    names = [name for name, _ in asked.fields[:2] if name not in ("sku", "gtin")]
    if not names:
        names = _of_choice(asked, choice)
    if len(names) > 1 and (choice.narrowed or choice.unmet):
        names = [name for name in names if name not in ("size", "colour", "fit")] or names
    parts = [_field(name, asked, product, facts, choice, like) for name in names]
    unsure = {name for name, weight in asked.fields if weight < 1}  # then the attribute is not named as missing
    if not parts or (all(part.missing for part in parts) and set(names) <= unsure):
        return _untitled(asked, product, facts, like)
    if choice.narrowed and all(part.missing for part in parts) and set(names) & set(_FITS):
        parts = [_stock(names[0], facts, [f for f in facts if _is_whole(f)], choice, asked)]
    if any(f.field in PLAIN for part in parts for f in part.facts):  # "how much weight does it hold": one thing is asked
        parts = [part for part in parts if part.facts]
    verdicts = {part.verdict for part in parts if part.verdict}
    return Evidence(
        tuple(dict.fromkeys(fact for part in parts for fact in part.facts)),
        tuple("" if name in unsure else name for part in parts for name in part.missing),
        verdicts.pop() if len(verdicts) == 1 else "",
    )


def _of_choice(asked: Asked, choice: Choice) -> list[str]:
    """What one who only names a version wants to know: whether it is there, or "what's the bigger bottle" its price."""
    if asked.measures - {"count"}:
        return []
    if not (choice.narrowed or choice.unmet) and len(choice.variants) > 1 and _of_range(asked, choice.variants):
        return ["size"]  # "57 cm round the head, which helmet": both sizes reach it
    return [("price" if asked.relative and asked.open else "stock")] if choice.narrowed or choice.unmet else []


def _of_range(asked: Asked, variants: Sequence[Variant]) -> bool:
    values = [value for v in variants for _, value in v.options]
    return any(_RANGE.search(value) and _has_number(value, number) for value in values for number, _ in asked.numbers)


def _field(
    name: str, asked: Asked, product: Product, facts: Sequence[Fact], choice: Choice, like: Likeness
) -> Evidence:
    whole = [fact for fact in facts if _is_whole(fact)]
    if name == "price":
        return _price(product, facts, whole, choice)
    if name == "stock" or (name in ("size", "colour", "fit") and (choice.narrowed or choice.unmet)):
        return _stock(name, facts, whole, choice, asked)
    if name == "discount":
        found = [f for f in whole if f.field == "discount" or (f.field == "compare_at" and reduced(product))]
        return Evidence((*[f for f in whole if f.field == "price"], *found)) if found else Evidence((), ("discount",))
    found = _stated(name, asked, product, whole, like)
    return _judged(asked, name, found) if found else Evidence((), (name,))


def reduced(product: Product) -> bool:
    """Whether every variant is on sale: what holds for one colour alone is not said of the product."""
    now = datetime.now(UTC)
    offers = [v.offer.at(now) for v in product.variants]
    return all(o.compare_at is not None and o.compare_at > o.price for o in offers)


def _is_whole(fact: Fact) -> bool:
    return "/" not in fact.id.removeprefix(f"{fact.handle}/")


def _price(product: Product, facts: Sequence[Fact], whole: list[Fact], choice: Choice) -> Evidence:
    skus = {v.sku for v in choice.variants}
    single = [f for f in facts if f.field == "price" and not _is_whole(f) and f.sku in skus] if choice.narrowed else []
    if len({f.value for f in single}) == 1:
        return Evidence((single[0],))
    if choice.unmet:
        return Evidence(tuple(f for f in whole if f.field in (*choice.unmet, "price")), (), "no")
    prices = tuple(f for f in whole if f.field == "price" or (f.field == "compare_at" and reduced(product)))
    return Evidence(prices) if prices else Evidence((), ("price",))


def _stock(name: str, facts: Sequence[Fact], whole: list[Fact], choice: Choice, asked: Asked) -> Evidence:
    """Whether it can be had, for the variants that the question chose."""
    if choice.unmet:
        listed = tuple(f for f in whole if f.field in choice.unmet)
        return Evidence(listed, (), "no") if listed else Evidence((), choice.unmet)
    stock = [f for f in whole if tells_stock(f)]
    if choice.narrowed:
        skus = {v.sku for v in choice.variants}
        single = [f for f in facts if tells_stock(f) and not _is_whole(f) and f.sku in skus]
        stock = sorted(single, key=lambda f: f.number == 0)[:3] or stock
    if not stock:
        return Evidence((), (name,))
    sure = dict(asked.fields).get("stock", 1.0) >= 1  # a weak cue says no yes
    later = any(f.field != "stock" for f in stock)  # neither yes nor no: it can be ordered, and is not here
    decided = ((asked.yes_no and sure) or choice.narrowed) and not later
    return Evidence(tuple(stock), (), ("no" if all(f.number == 0 for f in stock) else "yes") if decided else "")


def _stated(name: str, asked: Asked, product: Product, whole: list[Fact], like: Likeness) -> list[Fact]:
    """Facts that state an attribute: those that bear its name, else texts elsewhere that plainly speak of it."""
    own = [f for f in whole if f.field == name]
    if name == "features":
        return _overview(whole) if asked.everything else _features(asked, product, own, whole, like)
    if not own:
        own = [f for f in whole if _labelled(f, name)]
        if told := _plainer(asked, own, whole, like, 2):
            return told
    elif name in VAGUE and (told := _plainer(asked, own, whole, like, 1)):
        return told
    if own:
        plainly = not asked.properties and not choose(asked, product).narrowed
        if (asked.yes_no or asked.open) and plainly and asked.language != "en":
            own = _plainer(asked, own, whole, like, 2) or own
        found = _fitting(asked, own, whole, like)
        checked = name == "material" and asked.properties and asked.yes_no
        return [] if checked and not any(_decides(asked, f) for f in found) else found
    if name == "compatibility" and any(unit in _LENGTHS for _, unit in asked.numbers):
        name = "dimensions"  # "will it fit in a 150 cm gap"
        own = [f for f in whole if f.field == name]
        if own:
            return own[:1]
    others = [f for f in whole if f.field in ELSEWHERE.get(name, ()) and _measures(name, f)]
    if free := [f for f in others if (name, f.field) in FREELY]:
        return free[:1]
    near = [f for f in others if _speaks(f, name, asked)]
    texts = [f for f in whole if f.field in TEXTS and f not in others and _measures(name, f)]
    return (
        _nearest(near, asked, like)
        or _nearest([f for f in texts if _speaks(f, name, asked)], asked, like)
        or _nearest(_spoken_alike(name, asked, (*others, *texts)), asked, like)
        or _told(name, asked, product, [f for f in texts if f.field in PLAIN], like)
    )


def _spoken_alike(name: str, asked: Asked, texts: Sequence[Fact]) -> list[Fact]:
    """Sentences that speak of the same as a question asked in words of another language."""
    return [f for f in texts if _same_things(asked, f, _named(asked, f.handle, f.product))] if name in ASIDE else []


def _told(name: str, asked: Asked, product: Product, texts: list[Fact], like: Likeness) -> list[Fact]:
    """A sentence of the description with a number of the kind asked, or that says what the question asks beside an attribute."""
    if (kind := NUMBERED.get(name)) and "count" not in asked.measures:
        return _nearest([f for f in texts if states(frozenset({kind}), f.value)], asked, like)
    if name in VAGUE and name != "in_the_box":
        return _nearest([f for f in texts if shared(asked, f)], asked, like)
    if name == "size" and (measures := [f for f in texts if _MEASURED.search(f.value)]):
        return _nearest(measures, asked, like)
    measured = name in ("dimensions", "capacity", "range", "max_load")
    if not (asked.yes_no or measured) or asked.properties or not _extra(asked, product):
        return []
    free = {i for run in asked.content for i in range(run.start, run.end)}
    return _nearest([f for f in texts if any(m.start in free for m in meant(asked, f))], asked, like)


def _nearest(facts: list[Fact], asked: Asked, like: Likeness) -> list[Fact]:
    """The one that shares most words with the question, then the nearest in meaning; no embedding for one alone."""
    return sorted(facts, key=lambda f: (-shared(asked, f), -like(f)))[:1] if len(facts) > 1 else facts


def _labelled(fact: Fact, name: str) -> bool:
    """Whether a feed's own label means an attribute, by the words that questions use: "Brightness" is light."""
    if not fact.label or fact.field in PLAIN or (not fact.label.isascii() and known(fact.label)):
        return False  # a heading that has a name of its own means nothing else: อายุ is age, อายุการเก็บรักษา shelf life
    return name in spoken_of(fact.label)


@lru_cache(maxsize=50_000)
def spoken_of(text: str) -> frozenset[str]:
    """The attributes that a catalogue's text speaks of, by the words that questions use for them; any language."""
    plain, language = words(text), language_of(text)
    tables = [lexicon(code, False) for code in dict.fromkeys(("en", language)) if code in LANGUAGES]
    return frozenset(m.label for table in tables for m in table.find("fields", plain) if m.weight >= 1)


def _fitting(asked: Asked, own: list[Fact], whole: list[Fact], like: Likeness) -> list[Fact]:
    """Among several facts of one attribute the one that speaks of what is asked; a text elsewhere that decides joins."""
    if asked.properties and not any(_decides(asked, f) for f in own):
        others = [f for f in whole if f not in own and _decides(asked, f)]
        if others:
            return others[:1]
    return _nearest(own, asked, like)


def _first_texts(whole: list[Fact]) -> list[Fact]:
    return [f for f in whole if f.field in PLAIN][:2]


def _features(asked: Asked, product: Product, own: list[Fact], whole: list[Fact], like: Likeness) -> list[Fact]:
    """What is told of a product's features; to one who asks for a certain one, that one or nothing."""
    if asked.yes_no and _extra(asked, product):
        return _nearest([f for f in whole if f.field in TEXTS and shared(asked, f)], asked, like)
    return own[:2] or _first_texts(whole)


def _plainer(asked: Asked, own: list[Fact], whole: list[Fact], like: Likeness, more: int) -> list[Fact]:
    """A text that speaks of what is asked far more plainly, by ``more`` words, than facts whose label only may mean it.

    "How thick branches can it cut" is answered by "Cuts branches up to 20 mm thick", not by a blade's length.
    """
    best = max((shared(asked, f) for f in own), default=0)
    texts = [f for f in whole if f.field in PLAIN and shared(asked, f) >= best + more]
    said = any(_same_things(asked, f, _named(asked, f.handle, f.product)) for f in own)
    if not texts and not best and not said and (asked.yes_no or asked.open) and asked.language != "en":
        texts = [f for f in whole if f.field in PLAIN and _same_things(asked, f, _named(asked, f.handle, f.product))]
    return _nearest(texts, asked, like) if own else []


def _overview(whole: list[Fact]) -> list[Fact]:
    """What there is to tell of a product, the most telling first, each attribute once."""
    texts = [f for f in whole if f.field in PLAIN]
    price = [f for f in whole if f.field == "price"]
    rest = [f for f in whole if f.field not in (*PLAIN, "price", "compare_at", "stock", "gtin", "kind", "vendor")]
    told: dict[str, Fact] = {}
    for fact in (*texts[:1], *price, *rest):
        told.setdefault(fact.field, fact)
    return [*told.values(), *texts[1:]][:TOLD]


def _speaks(fact: Fact, name: str, asked: Asked) -> bool:
    """Whether a text speaks of an attribute, by the words that questions use for it; a property asked must be there too."""
    if asked.properties:
        return _decides(asked, fact) != ""
    about = spoken_of(fact.value)
    cues = name in about or (name == "range" and "connectivity" in about)  # "Bluetooth 5.3, 20 m"
    cues = cues or (name in _TOLD_BY and bool(_TOLD_BY[name].search(fact.value)))
    if name == "in_the_box" and asked.yes_no and fact.field in PLAIN:
        other = _others(asked, fact)  # "does it come with a tripod": what is said of its tripod
        return bool(other & _things_in(fact.value)) if other else shared(asked, fact) > 0
    if name in ("material", "ingredients", "safety", "certification", "allergens", "connectivity", "in_the_box"):
        return cues and shared(asked, fact) > 0
    return cues


def _measures(name: str, fact: Fact) -> bool:
    """A size in centimetres is no capacity, and the other way round."""
    if name == "dimensions":
        return bool(_MEASURED.search(fact.value))
    if name == "capacity":
        return bool(_VOLUME.search(fact.value))
    if name == "range":
        return bool(_DISTANCE.search(fact.value))
    if name == "weight" and fact.field in PLAIN:
        return bool(_WEIGHS.search(fact.value))  # "carries 15 kg" is no weight
    return True


def _judged(asked: Asked, name: str, found: list[Fact]) -> Evidence:
    """The facts, with yes or no where a property was asked and a fact decides it."""
    if not asked.yes_no or not asked.properties:
        return Evidence(tuple(found))
    decided = [v for v in (_decides(asked, f) for f in found) if v]
    return Evidence(tuple(found), (), decided[0] if decided and not asked.negative else "")


def _decides(asked: Asked, fact: Fact) -> str:
    return next((v for p in asked.properties if (v := decides(p, fact.value))), "")


def decides(property_: str, value: str) -> str:
    """ "yes", "no" or "" : what a value says of a property in data/asked/properties.toml."""
    row = _properties().get(property_)
    if row is None:
        return ""
    for verdict, pattern in (("no", row[0]), ("yes", row[1])):
        if pattern.search(value):
            return verdict
    return ""


@cache
def _properties() -> dict[str, tuple[re.Pattern[str], re.Pattern[str]]]:
    raw = (files("knowledge") / "data" / "asked" / "properties.toml").read_text(encoding="utf-8")
    return {
        name: (re.compile("|".join(row["no"]), re.IGNORECASE), re.compile("|".join(row["yes"]), re.IGNORECASE))
        for name, row in tomllib.loads(raw).items()
    }


def _untitled(asked: Asked, product: Product, facts: Sequence[Fact], like: Likeness) -> Evidence:
    """No attribute known: a fact that shares the question's own words, or nothing; a bare name gets price and stock."""
    whole = [
        f for f in facts if _is_whole(f) and f.field not in ("gtin", "kind", "vendor", "stock", "price", "compare_at")
    ]
    extra = _extra(asked, product)
    if not extra and not asked.measures and not asked.fields and not (asked.open and not asked.again):
        return Evidence(tuple(f for f in facts if _is_whole(f) and (f.field == "price" or tells_stock(f))))
    if asked.measures and (measured := [f for f in whole if states(asked.measures, f.value)]):
        near = [f for f in measured if shared(asked, f) > 0]
        return Evidence(tuple(_nearest(near, asked, like))) if near else Evidence((), ("",))
    least = 2 if asked.yes_no and len(extra) > 2 else 1  # "a water bottle pocket" is no passport pocket
    found = [f for f in whole if shared(asked, f) >= (1 if _means_alike(asked, f) else least)]
    return Evidence(tuple(_nearest(found, asked, like))) if found else Evidence((), ("",))


def _means_alike(asked: Asked, fact: Fact) -> bool:
    """Whether a fact says something of what is asked, be it in other words or in another language."""
    return bool(meant(asked, fact) or _same_things(asked, fact, _named(asked, fact.handle, fact.product)))


def _extra(asked: Asked, product: Product) -> list[str]:
    """The question's own words beyond the product's name."""
    named = _named(asked, product.handle, f"{product.title} {product.kind}")
    return [
        w.text
        for run in asked.content
        for i, w in enumerate(asked.text.plain[run.start : run.end], run.start)
        if i not in named and (len(w.text) > 2 or ord(w.text[0]) > 0x2E80 or _thai_word(run))
    ]


def _thai_word(run: Match) -> bool:
    """Whether a run of single letters is long enough to be a word of Thai."""
    return 0x0E00 <= ord(run.label[0]) <= 0x0EFF and run.end - run.start >= _RUN["th"]


def _named(asked: Asked, handle: str, title: str) -> set[int]:
    """Places of the words that name the product itself."""
    own = [m for m in asked.mentions if not handle or handle in dict(m.candidates)]
    own = own[:1] if asked.yes_no else own  # "is the skillet cast iron": named once, then asked about
    things = {i for n in asked.nouns for i in range(n.start, n.end)}
    name = {stem(w.text) for w in words(title)}
    return {i for m in own for i in range(m.start, m.end) if i in things or stem(asked.text.plain[i].text) in name}


def meant(asked: Asked, fact: Fact) -> list[Match]:
    """Where the question says, beside the product's name, what the fact says too, in whatever language."""
    named = _named(asked, fact.handle, fact.product)
    there = meanings(f"{fact.label} {fact.value}")
    return [m for m in spoken(asked.text.plain, asked.language) if m.label in there and m.start not in named]


def shared(asked: Asked, fact: Fact) -> int:
    """How many of the question's telling words a fact has, plurals and language aside."""
    named, same_meaning = _named(asked, fact.handle, fact.product), meant(asked, fact)
    placed = {i for m in same_meaning for i in range(m.start, m.end)}
    stop = _stop(asked.language)
    own = {stem(w.text) for i, w in enumerate(asked.text.plain) if i not in named | placed and _telling(w, stop)}
    have = {stem(w.text) for w in words(f"{fact.label} {fact.value}") if _telling(w, stop)}
    same = sum(word in have or any(_kin(word, other) for other in have) for word in own)
    alike = _apart(same_meaning) + _same_runs(asked, fact, named)
    return same + alike or _same_things(asked, fact, named)


def _apart(found: Sequence[Match]) -> int:
    """How many of the phrases found stand apart from each other."""
    end, count = -1, 0
    for match in sorted(found, key=lambda m: m.end):
        if match.start >= end:
            end, count = match.end, count + 1
    return count


@cache
def _stop(language: str) -> frozenset[str]:
    tables = [lexicon(code, False) for code in ("en", language) if code in LANGUAGES]
    return frozenset(word for table in tables for word in table.sections["stop"].vocabulary)


def _others(asked: Asked, fact: Fact) -> frozenset[str]:
    """Things that a question names beside the product itself."""
    named = _named(asked, fact.handle, fact.product)
    return frozenset(n.label for n in asked.nouns if not set(range(n.start, n.end)) & named)


def _same_runs(asked: Asked, fact: Fact, named: set[int]) -> int:
    """Stretches of a script without spaces that a question and a fact share; a long one counts twice."""
    if asked.language not in _RUN or not _unspaced(fact.value):
        return 0
    size = _RUN[asked.language]
    have = _grams(f"{fact.label} {fact.value}", size)
    plain, left = asked.text.plain, _untold(asked) | named
    at = [i for i in range(len(plain) - size + 1) if "".join(w.text for w in plain[i : i + size]) in have]
    at = [i for i in at if not all(place in left for place in range(i, i + size))]
    starts = [i for i in at if i - 1 not in at]
    return sum(2 if i + min(size, 3) in at else 1 for i in starts)


def _untold(asked: Asked) -> set[int]:
    """Places of the small words of a question in a script without spaces."""
    tables = lexicon(asked.language, False)
    found = (m for section in ("stop", "forms", "refers") for m in tables.find(section, asked.text.plain))
    return {i for m in found for i in range(m.start, m.end)}


@lru_cache(maxsize=20_000)
def _grams(text: str, size: int) -> frozenset[str]:
    glyphs = [w.text for w in words(text)]
    grams = ("".join(glyphs[i : i + size]) for i in range(len(glyphs) - size + 1))
    return frozenset(gram for gram in grams if not _HIRAGANA.fullmatch(gram))  # what only inflects tells nothing


def _unspaced(text: str) -> bool:
    return any(ord(char) > 0xE00 for char in text)


def _same_things(asked: Asked, fact: Fact, named: set[int]) -> int:
    """Things that a question names in its own language and a fact in the catalogue's: gatos, cats."""
    if asked.language == "en":
        return 0
    things = {n.label for n in asked.nouns if not set(range(n.start, n.end)) & named}
    same = len(things & _things_in(fact.value)) if things else 0
    return same + len(_traits_asked(asked, named) & traits_in(fact.value))


def _traits_asked(asked: Asked, named: set[int]) -> set[str]:
    """What a question asks whether goods can do or have, its words for the product itself aside."""
    accents = asked.text.accented is not asked.text.plain
    own = traits(asked.language, accents).find(asked.text.accented if accents else asked.text.plain)
    found = [*own, *(traits("en", False).find(asked.text.plain) if asked.language != "en" else ())]
    return {m.label for m in longest(found) if not set(range(m.start, m.end)) <= named}


@lru_cache(maxsize=20_000)
def traits_in(text: str) -> frozenset[str]:
    """What a catalogue's text says that goods can do or have."""
    language = language_of(text)
    accents = language == "vi"
    plain = words(text, accents=accents)
    return frozenset(m.label for m in longest(traits(language, accents).find(plain)))


@lru_cache(maxsize=10_000)
def _things_in(text: str) -> frozenset[str]:
    return frozenset(m.label for m in lexicon("en", False).find("nouns", words(text)))


def _kin(a: str, b: str) -> bool:
    """Forms of one long word: oscillate, oscillation."""
    return len(a) > 6 and len(b) > 6 and a.isascii() and a[:6] == b[:6]


def _telling(word: Word, stop: frozenset[str]) -> bool:
    return len(word.text) > 2 and word.text not in stop


def choose(asked: Asked, product: Product) -> Choice:
    """The variants that a question's colour, size, number or option word leaves."""
    left, narrowed, unmet = list(product.variants), False, []
    named = [v for v in left if asked.code and v.sku == asked.code]
    if named and len(left) > 1:
        return Choice(tuple(named), True)
    left, chosen = _outright(asked, product)
    if asked.relative and not chosen and (extreme := _extreme(asked.relative, product)):
        return Choice(extreme, True)
    narrowed = bool(chosen)
    for field, test in _wishes(asked, product):
        if field in chosen:
            continue
        fitting = [v for v in left if any(test(value) for _, value in v.options)]
        if fitting:
            narrowed = narrowed or len(fitting) < len(product.variants) or len(product.variants) == 1
            left = fitting
        elif field:
            unmet.append(field)
    return Choice(tuple(left), narrowed, tuple(unmet))


def _extreme(relative: str, product: Product) -> tuple[Variant, ...]:
    """The variants of the largest or the smallest size, where sizes can be put in order; none where there is only one."""
    sized = [(v, size) for v in product.variants if (size := next(filter(None, map(extent, (o for _, o in v.options))), None))]
    if len(sized) < len(product.variants) or len({unit for _, (_, unit) in sized}) != 1:
        return ()
    amounts = [amount for _, (amount, _) in sized]
    best = max(amounts) if relative == "large" else min(amounts)
    return tuple(v for v, (amount, _) in sized if amount == best) if min(amounts) < max(amounts) else ()


def _outright(asked: Asked, product: Product) -> tuple[list[Variant], set[str]]:
    """The variants whose option values the question says in the seller's own words, and the attributes so chosen."""
    left, chosen = list(product.variants), set[str]()
    for name in dict.fromkeys(name for v in product.variants for name, _ in v.options):
        said = [v for v in left if any(n == name and _spoken(value, asked, product) for n, value in v.options)]
        said = said or _meant_by(name, left, asked, product)
        if said and len(said) < len(left):
            left = said
            chosen.add(canonical(name))
    return left, chosen


def _meant_by(name: str, left: list[Variant], asked: Asked, product: Product) -> list[Variant]:
    """Variants whose option value means what the question says in its own language: "Nachfüllbeutel", a refill pouch."""
    named = _named(asked, product.handle, product.title)
    want = {m.label for m in spoken(asked.text.plain, asked.language) if m.start not in named} - set(asked.colours)
    if not want:
        return []
    shared_by_all = frozenset.intersection(*(meanings(value) for v in left for n, value in v.options if n == name))
    return [v for v in left if any(n == name and (meanings(value) - shared_by_all) & want for n, value in v.options)]


def _wishes(asked: Asked, product: Product) -> Iterable[tuple[str, Callable[[str], bool]]]:
    """(attribute that is unmet if no variant passes, "" when it was perhaps no wish at all; test of an option value)."""
    has = {"colour": _has_option(product, asked, "colour"), "size": _has_option(product, asked, "size")}
    for colour in asked.colours:
        yield "colour" if has["colour"] else "", lambda value, c=colour: c in colours_of(value)  # type: ignore[misc]
    for size in asked.sizes:
        if extreme := _least_or_most(product, size):
            yield "size", lambda value, e=extreme: value == e  # type: ignore[misc]
            continue
        yield "size" if has["size"] else "", lambda value, s=size: _is_size(value, s)  # type: ignore[misc]
    sized = any(name in ("size", "fit") for name, _ in asked.fields) or asked.top == ""
    counted = has["size"] and sized and any(c.isdigit() for v in product.variants for _, value in v.options for c in value)
    for number, unit in asked.numbers:  # "55 kg" is no wish where sizes are M and L
        yield "size" if counted else "", lambda value, n=number, u=unit: _has_number(value, n)  # type: ignore[misc]


def _least_or_most(product: Product, size: str) -> str:
    """The option value that "the small one" or "the large one" means where sizes are measures: 100 g and 200 g."""
    if size not in ("S", "L"):
        return ""
    measured: dict[str, float] = {}
    for value in dict.fromkeys(value for v in product.variants for name, value in v.options if not colours_of(value)):
        if _is_letter_size(value):
            return ""
        if found := _AMOUNT.search(value):
            measured[value] = float(found[1].replace(",", "")) * (1000 if _THOUSANDFOLD.match(found[2]) else 1)
    if len(set(measured.values())) < 2:
        return ""
    return (min if size == "S" else max)(measured, key=lambda value: measured[value])


def _has_option(product: Product, asked: Asked, field: str) -> bool:
    values = [value for v in product.variants for _, value in v.options]
    if field == "colour":
        return any(colours_of(value) for value in values) or any(
            n.casefold() in ("color", "colour") for v in product.variants for n, _ in v.options
        )
    return any(any(c.isdigit() for c in value) or _is_letter_size(value) for value in values)


@cache
def colours_of(value: str) -> frozenset[str]:
    """The colours that an option value names: "Dusty Blue" → blue."""
    return frozenset(m.label for m in shades().find(words(value)))


_LETTERS = frozenset(["XXS", "XS", "S", "M", "L", "XL", "XXL", "XXXL", "2XL", "3XL", "SMALL", "MEDIUM", "LARGE"])
_SAME_SIZE = {"SMALL": "S", "MEDIUM": "M", "LARGE": "L", "2XL": "XXL", "3XL": "XXXL"}


def _is_letter_size(value: str) -> bool:
    return any(part in _LETTERS for part in value.upper().split())


def _is_size(value: str, size: str) -> bool:
    return any(_SAME_SIZE.get(part, part) == size for part in value.upper().replace("(", " ").split())


def _has_number(value: str, number: object) -> bool:
    texts = [w.text for w in words(value)]
    if str(number) in texts:
        return True
    return (
        any(int(a) <= int(str(number)) <= int(b) for a, b in _RANGE.findall(value)) if str(number).isdigit() else False
    )


def _spoken(value: str, asked: Asked, product: Product) -> bool:
    """Whether the question says an option value outright ("fig leaf", "queen"), apart from the product's own name."""
    named = _named(asked, product.handle, product.title)
    want = [stem(w.text) for w in words(value) if len(w.text) > 1 or ord(w.text[0]) > 0xE00]
    if len(want) == 1 and len(want[0]) == 1:
        return False  # one character says too little
    have = ["" if i in named else stem(w.text) for i, w in enumerate(asked.text.plain)]
    return bool(want) and any(have[i : i + len(want)] == want for i in range(len(have)))
