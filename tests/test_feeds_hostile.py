"""Files that are broken, cut off, wrongly encoded or meant to do harm: good rows are kept, the rest is told."""

import time
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from openpyxl import Workbook

from knowledge.feeds import Feed, read
from knowledge.product import CatalogueError
from tests.feeds_shop import FILES, SHOP, lines

HEADER = "Handle,Title,SKU,Price,Barcode,Stock,Description,Image\n"


def write(folder: Path, text: str | bytes, name: str = "shop.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def csv_of(folder: Path, *rows: str | bytes) -> Feed:
    data = HEADER.encode() + b"".join(row.encode() if isinstance(row, str) else row for row in rows)
    return read(write(folder, data))


def test_a_row_that_the_file_ends_within_is_not_trusted(tmp_path: Path) -> None:
    feed = csv_of(tmp_path, "a,Lamp,L1,39.00,,5,bright,a.png\n", "b,Vase,V1,3")
    assert [p.title for p in feed.products] == ["Lamp"], "3 may have been 39.00"
    assert "ends within this row" in lines(feed)[3]
    feed = csv_of(tmp_path, "a,Lamp,L1,39.00,,5,bright,a.png\n", 'b,Vase,V1,39.00,,5,"blue')
    assert [p.title for p in feed.products] == ["Lamp"] and "quoted cell" in lines(feed)[3]


def test_an_endless_cell_costs_its_row_and_no_other(tmp_path: Path) -> None:
    feed = csv_of(
        tmp_path,
        f"a,Lamp,L1,39.00,,5,{'x' * 2_000_000},\n",
        f"b,{'y' * 9_000_000},B,1.00,,,,\n",
        "c,Vase,V1,9.00,,,,\n",
    )
    assert [p.title for p in feed.products] == ["Vase"]
    assert all("field larger" in lines(feed)[n] for n in (2, 3))
    feed = csv_of(tmp_path, f"a,Lamp,L1,39.00,,5,{'x' * 200_000},\n")
    assert feed.products[0].description == "" and "200,000 characters" in lines(feed)[2]


def test_nul_bytes_and_control_characters_are_dropped(tmp_path: Path) -> None:
    feed = csv_of(tmp_path, b"a,La\x00mp\x07,L1,39.00,,5,bri\x00ght,\n", "b,Vase" + " " * 300 + ",V1,9.00,,,,\n")
    assert [p.title for p in feed.products] == ["Lamp", "Vase"]


def test_a_line_in_another_encoding_is_read_and_told(tmp_path: Path) -> None:
    feed = csv_of(
        tmp_path, "a,Blütenhonig,H1,7.50,,,,\n", "b,Café,C1,3.00,,,,\n".encode("cp1252"), "c,Töpfe,T1,5.00,,,,\n"
    )
    assert [p.title for p in feed.products] == ["Blütenhonig", "Café", "Töpfe"]
    assert list(lines(feed)) == [3] and "Windows-1252" in lines(feed)[3]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_any_usual_encoding_is_told_from_the_file(tmp_path: Path, encoding: str) -> None:
    text = HEADER + "".join(f"h{n},Blütenhonig {n} süß und größer,H{n},7.50,,3,Für Gäste,\n" for n in range(30))
    feed = read(write(tmp_path, text.encode(encoding)))
    assert feed.products[4].title == "Blütenhonig 4 süß und größer" and not feed.warnings


@pytest.mark.parametrize(
    ("encoding", "title"), [("gb18030", "青花瓷茶具套装"), ("shift_jis", "有田焼の湯呑み"), ("cp1251", "Чайный набор")]
)
def test_encodings_of_other_scripts_are_told_too(tmp_path: Path, encoding: str, title: str) -> None:
    text = "Title,SKU,Price\n" + "".join(f"{title} {n},S{n},{n + 1}.50\n" for n in range(60))
    assert read(write(tmp_path, text.encode(encoding))).products[0].title == f"{title} 0"


def test_formulas_are_left_out_and_never_evaluated(tmp_path: Path) -> None:
    evil = ("=1+1", "=cmd|' /C calc'!A0", "+cmd|' /C calc'!A0", "@SUM(1+1)", "-HYPERLINK(A1)", "#REF!")
    feed = csv_of(
        tmp_path,
        *(f'h{n},"{text}",S{n},5.00,,,,\n' for n, text in enumerate(evil)),
        'ok,Lamp,="0012",5.00,,,- bright,\n',
    )
    assert [(p.title, p.variants[0].sku, p.description) for p in feed.products] == [("Lamp", "0012", "- bright")]
    assert feed.refused == len(evil) and all("formula" in row.why for row in feed.warnings)


def test_paths_out_of_the_folder_are_not_taken(tmp_path: Path) -> None:
    bad = (
        "../x.png",
        "/etc/passwd",
        "file:///etc/passwd",
        "C:\\x.png",
        "a/../../x",
        "javascript:alert(1)",
        "~root/x",
        "\\\\host\\x",
    )
    feed = csv_of(tmp_path, *(f"h{n},Lamp {n},S{n},5.00,,,,{image}\n" for n, image in enumerate(bad)))
    assert [p.image for p in feed.products] == [""] * len(bad) and feed.warned == len(bad)
    feed = csv_of(tmp_path, "../../etc/passwd,Lamp,S,5.00,,,,images/lamp.png\n")
    assert feed.products[0].handle == "etc-passwd" and feed.products[0].image == "images/lamp.png"


def test_scripts_in_descriptions_are_dropped(tmp_path: Path) -> None:
    markup = "<p onclick='x()'>Bright<script>alert(1)</script><style>p{}</style><iframe src=x>no</iframe> lamp</p>"
    assert csv_of(tmp_path, f'a,Lamp,L,5.00,,,"{markup}",\n').products[0].description == "Bright lamp"
    deep = "<div>" * 9_000 + "deep"
    assert csv_of(tmp_path, f'a,Lamp,L,5.00,,,"{deep}",\n').products[0].description == "deep"


def test_prices_that_no_host_may_say_are_refused(tmp_path: Path) -> None:
    prices = ("0", "0.00", "-5", "free", "10-20", "5.00 QQQ", "1e5", "NaN", "Infinity", "12.34.56", "9" * 40, "", "€")
    feed = csv_of(
        tmp_path, *(f"h{n},Thing {n},S{n},{price},,,,\n" for n, price in enumerate(prices)), "ok,Lamp,L,5.00,,,,\n"
    )
    assert [p.title for p in feed.products] == ["Lamp"]
    assert feed.refused == len(prices) and len(lines(feed)) == len(prices)


def test_skus_and_handles_that_come_twice_are_told(tmp_path: Path) -> None:
    feed = csv_of(
        tmp_path, "a,Lamp,L1,5.00,,,,\n", "a,Lamp,L1,6.00,,,,\n", "b,Vase,L1,7.00,,,,\n", "A,Mug,M1,8.00,,,,\n"
    )
    said = lines(feed)
    assert "stands twice in a" in said[3] and "on line 2 too" in said[4] and "was line 2's" in said[5]
    assert [(p.handle, len(p.variants)) for p in feed.products] == [("a", 1), ("b", 1)]


def test_a_broken_file_of_many_rows_has_a_short_report(tmp_path: Path) -> None:
    feed = csv_of(tmp_path, "ok,Lamp,L,5.00,,,,\n", *(f"h{n},Thing,S{n},none,,,,\n" for n in range(3_000)))
    assert feed.refused == 3_000 and len(feed.rejected) == 1_000


BOMB = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><rss><channel><item>&b;</item></channel></rss>'
OUTSIDE = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&x;</title></item></channel></rss>'


@pytest.mark.parametrize("text", [BOMB, OUTSIDE])
def test_xml_with_entities_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CatalogueError, match="DTD or entities"):
        read(write(tmp_path, text, "feed.xml"))


