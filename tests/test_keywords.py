"""Search by word, code and misspelt name, kept up with the catalogue in a file of its own."""

import os
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from knowledge.embed import open_embedder
from knowledge.feeds import Feed
from knowledge.index import FactIndex
from knowledge.keywords import Entry, Keywords
from knowledge.product import Product
from knowledge.retrieve import Retriever
from knowledge.store import Store
from tests.shop import POLICIES, PRODUCTS, TENT


def entry(handle: str, title: str, kind: str = "", body: str = "", **codes: str) -> Entry:
    return Entry(handle, "", title.encode(), title, kind, body, tuple((code, sku) for sku, code in codes.items()))


@pytest.fixture
def keywords(tmp_path: Path) -> Iterator[Keywords]:
    out = Keywords(tmp_path / "words.sqlite")
    rows = [
        entry("moka", "Napoli Moka Pot", "Coffee Maker", "aluminium, not for induction", MOK="4006381333931"),
        entry("tee", "宇治抹茶 Ceremonial Matcha", "Tea", "stone ground"),
        entry("honey", "น้ำผึ้งดอกลำไย", "Honey", "ส่งฟรี raw"),
        entry("press", "Terra French Press", "Coffee Maker", "steel, holds a litre of café crème"),
    ]
    with out.change("1"):
        assert all([out.bring(row.handle, [row]) for row in rows])
    yield out
    out.close()


def handles(keywords: Keywords, text: str, k: int = 5) -> list[str]:
    return [handle for handle, _, _ in keywords.search(text, k)]


def test_names_weigh_more_than_kinds_and_texts(keywords: Keywords) -> None:
    assert handles(keywords, "a coffee pot")[0] == "moka"
    assert handles(keywords, "CAFE creme") == ["press"]
    assert handles(keywords, "induction", 1) == ["moka"] and not keywords.search("induction", 3, names=True)


def test_scripts_without_spaces_are_found_by_pairs(keywords: Keywords) -> None:
    assert handles(keywords, "抹茶多少钱") == ["tee"]
    assert handles(keywords, "น้ำผึ้งราคาเท่าไหร่")[0] == "honey"


def test_misspelt_names_are_put_right(keywords: Keywords) -> None:
    assert handles(keywords, "napolli") == ["moka"] and handles(keywords, "matha") == ["tee"]
    assert handles(keywords, "qqqqq") == []


def test_codes_are_exact(keywords: Keywords) -> None:
    assert keywords.by_code("4006381333931") == ("moka", "MOK")
    assert keywords.by_code("400638133393") is None


def test_what_is_replaced_and_dropped_is_not_found(keywords: Keywords) -> None:
    before = set(keywords.ids(cards=True))
    with keywords.change("2"):
        assert keywords.bring("moka", [entry("moka", "Roma Percolator")]) and keywords.bring("tee", [])
        assert not keywords.bring("honey", [entry("honey", "น้ำผึ้งดอกลำไย", "Honey", "ส่งฟรี raw")])
    assert handles(keywords, "napoli") == [] and handles(keywords, "percolator") == ["moka"]
    assert handles(keywords, "抹茶") == [] and keywords.by_code("4006381333931") is None and keywords.version == "2"
    assert sorted(keywords.handles()) == ["honey", "moka", "press"]
    (new,) = set(keywords.ids(cards=True)) - before
    with keywords.change():
        keywords.bring("moka", [])
        keywords.bring("cup", [entry("cup", "Cup")])
    assert max(keywords.ids(cards=True)) > new, "an id is never used again: vectors go by it"


def test_a_change_that_was_not_finished_never_was(keywords: Keywords) -> None:
    with pytest.raises(KeyError), keywords.change("2"):
        keywords.bring("new", [entry("new", "Unheard Of")])
        raise KeyError
    assert handles(keywords, "unheard") == [] and keywords.version == "1"


