"""One product's part of the rundown: which lines it has, and how each is worded from the facts as they are now.

Lines are written from patterns, a file a language (data/pitch). A segment is a list of slots: hook, the seller's own words,
points, price, proof, stock, end of a sale, call to action. Each slot knows what it may tell, in the order in which to try.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from agent.answer import phrasebook
from agent.said import Said
from agent.sentences import split
from agent.statements import usual_label
from knowledge.facts import ships_later
from knowledge.found import title_fact
from knowledge.product import Fact, Product

POINTS_A_SEGMENT = 3
WORDS_A_SEGMENT = 2  # sentences of the seller's description
LONGEST_LABEL, LONGEST_VALUE, LONGEST_WORDS = 30, 80, 200  # characters that can be listened to
FEW = 10  # pieces: from here down the host says that few are left
SALE_SOON_MIN, SALE_ROUND_MIN = 60, 5  # a sale's end is announced within its last hour, in steps of five minutes
# Asked for when needed, but tedious or unsafe to announce unasked.
NOT_POINTS = frozenset(
    {"price", "compare_at", "stock", "availability", "sku", "gtin", "description", "size", "colour", "tags", "vendor", "kind"}
)
PARTS = ("hook", "point", "price", "proof", "stock", "sale", "call")  # what a seller may mark a line as
ENDS = (".", "!", "?", "。", "！", "？", "…", "।")

T = TypeVar("T")
Check = Callable[[str, Sequence[Fact]], bool]
Choice = tuple[str, tuple[str, ...]]  # kind of pattern, ids of the facts that it tells


@dataclass(frozen=True, slots=True)
class PitchLine:
    """One sentence of the pitch and the product it is about ("" for the opening and the disclosure)."""

    text: str
    handle: str = ""
    kind: str = "pitch"  # pitch | greeting | disclosure | bridge | courtesy
    pattern: str = ""  # that it was written from
    cites: tuple[Fact, ...] = ()  # what it rests on: the product's name first, then the facts it tells
    part: str = ""  # of the segment: the kind of pattern
    source: str = "plain"  # plain | model | seller


@dataclass(frozen=True, slots=True)
class Slot:
    """One place in a segment and what may stand in it, best first."""

    part: str  # hook | words | point | price | proof | stock | sale | call
    choices: tuple[Choice, ...]


@cache
def patterns(language: str) -> dict[str, Any]:
    """The pitch patterns of a language; English ones where a language has none yet."""
    folder = files("agent") / "data" / "pitch"
    path = folder / f"{language}.toml"
    chosen = path if path.is_file() else folder / "en.toml"
    return tomllib.loads(chosen.read_text(encoding="utf-8"))


def whole(facts: Sequence[Fact], field: str) -> Fact | None:
    """The fact about the product as a whole: the one whose id names no variant."""
    return next((fact for fact in facts if fact.field == field and fact.id.count("/") == 1), None)


def known(product: Product, facts: Sequence[Fact], now: datetime) -> list[Fact]:
    """What may be told of a product: its facts, its description sentence by sentence, and when its sale ends."""
    values = {fact.value for fact in facts}
    return [*facts, *_described(product, values), *_sale_end(product, now)]


def _described(product: Product, values: set[str]) -> Iterator[Fact]:
    """Sentences of the description; "Speeds: 4" as an attribute, unless it is a fact already."""
    for text in split(product.description, ""):
        label, _, value = text.partition(": ")
        if value and len(label) <= LONGEST_LABEL and not text.endswith(ENDS):
            if value not in values:
                yield _derived(product, f"detail/{label}", "detail", value, label)
        elif len(text) <= LONGEST_WORDS:
            yield _derived(product, f"words/{text}", "words", text)


def _sale_end(product: Product, now: datetime) -> Iterator[Fact]:
    """Minutes that are left of a sale of the whole product, when it ends soon and the catalogue says so."""
    offers = [variant.offer for variant in product.variants if variant.offer.available]
    ends = {offer.sale_until for offer in offers if offer.on_sale(now)}
    if len(ends) != 1 or not all(offer.on_sale(now) for offer in offers) or (end := ends.pop()) is None:
        return
    minutes = int((end - now).total_seconds() / 60) // SALE_ROUND_MIN * SALE_ROUND_MIN
    if 0 < minutes <= SALE_SOON_MIN:
        yield _derived(product, "sale_end", "sale_end", f"{minutes} min")


def _derived(product: Product, id: str, field: str, value: str, label: str = "") -> Fact:
    """A fact that the store does not list. It backs its value alone, not the product's name."""
    sku = product.variants[0].sku
    return Fact(f"{product.handle}/{id}", product.handle, sku, "", field, value, source=product.source, label=label)


