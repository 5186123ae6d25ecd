"""What the catalogue's changes mean for what is said: which sentences no longer hold, and what puts right one that is heard."""

from collections.abc import Iterable, Sequence

from agent.answer import Sentence, phrasebook
from agent.rundown import Rundown, whole
from knowledge.facts import variant_name
from knowledge.product import Fact
from knowledge.shelf import Change
from renderer.media import Utterance


class Ledger:
    """The values that have ceased to hold since the show began."""

    def __init__(self) -> None:
        self._gone: dict[str, set[str]] = {}  # fact id → values it had

    def enter(self, changes: Iterable[Change]) -> None:
        """Take note; what holds again after all is forgotten."""
        for change in changes:
            gone = self._gone.setdefault(change.fact.id, set())
            if change.was:
                gone.add(change.was.value)
            if change.now:
                gone.discard(change.now.value)

    def outdated(self, facts: Iterable[Fact]) -> list[Fact]:
        """Those of the facts that no longer hold."""
        return [fact for fact in facts if fact.value in self._gone.get(fact.id, ())]


def cited(utterance: Utterance) -> Sequence[Fact]:
    """The facts that a sentence rests on."""
    facts: Sequence[Fact] = utterance.meta.get("cites", ())
    return facts


def why(outdated: Sequence[Fact]) -> str:
    """The reason, for the journal."""
    return "; ".join(f"{fact.id} was {fact.value}" for fact in outdated) or "not for sale"


def correction(outdated: Sequence[Fact], rundown: Rundown, language: str) -> Sentence | None:
    """One short sentence after one that no longer holds; None when what changed needs none, as a count of stock."""
    for fact in outdated:
        if fact.field == "price" and (said := _price(fact, rundown, language)):
            return said
    for fact in outdated:
        if fact.field in ("stock", "availability") and (said := _sold_out(fact, rundown, language)):
            return said
    return None


def _price(fact: Fact, rundown: Rundown, language: str) -> Sentence | None:
    book, facts = phrasebook(language), rundown.facts(fact.handle)
    own = next((f for f in facts if f.id == fact.id), None) or whole(facts, "price")
    if own is None:
        return None
    if name := _variant(own, rundown):
        text = book.say("corrected_price_variant", name=own.product, variant=name, value=book.value(own.value))
        return Sentence(text, (own, *_naming(name, facts)))
    return Sentence(book.say("corrected_price", name=own.product, value=book.value(own.value)), (own,))


def _sold_out(fact: Fact, rundown: Rundown, language: str) -> Sentence | None:
    book, facts = phrasebook(language), rundown.facts(fact.handle)
    own, stock = next((f for f in facts if f.id == fact.id), None), whole(facts, "stock")
    if stock is not None and stock.number == 0:
        return Sentence(book.say("corrected_none", name=stock.product), (stock,))
    if own is not None and own.number == 0 and (name := _variant(own, rundown)):
        return Sentence(book.say("stock_variant_none", name=own.product, variant=name), (own, *_naming(name, facts)))
    return None


def _variant(fact: Fact, rundown: Rundown) -> str:
    """The name of the variant that a fact is about; "" when it is about the whole product."""
    product = rundown.products.get(fact.handle)
    if product is None or fact.id.count("/") < 2:
        return ""
    return next((variant_name(variant) for variant in product.variants if variant.sku == fact.sku), "")


def _naming(name: str, facts: Sequence[Fact]) -> list[Fact]:
    """The facts that list a product's choices, in whose words a variant is named."""
    parts = name.split(", ")
    return [fact for fact in facts if fact.id.count("/") == 1 and any(part in fact.value.split(", ") for part in parts)]
