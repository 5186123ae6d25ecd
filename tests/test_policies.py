"""A store's own pages become statements, each with its field and line."""

from pathlib import Path

import pytest

from knowledge.feeds import read
from knowledge.product import CatalogueError

PAGE = """# Shipping

- Delivery to **Germany** takes 2 to 3 business days. Shipping is free from €50.
* See [our map](https://x/y) for zones.

Returns
=======
You can return anything within 14 days.\x07

1) Opened skincare cannot be returned.
"""


def test_statements_have_field_line_and_heading(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(PAGE, encoding="utf-8")
    feed = read(path)
    assert [(fact.field, fact.value, fact.source, fact.label) for fact in feed.policies] == [
        ("shipping", "Delivery to Germany takes 2 to 3 business days.", "page.md:3", "Shipping"),
        ("shipping", "Shipping is free from €50.", "page.md:3", "Shipping"),
        ("shipping", "See our map for zones.", "page.md:4", "Shipping"),
        ("returns", "You can return anything within 14 days.", "page.md:8", "Returns"),
        ("returns", "Opened skincare cannot be returned.", "page.md:10", "Returns"),
    ]
    assert feed.rows == 5 and len({fact.id for fact in feed.policies}) == 5


def test_plain_text_and_other_scripts(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_bytes("退货\n---\n七天内可以退货。 运费由买家承担。".encode("utf-16"))
    assert [fact.value for fact in read(path).policies] == ["七天内可以退货。", "运费由买家承担。"]


@pytest.mark.parametrize("text", ["# Only a heading\n", "\n\n---\n"])
def test_a_page_without_a_statement_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "page.md"
    path.write_text(text)
    with pytest.raises(CatalogueError, match="no text in it"):
        read(path)
