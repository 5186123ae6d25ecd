"""The seller's own rundown: his words, facts as they are, and what no fact backs refused with its line."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import structlog

from agent.app import Progress, open_catalogue, rundown_of
from agent.config import ConfigError, load
from agent.guard import check
from agent.rundown import Rundown
from agent.script import Script, load_script, told
from agent.segment import PitchLine
from knowledge.facts import facts
from knowledge.product import Fact
from knowledge.shelf import Shelf
from knowledge.store import Store
from tests.shop import BOOTS, POLICIES, PRODUCTS, TENT, WATCH
from tests.test_rundown import EVERY_S, holds, take, with_offer

ROOT = Path(__file__).resolve().parent.parent
KNOWN = {product.handle: facts(product) for product in PRODUCTS} | {"": list(POLICIES)}
SCRIPT = """# Tonight

We have waited for this.

## Pulsar GPS Watch

- (hook) Look at your wrist, and imagine the **{name}** there.
- It runs for {battery}. Charge it at weekends.
- (price) All that for {price}.

## TRK-41

Rocky paths ahead? These boots are for you.
"""


def read(tmp_path: Path, text: str) -> Script:
    path = tmp_path / "rundown.md"
    path.write_text(text, encoding="utf-8")
    return load_script(path, {p.handle: p for p in PRODUCTS}, KNOWN.__getitem__, language="en", host="Mei")


def course(script: Script, known: dict[str, list[Fact]] = KNOWN, *, only: bool = True) -> Rundown:
    products = {p.handle: p for p in PRODUCTS}
    return Rundown(products, known.__getitem__, holds, host="Mei", language="en", seed=1, script=script, only=only)


def texts(lines: list[PitchLine]) -> list[str]:
    return [line.text for line in lines]


def test_it_is_said_in_its_order_with_the_facts_filled_in(tmp_path: Path) -> None:
    script = read(tmp_path, SCRIPT)
    assert not script.refused
    rundown = course(script)
    assert texts(take(rundown, 9))[2:] == [
        "We have waited for this.",
        "Look at your wrist, and imagine the Pulsar GPS Watch there.",
        "It runs for 14 days.",
        "Charge it at weekends.",
        "All that for €179.00.",
        "Rocky paths ahead?",
        "These boots are for you.",
    ]
    assert rundown.on_air == BOOTS.handle


def test_the_host_says_that_it_is_an_ai_before_anything_of_the_sellers(tmp_path: Path) -> None:
    assert "AI host" in take(course(read(tmp_path, SCRIPT)), 1)[0].text


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("Now 70 percent off!", "unbacked number 70"),
        ("Yours for $99.", "unbacked"),
        ("Write to me at me@example.com.", "contact"),
        ("It holds {capacity}.", "no value for {capacity}"),
        ("Read this: <b>bold</b> 2024.", "unbacked number 2024"),
    ],
)
def test_a_line_that_no_fact_backs_is_refused_with_its_line_and_the_rest_is_used(tmp_path: Path, line: str, why: str) -> None:
    script = read(tmp_path, f"## Pulsar GPS Watch\n\n- It tracks routes.\n- {line}\n- Fourteen days, or {{battery}}.\n")
    (refused,) = script.refused
    assert refused.number == 4 and why in refused.why and str(refused).startswith(str(tmp_path / "rundown.md, line 4: ".rstrip()))
    assert [each.template for each in script.segments[0].lines] == ["It tracks routes.", "Fourteen days, or {battery}."]
    report = told(script, tmp_path / "rundown.md")
    assert report[0] == "rundown rundown.md: 1 products, 2 lines, 1 left out" and str(refused) in report[1]


def test_numbers_that_a_fact_or_a_term_of_the_store_holds_may_be_spelled_out(tmp_path: Path) -> None:
    script = read(tmp_path, "## Pulsar GPS Watch\n- 48 g, and you have 14 days to send it back.\n- It is €179.\n")
    assert not script.refused


def test_headings_of_nothing_for_sale_and_what_cannot_be_spoken_are_refused(tmp_path: Path) -> None:
    tent = "## Alpina Tent\n- Up in five minutes.\n\n```\ncode\n```\n<!-- note -->\n"
    script = read(tmp_path, f"# Show\n\n## Unicorn\n- Look!\n\n{tent}")
    assert [(each.number, each.why.split(" ")[0]) for each in script.refused] == [(3, "no"), (9, "only")]
    assert [segment.handle for segment in script.segments] == [TENT.handle]


def test_a_spelled_out_price_is_left_out_once_it_has_changed_and_a_placeholder_follows_it(tmp_path: Path) -> None:
    script = read(tmp_path, "## Pulsar GPS Watch\n- It is €179.00 today.\n- I mean, {price}.\n")
    known = dict(KNOWN)
    rundown = course(script, known)
    spelled, filled = take(rundown, 4)[2:]
    assert any(fact.field == "price" for fact in spelled.cites), "it is taken back from the stage when the price changes"
    known[WATCH.handle] = facts(with_offer(price=Decimal("99.00")))
    assert rundown.again(spelled) is None
    now = rundown.again(filled)
    assert now is not None and now.text == "I mean, €99.00."


def test_what_the_file_leaves_out_comes_from_the_catalogue_unless_forbidden(tmp_path: Path) -> None:
    script = read(tmp_path, "## Pulsar GPS Watch\n- (hook) Your wrist called.\n- It tracks routes.\n")
    parts = [line.part for line in take(course(script, only=False), 22) if line.handle]
    assert parts[:5] == ["hook", "point", "price", "stock_few", "call"]
    assert "words" in parts[5:], "in later rounds the catalogue's lines stand in for those said of late"
    assert len(take(course(script, only=True), 12)) == 4


def test_a_timed_segment_waits_for_its_time_and_comes_next_then(tmp_path: Path) -> None:
    start = datetime(2026, 5, 1, 18, 0).astimezone()
    at = (start + timedelta(minutes=10)).strftime("%H:%M")
    tent = f"## Alpina Tent @ {at}\n- Up in five minutes.\n\n"
    script = read(tmp_path, f"## Pulsar GPS Watch\n- It tracks routes.\n\n{tent}## Glow Serum\n- Glow.\n")
    assert script.segments[1].at is not None
    clock = [start]
    rundown = Rundown(
        {p.handle: p for p in PRODUCTS}, KNOWN.__getitem__, holds, host="Mei", language="en", seed=1, script=script,
        now=lambda: clock[0],
    )  # fmt: skip
    before = [line.handle for line in take(rundown, 30) if line.handle]
    assert TENT.handle not in before and {WATCH.handle, "glow-serum"} <= set(before)
    clock[0] = start + timedelta(minutes=11)
    later = [rundown.next(1000.0 + n * EVERY_S) for n in range(30)]
    after = list(dict.fromkeys(line.handle for line in later if line and line.handle))
    assert after.index(TENT.handle) <= 1, "next after the segment in progress"


def test_a_file_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="correct \\[rundown\\] file"):
        load_script(tmp_path / "no.md", {}, lambda handle: [], language="en", host="Mei")
    (tmp_path / "latin.md").write_bytes("# Caf\xe9".encode("latin-1"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load_script(tmp_path / "latin.md", {}, lambda handle: [], language="en", host="Mei")


def test_the_projects_example_fits_its_catalogue(tmp_path: Path) -> None:
    config = load(ROOT / "hawker.toml")
    config = config.model_copy(
        update={"rundown": config.rundown.model_copy(update={"file": ROOT / "examples" / "rundown.md"})}
    )
    open_catalogue(config, tmp_path, Progress(lambda text: None)).close()
    store = Store(tmp_path / "catalogue.sqlite")
    with structlog.testing.capture_logs() as logs:
        rundown = rundown_of(config, Shelf(store))
    assert [(row["event"], row["products"], row["left_out"]) for row in logs] == [("rundown.read", 3, 0)]
    spoken = [line for n in range(60) if (line := rundown.next(n * EVERY_S))]
    assert {line.source for line in spoken} == {"seller", "plain"}
    assert any("$39.00" in line.text and "$49.00" in line.text and line.source == "seller" for line in spoken)
    assert all(check(line.text, [*store.facts(line.handle), *line.cites], language="en").ok for line in spoken if line.handle)
    store.close()
