"""The catalogue as answering reads it: a product and its facts when they are asked for, and what has become of them since.

What was read is kept, and of that only what has changed is read again: a new price costs the same among ten products and
among a million. Of what was never read nothing was ever said, so nothing needs to be told of it.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from knowledge.facts import facts as facts_of
from knowledge.facts import next_change
from knowledge.found import title_fact
from knowledge.link import kind_names
from knowledge.product import Fact, Product
from knowledge.store import Store
from knowledge.terms import Term, term

KEPT = 4096  # products in memory: about 30 MB with their facts


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


@dataclass(slots=True)
class _Held:
    """A product in memory."""

    product: Product
    until: datetime | None  # when a sale of it begins or ends
    facts: list[Fact] | None = None  # once asked for


class Shelf(Mapping[str, Product]):
    """Products by handle, read from the store when needed. Used from one thread at a time, like its store."""

    def __init__(self, store: Store, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """``now`` is a moment with its zone: sales begin and end by it."""
        self.store, self._now = store, now
        self.version, self.at = store.version, now()  # what is told is true of these, from one ``refresh`` to the next
        self.until: datetime | None = None  # when the next sale of a product in memory begins or ends
        self.named = 0  # grows when products come, go or are renamed
        self.policies, self._count = store.policies(), store.count()
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._kinds: frozenset[str] = frozenset()
        self._terms: tuple[int, list[Term]] = -1, []  # with the version that they are of

    def refresh(self) -> list[Change]:
        """See what has changed in the store, and which sales have begun or ended: an answer says what holds now.

        Returns every fact of a product in memory, or of the store, that says something else, is new or is gone; where all
        products are in memory, also those of a product that is new.
        """
        version, now = self.store.version, self._now()  # read first: what is written meanwhile makes a newer version
        if version == self.version and (self.until is None or now < self.until):
            return []
        touched = self.store.touched(self.version)
        stale = [handle for handle, held in self._held.items() if _stale(handle, held, touched, now)]
        if touched and len(self._held) == self._count:
            stale += sorted(touched - self._held.keys())  # all products are in memory, so these are new
        fresh = {handle: self._read(handle, now) for handle in stale}
        policies, count = self.store.policies(), self.store.count()
        out = [change for handle, held in fresh.items() for change in self._changed(handle, held, version, now)]
        out += _between(_by_id(self.policies), _by_id(policies), version)
        renamed = any(not self._keeps_name(handle, held) for handle, held in fresh.items())
        self.named += touched is None or renamed or not touched <= self._held.keys()
        self.version, self.at, self.policies, self._count = version, now, policies, count
        for handle, held in fresh.items():
            self._put(handle, held)
        self.until = min((held.until for held in self._held.values() if held.until), default=None)
        return out

    def _changed(self, handle: str, after: _Held | None, version: int, now: datetime) -> Iterator[Change]:
        return _between(self._told(self._held.get(handle), self.at), self._told(after, now), version)

    def _told(self, held: _Held | None, at: datetime) -> dict[str, Fact]:
        """All that may have been said of a product."""
        return _by_id([title_fact(held.product), *self._facts(held, at)]) if held else {}

    def _keeps_name(self, handle: str, after: _Held | None) -> bool:
        before = self._held.get(handle)
        return before is not None and after is not None and _names(before.product) == _names(after.product)

    # -- products and facts ---------------------------------------------------------------------------------------

    def find(self, handle: str) -> Product | None:
        """A product, None when there is none (any more)."""
        held = self._held.get(handle)
        if held:
            self._held.move_to_end(handle)
        elif handle and (held := self._read(handle, self.at)):
            self._put(handle, held)
            self.until = min((edge for edge in (self.until, held.until) if edge), default=None)
            if len(self._held) > KEPT:
                self._held.popitem(last=False)
        return held.product if held else None

    def facts(self, handle: str) -> list[Fact]:
        """A product's facts as they are now; the store's own statements for ""; none for an unknown product."""
        if not handle:
            return self.policies
        return self._facts(self._held[handle], self.at) if self.find(handle) else []

    def fact(self, handle: str, id: str) -> Fact | None:
        return next((fact for fact in self.facts(handle) if fact.id == id), None)

    @property
    def terms(self) -> list[Term]:
        """The store's statements, read with the names of its own kinds of goods."""
        read, terms = self._terms
        if read != self.version:
            kinds = self._kinds | self.store.kinds(read)
            if kinds != self._kinds or [t.fact for t in terms] != self.policies:
                phrases = kind_names(kinds)
                terms = [term(fact, phrases) for fact in self.policies]
            self._kinds, self._terms = kinds, (self.version, terms)
        return terms

    def _read(self, handle: str, now: datetime) -> _Held | None:
        product = self.store.product(handle)
        return _Held(product, next_change([product], now)) if product else None

    def _put(self, handle: str, held: _Held | None) -> None:
        if held:
            self._held[handle] = held
        else:
            self._held.pop(handle, None)

    def _facts(self, held: _Held, at: datetime) -> list[Fact]:
        if held.facts is None:
            held.facts = facts_of(held.product, at)
        return held.facts

    # -- as a mapping ---------------------------------------------------------------------------------------------

    def __getitem__(self, handle: str) -> Product:
        product = self.find(handle)
        if product is None:
            raise KeyError(handle)
        return product

    def __contains__(self, handle: object) -> bool:
        return isinstance(handle, str) and self.find(handle) is not None

    def __iter__(self) -> Iterator[str]:
        return self.store.handles()

    def __len__(self) -> int:
        return self.store.count()


def _stale(handle: str, held: _Held, touched: frozenset[str] | None, now: datetime) -> bool:
    return touched is None or handle in touched or (held.until is not None and held.until <= now)


def _names(product: Product) -> tuple[Product, list[object]]:
    """A product without its offers: all that names it, and more."""
    return replace(product, variants=()), [(v.sku, v.options, v.gtin) for v in product.variants]


def _by_id(facts: Iterable[Fact]) -> dict[str, Fact]:
    return {fact.id: fact for fact in facts}


def _between(before: Mapping[str, Fact], after: Mapping[str, Fact], version: int) -> Iterator[Change]:
    for id in dict.fromkeys((*before, *after)):
        was, now = before.get(id), after.get(id)
        if was is None or now is None or was.value != now.value:
            yield Change(was, now, version)