@pytest.mark.parametrize("content", [b"", b"not a database", os.urandom(9000), b"SQLite format 3\x00" + bytes(5000)])
def test_a_damaged_file_is_begun_anew(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "words.sqlite"
    path.write_bytes(content)
    found = Keywords(path)
    assert found.version == "" and found.count() == 0
    found.close()


# -- the whole index, as the catalogue changes ----------------------------------------------------------------------


def opened(store: Store) -> FactIndex:
    return FactIndex.build(store, open_embedder())


def ingest(store: Store, *products: Product) -> None:
    store.ingest(Feed("shop.csv", list(products), list(POLICIES), len(products)))


def test_the_index_follows_the_catalogue(tmp_path: Path) -> None:
    store = Store(tmp_path / "c.sqlite")
    ingest(store, *PRODUCTS)
    first = opened(store)
    assert first.search_keywords("tent", 1)[0][0].handle == "alpina-tent"
    first.close()
    ingest(store, *(p for p in PRODUCTS if p is not TENT), replace(TENT, handle="kuppel", title="Kuppel Shelter"))
    second = opened(store)
    assert second.search_keywords("alpina", 1) == [] and second.by_code("is ALP-GRN there?") == ("kuppel", "ALP-GRN")
    vector = second.embedder.query(["shelter for camping"])[0]
    assert second.search_products(vector, 1)[0][0].handle == "kuppel"
    assert {fact.handle for fact, _ in second.search_vector(vector, 99)} <= {p.handle for p in store.products()} | {""}
    second.close()
    store.close()


def test_a_new_price_is_told_at_once_and_changes_no_vector(tmp_path: Path) -> None:
    store = Store(tmp_path / "c.sqlite")
    ingest(store, *PRODUCTS)
    found = Retriever(store, opened(store), open_embedder())
    assert "219" in found.find("how much is the tent?").facts[0].fact.value
    names = found.naming.names("x", "en")
    store.set_offer("ALP-GRN", price=Decimal("99.00"))
    store.set_offer("ALP-ORG", price=Decimal("99.00"))
    assert "99" in found.find("how much is the tent?").facts[0].fact.value
    assert found.naming.names("x", "en") is names, "no name changed"
    found.index.close()
    store.close()


@pytest.mark.parametrize("name", ["c.cards.faiss", "c.facts.faiss.json", "c.words.sqlite"])
def test_a_lost_or_broken_part_is_made_anew(name: str, tmp_path: Path) -> None:
    store = Store(tmp_path / "c.sqlite")
    ingest(store, *PRODUCTS)
    opened(store).close()
    for harm in (lambda path: path.unlink(), lambda path: path.write_bytes(b"broken")):
        harm(tmp_path / name)
        index = opened(store)
        assert index.search_keywords("tent", 1)[0][0].handle == "alpina-tent"
        assert index.search_products(index.embedder.query(["camping tent"])[0], 1)[0][0].handle == "alpina-tent"
        index.close()
    store.close()


def test_a_large_catalogue_is_read_against_the_names_that_are_near(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.naming.WHOLE_UP_TO", 0)
    store = Store(tmp_path / "c.sqlite")
    ingest(store, *PRODUCTS)
    found = Retriever(store, FactIndex.build(store, open_embedder(), whole=False), open_embedder())
    for question, fact in (
        ("how much is the pulsar watch?", "pulsar-watch/price"), ("帐篷多少钱", "alpina-tent/price"),
        ("PUL-1 warranty?", "pulsar-watch/warranty"), ("trekkr boots material", "trekker-boots/material"),
        ("berat tendanya berapa", "alpina-tent/weight"),
    ):  # fmt: skip
        assert found.find(question).facts[0].fact.id == fact
    assert found.find("how much is it?", on_air="fir-candle").facts[0].fact.id == "fir-candle/price"
    assert found.find("do you sell cars?").unsold
    assert not found.find("what's the cheapest thing you have?").facts, "the extreme of a part is not told for the whole"
    found.index.close()
    store.close()
