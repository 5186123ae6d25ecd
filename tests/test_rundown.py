"""The pitch: goes round the catalogue, only with lines that hold, from the facts as they are now."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from agent.guard import check
from agent.rundown import Rundown
from agent.segment import PitchLine
from knowledge.facts import facts
from knowledge.product import Fact, Product
from tests.shop import BOOTS, PRODUCTS, TENT, WATCH


def holds(text: str, known: Sequence[Fact]) -> bool:
    return check(text, known, language="en").ok


def make(*products: Product, seed: int = 1, language: str = "en") -> Rundown:
    known = {product.handle: facts(product) for product in products}
    return Rundown({p.handle: p for p in products}, lambda h: known[h], holds, host="Mei", language=language, seed=seed)


def take(rundown: Rundown, count: int) -> list[PitchLine]:
    return [line for _ in range(count) if (line := rundown.next())]


def test_it_opens_by_saying_what_the_host_is_and_goes_round() -> None:
    lines = take(make(TENT, WATCH), 40)
    assert lines[0].kind == "greeting" and "AI host" in lines[0].text
    handles = [line.handle for line in lines if line.kind == "pitch"]
    order = list(dict.fromkeys(handles))
    assert order == ["alpina-tent", "pulsar-watch"] and handles[-1] and handles.count("alpina-tent") > 8


def test_the_same_seed_gives_the_same_pitch_and_another_one_another() -> None:
    assert take(make(*PRODUCTS), 50) == take(make(*PRODUCTS), 50) != take(make(*PRODUCTS, seed=2), 50)


def test_prices_are_told_as_they_are_when_they_are_told() -> None:
    known = {"pulsar-watch": facts(WATCH)}
    rundown = Rundown({WATCH.handle: WATCH}, lambda h: known[h], holds, host="Mei", language="en", seed=1)
    before = " ".join(line.text for line in take(rundown, 10))
    cheaper = replace(WATCH.variants[0], offer=replace(WATCH.variants[0].offer, price=Decimal("99.00")))
    known["pulsar-watch"] = facts(replace(WATCH, variants=(cheaper,)))
    after = " ".join(line.text for line in take(rundown, 20)[8:])
    assert "€179.00" in before and "€99.00" in after and "€179.00" not in after


def test_sold_out_products_are_passed_over() -> None:
    gone = tuple(replace(v, offer=replace(v.offer, stock=0, available=False)) for v in BOOTS.variants)
    lines = take(make(replace(BOOTS, variants=gone), TENT), 30)
    assert {line.handle for line in lines if line.kind == "pitch"} == {"alpina-tent"}


def test_lines_that_no_fact_backs_are_left_out() -> None:
    product = replace(WATCH, title="Watch 3000")
    known = facts(WATCH)
    rundown = Rundown({product.handle: product}, lambda h: known, holds, host="Mei", language="en", seed=1)
    assert not any("3000" in line.text for line in take(rundown, 30))


def test_an_empty_or_sold_out_catalogue_ends_after_the_opening() -> None:
    assert all(line.kind == "greeting" for line in take(make(), 10))


def test_the_way_back_names_the_product() -> None:
    rundown = make(TENT)
    back = rundown.back("alpina-tent")
    assert back is not None and back.kind == "bridge" and "Alpina Tent" in back.text
    assert rundown.back("") is None and rundown.back("unknown") is None


def test_titles_are_never_read_as_patterns() -> None:
    product = replace(WATCH, title="Watch {0.__class__} {host} %s")
    lines = take(make(product), 12)
    assert any("{0.__class__}" in line.text for line in lines)


def test_a_language_without_patterns_is_pitched_in_english() -> None:
    assert take(make(TENT, language="xx"), 3) == take(make(TENT), 3)
