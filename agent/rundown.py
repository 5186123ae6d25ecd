"""The rundown: what the host says on its own, product by product, with a position to come back to.

Lines are written from the catalogue's facts through the patterns in data/pitch, a file a language; each is checked like
an answer before it may be spoken.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

from agent.sentences import split
from knowledge.found import title_fact
from knowledge.product import Fact, Product

POINTS_A_PRODUCT = 3
DESCRIPTION_SENTENCES = 2
# Asked for when needed, but tedious or unsafe to announce unasked.
NOT_POINTS = frozenset({"price", "stock", "sku", "gtin", "description", "size", "colour", "tags", "vendor", "kind"})

Check = Callable[[str, Sequence[Fact]], bool]


@dataclass(frozen=True, slots=True)
class PitchLine:
    """One sentence of the pitch and the product it is about ("" for the opening and the disclosure)."""

    text: str
    handle: str = ""
    kind: str = "pitch"  # pitch | greeting | disclosure | bridge
    pattern: str = ""  # that it was written from; "" for the seller's own words
    cites: tuple[Fact, ...] = ()  # what it rests on: the product's name first, then the fact it tells, if any


def patterns(language: str) -> dict[str, list[str]]:
    """The pitch patterns of a language; English ones where a language has none yet."""
    folder = files("agent") / "data" / "pitch"
    path = folder / f"{language}.toml"
    chosen = path if path.is_file() else folder / "en.toml"
    return tomllib.loads(chosen.read_text(encoding="utf-8"))


class Rundown:
    """Goes round the catalogue for as long as the show lasts. Pure: the same arguments give the same lines."""

    def __init__(
        self,
        products: Mapping[str, Product],
        facts: Callable[[str], Sequence[Fact]],
        check: Check,
        *,
        host: str,
        language: str,
        seed: int,
    ) -> None:
        """What is for sale by handle, and ``facts(handle)``, are asked anew for each line: prices are told as they are now.

        What is gone or sold out by then is pitched no more, and what is new from the next round on.
        """
        self.on_air = ""  # handle of the product being shown
        self.products, self.facts = products, facts
        self._check, self._host, self._seed = check, host, seed
        self._patterns = patterns(language)
        self._used: dict[str, int] = {}
        self._lines = self._all()

    def sells(self, handle: str) -> bool:
        """Whether a product is there and can be ordered."""
        product = self.products.get(handle)
        return product is not None and any(variant.offer.available for variant in product.variants)

    def next(self) -> PitchLine | None:
        """The next line, or None when there is nothing to show."""
        line = next(self._lines, None)
        if line:
            self.on_air = line.handle or self.on_air
        else:
            self._lines = self._rounds()  # something may be for sale by the next time
        return line

    def again(self, line: PitchLine) -> PitchLine | None:
        """The line as it must be told now, from the same pattern; None when there is nothing left to tell."""
        if not line.handle:
            return line
        if not self.sells(line.handle):
            return None
        product, facts = self.products[line.handle], list(self.facts(line.handle))
        told = [fact for old in line.cites[1:] for fact in facts if fact.id == old.id]
        if len(told) < len(line.cites[1:]) or any(f.field == "stock" and not f.number for f in told):
            return None
        if not line.pattern:
            own = line.text in split(product.description, "")
            return replace(line, cites=(title_fact(product),)) if own and self._check(line.text, facts) else None
        text = self._text(line.pattern, product, told[0] if told else None)
        now = replace(line, text=text, cites=(title_fact(product), *told))
        return now if self._check(text, facts) else None

    def back(self, handle: str) -> PitchLine | None:
        """A bridge to the product that an answer interrupted."""
        return self._line("back", self.products[handle], kind="bridge") if self.sells(handle) else None

    def disclosure(self) -> PitchLine:
        return PitchLine(self._pattern("disclosure").format(host=self._host), kind="disclosure")

    def _all(self) -> Iterator[PitchLine]:
        for pattern in self._patterns["opening"]:
            yield PitchLine(pattern.format(host=self._host), kind="greeting")
        yield from self._rounds()

    def _rounds(self) -> Iterator[PitchLine]:
        while True:
            said = 0
            for handle in self.products:
                for line in self._segment(handle):
                    said += 1
                    yield line
            if not said:
                return

    def _segment(self, handle: str) -> Iterator[PitchLine]:
        """A product's lines, each as it stands when its turn comes; sold-out products are passed over."""
        if self.sells(handle):
            for line in self._written(self.products[handle], list(self.facts(handle))):
                if now := self.again(line):
                    yield now

    def _written(self, product: Product, facts: Sequence[Fact]) -> Iterator[PitchLine]:
        """Hook, the seller's own words, points, price, stock, call to action."""
        yield self._line("hook", product)
        for text in split(product.description, "")[:DESCRIPTION_SENTENCES]:
            yield PitchLine(text, product.handle, cites=(title_fact(product),))
        for fact in self._points(facts):
            yield self._line("point", product, fact)
        if price := whole(facts, "price"):
            yield self._line("price", product, price)
        stock = whole(facts, "stock")
        if stock and stock.number and stock.number > 0:
            yield self._line("stock", product, stock)
        yield self._line("call", product)

    def _points(self, facts: Sequence[Fact]) -> list[Fact]:
        told = [fact for fact in facts if fact.field not in NOT_POINTS and fact.label and len(fact.value) <= 80]
        start = self._turn("points") * POINTS_A_PRODUCT % len(told) if told else 0
        return (told[start:] + told[:start])[:POINTS_A_PRODUCT]

    def _line(self, name: str, product: Product, fact: Fact | None = None, *, kind: str = "pitch") -> PitchLine:
        pattern = self._pattern(name)
        cites = (title_fact(product), *([fact] if fact else []))
        return PitchLine(self._text(pattern, product, fact), product.handle, kind, pattern, cites)

    def _text(self, pattern: str, product: Product, fact: Fact | None) -> str:
        values = {"name": product.title, "value": "", "label": "", "count": ""}
        if fact:
            count = str(int(fact.number)) if fact.number is not None else ""
            label = fact.label or fact.field.replace("_", " ")
            values |= {"value": fact.value, "label": label, "count": count}
        text = pattern.format(**values)
        return text.replace("..", ".") if text.endswith("..") else text

    def _pattern(self, name: str) -> str:
        options = self._patterns[name]
        return options[(self._turn(name) + self._seed) % len(options)]

    def _turn(self, kind: str) -> int:
        """How often this kind has been used before: patterns of a kind take turns."""
        self._used[kind] = self._used.get(kind, -1) + 1
        return self._used[kind]


def whole(facts: Sequence[Fact], field: str) -> Fact | None:
    """The fact about the product as a whole: the one whose id names no variant."""
    return next((fact for fact in facts if fact.field == field and fact.id.count("/") == 1), None)
