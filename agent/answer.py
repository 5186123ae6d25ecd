"""Facts → words, by code: every number, price and name comes from a fact, the rest from reviewed sentences.

The sentences are data, one file a language (data/answers). Values are quoted as the catalogue has them; only values that
a language's table knows entirely are translated, so that nothing is half right.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from knowledge.facts import ships_later, tells_stock
from knowledge.lexicon import colour_word, region_groups, regions, words
from knowledge.product import Fact
from knowledge.retrieve import Found, Retriever

PLAIN = ("description", "features", "details")  # whole sentences of the seller's: quoted, not labelled
OPTIONS = ("colour", "size", "scent")  # lists of choices
_NAME = re.compile(r"[^\W\d_]{2,24}")
_DURATION = re.compile(
    r"\d+(?:\s*(?:to|-|–|bis|a|à)\s*\d+)?\s+(?:business |working )?(?:days?|weeks?|hours?)", re.IGNORECASE
)
_MONEY = re.compile(r"[$€£¥฿₫₹]|\b[A-Z]{3}\s?\d")
_RANGE = re.compile(r"^(\S*\d\S*(?: [A-Z]{3})?) to (\S*\d\S*(?: [A-Z]{3})?)$")
_AMOUNT = re.compile(r"(?:[A-Z]{1,3})?[$€£¥฿₫₹₱₩]?\d+(?:[.,]\d+)*(?: ?(?:[€₫]|%|[A-Z]{3}\b))?")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NEGATIVE = re.compile(r"\b(?:not?|never|only|cannot|except)\b", re.IGNORECASE)
_ENDS = (".", "!", "?", "。", "！", "？", "…")
KINDS = {"offtopic": "refusal", "injection": "refusal", "spam": "refusal", "greeting": "smalltalk", "thanks": "smalltalk",
         "bye": "smalltalk", "praise": "smalltalk", "host": "smalltalk"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sentence:
    """One spoken sentence and the facts that back it."""

    text: str
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the host would say. ``kind``: fact, missing (not in the catalogue), unknown, refusal or smalltalk."""

    text: str
    sentences: tuple[Sentence, ...]
    language: str
    facts: tuple[Fact, ...]
    kind: str
    card_handle: str = ""


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """One language's sentences."""

    language: str
    tables: Mapping[str, Mapping[str, str]]

    def say(self, key: str, table: str = "say", **parts: str) -> str:
        """A filled pattern; the English one where a language has none."""
        pattern = self.tables.get(table, {}).get(key) or phrasebook("en").tables[table][key]
        text = pattern.format_map(parts)
        return text.replace("the The ", "The ").replace("The The ", "The ")

    def has(self, key: str, table: str) -> bool:
        return key in self.tables.get(table, {})

    def label(self, fact_or_field: Fact | str) -> str:
        """An attribute's name in this language; the feed's own where the table has none."""
        field = fact_or_field if isinstance(fact_or_field, str) else fact_or_field.field
        known = self.tables["labels"].get(field)
        if known:
            return known
        return (
            fact_or_field.label.lower()
            if isinstance(fact_or_field, Fact) and fact_or_field.label
            else field.replace("_", " ")
        )

    def listed(self, items: Sequence[str]) -> str:
        """ "a, b and c"."""
        style = self.tables["style"]
        head = style["comma"].join(items[:-1])
        return f"{head}{style['and']}{items[-1]}" if head else "".join(items[-1:])

    def value(self, value: str) -> str:
        """A fact's value, translated when the table knows all of it, else exactly as it is."""
        value = value.strip().removesuffix(".")
        if found := _RANGE.match(value):
            return self.tables["style"]["range"].format(a=found[1], b=found[2])
        if self.language == "en":
            return value
        if whole := self._translated(value):
            return whole
        for separator in ("; ", ", "):
            parts = [self._translated(part) for part in value.split(separator)]
            if len(parts) > 1 and all(parts):
                return self.tables["style"]["comma"].join(part for part in parts if part)
        return value

    def policy(self, text: str) -> str | None:
        """A store's statement in this language where it is one that stores commonly make; None for any other."""
        text = text.strip().removesuffix(".")
        amounts = _AMOUNT.findall(text)
        shape = text
        for name, amount in zip(("{n}", "{m}"), amounts, strict=False):
            shape = shape.replace(amount, name, 1)
        found = self.tables.get("policy", {}).get(shape.casefold()) if len(amounts) <= 2 else None
        return found and found.format_map(dict(zip(("n", "m"), amounts, strict=False)))

    def _translated(self, text: str) -> str | None:
        if colour := colour_word(text, self.language):
            return colour
        numbers = _NUMBER.findall(text)
        shape = text.casefold()
        for name, number in zip(("{n}", "{m}"), numbers, strict=False):
            shape = shape.replace(number, name, 1)
        table = _values(self.language)
        if text.casefold() in table:
            return table[text.casefold()]
        if shape in table and len(numbers) <= 2:
            return table[shape].format_map(dict(zip(("n", "m"), numbers, strict=False)))
        return None


