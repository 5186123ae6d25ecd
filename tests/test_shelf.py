"""The shelf: what has changed is told fact by fact, and only that is read again."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from knowledge.feeds import Feed
from knowledge.index import FactIndex
from knowledge.offers import NewOffer
from knowledge.product import Product
from knowledge.retrieve import Retriever
from knowledge.shelf import Change, Shelf
from knowledge.store import Store
from tests.shop import BOOTS, CANDLE, POLICIES, PRODUCTS, WATCH, policy, retriever

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "c.sqlite")
    store.ingest(feed(*PRODUCTS))
    yield store
    store.close()


def feed(*products: Product) -> Feed:
    return Feed("shop.csv", list(products), list(POLICIES), len(products))


def told(changes: list[Change]) -> dict[str, tuple[str, str]]:
    return {c.fact.id: (c.was.value if c.was else "", c.now.value if c.now else "") for c in changes}


def laid_out(store: Store, now: Callable[[], datetime] = lambda: NOW) -> Shelf:
    """A shelf with all products in memory."""
    shelf = Shelf(store, now)
    assert [product.handle for product in shelf.values()] == [product.handle for product in store.products()]
    return shelf


def test_a_new_price_is_one_change_and_nothing_else_is_read_again(store: Store) -> None:
    shelf = laid_out(store)
    tent, names = shelf["alpina-tent"], shelf.named
    store.set_offer("PUL-1", price=Decimal("149.00"))
    assert told(shelf.refresh()) == {"pulsar-watch/price": ("€179.00", "€149.00")}
    assert shelf["alpina-tent"] is tent and shelf.named == names and shelf.refresh() == []


def test_a_variants_own_price_appears_and_goes(store: Store) -> None:
    shelf = laid_out(store)
    store.set_offer("TRK-41", price=Decimal("99.90"))
    assert told(shelf.refresh()) == {
        "trekker-boots/price": ("€149.90", "€99.90 to €149.90"),
        "trekker-boots/price/TRK-41": ("", "€99.90"), "trekker-boots/price/TRK-42": ("", "€149.90"),
    }  # fmt: skip
    store.set_offer("TRK-41", price=Decimal("149.90"))
    assert told(shelf.refresh())["trekker-boots/price/TRK-41"] == ("€99.90", "")


def test_products_come_go_and_are_renamed(store: Store) -> None:
    shelf = laid_out(store)
    names = shelf.named
    store.ingest(feed(*(p for p in PRODUCTS if p not in (WATCH, BOOTS)), replace(BOOTS, title="Trekker 600")))
    changes = told(shelf.refresh())
    assert changes["pulsar-watch/title"] == ("Pulsar GPS Watch", "")
    assert changes["trekker-boots/title"] == ("Trekker 500 Hiking Boots", "Trekker 600")
    assert shelf.named > names and list(shelf) == [p.handle for p in store.products()] and "pulsar-watch" not in shelf


def test_what_the_store_says_of_itself_counts(store: Store) -> None:
    shelf = laid_out(store)
    assert [term.fact for term in shelf.terms] == list(POLICIES)
    store.ingest(Feed("shop.csv", list(PRODUCTS), [policy(1, "shipping", "We deliver by drone."), *POLICIES[1:]], 5))
    assert told(shelf.refresh()) == {
        "/shipping#1": ("Delivery to Germany takes 2 to 3 business days.", "We deliver by drone.")
    }
    assert shelf.terms[0].fact.value == "We deliver by drone."


def test_a_sale_changes_prices_with_nothing_written(store: Store) -> None:
    offer = replace(CANDLE.variants[0].offer, sale_price=Decimal("8.00"), sale_from=NOW, sale_until=NOW + timedelta(hours=1))
    sale = replace(CANDLE, variants=(replace(CANDLE.variants[0], offer=offer), CANDLE.variants[1]))
    store.ingest(feed(*(sale if p is CANDLE else p for p in PRODUCTS)))
    clock = [NOW - timedelta(seconds=1)]
    shelf = laid_out(store, lambda: clock[0])
    assert shelf.until == NOW and shelf.refresh() == []
    clock[0] = NOW
    assert told(shelf.refresh())["fir-candle/price"] == ("€12.00 to €18.00", "€8.00 to €18.00")
    clock[0] = NOW + timedelta(hours=1)
    assert told(shelf.refresh())["fir-candle/price/FIR-S"] == ("€8.00", "€12.00") and shelf.until is None


def test_a_small_shelf_forgets_what_was_not_asked_for_lately(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.shelf.KEPT", 2)
    shelf = laid_out(store)
    store.set_offers([NewOffer(sku, stock=1) for sku in ("TRK-41", "GLO-30")])
    assert told(shelf.refresh()) == {"glow-serum/stock": ("In stock: 40", "In stock: 1")}, "of the boots nothing is kept"
    assert shelf.facts("trekker-boots")[1].value == "In stock: 1"


def test_a_change_of_most_of_a_large_catalogue_is_noted_as_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.touched.MOST", 1)
    shelf = laid_out(store)
    before = store.version
    store.ingest(feed(*(replace(p, kind=f"{p.kind} 2") for p in PRODUCTS)))
    assert store.touched(before) is None and store.touched(store.version) == frozenset()
    assert told(shelf.refresh())["glow-serum/kind"] == ("Serum", "Serum 2") and store.kinds(before) == store.kinds()


def test_a_retriever_tells_changes_once_and_finds_only_what_is_there(store: Store) -> None:
    embedder = retriever().embedder
    mine = Retriever(store, FactIndex.build(store, embedder), embedder)
    assert mine.changes() == []
    store.ingest(feed(*(p for p in PRODUCTS if p is not WATCH), replace(WATCH, handle="lamp", title="Reading Lamp", kind="Lamp")))
    found = mine.find("how much is the reading lamp?")
    assert found.facts[0].fact.value == "€179.00", "known at once, before it is findable by meaning"
    mine.find("what tells me my pulse on a run?")  # the index still has the watch: it is passed over
    assert any(change.now is None for change in mine.changes()) and mine.changes() == []
    steps = list(mine.renew_index())
    done, of = steps[-1]
    assert done == of > 0
    near = {product.handle for product, _ in mine.index.search_products(embedder.query(["a lamp"])[0], 99)}
    assert near == {product.handle for product in store.products()}
    assert list(mine.renew_index()) == [], "only what is new is embedded"
    mine.index.close()
