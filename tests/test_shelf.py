"""The shelf: what has changed is told fact by fact, and only that is read again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from knowledge.feeds import Feed
from knowledge.product import Product
from knowledge.retrieve import Retriever
from knowledge.shelf import Change, differences, lay_out
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


def told(changes: Iterator[Change]) -> dict[str, tuple[str, str]]:
    return {c.fact.id: (c.was.value if c.was else "", c.now.value if c.now else "") for c in changes}


def test_a_new_price_is_one_change_and_nothing_else_is_read_again(store: Store) -> None:
    before = lay_out(store, NOW)
    store.set_offer("PUL-1", price=Decimal("149.00"))
    after = lay_out(store, NOW, before)
    assert told(differences(before, after)) == {"pulsar-watch/price": ("€179.00", "€149.00")}
    assert after.products["alpina-tent"] is before.products["alpina-tent"] and after.linker is before.linker
    assert not before.holds(store.version, NOW) and after.holds(store.version, NOW)


def test_a_variants_own_price_appears_and_goes(store: Store) -> None:
    first = lay_out(store, NOW)
    store.set_offer("TRK-41", price=Decimal("99.90"))
    second = lay_out(store, NOW, first)
    assert told(differences(first, second)) == {
        "trekker-boots/price": ("€149.90", "€99.90 to €149.90"),
        "trekker-boots/price/TRK-41": ("", "€99.90"), "trekker-boots/price/TRK-42": ("", "€149.90"),
    }  # fmt: skip
    store.set_offer("TRK-41", price=Decimal("149.90"))
    assert told(differences(second, lay_out(store, NOW, second)))["trekker-boots/price/TRK-41"] == ("€99.90", "")


def test_products_come_go_and_are_renamed(store: Store) -> None:
    before = lay_out(store, NOW)
    store.ingest(feed(*(p for p in PRODUCTS if p not in (WATCH, BOOTS)), replace(BOOTS, title="Trekker 600")))
    after = lay_out(store, NOW, before)
    changes = told(differences(before, after))
    assert changes["pulsar-watch/title"] == ("Pulsar GPS Watch", "")
    assert changes["trekker-boots/title"] == ("Trekker 500 Hiking Boots", "Trekker 600")
    assert after.linker is not before.linker and list(after.products) == [p.handle for p in store.products()]


def test_what_the_store_says_of_itself_counts(store: Store) -> None:
    before = lay_out(store, NOW)
    store.ingest(Feed("shop.csv", list(PRODUCTS), [policy(1, "shipping", "We deliver by drone."), *POLICIES[1:]], 5))
    assert told(differences(before, lay_out(store, NOW, before))) == {
        "/shipping#1": ("Delivery to Germany takes 2 to 3 business days.", "We deliver by drone.")
    }


def test_a_sale_changes_prices_with_nothing_written(store: Store) -> None:
    offer = replace(CANDLE.variants[0].offer, sale_price=Decimal("8.00"), sale_from=NOW, sale_until=NOW + timedelta(hours=1))
    sale = replace(CANDLE, variants=(replace(CANDLE.variants[0], offer=offer), CANDLE.variants[1]))
    store.ingest(feed(*(sale if p is CANDLE else p for p in PRODUCTS)))
    early = lay_out(store, NOW - timedelta(seconds=1))
    assert early.until == NOW and early.holds(store.version, NOW - timedelta(seconds=1)) and not early.holds(store.version, NOW)
    during = lay_out(store, NOW, early)
    assert told(differences(early, during))["fir-candle/price"] == ("€12.00 to €18.00", "€8.00 to €18.00")
    over = lay_out(store, NOW + timedelta(hours=1), during)
    assert told(differences(during, over))["fir-candle/price/FIR-S"] == ("€8.00", "€12.00") and over.until is None


def test_a_retriever_tells_changes_once_and_finds_only_what_is_there(store: Store) -> None:
    shop = retriever()
    mine = Retriever(store, shop.index, shop.embedder)
    assert mine.changes() == []
    store.ingest(feed(*(p for p in PRODUCTS if p is not WATCH), replace(WATCH, handle="lamp", title="Reading Lamp", kind="Lamp")))
    found = mine.find("how much is the reading lamp?")
    assert found.facts[0].fact.value == "€179.00", "known at once, before it is findable by meaning"
    mine.find("what tells me my pulse on a run?")  # the index still has the watch: it is passed over
    assert any(change.now is None for change in mine.changes()) and mine.changes() == []
    steps = list(mine.renew_index())
    assert steps and steps[-1] == 0 and {p.handle for p in mine.index.products} == set(store.digests())
    assert list(mine.renew_index()) == [], "only what is new is embedded"
