"""The catalogue at one moment, laid out for answering; laid out again when it has changed, with what has changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from knowledge.asked import Reader
from knowledge.facts import facts as facts_of
from knowledge.facts import next_change
from knowledge.found import title_fact
from knowledge.link import Linker
from knowledge.product import Fact, Product
from knowledge.store import Store
from knowledge.terms import Term, term


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that no longer says what it said. ``was`` is None for a new one, ``now`` for one that is gone."""

    was: Fact | None
    now: Fact | None
    version: int  # of the catalogue, from which on it holds

    @property
    def fact(self) -> Fact:
        """Either side, for what both have: id, handle, sku, field."""
        fact = self.now or self.was
        assert fact is not None
        return fact


@dataclass(frozen=True, slots=True)
class Shelf:
    """Products, facts and what reads questions about them, at one version of the catalogue."""

    version: int
    until: datetime | None  # when a sale begins or ends: facts hold until then
    digests: dict[str, str]
    products: dict[str, Product]
    facts: dict[str, list[Fact]]
    terms: list[Term]
    linker: Linker
    reader: Reader

    def holds(self, version: int, now: datetime) -> bool:
        """Whether it still is what the catalogue says."""
        return self.version == version and (self.until is None or now < self.until)


def lay_out(store: Store, now: datetime, before: Shelf | None = None) -> Shelf:
    """The shelf at ``now``, a moment with its zone. What ``before`` has and did not change is taken over from it."""
    version, digests = store.version, store.digests()  # read first: what is written meanwhile makes a newer version
    kept = {} if before is None else {h: p for h, p in before.products.items() if before.digests[h] == digests.get(h)}
    read = _read(store, digests, kept)
    products = {handle: product for handle in digests if (product := kept.get(handle) or read.get(handle))}
    facts = {
        handle: before.facts[handle] if before and handle in kept and not _on_sale(product) else facts_of(product, now)
        for handle, product in products.items()
    }
    linker, reader = _names(products, read, before)
    terms = [term(fact, linker.kinds) for fact in store.policies()]
    return Shelf(version, next_change(products.values(), now), digests, products, facts, terms, linker, reader)


def _read(store: Store, digests: Mapping[str, str], kept: Mapping[str, Product]) -> dict[str, Product]:
    """The products that are not kept: all in one go when they are many."""
    missing = [handle for handle in digests if handle not in kept]
    if len(missing) > len(digests) // 2:
        return {product.handle: product for product in store.products()}
    return {handle: product for handle in missing if (product := store.product(handle))}


def _on_sale(product: Product) -> bool:
    return any(variant.offer.sale_price is not None for variant in product.variants)


def _names(products: dict[str, Product], read: Mapping[str, Product], before: Shelf | None) -> tuple[Linker, Reader]:
    """What knows the products by name: as before when only offers have changed."""
    if before and products.keys() == before.products.keys() and all(
        _nameless(product) == _nameless(before.products[handle]) for handle, product in read.items()
    ):  # fmt: skip
        return before.linker, before.reader
    linker = Linker(list(products.values()))
    return linker, Reader(linker.mentions, linker.vocabulary)


def _nameless(product: Product) -> tuple[Product, list[object]]:
    """A product without its offers: all that names it, and more."""
    return replace(product, variants=()), [(v.sku, v.options, v.gtin) for v in product.variants]


def differences(before: Shelf, after: Shelf) -> Iterator[Change]:
    """Every fact that says something else, is new, or is gone."""
    for handle in dict.fromkeys((*before.products, *after.products)):
        if before.facts.get(handle) is not after.facts.get(handle):
            yield from _between(_of(before, handle), _of(after, handle), after.version)
    yield from _between(
        {t.fact.id: t.fact for t in before.terms}, {t.fact.id: t.fact for t in after.terms}, after.version
    )


def _of(shelf: Shelf, handle: str) -> dict[str, Fact]:
    product = shelf.products.get(handle)
    return {fact.id: fact for fact in (title_fact(product), *shelf.facts[handle])} if product else {}


def _between(before: Mapping[str, Fact], after: Mapping[str, Fact], version: int) -> Iterator[Change]:
    for id in dict.fromkeys((*before, *after)):
        was, now = before.get(id), after.get(id)
        if was is None or now is None or was.value != now.value:
            yield Change(was, now, version)