@cache
def _values(language: str) -> dict[str, str]:
    return {key.casefold(): value for key, value in phrasebook(language).tables.get("values", {}).items()}


@cache
def phrasebook(language: str) -> Phrasebook:
    """The sentences of a language; English for languages that have no file."""
    path = files("agent") / "data" / "answers" / f"{language}.toml"
    if not re.fullmatch(r"[a-z]{2,3}", language) or not path.is_file():
        return phrasebook("en")
    return Phrasebook(language, tomllib.loads(path.read_text(encoding="utf-8")))


def answer_question(
    question: str, language: str | None, retriever: Retriever, *, on_air: str = "", last: str = "", asker: str = ""
) -> tuple[Found, Answer]:
    """One question, answered from the catalogue alone. ``language`` is to answer in; None: the asker's."""
    found = retriever.find(question, language=language, on_air=on_air, last=last)
    return found, compose(found, language or found.asked.language, asker=asker)


def compose(found: Found, language: str, *, asker: str = "") -> Answer:
    """Say what was found, in at most two sentences; with ``asker`` (hostile text) by name where it is a plain name."""
    book = phrasebook(language)
    kind, sentences = _composed(found, book)
    if name := spoken_name(asker):
        sentences = [_addressed(book, name, sentences[0]), *sentences[1:]]
    facts = tuple(dict.fromkeys(f for s in sentences for f in s.facts if f.field != "title"))
    card = next((f.handle for s in sentences for f in s.facts if f.handle), "")
    text = book.tables["style"]["join"].join(s.text for s in sentences)
    return Answer(text, tuple(sentences), book.language, facts, kind, card)


def spoken_name(asker: str) -> str:
    """A viewer's name as it may be said: one word of letters written like a name; "" for anything else."""
    name = asker.strip()
    if not _NAME.fullmatch(name):
        return ""
    cased = name[0].isupper() and name[1:].islower()
    return name if cased or not (name[0].isupper() or name[0].islower()) else ""


def _addressed(book: Phrasebook, name: str, sentence: Sentence) -> Sentence:
    text = sentence.text
    if book.language == "en" and text.split(" ")[0].rstrip(",.") in (
        "The",
        "We",
        "Yes",
        "No",
        "You",
        "In",
        "That",
        "Which",
        "Nothing",
        "Delivery",
    ):
        text = text[0].lower() + text[1:]
    return Sentence(book.say("address", "style", asker=name, sentence=text), sentence.facts)


def _composed(found: Found, book: Phrasebook) -> tuple[str, list[Sentence]]:
    asked = found.asked
    if asked.kind in KINDS:
        extra = _price(found, book, [h.fact for h in found.facts]) if found.facts else []
        return KINDS[asked.kind], [
            Sentence(book.say("refusal" if asked.kind == "injection" else asked.kind)),
            *extra[:1],
        ]
    if found.facts:
        said = _facts(found, book)
        return "fact", (said + _missing(found, book))[:2]
    if found.missing:
        return "missing", _missing(found, book)[:1]
    return "unknown", [Sentence(book.say(_unknown(found)))]


def _unknown(found: Found) -> str:
    if found.unsold:
        return "unsold"
    if found.which:
        return "which"
    return "list_none" if found.asked.limit or found.verdict == "no" else "unclear"


def _missing(found: Found, book: Phrasebook) -> list[Sentence]:
    out = []
    for handle, field in found.missing:
        facts = tuple(fact for fact in found.titles if fact.handle == handle)
        name = found.title(handle)
        if not name:
            out.append(Sentence(book.say("missing_store", label=book.label(field or "features"))))
        elif field and book.has(field, "labels"):
            out.append(Sentence(book.say("missing", name=name, label=book.label(field)), facts))
        else:
            out.append(Sentence(book.say("missing_plain", name=name), facts))
    return out


