"""Shopify's export, old and new headers: every row is used or left out with its line and reason."""

from decimal import Decimal
from pathlib import Path

import pytest

from knowledge.feeds import Feed, read
from knowledge.feeds.markup import text_of
from knowledge.product import CatalogueError

OLD = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Option1 Name,Option1 Value,Variant SKU,Variant Grams,"
    "Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Compare At Price,"
    "Variant Barcode,Image Src,Status"
)
NEW = (
    "Title,URL handle,Description,Vendor,Type,Tags,Status,SKU,Barcode,Option1 name,Option1 value,Price,Compare-at price,"
    "Inventory tracker,Inventory quantity,Continue selling when out of stock,Product image URL,"
    "Material (product.metafields.custom.material)"
)


def feed(tmp_path: Path, *rows: str, header: str = OLD, encoding: str = "utf-8") -> Feed:
    path = tmp_path / "products.csv"
    path.write_bytes("\n".join([header, *rows]).encode(encoding))
    return read(path, currency="EUR")


def test_the_old_headers_with_variants_over_rows(tmp_path: Path) -> None:
    got = feed(
        tmp_path,
        'mug,Mug,"<p>A mug.</p>",Acme,Cup,"gift, home",Color,Red,MUG-R,300,shopify,5,deny,12.50,15.00,0012345678905,,active',
        "mug,,,,,,,Blue,MUG-B,300,shopify,0,deny,13.00,,,,",
        "mug,,,,,,,,,,,,,,,,https://x/2.png,",
    )
    (mug,) = got.products
    assert (mug.title, mug.description, mug.tags, mug.source) == ("Mug", "A mug.", ("gift", "home"), "products.csv:2")
    red, blue = mug.variants
    assert (red.sku, red.options, red.gtin) == ("MUG-R", (("Color", "Red"),), "0012345678905")
    assert red.gtin.startswith("00"), "leading zeros count"
    assert (red.offer.price, red.offer.compare_at, red.offer.stock, red.offer.currency) == (
        Decimal("12.50"), Decimal("15.00"), 5, "EUR",
    )  # fmt: skip
    assert blue.offer.stock == 0 and not blue.offer.available
    assert got.rows == 3 and got.rejected == []


def test_the_new_headers_with_metafields(tmp_path: Path) -> None:
    got = feed(
        tmp_path,
        "Lamp,lamp,A lamp.,Acme,Light,,Active,LMP,,Title,Default Title,40,,shopify,0,TRUE,,Oak",
        "Rug,rug,A rug.,Acme,Rug,,Active,RUG,,,,60,,,,FALSE,,",
        header=NEW,
    )
    lamp, rug = got.products
    assert lamp.attributes == (("Material", "Oak"),) and lamp.variants[0].options == ()
    assert lamp.variants[0].offer.available, "it may be sold beyond the stock"
    assert rug.variants[0].offer.stock is None and rug.variants[0].offer.available, "an untracked stock is not zero"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_whatever_the_encoding(tmp_path: Path, encoding: str) -> None:
    row = 'cafe,Café crème à 5 €,"Déjà vu, très « chic » — même l’été",Éclair,,,,,C-1,,,,,5,,,,active'
    (product,) = feed(tmp_path, row, encoding=encoding).products
    assert product.title == "Café crème à 5 €" and product.vendor == "Éclair"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("mug,Mug,,,,,,,M-1,,,,,abc,,,,", "'abc' is not an amount"),
        ("mug,Mug,,,,,,,M-1,,,,,-5,,,,", "price -5 is not above zero"),
        ("mug,Mug,,,,,,,M-1,,,,,NaN,,,,", "'NaN' is not an amount"),
        ("mug,Mug,,,,,,,M-1,,,,,,,,,", "no price"),
        (",Mug,,,,,,,M-1,,,,,5,,,,", "no handle"),
        ("mug,,,,,,,,M-1,,,,,5,,,,", "mug has no title"),
    ],
)
def test_rows_are_left_out_with_line_and_reason(tmp_path: Path, row: str, why: str) -> None:
    got = feed(tmp_path, "good,Good,,,,,,,G-1,,,,,5,,,,", row)
    assert [p.handle for p in got.products] == ["good"]
    assert (got.rejected[0].line, got.rejected[0].why) == (3, why)
    with pytest.raises(CatalogueError, match=r"no product in it; first problem: line 2"):
        feed(tmp_path, row)


@pytest.mark.parametrize("status", ["draft", "Archived"])
def test_what_is_not_for_sale_is_skipped_and_counted(tmp_path: Path, status: str) -> None:
    got = feed(tmp_path, "good,Good,,,,,,,G-1,,,,,5,,,,", f"mug,Mug,,,,,,,M-1,,,,,5,,,,{status}")
    assert [p.handle for p in got.products] == ["good"] and not got.rejected
    assert got.rows == 2 and got.skipped == 1


def test_a_last_row_that_is_cut_off_is_left_out_with_its_reason(tmp_path: Path) -> None:
    got = feed(tmp_path, "a,A", "b,B,,,,,,,,,,,,5", "", ",,,,", 'c,"C\nc",,,,,,,C-1,,shopify,x,deny,$5.00')
    assert [p.handle for p in got.products] == ["b"] and got.products[0].variants[0].sku == "b-1"
    assert {r.line for r in got.rejected} == {2, 6}
    assert any("ends within this row" in r.why for r in got.rejected)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>A</p><script>alert(1)</script><style>p{}</style><p>B</p>", "A\nB"),
        ("<ul><li>One</li><li>Two</li></ul>", "One\nTwo"),
        ("<table><tr><th>Weight</th><td>2 kg</td></tr></table>", "Weight: 2 kg"),
        ("5 &lt; 6 &amp; <b>bold</b>", "5 < 6 & bold"),
        ("a\u202eb\u200bc\x00", "abc"),
        ("http://example.com/<b>", "http://example.com/"),
    ],
)
def test_descriptions_become_plain_text(html: str, text: str) -> None:
    assert text_of(html) == text
