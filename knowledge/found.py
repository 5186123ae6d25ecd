"""What the catalogue says to one question: the facts, and what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from knowledge.asked import Asked
from knowledge.product import Fact, Hit, Product


@dataclass(frozen=True, slots=True)
class Found:
    """What the catalogue says to one question."""

    asked: Asked
    products: tuple[tuple[str, float], ...] = ()  # (handle, score), surest first
    facts: tuple[Hit, ...] = ()  # what answers, in the order in which to say it
    missing: tuple[tuple[str, str], ...] = ()  # (handle or "" for the store, attribute asked and not stated)
    verdict: str = ""  # yes | no, where a fact decides a yes/no question; for "compare", "tie" when equal
    unsold: bool = False  # a thing is asked for that the shop does not sell
    which: bool = False  # a product's attribute is asked and nothing says which product
    place: str = ""  # where a parcel is to go: asked, or assumed from the language
    also: tuple[str, ...] = ()  # handles that were meant about as likely
    instead: tuple[Fact, ...] = ()  # prices of goods near to what is not sold: scarves, to one who asks for a shawl
    titles: tuple[Fact, ...] = ()  # one fact a product that only names it
    variants: dict[str, str] = field(default_factory=dict)  # SKU → "Black, M"
    options: tuple[Fact, ...] = ()  # the facts that list a product's choices: what a variant's name rests on
    ms: dict[str, float] = field(default_factory=dict)  # milliseconds by stage

    @property
    def relevant(self) -> bool:
        """Whether facts were found that answer."""
        return bool(self.facts)

    def title(self, handle: str) -> str:
        return next((fact.product for fact in self.titles if fact.handle == handle), "")


def hits(facts: Sequence[Fact]) -> tuple[Hit, ...]:
    return tuple(Hit(fact, 1.0, "fused") for fact in dict.fromkeys(facts))


def title_fact(product: Product) -> Fact:
    """A product's name as a fact, so that a sentence that only names it cites something."""
    sku = product.variants[0].sku if product.variants else ""
    return Fact(
        f"{product.handle}/title",
        product.handle,
        sku,
        product.title,
        "title",
        product.title,
        source=product.source,
        label="Title",
    )


def is_option(fact: Fact, product: Product) -> bool:
    names = {name.casefold() for v in product.variants for name, _ in v.options}
    return fact.label.casefold() in names and fact.id.count("/") == 1
