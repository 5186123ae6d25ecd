"""The catalogue as answering reads it: a product and its facts when they are asked for, fresh after every change."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping

from knowledge.facts import facts as facts_of
from knowledge.product import Fact, Product
from knowledge.store import Store
from knowledge.terms import Term, term

KEPT = 4096  # products in memory: about 30 MB with their facts


class Shelf(Mapping[str, Product]):
    """Products by handle, read from the store when needed. Used from one thread at a time, like its store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.version = -1
        self._products: OrderedDict[str, Product] = OrderedDict()
        self._facts: dict[str, list[Fact]] = {}
        self.policies: list[Fact] = []
        self.terms: list[Term] = []
        self.refresh()

    def refresh(self) -> bool:
        """Forget what was read when the store has changed since: an answer uses the price of now. True if it had."""
        version = self.store.version
        if version == self.version:
            return False
        self.version = version
        self._products.clear()
        self._facts.clear()
        self.policies = self.store.policies()
        self.terms = [term(fact) for fact in self.policies]
        return True

    def find(self, handle: str) -> Product | None:
        """A product, None when there is none (any more)."""
        if handle in self._products:
            self._products.move_to_end(handle)
            return self._products[handle]
        product = self.store.product(handle) if handle else None
        if product is not None:
            self._products[handle] = product
            if len(self._products) > KEPT:
                old, _ = self._products.popitem(last=False)
                self._facts.pop(old, None)
        return product

    def facts(self, handle: str) -> list[Fact]:
        """A product's facts as they are now; the store's own statements for ""; none for an unknown product."""
        if not handle:
            return self.policies
        if handle not in self._facts:
            product = self.find(handle)
            if product is None:
                return []
            self._facts[handle] = facts_of(product)
        return self._facts[handle]

    def fact(self, handle: str, id: str) -> Fact | None:
        return next((fact for fact in self.facts(handle) if fact.id == id), None)

    def __getitem__(self, handle: str) -> Product:
        product = self.find(handle)
        if product is None:
            raise KeyError(handle)
        return product

    def __contains__(self, handle: object) -> bool:
        return isinstance(handle, str) and self.find(handle) is not None

    def __iter__(self) -> Iterator[str]:
        return (product.handle for product in self.store.each())

    def __len__(self) -> int:
        return self.store.count()