def test_xml_that_breaks_off_keeps_its_good_items(tmp_path: Path) -> None:
    text = (FILES / "google.xml").read_text()
    feed = read(write(tmp_path, text[: text.index("Alpina Tent")], "feed.xml"))
    assert [p.handle for p in feed.products] == ["trail-runner", "fir-candle"]
    assert "not valid XML from here on" in feed.rejected[-1].why and feed.rejected[-1].line > 60


@pytest.mark.parametrize("endless", ["<!--{}-->", "<{}>", '<item a="{}"/>', "<?x {}?>"])
def test_xml_with_an_endless_tag_or_comment_keeps_what_came_before(
    tmp_path: Path, endless: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.feeds.google.MAX_SILENT", 200_000)
    text, at = (FILES / "google.xml").read_text(), (FILES / "google.xml").read_text().rindex("<item>")
    harmful = text[:at] + endless.format("x" * 1_000_000) + text[at:]
    feed = read(write(tmp_path, harmful, "feed.xml"))
    assert [p.handle for p in feed.products[:2]] == ["trail-runner", "fir-candle"]
    assert "more than 200,000 characters" in feed.rejected[-1].why
    long = text[:at] + "<!--" + "x" * 150_000 + "-->" + text[at:]
    assert len(read(write(tmp_path, long, "feed.xml")).products) > len(feed.products) - 1, "a long comment is allowed"


LAMP, VASE, X = '{"title": "Lamp", "price": "5"}\n', '{"title": "Vase", "price": "6"}\n', "x" * 400_000


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("a.csv", "Title,SKU,Price" + ",x" * 400_000, None),
        ("a.csv", f"{HEADER}a,Lamp,L1,5.00,,,,\nb,{'x' * 400_000},L2,5.00,,,,\nc,Vase,V1,6.00,,,,\n", ["Lamp", "Vase"]),
        ("a.jsonl", f'{LAMP}{{"title": "{X}", "price": "5"}}\n{VASE}', ["Lamp", "Vase"]),
        ("a.json", f'[{{"title": "{"x" * 400_000}", "price": "5"}}]', None),
    ],
)  # fmt: skip
def test_a_line_without_end_is_told_and_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, kept: list[str] | None
) -> None:
    monkeypatch.setattr("knowledge.feeds.text.MAX_LINE", 100_000)
    monkeypatch.setattr("knowledge.feeds.tables.MAX_FIELD", 50_000)
    monkeypatch.setattr("knowledge.feeds.records.MAX_JSON", 300_000)
    path = write(tmp_path, text, name)
    if kept is None:
        with pytest.raises(CatalogueError):
            read(path)
    else:
        feed = read(path)
        assert [p.title for p in feed.products] == kept and feed.refused == 1


