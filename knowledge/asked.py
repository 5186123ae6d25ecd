"""What a viewer asks: which attribute, of which kind, in which language, with which limits. No catalogue needed.

Tables decide precisely and a small classifier on embeddings generalises where they know nothing (knowledge/intent.py).
Knowing which attribute is asked is what lets the host say that the catalogue does not state it.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from importlib.resources import files

from knowledge.compounds import compounds
from knowledge.language import language_of
from knowledge.lexicon import LANGUAGES, Lexicon, Match, Mention, Phrases, Word, lexicon, longest, regions
from knowledge.message import Text, clean, message, personal
from knowledge.personal import personal_data

STORE_FIELDS = frozenset(
    {"shipping", "returns", "warranty", "payment", "contact", "gift", "privacy", "about", "discount", "ordering"}
)
PARTICULAR = frozenset(  # aspects that decide which of two policies is asked: "will I pay customs" is shipping
    {"shipping.customs", "shipping.tracking", "shipping.express", "payment.cod", "payment.instalments", "discount.code",
        "returns.cost",}
)
CHATTER = ("host", "thanks", "bye", "greeting", "praise")  # in the order in which they are recognised
_SIZE_WORD = re.compile(r"^(?:x{0,3}s|m|x{0,4}l)$")
_LOUD_SIZE = re.compile(r"(?<![^\W\u0e00-\u9fff])(?<!['’.])(?:XXS|XS|S|M|L|XL|XXL|XXXL)(?![^\W\u0e00-\u9fff])(?!['’.])")
_UNITS = frozenset(
    (
        *(
            "cm",
            "mm",
            "m",
            "ml",
            "l",
            "litre",
            "litres",
            "liter",
            "liters",
            "oz",
            "g",
            "kg",
            "mah",
            "w",
            "inch",
            "inches",
        ),
        *(
            "day",
            "days",
            "hour",
            "hours",
            "h",
            "year",
            "years",
            "yr",
            "week",
            "weeks",
            "month",
            "months",
            "pcs",
            "pieces",
        ),
        *("people", "天", "岁", "码", "厘", "วัน", "ขวบ", "ปี", "ngày", "tuổi", "hari", "tahun", "días", "años", "jours"),
        *("ans", "tage", "jahre", "dias", "anos"),
    )
)  # a number before one of these is no price


_SPACED = frozenset({"vi", "id", "es", "fr", "de", "pt"})  # languages with spaces whose small words may be English names
JOINING = frozenset(("of", "de", "du", "des", "d", "del", "da", "do", "von"))  # may part the words of one name
_DESCRIBED_BEFORE = frozenset({"en", "de", "zh", "ja", "hi"})  # languages in which what describes a thing comes first
_DESCRIBES = frozenset({"age", "water_resistance", "connectivity", "adjustable", "sound"})  # attributes that describe a thing
_UNSAID = "\0"  # stands for a word that cannot be part of a name


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, understood."""

    text: Text
    kind: str = (
        "fact"  # fact compare list recommend | greeting thanks bye praise host | offtopic injection spam | unclear
    )
    fields: tuple[tuple[str, float], ...] = ()  # canonical attributes asked, surest first
    aspects: frozenset[str] = frozenset()  # finer: "shipping.time", "returns.opened"
    properties: tuple[str, ...] = ()  # what a yes/no question asks for: "waterproof"
    colours: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    numbers: tuple[tuple[Decimal, str], ...] = ()  # every number with the word behind it: (42, "码")
    regions: tuple[str, ...] = ()
    sort: tuple[str, str] | None = None  # ("price", "<"): the least of it is asked for
    relative: str = ""  # "large" or "small": of the sizes that a product comes in
    measures: frozenset[str] = frozenset()  # what kind of number is asked: time, length, count, temperature, often
    limit: tuple[str, Decimal] | None = None  # ("<", 20): a price limit
    yes_no: bool = False
    open: bool = False  # what, how, when …
    negative: bool = False  # the question itself is negated: "is it not waterproof?"
    here: bool = False  # points at something: "this", "it"
    both: bool = False  # points at two things
    again: bool = False  # goes on from before: "and in blue?"
    nouns: tuple[Match, ...] = ()  # things named, from the noun table
    mentions: tuple[Mention, ...] = ()  # catalogue names found
    content: tuple[Match, ...] = ()  # words that no table explains: perhaps a product's name
    field_cues: tuple[Match, ...] = ()  # where attributes are spoken of
    code: str = ""  # a SKU that the question names
    cues: frozenset[str] = field(default_factory=frozenset)  # kinds that spoke, for triage and for explaining

    @property
    def language(self) -> str:
        return self.text.language

    @property
    def top(self) -> str:
        """The attribute asked, "" when none is known."""
        return self.fields[0][0] if self.fields else ""

    @property
    def described(self) -> bool:
        """Whether what is wanted is told by what it is for: "something to keep my plants alive" names no plant."""
        return "seek" in self.cues and self.kind == "recommend"

    @property
    def about_store(self) -> bool:
        return self.top in STORE_FIELDS

    @property
    def everything(self) -> bool:
        """Whether all there is to tell is asked for."""
        return "everything" in self.cues

    def key(self) -> tuple[object, ...]:
        """Equal for questions that mean the same, product aside."""
        return (
            self.kind, self.top, self.aspects, self.colours, self.sizes, self.regions, self.sort, self.limit,
            tuple(number for number, _ in self.numbers), self.properties,
        )  # fmt: skip


