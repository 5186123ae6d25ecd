"""Facts → sentences: how one attribute, price, stock figure, comparison or list is stated, by code.

Every number, price and name comes from a fact, the rest from a phrasebook's reviewed sentences.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.phrasebook import RANGE, Phrasebook, phrasebook
from knowledge.facts import ships_later, tells_stock
from knowledge.fields import canonical
from knowledge.language import language_of
from knowledge.lexicon import region_groups, regions, words
from knowledge.product import Fact
from knowledge.retrieve import Found

PLAIN = ("description", "features", "details")  # whole sentences of the seller's: quoted, not labelled
OPTIONS = ("colour", "size", "scent")  # lists of choices
_DURATION = re.compile(
    r"\d+(?:\s*(?:to|-|–|bis|a|à)\s*\d+)?\s+(?:business |working )?(?:days?|weeks?|hours?)", re.IGNORECASE
)
_MONEY = re.compile(r"[$€£¥฿₫₹]|\b[A-Z]{3}\s?\d")
_NEGATIVE = re.compile(r"\b(?:not?|never|only|cannot|except)\b", re.IGNORECASE)
_ENDS = (".", "!", "?", "。", "！", "？", "…")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One spoken sentence and the facts that back it."""

    text: str
    facts: tuple[Fact, ...] = ()
    bare: str = ""  # the same without the asker's name, where it names one


def state(found: Found, book: Phrasebook) -> list[Sentence]:
    """Every fact found, a sentence a field, in the order in which to say them."""
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
        return price(found, book, facts)
    if field == "stock":
        return _stock(found, book, [f for f in facts if tells_stock(f)])
    if _unmet(found) and field in OPTIONS:
        return [Sentence(book.say("option_none", name=own[0].product, value=_options(book, own[0].value)), (own[0],))]
    return [store_statement(found, book, f) if not f.handle else _attribute(book, f) for f in own]


def _unmet(found: Found) -> bool:
    """An option was asked for that no variant has: the choices are named instead of a plain no."""
    return found.verdict == "no" and any(h.fact.field in OPTIONS for h in found.facts)


def price(found: Found, book: Phrasebook, facts: list[Fact]) -> list[Sentence]:
    """What a product costs: of one version, of all, or from the least to the most."""
    own = next((f for f in facts if f.field == "price"), None)
    if own is None:
        return []
    was = next((f for f in facts if f.field == "compare_at"), None)
    variant = found.variants.get(own.sku, "") if own.id.count("/") > 1 else ""
    parts = {"name": own.product, "value": book.value(own.value)}
    if variant:
        return [Sentence(book.say("price_variant", variant=_options(book, variant), **parts), _backed(found, own))]
    if RANGE.match(own.value):
        return [Sentence(book.say("price_range", **parts), (own,))]
    if was:
        return [Sentence(book.say("price_was", was=book.value(was.value), **parts), (own, was))]
    return [Sentence(book.say("price", **parts), (own,))]


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
    own = not fact.label.isascii() and language_of(fact.label) == book.language  # the seller's word in the answer's language
    label = book.label(fact) if usual and not own else fact.label
    label = label[:1].upper() + label[1:]
    return Sentence(book.say("attribute", name=fact.product, label=label, value=value), (fact,))


def usual_label(fact: Fact) -> bool:
    """Whether the feed's own label says what the field's name says; "Brightness" filed under power does not."""
    if not fact.label or (not fact.label.isascii() and canonical(fact.label) == fact.field):
        return True
    ours = f"{fact.field} {phrasebook('en').tables['labels'].get(fact.field, '')}".casefold().replace("_", " ")
    return (
        any(word[:4] in ours for word in fact.label.casefold().split() if len(word) > 3)
        or fact.label.casefold() in ours
    )


def store_statement(found: Found, book: Phrasebook, fact: Fact) -> Sentence:
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