def test_xml_says_its_encoding_and_is_believed(tmp_path: Path) -> None:
    text = (
        (FILES / "google.xml")
        .read_text()
        .replace("UTF-8", "iso-8859-15")
        .replace("„", '"')
        .replace("“", '"')
        .replace("–", "-")
    )
    feed = read(write(tmp_path, text.encode("iso-8859-15", "xmlcharrefreplace"), "feed.xml"))
    assert feed.products[4].title == 'Blütenhonig "Süße Wiese"' and not feed.warnings


def test_json_that_breaks_off_keeps_its_good_products(tmp_path: Path) -> None:
    text = (FILES / "products.json").read_text()
    feed = read(write(tmp_path, text[: text.index("steel-bottle")], "products.json"))
    assert [p.handle for p in feed.products] == [p.handle for p in SHOP[:3]]
    assert feed.refused == 1 and feed.rejected[0].line > 100


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, "{" * 10, "[1,2,3]", '{"products": {}}', "[" + "9" * 5_000 + "]"]
)
def test_json_that_is_no_catalogue_is_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(CatalogueError):
        read(write(tmp_path, text, "x.json"))


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(32 << 20))
    with pytest.raises(CatalogueError, match="refused"):
        read(path)


def test_a_workbook_shows_values_and_hides_formulas(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["Title", "SKU", "Price", "EAN", "Stock"])
    sheet.append(["Lamp", 712, 19.990000000000002, 36000291452, 5])
    sheet.append(["Sum", "S", "=1+1", "", 1])  # never calculated by a spreadsheet: no value to show
    sheet.append(["Link", "K", 5, "4.00639E+12", "many"])
    book.save(tmp_path / "shop.xlsx")
    feed = read(tmp_path / "shop.xlsx")
    assert [(p.title, p.variants[0].sku, str(p.variants[0].offer.price), p.variants[0].gtin) for p in feed.products] == [
        ("Lamp", "712", "19.99", "036000291452"), ("Link", "K", "5", ""),
    ]  # fmt: skip
    assert lines(feed)[3] == "no price" and "stock" in " ".join(row.why for row in feed.warnings)


def test_a_sheet_that_lies_about_its_size_does_not_hang(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["Title", "Price"])
    book.active.append(["Lamp", 5])
    book.save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if "sheet1" in name:
                data = data.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"').replace(b'r="2"', b'r="99999999999"')
            new.writestr(name, data)
    with pytest.raises(CatalogueError, match="no product"):
        read(tmp_path / "b.xlsx")


@pytest.mark.parametrize(
    "unit",
    [
        "<a ",
        "<a b='",
        "<!--",
        "-|",
        "+(",
        "# ",
        "[",
        "*_",
        "&",
        "' ",
        "1.",
        "{",
        '"',
        "-->",
        "..",
        "?  ",
        "<div>",
        "=",
        "://",
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".html", ".md", ".xml", ".txt"])
def test_no_pattern_takes_time_that_grows_with_the_square(tmp_path: Path, unit: str, suffix: str) -> None:
    long = unit.replace('"', "''") * (90_000 // len(unit))
    table, page = HEADER + f'a,Lamp,L,5.00,,,"{long}",\n', f"<p># {long}\n{long[:4_000]}x\n"
    path, began = write(tmp_path, table if suffix == ".csv" else page, f"shop{suffix}"), time.perf_counter()
    with suppress(CatalogueError):
        read(path)
    assert time.perf_counter() - began < 2