Mentions = Callable[[tuple[Word, ...], list[Match]], Sequence[Mention]]  # (words, nouns found) → names found


class Reader:
    """Reads questions. ``mentions`` finds catalogue names in a text, so that "power bank" is not a question about power."""

    def __init__(self, mentions: Mentions | None = None, vocabulary: Iterable[str] = ()) -> None:
        self._mentions = mentions
        self._names = frozenset(vocabulary)

    def read(self, text: str, *, language: str | None = None, default: str = "en") -> Asked:
        """Understand a message. ``language`` when it is known, ``default`` when the text does not tell (the room's)."""
        cleaned = clean(text)
        code = language or language_of(cleaned, default)
        body = message(cleaned, code, self._names)
        asked = _Reading(body, _tables(body), self._mentions).asked()
        return replace(asked, kind="spam") if _is_spam(text, asked) else asked


def _tables(text: Text) -> list[tuple[Lexicon, tuple[Word, ...]]]:
    """The tables to look in, each with the form of the text that it is written in: the language's own, then English."""
    out = []
    if text.language in LANGUAGES:
        accents = text.plain is not text.accented
        out.append((lexicon(text.language, accents), text.accented if accents else text.plain))
    if text.language != "en":
        out.append((lexicon("en", False), text.plain))
    return out


@cache
def _sizes() -> Phrases:
    raw = (files("knowledge") / "data" / "words" / "sizes.toml").read_text(encoding="utf-8")
    return Phrases((word, size) for size, row in tomllib.loads(raw).items() for word in row["words"])