class Wording:
    """Words the lines. The same calls give the same lines: patterns of a kind take turns, those said lately are passed over."""

    def __init__(self, *, language: str, host: str, seed: int, check: Check, said: Said) -> None:
        self.said, self.language = said, language
        self._check, self._host, self._seed = check, host, seed
        self._patterns, self._book = patterns(language), phrasebook(language)
        self._used: dict[str, int] = {}
        words = [*self._patterns.get("proof_words", ()), *patterns("en")["proof_words"]]
        self._proof = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)

    # -- what a segment holds ---------------------------------------------------------------------------------------

    def slots(self, facts: Sequence[Fact], turn: int) -> list[Slot]:
        """A segment over ``known`` facts. ``turn`` is how often the product has come before: it tells other things then."""
        return [Slot(part, tuple(choices)) for part, choices in self._slots(facts, turn) if choices]

    def _slots(self, facts: Sequence[Fact], turn: int) -> Iterator[tuple[str, list[Choice]]]:
        told = [f for f in facts if f.field not in NOT_POINTS and f.label and len(f.value) <= LONGEST_VALUE]
        proof = [fact for fact in told if self._proof.search(fact.label)]
        points = [fact for fact in told if fact not in proof]
        yield "hook", [("hook", ())]
        yield from (("words", c) for c in _words([f for f in facts if f.field == "words"], turn))
        yield from (("point", c) for c in _points(points, turn))
        yield "price", _price(facts)
        yield "proof", [("proof", (fact.id,)) for fact in _rotated(proof, turn)]
        yield "stock", [("stock", (f.id,)) for f in facts if f.id.count("/") == 1 and stock_part(f)]
        yield "sale", [("sale", (fact.id,)) for fact in facts if fact.field == "sale_end"]
        yield "call", [("call", ())]

    def wordings(self, facts: Sequence[Fact]) -> int:
        """How many different lines there are about a product, at the most."""
        choices = {choice for slot in self.slots(facts, 0) for choice in slot.choices}
        told = [(part, _by_id(ids, facts) or ()) for part, ids in choices]
        return sum(len(self._patterns.get(_part_now(part, about, facts), ())) for part, about in told)

    # -- wording ----------------------------------------------------------------------------------------------------

    def line(
        self, choice: Choice, product: Product, facts: Sequence[Fact], now_s: float, *, kind: str = "pitch"
    ) -> PitchLine | None:
        """A line that has not been said lately; None when there is none, or no fact backs it."""
        part, ids = choice
        told = _by_id(ids, facts)
        if told is None:
            return None
        part = _part_now(part, told, facts)
        for pattern in self._in_turn(part, told):
            text = self._text(pattern, product, told)
            if not self.said.lately(text, now_s):
                line = PitchLine(text, product.handle, kind, pattern, (title_fact(product), *told), part)
                return line if self._check(text, [*facts, *told]) else None
        return None

    def again(self, line: PitchLine, product: Product, facts: Sequence[Fact]) -> PitchLine | None:
        """The line as it must be told now, from the same pattern; None when there is nothing left to tell."""
        told, part = _by_id([fact.id for fact in line.cites[1:]], facts), line.part
        if told is None and part == "was":  # the sale is over, the price is not
            told, part = _by_id([fact.id for fact in line.cites[1:2]], facts), "price"
        if told is None or not (part := _part_now(part, told, facts)):
            return None
        pattern = line.pattern if part == line.part else self._patterns[part][0]
        text = self._text(pattern, product, told)
        now = replace(line, text=text, pattern=pattern, part=part, cites=(title_fact(product), *told), source="plain")
        return now if self._check(text, [*facts, *told]) else None

    def plain(self, part: str, now_s: float, *, kind: str, always: bool = False) -> PitchLine | None:
        """A line about no product. With ``always`` one that was said lately is said again rather than none."""
        texts = [pattern.format(host=self._host) for pattern in self._in_turn(part, ())]
        fresh = next((text for text in texts if not self.said.lately(text, now_s)), texts[0] if always else "")
        return PitchLine(fresh, kind=kind, part=part) if fresh else None

    def opening(self) -> list[PitchLine]:
        return [PitchLine(text.format(host=self._host), kind="greeting", part="opening") for text in self._patterns["opening"]]

    def _in_turn(self, part: str, told: Sequence[Fact]) -> list[str]:
        """All patterns of a kind, beginning with the one whose turn it is."""
        turn = self._used[part] = self._used.get(part, -1) + 1
        options: list[str] = self._patterns.get(part, [])
        if part == "words":  # as the seller wrote it, before it is quoted
            return [*options[:1], *_rotated(options[1:], turn)]
        ordered = _rotated(options, turn + self._seed)
        special = self._special(told[0]) if part == "point" else []
        return [*_rotated(special, turn), *ordered] if turn % 2 else [*ordered, *special]

    def _special(self, fact: Fact) -> list[str]:
        """Patterns for this attribute alone, where its label says what the field's name says."""
        return list(self._patterns.get("points", {}).get(fact.field, ())) if usual_label(fact) else []

    def _text(self, pattern: str, product: Product, told: Sequence[Fact]) -> str:
        values = {"name": product.title, "host": self._host}
        for suffix, fact in zip(("", "2"), told, strict=False):
            label = self._label(fact)
            values |= {
                f"value{suffix}": fact.value if fact.field == "words" else self._book.value(fact.value),
                f"label{suffix}": _mid(label, self.language), f"Label{suffix}": label[:1].upper() + label[1:],
                f"count{suffix}": str(int(fact.number)) if fact.number is not None else fact.value.split(" ")[0],
            }  # fmt: skip
        return re.sub(r"\b([Tt])he The ", r"\1he ", pattern.format_map(values))

    def _label(self, fact: Fact) -> str:
        if self.language == "en" or not usual_label(fact):
            return fact.label
        return self._book.label(fact)


