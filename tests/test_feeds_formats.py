"""The same shop in every format: each file ingests, and all tell of the same products."""

from pathlib import Path

import pytest
from openpyxl import Workbook

from knowledge.facts import facts
from knowledge.feeds import Feed, read
from knowledge.product import CatalogueError
from tests.feeds_shop import FILES, NOW, SHOP, Can, lines, told

FORMATS = {
    "shopify_old.csv": ("Shopify CSV", Can(later=("backorder",), window=False)),
    "shopify_new.csv": ("Shopify CSV", Can(later=("backorder",), window=False)),
    "products.json": ("Shopify JSON", Can(stock=False, later=(), window=False)),
    "google.xml": ("Google Merchant XML", Can(stock=False)),
    "google_atom.xml": ("Google Merchant XML", Can(stock=False)),
    "google.tsv": ("Google Merchant CSV", Can(stock=False)),
    "woocommerce.csv": ("WooCommerce CSV", Can(handle=False, later=("backorder",))),
    "woocommerce_de.csv": ("WooCommerce CSV", Can(handle=False, later=("backorder",))),
    "page.html": ("schema.org JSON-LD", Can(window=False)),
    "plain_de.csv": ("CSV", Can()),
    "plain.jsonl": ("JSON Lines", Can()),
}
# Rows that each file has beside the shop's, and what the report says of them: line → words of it.
ODD = {
    "shopify_old.csv": {15: "is not above zero", 16: "no title", 17: "stands twice", 19: "no handle"},
    "products.json": {378: "no price"},
    "google.xml": {172: "no price", 177: "not a currency"},
    "google.tsv": {13: "lost digits", 14: "taken as sold out"},
    "woocommerce.csv": {16: "without its parent"},
    "page.html": {309: "not valid JSON", 381: "no price"},
    "plain_de.csv": {13: "outside the catalogue's folder"},
    "plain.jsonl": {12: "not valid JSON", 14: "not above zero"},
}
EXTRA = ("Scientist", "Wordy", "Cmd Thing")  # products among the odd rows that are taken all the same


def read_fixture(name: str) -> Feed:
    return read(FILES / name, currency="EUR")


def workbook(path: Path) -> Path:
    """The plain table as a workbook: prices and barcodes are numbers, as in life, below a title and an empty row."""
    rows = [line.split(";") for line in (FILES / "plain_de.csv").read_text("cp1252").splitlines()[:12]]
    book = Workbook()
    book.active.append(["Notizen"])
    sheet = book.create_sheet("Artikel")
    sheet.append(["Unser Sortiment, Stand November"])
    sheet.append([])
    for at, row in enumerate(rows):
        cells: list[object] = [cell or None for cell in row]
        for column in (7, 10, 11, 14):
            if at and row[column]:
                number = float(row[column].replace(".", "").replace(",", ".").removesuffix(" €"))
                cells[column] = int(number) if number.is_integer() else number
        sheet.append(cells)
    book.save(path)
    return path


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_tells_of_the_same_shop(name: str) -> None:
    kind, can = FORMATS[name]
    feed = read_fixture(name)
    assert feed.format == kind
    assert told([p for p in feed.products if p.title not in EXTRA], can) == told(SHOP, can)


def test_a_workbook_tells_of_the_same_shop(tmp_path: Path) -> None:
    feed = read(workbook(tmp_path / "artikel.xlsx"))
    assert told(feed.products) == told(SHOP)
    assert feed.format == "XLSX" and not feed.rejected
    assert feed.products[0].source == "artikel.xlsx:4"


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_row_is_accounted_for(name: str) -> None:
    feed = read_fixture(name)
    variants = sum(len(product.variants) for product in feed.products)
    assert feed.rows >= variants + feed.skipped
    assert all(row.line > 0 and row.why and row.file == name for row in (*feed.rejected, *feed.warnings))


@pytest.mark.parametrize("name", sorted(ODD))
def test_odd_rows_are_told_with_their_line(name: str) -> None:
    said = lines(read_fixture(name))
    for line, words in ODD[name].items():
        assert words in said.get(line, ""), (line, said)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_descriptions_and_attributes_become_facts(name: str) -> None:
    values = {fact.value for product in read_fixture(name).products for fact in facts(product, NOW)}
    assert "Pitches in five minutes." in values
    assert not any("alert" in value or "<" in value.replace("5 < 6", "") for value in values)
    if name not in ("products.json", "google_atom.xml"):  # which have no place for attributes, or do not use it
        assert {"Ripstop nylon"} & values


def test_the_mapping_that_was_guessed_is_shown() -> None:
    feed = read_fixture("plain_de.csv")
    assert feed.columns["title"] == "Bezeichnung"
    assert feed.columns["price"] == "VK-Preis (EUR)"
    assert feed.columns["option Size"] == "Größe"
    assert feed.unused == ["EK-Preis"], "what a product costs the seller is never a fact"


def test_a_formula_is_never_taken_and_a_phone_number_is() -> None:
    product = read_fixture("plain_de.csv").products[-1]
    assert product.title == "Cmd Thing" and product.description == "" and product.image == ""
    assert dict(product.attributes)["Material"] == "+66 81 234 5678"
    assert product.variants[0].gtin == "", "4006381333932 has a wrong check digit"
    assert product.variants[0].offer.stock == 0


def test_store_pages_become_statements_under_their_questions(tmp_path: Path) -> None:
    faq = read(FILES / "faq.txt").policies
    assert [(f.label, f.value) for f in faq] == [
        ("Do you ship to Canada?", "Yes, in 5 to 8 business days."),
        ("Can I pay in instalments?", "No."),
        ("Can I pay in instalments?", "We take cards and PayPal."),
        ("Returns", "Returns are free for 30 days."),
    ]
    page = read(FILES / "policies.md").policies
    assert [f.field for f in page] == ["shipping", "shipping", "returns", "returns"]
    assert page[0].value == "Shipping is free over €50, otherwise €4.90." and page[0].source == "policies.md:4"


def test_a_pdf_tells_what_its_text_says() -> None:
    feed = read(FILES / "returns.pdf")
    assert feed.format == "PDF"
    assert [(f.label, f.value, f.source) for f in feed.policies] == [
        ("Returns", "You can return anything within 30 days, in the box that it came in.", "returns.pdf:1"),
        ("Returns", "Refunds take 5 days.", "returns.pdf:1"),
        ("Warranty", "Two years on every lamp.", "returns.pdf:2"),
    ]


def test_files_of_no_known_format_are_refused_with_what_to_do(tmp_path: Path) -> None:
    for name, data in {
        "old.xls": b"\xd0\xcf\x11\xe0" + bytes(100), "shop.png": b"\x89PNG\r\n", "a.zip": b"\x1f\x8b123", "b.csv": b"",
        "c.bin": bytes(range(256)) * 20, "d.xlsx": b"not a workbook", "e.html": b"<html><p>Hello</p></html>",
        "f.csv": b"colour of sky,mood\nblue,good\n", "g.json": b'{"a": 1}', "h.xml": b"<svg></svg>", "i": b"just words",
    }.items():  # fmt: skip
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(CatalogueError) as caught:
            read(path)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)
