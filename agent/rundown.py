"""The rundown: what the host says on its own, product by product, with a position to come back to.

Lines are written from the catalogue's facts through the patterns in data/pitch, a file a language; each is checked like
an answer before it may be spoken.
"""

import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

from agent.sentences import split
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
        products: Sequence[Product],
        facts: Callable[[str], Sequence[Fact]],
        check: Check,
        *,
        host: str,
        language: str,
        seed: int,
    ) -> None:
        """``facts(handle)`` is asked anew for each segment, so that a changed price is told as it is now."""
        self.products = list(products)
        self.on_air = ""  # handle of the product being shown
        self._facts, self._check, self._host, self._seed = facts, check, host, seed
        self._patterns = patterns(language)
        self._used: dict[str, int] = {}
        self._lines = self._all()

    def next(self) -> PitchLine | None:
        """The next line, or None when there is nothing to show."""
        line = next(self._lines, None)
        if line:
            self.on_air = line.handle or self.on_air
        return line

    def back(self, handle: str) -> PitchLine | None:
        """A bridge to the product that an answer interrupted."""
        title = next((product.title for product in self.products if product.handle == handle), "")
        return PitchLine(self._fill("back", name=title), handle, "bridge") if title else None

    def disclosure(self) -> PitchLine:
        return PitchLine(self._fill("disclosure", host=self._host), kind="disclosure")

    def _all(self) -> Iterator[PitchLine]:
        for pattern in self._patterns["opening"]:
            yield PitchLine(pattern.format(host=self._host), kind="greeting")
        while True:
            said = 0
            for product in self.products:
                for line in self._segment(product):
                    said += 1
                    yield line
            if not said:
                return

    def _segment(self, product: Product) -> Iterator[PitchLine]:
        """Hook, the seller's own words, points, price, stock, call to action; sold-out products are passed over."""
        facts = list(self._facts(product.handle))
        if not any(variant.offer.available for variant in product.variants):
            return
        for text in self._texts(product, facts):
            if self._check(text, facts):
                yield PitchLine(text, product.handle)

    def _texts(self, product: Product, facts: Sequence[Fact]) -> Iterator[str]:
        yield self._fill("hook", name=product.title)
        yield from split(product.description, "")[:DESCRIPTION_SENTENCES]
        for fact in self._points(facts):
            yield self._fill("point", label=fact.label or fact.field.replace("_", " "), value=fact.value)
        if price := _whole(facts, "price"):
            yield self._fill("price", value=price.value)
        stock = _whole(facts, "stock")
        if stock and stock.number and stock.number > 0:
            yield self._fill("stock", count=str(int(stock.number)))
        yield self._fill("call")

    def _points(self, facts: Sequence[Fact]) -> list[Fact]:
        told = [fact for fact in facts if fact.field not in NOT_POINTS and fact.label and len(fact.value) <= 80]
        start = self._turn("points") * POINTS_A_PRODUCT % len(told) if told else 0
        return (told[start:] + told[:start])[:POINTS_A_PRODUCT]

    def _fill(self, kind: str, **values: str) -> str:
        options = self._patterns[kind]
        text = options[(self._turn(kind) + self._seed) % len(options)].format(**values)
        return text.replace("..", ".") if text.endswith("..") else text

    def _turn(self, kind: str) -> int:
        """How often this kind has been used before: patterns of a kind take turns."""
        self._used[kind] = self._used.get(kind, -1) + 1
        return self._used[kind]


def _whole(facts: Sequence[Fact], field: str) -> Fact | None:
    """The fact about the product as a whole: the one whose id names no variant."""
    return next((fact for fact in facts if fact.field == field and fact.id.count("/") == 1), None)