class _Reading:
    """One text being read: every table's matches, then what they say together."""

    def __init__(self, text: Text, tables: list[tuple[Lexicon, tuple[Word, ...]]], mentions: Mentions | None) -> None:
        self.text, self.tables = text, tables
        small = self._everyday()
        self.nouns = [m for m in self.find("nouns") if m.end - m.start > 1 or m.start not in small]
        self.nouns += compounds(text.plain, text.language, self.nouns)
        unsaid = tuple(replace(word, text=_UNSAID) if i in small else word for i, word in enumerate(text.plain))
        self.mentions = list(mentions(unsaid, self.nouns)) if mentions else []
        unsold = [n for n in self.nouns if n.weight < 1 and not self._is_named(n)]
        self.nouns = [n for n in self.nouns if n not in unsold]
        self.names = [m for m in self.mentions if m.weight >= 1]
        self.fields = self._free("fields")
        phrases = (*self.fields, *self.find("properties"))
        self.mentions = [m for m in self.mentions if not any(f.covers(m) for f in phrases)]
        self.names = [m for m in self.mentions if m.weight >= 1]
        self.forms = self.find("forms")
        self.fields = [m for m in self.fields if not any(r.covers(m) for r in self.find("refers"))]
        if self.text.language not in ("zh", "ja", "th"):
            self.fields = [m for m in self.fields if not any(_runs_into(o, m) for o in self.fields)]
        self.kinds = [m for m in self.find("kinds") if not any(f.covers(m) for f in (*self.forms, *self.names, *self.fields))]
        self.refers = [m for m in self.find("refers") if not any(n.covers(m) for n in self.names)]
        if not (self.nouns or self.mentions or self.refers) and any(m.label == "price" and m.weight >= 1 for m in self.fields):
            self.nouns = unsold  # "how much is a fridge" asks for one, where "does it fit in a fridge" does not
        self.relatives = self._relatives()
        self.measures = self.find("measures")
        self.sorts = self.find("sort")
        self.places = regions().find(text.plain)
        self.colours = self._free("colours")
        self.sizes = [
            m for m in _sizes().find(text.plain) if not any(f.covers(m) and f.label != "size" for f in self.fields)
        ]
        counts = [f for f in self.fields if self._only_counts(f)]
        self.counts = frozenset(["count"]) if any(f.label == "price" for f in counts) and not self.measures else frozenset()
        self.fields = [f for f in self.fields if f not in counts]

    def _is_named(self, noun: Match) -> bool:
        """Whether a weak noun names a product: "dishwasher" does so where one is sold."""
        return any(m.start <= noun.start and noun.end <= m.end for m in self.mentions)

    def find(self, section: str) -> list[Match]:
        own = self.text.language
        found = [m for tables, form in self.tables for m in tables.find(section, form, whole=tables.language != own)]
        return longest(list(dict.fromkeys(found)))

    def _everyday(self) -> set[int]:
        """Places of small words of the text's own language, which may name goods in English: German "hat"."""
        language, accents = self.text.language, self.text.accented is not self.text.plain
        if language not in _SPACED or "stop" not in lexicon(language, accents).sections:
            return set()
        small = lexicon(language, accents).sections["stop"].vocabulary - JOINING
        return {i for i, word in enumerate(self.text.accented) if word.text in small}

    def _free(self, section: str) -> list[Match]:
        """A section's matches outside the names of things.

        A word that is a thing, as "crema", is no colour, save right behind a word for colour: Thai "สีครีม".
        """
        found = [m for m in self.find(section) if not any(n.covers(m) for n in (*self.names, *self.nouns))]
        if section != "colours":
            return found
        said = {f.end for f in self.fields if f.label == "colour"}
        return [m for m in found if m.start in said or not any((n.start, n.end) == (m.start, m.end) for n in self.nouns)]

    def _relatives(self) -> list[Match]:
        """Words for the larger or the smaller beside a thing's name: "le grand panier", not "wie groß ist er"."""
        things = [*self.nouns, *self.mentions]
        found = self.find("relative")
        return [m for m in found if any(-1 <= n.start - m.end <= 1 or -1 <= m.start - n.end <= 1 for n in things)]

    def _only_counts(self, cue: Match) -> bool:
        """Whether a weak cue only begins a question for a number: Indonesian "berapa" (how much) of "berapa menit"."""
        if cue.weight >= 1:
            return False
        if any(m.start <= cue.start and cue.end <= m.end for m in self.measures):
            return True
        return cue.label == "price" and cue.end < len(self.text.plain) and not self._known(cue.end)

    def _known(self, place: int) -> bool:
        """Whether any table has the word at a place: of "berapa kunci" (how many keys) none has the second."""
        groups = (*self.nouns, *self.mentions, *self.fields, *self.refers, *self.kinds, *self.colours, *self.sizes,
                  *self.forms, *self.find("stop"), *self.find("relative"))  # fmt: skip
        return self.text.plain[place].text[0].isdigit() or any(m.start <= place < m.end for m in groups)

    def asked(self) -> Asked:
        numbers = self._numbers()
        limit = self._limit(numbers)
        sort = self._sort()
        if sort and sort[0] == "dimensions" and self._relative() and not self._of_many():
            sort = None  # "the bigger bottle of the serum": one of its sizes
        kinds = frozenset(m.label for m in self.kinds)
        fields = self._fields(sort) or ((("features", 1.0),) if "everything" in kinds else ())
        if sort and fields and fields[0][0] != sort[0] and sort[0] != "price":
            sort = None
        draft = Asked(
            self.text, fields=fields, aspects=self._aspects(fields), properties=self._labels(self._free("properties")),
            colours=self._labels(self.colours), sizes=self._size_letters(fields), numbers=numbers,
            relative=self._relative(), measures=frozenset(m.label for m in self.measures) | self.counts,
            regions=self._labels(longest(self.places)), sort=sort, limit=limit, yes_no=self._yes_no(),
            open=any(m.label == "open" for m in self.forms),
            negative=any(m.label == "negation" for m in self.forms), here=any(m.label == "here" for m in self.refers),
            both=any(m.label == "both" for m in self.refers), again=self._again(), nouns=tuple(self.nouns),
            mentions=tuple(self.mentions), content=tuple(self._content()), cues=kinds,
            field_cues=tuple(self.fields),
        )  # fmt: skip
        return replace(draft, kind=self._kind(draft))

    @staticmethod
    def _labels(matches: list[Match]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(m.label for m in matches))

    def _fields(self, sort: tuple[str, str] | None) -> tuple[tuple[str, float], ...]:
        """Fields by weight; weak cues count only alone, and a policy asked by its price is that policy."""
        best: dict[str, float] = {}
        relative = [m for m in self.relatives if self._relative()]
        for m in self.fields:
            if m.label == "dimensions" and any(r.start <= m.start < r.end for r in relative):
                continue
            words_long = m.weight + 0.05 * (m.end - m.start)
            twice = m.label in best and m.weight < 1  # "where is it made": two weak cues make a strong one
            best[m.label] = max(best.get(m.label, 0.0), words_long, 1.0 if twice else 0.0)
        named = {(n.start, n.end) for n in self.nouns if self._is_named(n)}
        for name in list(best):  # "el perfume grande" asks for no scent
            if (len(best) > 1 or self.measures) and all((m.start, m.end) in named for m in self.fields if m.label == name):
                best.pop(name)
        narrowed = len(best) > 1 or self.sizes or self.colours
        for name in ("material", "ingredients"):  # "the retinol serum, can I take it when pregnant"
            if (len(best) > 1 or narrowed) and name in best and self._only_describes(name):
                best.pop(name)
        for name in [name for name in best if len(best) > 1 and self._is_name(name)]:
            best.pop(name)
        for name in {m.label.split(".")[0] for m in self.find("aspects") if m.label in PARTICULAR} & set(best):
            best[name] += 1.0
        if {"shipping", "returns"} <= set(best) and self._only_when("shipping"):
            best.pop("shipping")
        best = _without_constraints(best, self)
        if len(best) > 1 and "weight" in best and self._only_units("weight"):
            best.pop("weight")
        if {"warranty", "age"} <= set(best) and self._only_how_long("age"):
            best.pop("age")
        kept = {name: weight for name, weight in best.items() if weight >= 1} or dict(best)
        if "price" in best and not set(kept) - {"size", "colour", "fit"} and (best["price"] >= 1 or narrowed):
            kept["price"] = 1.0
        if len(kept) > 1:
            kept.pop("features", None)
        policy = [name for name in kept if name in STORE_FIELDS]
        if policy and "price" in kept and policy != ["discount"]:
            kept.pop("price")
        plain = STORE_FIELDS & set(kept) or ("size" in kept and sort and sort[0] == "dimensions")
        if sort and sort[0] != "price" and (sort[0] in kept or not plain):
            kept = {sort[0]: 2.0, **{k: v for k, v in kept.items() if k not in ("price", sort[0])}}
        order = {m.label: -i for i, m in enumerate(self.fields)}
        return tuple(sorted(kept.items(), key=lambda item: (round(item[1]), order.get(item[0], 0)), reverse=True))

    def _only_describes(self, name: str) -> bool:
        """Whether an attribute's cues all stand beside a thing's name: "linen shirt" does not ask the material."""
        names = [*self.nouns, *self.mentions]
        cues = [m for m in self.fields if m.label == name]
        others = [m for m in self.fields if m.label != name]
        asks = [f for f in self.find("forms") if f.label == "open" and not any(m.covers(f) for m in others)]
        if any(form.start <= m.end and m.start <= form.end for form in asks for m in cues):
            return False  # "pouch what material": it is asked
        after = self.text.language not in ("zh", "ja", "hi")  # in these what stands behind the thing is said of it
        return all(any(-1 <= n.start - m.end <= 1 or (after and -1 <= m.start - n.end <= 1) for n in names) for m in cues)

    def _is_name(self, name: str) -> bool:
        """Whether an attribute's cues only name or describe the thing itself: "charger", "a kids' watch", "waterproof pouch"."""
        names = [*self.nouns, *self.names]
        cues = [m for m in self.fields if m.label == name]
        if all(any(n.start == m.start and n.end == m.end for n in names) for m in cues):
            return True
        before = self.text.language in _DESCRIBED_BEFORE
        return name in _DESCRIBES and all(any((n.start == m.end) if before else (n.end == m.start) for n in names) for m in cues)

    def _only_when(self, name: str) -> bool:
        """Whether an attribute's cues all only ask for a time, which other terms have too: "how many days to return it"."""
        times = [m for m in self.find("aspects") if m.label == "returns.time"]
        return all(any(c.start < t.end and t.start < c.end for t in times) for c in self.fields if c.label == name)

    def _only_units(self, name: str) -> bool:
        """Whether an attribute's cues all are units of a number: "the 9 kg one" does not ask the weight."""
        cues = [m for m in self.fields if m.label == name]
        return all(m.start and self.text.plain[m.start - 1].text[0].isdigit() for m in cues)

    def _only_how_long(self, name: str) -> bool:
        """Whether an attribute's cues all lie in a question for a length of time: "garansi berapa tahun" asks no age."""
        times = [m for m in self.measures if m.label == "time"]
        return all(any(t.start <= m.start and m.end <= t.end for t in times) for m in self.fields if m.label == name)

    def _aspects(self, fields: tuple[tuple[str, float], ...]) -> frozenset[str]:
        names = {name for name, _ in fields}
        return frozenset(m.label for m in self.find("aspects") if m.label.split(".")[0] in names)

    def _numbers(self) -> tuple[tuple[Decimal, str], ...]:
        out = []
        tokens = self.text.plain
        for i, token in enumerate(tokens):
            if token.text[0].isdigit() and (value := _number(token.text)) is not None:
                out.append((value, tokens[i + 1].text if i + 1 < len(tokens) else ""))
        out += [(Decimal(m.label), tokens[m.end].text if m.end < len(tokens) else "") for m in self.find("numbers")]
        return tuple(out)

    def _limit(self, numbers: tuple[tuple[Decimal, str], ...]) -> tuple[str, Decimal] | None:
        found = [m for m in self.find("limits") if not any(f.covers(m) for f in self.fields)]
        money = [value for value, unit in numbers if unit not in _UNITS]
        if not found or not money:
            return None
        places = [i for i, token in enumerate(self.text.plain) if token.text[0].isdigit()]
        near = [m for m in found if any(-2 <= place - m.end <= 2 or 0 <= m.start - place <= 3 for place in places)]
        return ("<" if near[0].label == "below" else ">", money[0]) if near else None

    def _sort(self) -> tuple[str, str] | None:
        if not self.sorts:
            return None
        label = max(self.sorts, key=lambda m: (m.end - m.start, m.start)).label
        return label[:-1], label[-1]

    def _of_many(self) -> bool:
        """Whether the largest of several products may be meant: no name singles one out."""
        return not any(len(m.candidates) == 1 for m in self.mentions)

    def _relative(self) -> str:
        labels = {m.label for m in self.relatives}
        several = len({m.candidates[0][0] for m in self.mentions}) > 1
        return labels.pop() if len(labels) == 1 and not several else ""

    def _yes_no(self) -> bool:
        if any(m.label == "open" for m in self.forms):
            return False
        if self._free("properties"):
            return True
        asks = [m for m in self.forms if m.label == "yes_no"]
        early = self.text.language in ("en", "es", "fr", "de", "pt", "id")
        last = any(m.label == "final" and m.end == len(self.text.plain) for m in self.forms)
        marked = not early and len(self.text.plain) > 3 and self.text.raw.rstrip().endswith(("?", "？"))
        return last or marked or any(m.start <= 4 or not early for m in asks)

    def _again(self) -> bool:
        """Whether it goes on from before: "and …" comes first, "…呢" last."""
        return any(m.label == "again" and (m.start == 0 or m.end == len(self.text.plain)) for m in self.refers)

    def _size_letters(self, fields: tuple[tuple[str, float], ...]) -> tuple[str, ...]:
        found = [m.label for m in longest(self.sizes)]
        found += _LOUD_SIZE.findall(self.text.raw)
        if any(name in ("size", "fit") for name, _ in fields) or any(m.label == "size" for m in self.fields):
            found += [
                w.text.upper()
                for w in self.text.plain
                if _SIZE_WORD.match(w.text) and (len(w.text) > 1 or self._beside_size(w))
            ]
        return tuple(dict.fromkeys(found))

    def _beside_size(self, word: Word) -> bool:
        """A single letter is a size only right beside a size word: "size m", "m码"."""
        place = next(i for i, w in enumerate(self.text.plain) if w.start == word.start)
        return any(m.label == "size" and (m.end == place or m.start == place + 1) for m in self.fields)

    def _content(self) -> list[Match]:
        """Runs of words that no table explains and no stop list knows."""
        known = {
            i
            for group in (self.fields, self.forms, self.refers, self.sorts, self.places, self.colours, self.sizes,
                          self.find("stop"), self.find("limits"), self.find("aspects"), self.kinds, self.find("properties"))
            for m in group for i in range(m.start, m.end)
        }  # fmt: skip
        for m in (*self.nouns, *self.names):
            known -= set(range(m.start, m.end))
        return list(_runs(self.text, known))

    def _kind(self, draft: Asked) -> str:
        cues = {label: max(m.weight for m in self.kinds if m.label == label) for label in draft.cues}
        things = bool(self.mentions or self.nouns)
        if self._injection(cues, draft):
            return "injection"
        if "offtopic" in cues and not self.mentions and not draft.about_store:
            return "offtopic"
        if draft.sort and (
            things
            or draft.both
            or draft.here
            or "list" in cues
            or "compare" in cues
            or not draft.fields
            or draft.fields
        ):
            return "compare" if _two(self.mentions) or draft.both or draft.here else "list"
        if draft.limit and not draft.about_store:
            return "list"
        if "compare" in cues and (_two(self.mentions) or draft.both) and (not draft.about_store or draft.top == "warranty"):
            return "compare"
        if {"recommend", "seek"} & draft.cues:
            return "recommend"
        if (
            "list" in cues
            and not (draft.colours or draft.sizes)
            and (not draft.fields or draft.top in ("features", "stock", "price") or (draft.top == "in_the_box" and not things))
        ):
            return "list"
        if "host" in cues:
            return "host"
        if draft.fields or things:
            return "fact"
        for kind in CHATTER:
            if kind in cues and not draft.colours and not draft.sizes:
                return kind
        return "fact" if draft.colours or draft.sizes or draft.regions else "unclear"

    def _injection(self, cues: dict[str, float], draft: Asked) -> bool:
        found = [m for m in self.kinds if m.label == "injection"]
        strong = sum(m.weight for m in found)
        return strong >= 1 or (strong > 0 and not draft.fields)


