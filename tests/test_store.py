"""The catalogue on disk: idempotent, incremental, all or nothing, and there again after a restart."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from knowledge import tables
from knowledge.feeds import Feed
from knowledge.offers import NewOffer, UnknownSku
from knowledge.product import CatalogueError, Fact, Product
from knowledge.store import Store
from tests.shop import PRODUCTS, TENT, WATCH, policy


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "c.sqlite")
    yield store
    store.close()


def feed(*products: Product, source: str = "shop.csv", policies: tuple[Fact, ...] = ()) -> Feed:
    return Feed(source, list(products), list(policies), len(products))


def test_what_is_put_in_comes_out_the_same_and_in_order(store: Store) -> None:
    report = store.ingest(feed(*PRODUCTS, policies=(policy(1, "shipping", "Fast."),)))
    assert store.products() == list(PRODUCTS) and store.product("alpina-tent") == TENT
    assert [fact.value for fact in store.policies()] == ["Fast."]
    assert (report.added, report.changed, report.removed) == (len(PRODUCTS), 0, 0)
    assert store.sources == ["shop.csv"] and store.version == 1


def test_ingesting_the_same_again_changes_nothing(store: Store) -> None:
    store.ingest(feed(*PRODUCTS))
    report = store.ingest(feed(*PRODUCTS))
    assert (report.added, report.changed, report.removed) == (0, 0, 0) and store.version == 1


def test_only_what_differs_counts_as_changed(store: Store) -> None:
    store.ingest(feed(TENT, WATCH))
    store.ingest(feed(replace(PRODUCTS[0], handle="other"), source="other.csv"))
    report = store.ingest(feed(replace(TENT, title="New Tent")))
    assert (report.added, report.changed, report.removed) == (0, 1, 1)
    assert {p.handle for p in store.products()} == {"alpina-tent", "other"}, "another file's products stay"
    assert store.version == 3


def test_an_offer_is_changed_live_and_the_facts_follow(store: Store) -> None:
    store.ingest(feed(WATCH))
    store.set_offer("PUL-1", price=Decimal("149.00"), stock=0)
    facts = {fact.field: fact.value for fact in store.facts("pulsar-watch")}
    assert facts["price"] == "€149.00" and facts["stock"] == "Sold out" and store.version == 2
    with pytest.raises(CatalogueError, match='no variant has the SKU "NONE"'):
        store.set_offer("NONE", stock=1)
    assert store.version == 2


def test_offers_are_changed_all_or_none(store: Store) -> None:
    store.ingest(feed(WATCH, TENT))
    with pytest.raises(UnknownSku, match='"NO-1", "NO-2"') as error:
        store.set_offers([NewOffer("PUL-1", Decimal(1)), NewOffer("NO-1", stock=1), NewOffer("NO-2", stock=1)])
    assert error.value.skus == ("NO-1", "NO-2") and store.products() == [WATCH, TENT] and store.version == 1
    rows, version = store.set_offers([NewOffer("PUL-1", Decimal("99.50")), NewOffer("ALP-GRN", stock=0)])
    assert [(p.handle, v.offer.price, v.offer.stock) for p, v in rows] == [
        ("pulsar-watch", Decimal("99.50"), 9), ("alpina-tent", Decimal("219.00"), 0),
    ]  # fmt: skip
    assert version == 2, "one change of the catalogue a request"
    assert store.set_offers([NewOffer("PUL-1", Decimal("99.50"))])[1] == 2, "what holds already is no change"


def test_an_article_listed_twice_changes_in_both_places_and_one_that_only_mentions_it_does_not(store: Store) -> None:
    talks = replace(TENT, description='The better "PUL-1".')
    store.ingest(feed(WATCH, replace(WATCH, handle="again"), talks))
    rows, _ = store.set_offers([NewOffer("PUL-1", Decimal(5))])
    assert [p.handle for p, _ in rows] == ["pulsar-watch", "again"] and store.product("alpina-tent") == talks


def test_another_connections_change_is_seen_at_once(store: Store, tmp_path: Path) -> None:
    store.ingest(feed(WATCH, TENT))
    other = Store(tmp_path / "c.sqlite")
    before = other.stamp
    store.set_offer("PUL-1", stock=1)
    assert other.stamp != before and other.version == 2
    assert other.touched(1) == {"pulsar-watch"} and other.touched(2) == frozenset()
    other.close()


def test_a_live_offer_is_taken_back_by_the_next_ingestion(store: Store) -> None:
    store.ingest(feed(WATCH))
    store.set_offer("PUL-1", stock=0)
    assert store.ingest(feed(WATCH)).changed == 1 and store.products() == [WATCH]


def test_a_live_offer_outlasts_a_file_that_says_nothing_new(store: Store) -> None:
    store.ingest(feed(WATCH, TENT))
    store.set_offer("PUL-1", price=Decimal("149.00"))
    report = store.ingest(feed(WATCH, TENT), keep_offers=True)
    assert (report.added, report.changed, report.removed, report.products) == (0, 0, 0, 2) and store.version == 2
    assert store.products()[0].variants[0].offer.price == Decimal("149.00")
    assert store.ingest(feed(WATCH, replace(TENT, title="Tent")), keep_offers=True).changed == 2, "what is new holds, all of it"
    assert store.products()[0] == WATCH


def test_a_file_takes_back_what_another_had_taken_over(store: Store) -> None:
    store.ingest(feed(WATCH))
    store.ingest(feed(replace(WATCH, title="Other"), source="other.csv"))
    store.ingest(feed(WATCH), keep_offers=True)
    assert store.products() == [WATCH]


def test_a_failing_ingestion_leaves_everything_as_it_was(store: Store) -> None:
    store.ingest(feed(TENT))
    broken = feed(WATCH, policies=(replace(policy(1, "shipping", "x"), number=object()),))  # type: ignore[arg-type]
    broken.policies.append(None)  # type: ignore[arg-type]
    with pytest.raises((TypeError, AttributeError)):
        store.ingest(broken)
    assert store.products() == [TENT] and store.version == 1 and store.sources == ["shop.csv"]
    store.ingest(feed(TENT, WATCH))


def test_it_is_there_again_after_a_restart(tmp_path: Path) -> None:
    first = Store(tmp_path / "c.sqlite")
    first.ingest(feed(*PRODUCTS))
    first.keep_vectors("e", [("text", np.arange(3, dtype=np.float32))])
    first.close()
    again = Store(tmp_path / "c.sqlite")
    assert again.products() == list(PRODUCTS) and again.version == 1
    assert again.vectors("e", ["text", "other"])["text"].tolist() == [0, 1, 2]
    assert again.vectors("another", ["text"]) == {}
    again.close()


@pytest.mark.parametrize("damage", ["garbage", "folder", "middle", "version"])
def test_a_file_that_is_no_catalogue_is_refused_with_what_to_do(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "c.sqlite"
    if damage == "garbage":
        path.write_bytes(b"not a database at all " * 100)
    elif damage == "folder":
        path.mkdir()
    else:
        store = Store(path)
        store.ingest(feed(*PRODUCTS))
        if damage == "version":
            store._db.execute("UPDATE meta SET value = 99 WHERE key = 'schema'")
        store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.close()
        if damage == "middle":
            data = path.read_bytes()
            path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    with pytest.raises(CatalogueError, match="move it away and ingest again"):
        Store(path)


def test_offers_find_their_products_without_a_look_at_the_others(store: Store) -> None:
    store.ingest(feed(WATCH, TENT))
    plan = store._db.execute(f"EXPLAIN QUERY PLAN {tables.WITH_SKUS}", ("[]",)).fetchall()
    assert not [step for *_, step in plan if step.startswith("SCAN products")]
    sold = replace(WATCH.variants[0], sku="PUL-2")
    store.ingest(feed(replace(WATCH, variants=(sold,))))
    assert [p.handle for p, _ in store.set_offers([NewOffer("PUL-2", stock=1)])[0]] == ["pulsar-watch"]
    for gone in ("PUL-1", "ALP-GRN"):
        with pytest.raises(UnknownSku):
            store.set_offer(gone, stock=1)


def test_a_catalogue_from_before_skus_were_kept_gets_them(store: Store) -> None:
    store.ingest(feed(WATCH, TENT))
    store._db.execute("DROP TABLE skus")
    again = Store(store.path)
    assert again.set_offer("ALP-GRN", stock=4).handle == "alpina-tent"
    again.close()