def _facts(found: Found, book: Phrasebook) -> list[Sentence]:
    facts = [hit.fact for hit in found.facts]
    asked = found.asked
    if asked.kind == "compare" and len({f.handle for f in facts}) == 2:
        return [_compared(found, book, facts)]
    if asked.kind in ("list", "recommend") and all(f.handle for f in facts):
        return [_listed(found, book, facts)]
    out: list[Sentence] = []
    for field in dict.fromkeys("stock" if tells_stock(f) else f.field for f in facts):
        if field == "compare_at" and any(f.field == "price" for f in facts):
            continue
        out += _field(found, book, field, facts)
    if out and found.verdict in ("yes", "no") and not _unmet(found) and not asked.open:
        out[0] = Sentence(book.say(found.verdict, "style", sentence=out[0].text), out[0].facts)
    return out


def _field(found: Found, book: Phrasebook, field: str, facts: list[Fact]) -> list[Sentence]:
    own = [f for f in facts if f.field == field]
    if field == "price":
        return _price(found, book, facts)
    if field == "stock":
        return _stock(found, book, [f for f in facts if tells_stock(f)])
    if _unmet(found) and field in OPTIONS:
        return [Sentence(book.say("option_none", name=own[0].product, value=_options(book, own[0].value)), (own[0],))]
    return [_store(found, book, f) if not f.handle else _attribute(book, f) for f in own]


def _unmet(found: Found) -> bool:
    """An option was asked for that no variant has: the choices are named instead of a plain no."""
    return found.verdict == "no" and any(h.fact.field in OPTIONS for h in found.facts)


def _price(found: Found, book: Phrasebook, facts: list[Fact]) -> list[Sentence]:
    price = next((f for f in facts if f.field == "price"), None)
    if price is None:
        return []
    was = next((f for f in facts if f.field == "compare_at"), None)
    variant = found.variants.get(price.sku, "") if price.id.count("/") > 1 else ""
    value = book.value(price.value)
    if variant:
        return [
            Sentence(
                book.say("price_variant", name=price.product, variant=_options(book, variant), value=value),
                _backed(found, price),
            )
        ]
    if _RANGE.match(price.value):
        return [Sentence(book.say("price_range", name=price.product, value=value), (price,))]
    if was:
        text = book.say("price_was", name=price.product, value=value, was=book.value(was.value))
        return [Sentence(text, (price, was))]
    return [Sentence(book.say("price", name=price.product, value=value), (price,))]


def _stock(found: Found, book: Phrasebook, facts: list[Fact]) -> list[Sentence]:
    name = facts[0].product
    if len(facts) > 1:
        items = [
            book.say(
                _stock_key("stock_item", f), variant=_options(book, found.variants.get(f.sku, f.sku)), count=_count(f)
            )
            for f in facts
        ]
        return [Sentence(book.say("stock_list", name=name, items=_semicolons(items)), _backed(found, *facts))]
    fact = facts[0]
    variant = found.variants.get(fact.sku, "") if fact.id.count("/") > 1 else ""
    key = _stock_key("stock_variant" if variant else "stock", fact)
    facts_ = _backed(found, fact) if variant else (fact,)
    return [Sentence(book.say(key, name=name, variant=_options(book, variant), count=_count(fact)), facts_)]


def _backed(found: Found, *facts: Fact) -> tuple[Fact, ...]:
    """Facts about variants with the facts that name those variants."""
    return (*facts, *(option for option in found.options if option.handle == facts[0].handle))


def _stock_key(stem: str, fact: Fact) -> str:
    if later := ships_later(fact):
        return f"{stem}_{later}"
    if fact.number is None:
        return stem
    return f"{stem}_count" if fact.number > 0 else f"{stem}_none"


def _count(fact: Fact) -> str:
    return "" if fact.number is None else f"{fact.number.normalize():f}"


def _semicolons(items: Sequence[str]) -> str:
    return "; ".join(items)


def _options(book: Phrasebook, value: str) -> str:
    """A list of choices: plain colours in the language of the answer, names of shades as they are."""
    return ", ".join(book.value(part) for part in value.split(", "))


