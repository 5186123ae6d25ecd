"""From a file into the catalogue: sale prices in their time, reports that add up, and memory that does not grow."""

import json
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from agent.app import ingest
from agent.commands import _print_report
from agent.config import Catalogue, ConfigError, load
from knowledge.facts import facts, next_change
from knowledge.feeds import Feed, read, stream
from knowledge.feeds.cells import CellError, amount, availability, gtin, moment
from knowledge.product import CatalogueError, Offer, Product, Variant
from knowledge.store import Store
from tests.feeds_shop import BEGINS, ENDS, FILES, NOW, SHOP

TENT = SHOP[2]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "shop.sqlite")


def price_facts(product: Product, now: datetime) -> dict[str, str]:
    return {fact.field: fact.value for fact in facts(product, now) if fact.field in ("price", "compare_at")}


def test_a_sale_price_holds_inside_its_window_and_nowhere_else() -> None:
    second = timedelta(seconds=1)
    assert price_facts(TENT, BEGINS - second) == {"price": "€259.00"}
    assert price_facts(TENT, BEGINS) == {"price": "€219.00", "compare_at": "€259.00"}
    assert price_facts(TENT, ENDS - second) == {"price": "€219.00", "compare_at": "€259.00"}
    assert price_facts(TENT, ENDS) == {"price": "€259.00"}


def test_the_next_change_of_prices_is_known() -> None:
    assert next_change(SHOP, BEGINS - timedelta(days=1)) == BEGINS
    assert next_change(SHOP, NOW) == ENDS
    assert next_change(SHOP, ENDS) is None


def test_what_ships_later_is_not_said_to_be_in_stock() -> None:
    hat = {fact.field: fact.value for fact in facts(SHOP[5], NOW)}
    assert hat["availability"] == "Can be pre-ordered" and "stock" not in hat
    lamp = {fact.field: fact.value for fact in facts(SHOP[6], NOW)}
    assert lamp["availability"].startswith("On backorder") and "stock" not in lamp
    assert [p.variants[0].offer.availability for p in SHOP[4:]] == ["in_stock", "preorder", "backorder", "out_of_stock"]


def test_products_come_out_of_the_store_as_they_went_in(store: Store) -> None:
    store.ingest(Feed("shop.csv", list(SHOP)))
    assert store.products() == list(SHOP)
    assert {f.value for f in store.facts("alpina-tent", NOW) if f.field == "price"} == {"€219.00"}


def test_a_live_price_ends_the_sale_that_the_feed_had_planned(store: Store) -> None:
    store.ingest(Feed("shop.csv", list(SHOP)))
    changed = store.set_offer("ALP-2P", price=Decimal("199.00"))
    assert price_facts(changed, NOW)["price"] == "€199.00"