def _runs_into(first: Match, then: Match) -> bool:
    """Whether a cue begins within another's that asks something else: "कहाँ बनी है" is where, and not of what."""
    return first.label != then.label and first.start < then.start < first.end <= then.end and first.weight >= then.weight


def _without_constraints(kept: dict[str, float], reading: _Reading) -> dict[str, float]:
    """ "How much is size M" asks the price: a size or colour that only narrows is not what is asked."""
    others = [name for name in kept if name not in ("size", "colour", "fit")]
    if not others:
        return kept
    narrowing = {"size"} if reading.sizes or _LOUD_SIZE.search(reading.text.raw) or _number_beside(reading) else set()
    narrowing |= {"colour"} if reading.colours else set()
    return {name: weight for name, weight in kept.items() if name not in narrowing}


def _number_beside(reading: _Reading) -> bool:
    places = {i for i, w in enumerate(reading.text.plain) if w.text[0].isdigit()}
    return any(m.label == "size" and ({m.start - 1, m.end} & places) for m in reading.fields)


def _number(text: str) -> Decimal | None:
    digits = text.replace(",", "") if re.search(r",\d{3}(?:\D|$)", text) else text.replace(",", ".")
    try:
        return Decimal(digits)
    except ArithmeticError:
        return None


def _two(mentions: Iterable[Match]) -> bool:
    return len({m.start for m in mentions}) >= 2


def _runs(text: Text, known: set[int]) -> Iterable[Match]:
    start = None
    for i in range(len(text.plain) + 1):
        inside = i < len(text.plain) and i not in known and not text.plain[i].text[0].isdigit()
        if inside and start is None:
            start = i
        elif not inside and start is not None:
            yield Match(text.span(start, i), start, i)
            start = None


def _is_spam(raw: str, asked: Asked) -> bool:
    """Links, handles and adverts. A link in a real question about goods does not make it spam."""
    if "spam" in asked.cues and (personal(raw) or not (asked.fields or asked.mentions)):
        return True
    reachable = any(found.kind in ("link", "phone") for found in personal_data(raw))
    return reachable and not (asked.mentions or (asked.fields and asked.yes_no))