def _attribute(book: Phrasebook, fact: Fact) -> Sentence:
    if fact.field in PLAIN:
        text = book.say("quote", name=fact.product, value=fact.value)
        return Sentence(
            text if text.endswith(_ENDS) else f"{text}{'。' if book.language in ('zh', 'ja') else '.'}", (fact,)
        )
    value = _options(book, fact.value) if fact.field in OPTIONS else book.value(fact.value)
    usual = usual_label(fact)
    if usual and book.has(fact.field, "attribute"):
        return Sentence(book.say(fact.field, "attribute", name=fact.product, value=value), (fact,))
    label = book.label(fact) if usual else fact.label
    label = label[:1].upper() + label[1:]
    return Sentence(book.say("attribute", name=fact.product, label=label, value=value), (fact,))


def usual_label(fact: Fact) -> bool:
    """Whether the feed's own label says what the field's name says; "Brightness" filed under power does not."""
    if not fact.label:
        return True
    ours = f"{fact.field} {phrasebook('en').tables['labels'].get(fact.field, '')}".casefold().replace("_", " ")
    return (
        any(word[:4] in ours for word in fact.label.casefold().split() if len(word) > 3)
        or fact.label.casefold() in ours
    )


def _store(found: Found, book: Phrasebook, fact: Fact) -> Sentence:
    """A statement about the store: a delivery time in the language's own words, others as the store wrote them."""
    durations = _DURATION.findall(fact.value)
    place = found.place
    plain = not _MONEY.search(fact.value) and not _NEGATIVE.search(fact.value)
    named = place and {place, *region_groups().get(place, ())} & {m.label for m in regions().find(words(fact.value))}
    if fact.field == "shipping" and named and len(durations) == 1 and plain and book.has(place, "places"):
        return Sentence(
            book.say("delivery", place=book.tables["places"][place], value=book.value(durations[0])), (fact,)
        )
    if common := _common(book, fact):
        return common
    whole = fact.value.endswith(_ENDS)
    key = "term" if whole or ":" in fact.value or book.language != "en" else "term_label"
    label = fact.label if book.language == "en" else book.label(fact)
    text = book.say(key, value=fact.value, label=label[:1].upper() + label[1:])
    return Sentence(text if text.endswith(_ENDS) else f"{text}.", (fact,))


def _common(book: Phrasebook, fact: Fact) -> Sentence | None:
    """A statement that stores commonly make, in the answer's language: "Shipping cost: free on orders over $50"."""
    head, _, rest = fact.value.rpartition(": ")
    said = book.policy(rest)
    if said is None:
        return None
    label = (book.policy(head) if head else None) or book.label(fact)
    text = book.say("term", label=label[:1].upper() + label[1:], value=said)
    return Sentence(text if text.endswith(_ENDS) else f"{text}{'。' if book.language in ('zh', 'ja') else '.'}", (fact,))


def _compared(found: Found, book: Phrasebook, facts: list[Fact]) -> Sentence:
    a, b = facts[0], next(f for f in facts if f.handle != facts[0].handle)
    parts = {
        "a": a.product,
        "b": b.product,
        "a_value": book.value(a.value),
        "b_value": book.value(b.value),
        "value": book.value(a.value),
    }
    order = found.asked.sort[1] if found.asked.sort else "<"
    key = f"{a.field}{order}"
    if found.verdict == "tie":
        return Sentence(book.say("tie", **parts), (a, b))
    if found.verdict == "yes" and (found.asked.sort or a.field == "price") and book.has(key, "compare"):
        return Sentence(book.say(key, "compare", **parts), (a, b))
    return Sentence(book.say("compare", **parts), (a, b))


def _listed(found: Found, book: Phrasebook, facts: list[Fact]) -> Sentence:
    sort = found.asked.sort
    if sort and not found.asked.limit:
        fact, key = facts[0], "".join(sort)
        parts = {"name": fact.product, "value": book.value(fact.value)}
        return Sentence(
            book.say(key, "first", **parts) if book.has(key, "first") else book.say("first", **parts), (fact,)
        )
    prices = [f for f in facts if f.field == "price"] or facts
    items = book.listed([book.say("list_item", name=f.product, value=book.value(f.value)) for f in prices])
    key = "recommend" if found.asked.kind == "recommend" else "list_more" if found.verdict == "more" else "list"
    return Sentence(book.say(key, items=items), tuple(prices))