def stock_part(fact: Fact) -> str:
    """Which patterns tell a fact about stock; "" when it is none, or nothing is there."""
    if later := ships_later(fact):
        return f"stock_{later}"
    if fact.field != "stock" or fact.number == 0:
        return ""
    if fact.number is None:
        return "stock_some"
    return "stock_one" if fact.number == 1 else "stock_few" if fact.number <= FEW else "stock"


def _part_now(part: str, told: Sequence[Fact], facts: Sequence[Fact]) -> str:
    """The kind of pattern that a line needs as things are: the last piece is not "in stock: 1"; "" when it cannot be told."""
    if part.startswith("stock"):
        return stock_part(told[0])
    if part in ("price", "range"):
        return "price" if len({fact.value for fact in facts if fact.field == "price"}) == 1 else "range"
    return part


def _words(own: Sequence[Fact], turn: int) -> Iterator[list[Choice]]:
    ordered = _rotated(own, turn * WORDS_A_SEGMENT)
    for slot in range(min(WORDS_A_SEGMENT, len(own))):
        yield [("words" if fact.value.endswith(ENDS) else "feature", (fact.id,)) for fact in _rotated(ordered, slot)]


def _points(points: Sequence[Fact], turn: int) -> Iterator[list[Choice]]:
    """Single facts, and pairs of them: last resort in most slots, first choice in some."""
    ordered = _rotated(points, turn * POINTS_A_SEGMENT)
    for slot in range(min(POINTS_A_SEGMENT, len(points))):
        here = _rotated(ordered, slot)
        single: list[Choice] = [("point", (fact.id,)) for fact in here]
        both = [(a, b) for n, a in enumerate(here) for b in here[n + 1 :] if len(a.value) + len(b.value) <= LONGEST_VALUE]
        pairs: list[Choice] = [("pair", (a.id, b.id)) for a, b in both]
        yield [*pairs, *single] if (turn + slot) % 4 == 3 else [*single, *pairs]


def _price(facts: Sequence[Fact]) -> list[Choice]:
    price, was = whole(facts, "price"), whole(facts, "compare_at")
    if price is None:
        return []
    return [*([("was", (price.id, was.id))] if was else []), ("price", (price.id,))]


def _rotated(items: Sequence[T], by: int) -> list[T]:
    start = by % len(items) if items else 0
    return [*items[start:], *items[:start]]


def _by_id(ids: Sequence[str], facts: Sequence[Fact]) -> tuple[Fact, ...] | None:
    found = {fact.id: fact for fact in facts}
    return tuple(found[id] for id in ids) if all(id in found for id in ids) else None


def _mid(label: str, language: str) -> str:
    """A label inside a sentence: "care instructions", but "USB ports", and German nouns as they are."""
    return label if language == "de" or label[1:2].isupper() else label[:1].lower() + label[1:]