def test_reading_a_file_again_changes_nothing_and_what_is_gone_goes(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "shop.jsonl"
    rows = (FILES / "plain.jsonl").read_text().splitlines(keepends=True)[:11]
    path.write_text("".join(rows))
    first, version = ingest(store, path, Catalogue()), store.version
    assert (first.products, first.added, first.changed, first.removed) == (8, 8, 0, 0)
    again = ingest(store, path, Catalogue())
    assert (again.added, again.changed, again.removed, store.version) == (0, 0, 0, version)
    path.write_text("".join(rows[:-1]).replace("Wool Hat", "Wool Cap"))
    third = ingest(store, path, Catalogue())
    assert (third.added, third.changed, third.removed, store.version) == (0, 1, 1, version + 1)


def test_a_file_that_breaks_while_it_is_read_changes_nothing(store: Store, tmp_path: Path) -> None:
    store.ingest(Feed("feed.xml", list(SHOP)))
    bad = tmp_path / "feed.xml"
    bad.write_text("<rss><channel></channel></rss>")
    with pytest.raises(CatalogueError, match="no product"):
        ingest(store, bad, Catalogue())
    assert store.products() == list(SHOP)


def test_a_product_that_two_files_tell_of_is_reported(store: Store, tmp_path: Path) -> None:
    store.ingest(Feed("first.csv", list(SHOP)))
    report = store.ingest(Feed("second.csv", [replace(TENT, title="Tent")]))
    assert "alpina-tent is in first.csv too" in report.warnings[0].why
    assert store.product("alpina-tent") == replace(TENT, title="Tent")


def test_the_report_adds_up_and_prints(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    report = ingest(store, FILES / "shopify_old.csv", Catalogue(currency="EUR"))
    assert report.rows == report.accepted + report.skipped + report.refused == 18
    assert (report.skipped, report.refused, report.warned) == (2, 4, 2)
    row = json.loads(json.dumps(report.json()))
    assert row["rejected"][0] == {"file": "shopify_old.csv", "line": 15, "why": "price 0.00 is not above zero"}
    assert row["columns"]["price"] == "Variant Price" and row["format"] == "Shopify CSV"
    _print_report(report)
    said = capsys.readouterr().out
    assert "18 rows, 12 taken, 2 off sale, 4 left out" in said
    assert "left out: line 15: price 0.00 is not above zero" in said and "price = Variant Price" in said


def test_the_seller_can_say_which_column_is_what(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("Ding,Wert,Nr,Preis alt\nLampe,39.00,7,49.00\n")
    config = tmp_path / "hawker.toml"
    config.write_text(
        '[catalogue]\nfiles = ["t.csv"]\ncolumns = { title = "Ding", price = "Wert", was = "Preis alt" }\n'
    )
    catalogue = load(config).catalogue
    feed = read(catalogue.files[0], columns=catalogue.columns)
    assert feed.products[0].title == "Lampe" and feed.products[0].variants[0].offer.compare_at == Decimal("49.00")
    assert {"title": "Ding", "price": "Wert", "was": "Preis alt"}.items() <= feed.columns.items()
    config.write_text('[catalogue.columns]\ntitel = "Ding"\n')
    with pytest.raises(ConfigError, match="line 2"):
        load(config)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15.00 USD", "15.00 USD"), ("1.299,50 €", "1299.50 EUR"), ("$1,299.50", "1299.50 USD"), ("1 299,50", "1299.50 EUR"),
        ("฿1,290", "1290 THB"), ("150.000₫", "150000 VND"), ("1,299", "1299 EUR"), ("CHF 1'299.-", "1299 CHF"),
        ("US$ 5", "5 USD"), ("１２．５０", "12.50 EUR"), ("₹1,23,456.00", "123456.00 INR"), ("0.125", "0.125 EUR"),
    ],
)  # fmt: skip
def test_amounts_as_sellers_write_them(text: str, expected: str) -> None:
    value, currency = amount(text, "EUR")
    assert f"{value} {currency}" == expected


def test_an_amount_that_may_be_two_is_settled_by_its_column_or_refused() -> None:
    with pytest.raises(CellError, match=r"may be 1299 or 1\.29"):
        amount("1.299", "EUR")
    assert amount("1.299", "EUR", comma=True)[0] == 1299


def test_barcodes_get_their_zeros_back_and_nothing_else() -> None:
    assert gtin("36000291452") == "036000291452" and gtin("4006381333931.0") == "4006381333931"
    assert gtin("4.006381333931E+12") == "4006381333931", "all digits are there"
    for bad in ("4.00639E+12", "4006381333932", "0", "ABC", "12345", "123456789012345"):
        with pytest.raises(CellError):
            gtin(bad)


def test_words_for_availability_and_windows_of_time() -> None:
    words = (
        "in stock",
        "in_stock",
        "https://schema.org/InStock",
        "http://schema.org/InStock/",
        "auf Lager",
        "有货",
        "TRUE",
    )
    assert {availability(word) for word in words} == {"in_stock"}
    assert [availability(w) for w in ("out of stock", "preorder", "BackOrder")] == [
        "out_of_stock",
        "preorder",
        "backorder",
    ]
    assert moment("2026-11-30", end=True) == (datetime(2026, 12, 1, tzinfo=UTC), False)
    assert moment("2026-11-30T23:59+0100", end=True)[0] == ENDS


def big(path: Path, megabytes: int) -> int:
    """A plain table of about that size: a product in three rows, a long description each. The number of products."""
    words, made = "sturdy bright useful " * 200, 0
    with path.open("w") as file:
        file.write("Handle,Title,SKU,Price,Size,Description\n")
        while file.tell() < megabytes << 20:
            for size in "SML":
                file.write(f"p{made},Product {made},S{made}-{size},{made % 90 + 1}.00,{size},{words}{made}\n")
            made += 1
    return made


def test_memory_does_not_grow_with_the_file(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.feeds.build.OPEN", 100)  # the window is what memory is made of
    peaks = []
    for megabytes in (2, 8):
        path = tmp_path / "big.csv"
        made = big(path, megabytes)
        tracemalloc.start()
        feed, products = stream(path)
        report = store.ingest(feed, products)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (report.products, report.rows, report.refused) == (made, made * 3, 0)
    assert peaks[1] < peaks[0] * 1.25 and peaks[1] < 6 << 20, peaks


def test_rows_of_a_product_may_stand_apart_but_not_endlessly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.feeds.build.OPEN", 5)
    path = tmp_path / "t.csv"
    rows = [f"p{n % 7},Product {n % 7},S{n},5.00,{n}\n" for n in range(14)]
    path.write_text("Handle,Title,SKU,Price,Size\n" + "".join(rows))
    feed = read(path)
    assert len(feed.products) == 7 and "belong together" in feed.rejected[0].why


def test_an_offer_without_a_sale_is_itself_at_any_time() -> None:
    offer = Offer(Decimal("5.00"), "EUR", Decimal("6.00"), 3)
    assert offer.at(NOW) == offer and not offer.on_sale(NOW)
    assert Variant("S", offer).offer.availability == "in_stock"


def test_what_differs_between_variants_is_not_said_of_the_product(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "Handle,Title,SKU,Price,Size,Weight,Material\n"
        "b,Bottle,B5,24.00,500 ml,310 g,Steel\nb,Bottle,B7,29.00,750 ml,390 g,Steel\nb,Bottle,B9,29.00,900 ml,390 g,Steel\n"
    )
    product = read(path).products[0]
    assert product.attributes == (("Weight", "310 g (500 ml), 390 g (750 ml; 900 ml)"), ("Material", "Steel"))


def xml(path: Path, megabytes: int) -> int:
    """A Google feed on one line, as machines write them; the number of its items."""
    item = (
        "<item><g:id>{0}</g:id><title>Thing {0}</title><g:price>5.00 EUR</g:price><description>{1}</description></item>"
    )
    made = 0
    with path.open("w") as file:
        file.write('<rss xmlns:g="http://base.google.com/ns/1.0"><channel>')
        while file.tell() < megabytes << 20:
            file.write(item.format(made, "sturdy bright useful " * 200))
            made += 1
        file.write("</channel></rss>")
    return made


def test_memory_does_not_grow_with_an_xml_feed_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.feeds.build.OPEN", 100)
    peaks = []
    for megabytes in (2, 6):
        made = xml(tmp_path / "feed.xml", megabytes)
        tracemalloc.start()
        feed, products = stream(tmp_path / "feed.xml")
        assert sum(1 for _ in products) == made == feed.rows
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.25 and peaks[1] < 6 << 20, peaks
