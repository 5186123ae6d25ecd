"""The pitch: goes round the catalogue, only with lines that hold, from the facts as they are now."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from agent.guard import check
from agent.rundown import Rundown
from agent.said import Said
from agent.segment import PitchLine, patterns
from knowledge.facts import facts
from knowledge.lexicon import LANGUAGES
from knowledge.product import Fact, Product
from tests.shop import BOOTS, CANDLE, PRODUCTS, SERUM, TENT, WATCH


def holds(text: str, known: Sequence[Fact]) -> bool:
    return check(text, known, language="en").ok


def make(*products: Product, seed: int = 1, language: str = "en") -> Rundown:
    known = {product.handle: facts(product) for product in products}
    return Rundown({p.handle: p for p in products}, lambda h: known[h], holds, host="Mei", language=language, seed=seed)


EVERY_S = 31.0  # slow enough that the rundown never holds a line back


def take(rundown: Rundown, count: int, start: int = 0) -> list[PitchLine]:
    """The next lines; ``start`` are those that were asked for before."""
    return [line for n in range(start, start + count) if (line := rundown.next(n * EVERY_S))]


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
    after = " ".join(line.text for line in take(rundown, 20, 10)[8:])
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


def hours(rundown: Rundown, count: float) -> list[tuple[float, PitchLine]]:
    """Lines with the second at which they are said, at fifteen characters a second."""
    out, at = list[tuple[float, PitchLine]](), 0.0
    while at < count * 3600:
        if line := rundown.next(at):
            rundown.heard(line.text, at)
            out.append((at, line))
            at += len(line.text) / 15
        else:
            at += 1.0
    return out


def shortest_repeat(said: list[tuple[float, PitchLine]]) -> float:
    last, shortest = dict[str, float](), 1e9
    for at, line in said:
        shortest = min(shortest, at - last.get(line.text, -1e9))
        last[line.text] = at
    return shortest


@pytest.mark.parametrize(("products", "share"), [((WATCH,), 0.15), ((TENT, WATCH, SERUM), 0.4)])
def test_no_line_comes_again_within_half_an_hour_however_few_the_products(products: tuple[Product, ...], share: float) -> None:
    said = hours(make(*products), 1.2)
    assert shortest_repeat(said) > 1800
    spoken_s = sum(len(line.text) / 15 for _, line in said)
    assert spoken_s > share * 1.2 * 3600, "it talks on nevertheless"
    gaps = [after - at - len(line.text) / 15 for (at, line), (after, _) in pairwise(said)]
    assert max(gaps) < 45, "and is never silent for long"


def test_with_few_products_facts_are_told_in_other_words_and_together() -> None:
    parts = {line.part for _, line in hours(make(WATCH), 0.5)}
    assert {"hook", "words", "point", "pair", "price", "stock_few", "call", "invite"} <= parts


def test_a_segment_goes_from_the_hook_to_the_call() -> None:
    reviewed = replace(WATCH, attributes=(*WATCH.attributes, ("Customer rating", "4.6 of 5 from 212 reviews")))
    parts = [line.part for line in take(make(reviewed, TENT), 16) if line.handle == WATCH.handle]
    assert parts == ["hook", "words", "point", "point", "point", "price", "proof", "stock_few", "call"]


def test_proof_is_only_what_the_catalogue_backs() -> None:
    assert not any(line.part == "proof" for line in take(make(*PRODUCTS), 60))
    reviewed = replace(WATCH, attributes=(("Customer rating", "4.6 of 5 from 212 reviews"),))
    proof = [line.text for line in take(make(reviewed), 20) if line.part == "proof"]
    assert proof and all("4.6 of 5 from 212 reviews" in text for text in proof)


@pytest.mark.parametrize(("stock", "part"), [(40, "stock"), (10, "stock_few"), (1, "stock_one"), (None, "stock_some")])
def test_stock_is_told_as_it_is(stock: int | None, part: str) -> None:
    offer = replace(WATCH.variants[0].offer, stock=stock)
    lines = take(make(replace(WATCH, variants=(replace(WATCH.variants[0], offer=offer),))), 12)
    (told,) = [line for line in lines if line.part.startswith("stock")][:1]
    assert told.part == part and (stock is None or stock == 1 or str(stock) in told.text)


def test_a_line_about_stock_is_worded_anew_when_one_piece_is_left() -> None:
    known = {WATCH.handle: facts(WATCH)}
    rundown = Rundown({WATCH.handle: WATCH}, lambda h: known[h], holds, host="Mei", language="en", seed=1)
    line = next(line for line in take(rundown, 12) if line.part == "stock_few")
    known[WATCH.handle] = facts(with_offer(stock=1))
    now = rundown.again(line)
    assert now is not None and now.part == "stock_one" and "1" not in now.text
    known[WATCH.handle] = facts(with_offer(stock=0))
    assert rundown.again(line) is None


def with_offer(**changes: Any) -> Product:
    return replace(WATCH, variants=(replace(WATCH.variants[0], offer=replace(WATCH.variants[0].offer, **changes)),))


@pytest.mark.parametrize(("minutes", "told"), [(25, "25"), (29, "25"), (90, ""), (3, ""), (None, "")])
def test_the_end_of_a_sale_is_told_when_it_is_near_and_the_catalogue_says_so(minutes: int | None, told: str) -> None:
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    until = now + timedelta(minutes=minutes) if minutes else None
    product = with_offer(sale_price=Decimal("99.00"), sale_until=until)
    known = facts(product, now)
    rundown = Rundown(
        {product.handle: product}, lambda h: known, holds, host="Mei", language="en", seed=1, now=lambda: now
    )  # fmt: skip
    lines = take(rundown, 14)
    assert [line.part for line in lines].count("was") == 1
    ends = [line.text for line in lines if line.part == "sale"]
    assert bool(ends) == bool(told) and all(f" {told} " in text for text in ends)


def test_a_price_that_differs_by_variant_says_so() -> None:
    assert any("€12.00 to €18.00" in line.text and "version" in line.text for line in take(make(CANDLE), 10))


def test_memory_is_bounded_by_time_and_number() -> None:
    said = Said(window_s=60)
    for second in range(100_000):
        said.note(f"line {second}", second / 1000)
    assert len(said) <= 4_096 and said.lately("LINE  99999", 100.0) and not said.lately("line 1", 100.0)
    said.note("later", 1_000.0)
    assert len(said) == 1 and not said.lately("line 99999", 1_000.0)


PLACES = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_has_all_patterns_and_each_can_be_filled(language: str) -> None:
    english, own = patterns("en"), patterns(language)
    assert own.keys() == english.keys()
    for part, options in own.items():
        if part == "proof_words":
            continue
        texts = [text for several in options.values() for text in several] if part == "points" else options
        assert len(texts) == len(set(texts)) and len(texts) >= min(len(english[part]), 2)
        allowed = {"name", "host", "value", "value2", "label", "label2", "Label", "Label2", "count"}
        for text in texts:
            assert set(PLACES.findall(text)) <= allowed and not text.replace("{", "").startswith(" "), text
            assert part not in ("price", "was", "range", "point", "words", "feature", "proof") or "{value}" in text
            assert part not in ("was", "pair") or "{value2}" in text
            assert part not in ("stock", "stock_few", "sale") or "{count}" in text
            assert part not in ("hook", "back") or "{name}" in text
            assert part != "disclosure" or "{host}" in text


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_the_guard_passes_what_is_written_in_every_language(language: str) -> None:
    refused = list[str]()

    def judged(text: str, known: Sequence[Fact]) -> bool:
        verdict = check(text, known, language=language)
        if not verdict.ok:
            refused.append(f"{verdict.reason} {verdict.detail}: {text}")
        return verdict.ok

    known = {product.handle: facts(product) for product in PRODUCTS}
    rundown = Rundown(
        {p.handle: p for p in PRODUCTS}, lambda h: known[h], judged, host="Mei", language=language, seed=1
    )  # fmt: skip
    lines = hours(rundown, 0.4)
    assert len(lines) > 100 and not refused
    assert not any("{" in line.text or ".." in line.text for _, line in lines)
    assert any(word in lines[0][1].text for word in ("AI", "IA", "KI", "เอไอ", "एआई")), "it says what it is, to begin with"


def test_the_disclosure_is_said_even_when_every_wording_was_heard_of_late() -> None:
    rundown = make(WATCH)
    texts = [rundown.disclosure(60.0 * n).text for n in range(12)]
    assert all("AI host" in text for text in texts) and len(set(texts)) == len(patterns("en")["disclosure"])
    assert all(a != b for a, b in pairwise(texts))


def test_lines_that_are_peeked_at_are_told_as_they_are_when_they_are_told() -> None:
    known = {WATCH.handle: facts(WATCH)}
    rundown = Rundown({WATCH.handle: WATCH}, lambda h: known[h], holds, host="Mei", language="en", seed=1)
    before = [line.text for line in rundown.coming(9)]
    assert any("€179.00" in text for text in before) and rundown.on_air == ""
    known[WATCH.handle] = facts(with_offer(price=Decimal("99.00")))
    after = [line.text for line in take(rundown, 9)]
    assert after == [text.replace("€179.00", "€99.00") for text in before]
