"""The catalogue changes under a running show: what is said from then on is true. In virtual time."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent.answer import phrasebook
from agent.app import _cards
from agent.changes import Ledger, correction
from agent.config import Config
from agent.director import Director
from agent.follow import POLL_S, Follower
from agent.guard import check
from agent.journal import Journal
from agent.rundown import Rundown
from agent.triage import Triage
from agent.turn import Desk
from connectors.events import ChatEvent
from knowledge.facts import facts
from knowledge.feeds import Feed
from knowledge.index import FactIndex
from knowledge.lexicon import LANGUAGES
from knowledge.offers import NewOffer
from knowledge.product import Product
from knowledge.retrieve import Retriever
from knowledge.shelf import Change, Shelf
from knowledge.store import Store
from renderer.media import FPS, Card
from renderer.stage import Cue, Stage
from tests.shop import BOOTS, POLICIES, PRODUCTS, SERUM, TENT, WATCH, shop_at
from tests.shop import retriever as shop
from tests.test_director import Face, Show, Sink, Voice
from tests.virtual import Inline, VirtualLoop, run

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
When = float | Callable[[Cue], bool]  # a second of the show, or the first cue that fits


class Slow(Inline):
    """A voice that takes its time."""

    async def run(self, job: Any, *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(1.2)
        return job(*args, **kwargs)


@dataclass
class Cards:
    """An overlay that keeps what card was drawn on which frame."""

    seen: dict[int, Card | None] = field(default_factory=dict)

    def draw(self, planes: Any, *, card: Card | None, t: int, **_: Any) -> None:
        self.seen[t] = card


def put(store: Store, products: Sequence[Product] = PRODUCTS) -> None:
    store.ingest(Feed("shop.csv", list(products), list(POLICIES), len(products)))


def play(
    folder: Path, seconds: float, steps: Sequence[tuple[When, Callable[[Store], object]]],
    comments: Sequence[tuple[float, str]] = (), *, products: Sequence[Product] = PRODUCTS, slow: bool = False,
    overlay: Cards | None = None,
) -> Show:  # fmt: skip
    """A show that follows a catalogue; ``steps`` are done to that by another connection, as another process would."""
    show, path = Show(folder / "j.sqlite"), shop_at(folder / "c.sqlite")

    async def main(loop: VirtualLoop) -> None:
        def now() -> datetime:
            return START + timedelta(seconds=loop.time())

        writer = Store(path)
        put(writer, products)
        own, theirs = Shelf(Store(path), now), Store(path)
        index = FactIndex.build(theirs, shop().embedder, now=now)
        retriever = Retriever(theirs, index, shop().embedder)
        stage = Stage(Face(), overlay or Cards(), worker=Inline(), clock=loop.time)  # type: ignore[arg-type]
        journal = Journal(show.journal, title="t", config="{}", catalogue_version=1, began="now")
        rundown = Rundown(
            own, lambda handle: own.store.facts(handle, now()), lambda text, known: check(text, known, language="en").ok,
            host="Mei", language="en", seed=1,
        )  # fmt: skip
        director = Director(
            Config(), triage=Triage(), rundown=rundown, desk=Desk(retriever, Inline(), None, "warm"),  # type: ignore[arg-type]
            voice=Voice(), speakable=frozenset({"en"}), voice_worker=Slow() if slow else Inline(), stage=stage, journal=journal,  # type: ignore[arg-type]
            card=_cards(own.store), tell=show.told.append, clock=loop.time,
        )  # fmt: skip
        follower = Follower(own, retriever, Inline(), director.changed, now=now)  # type: ignore[arg-type]
        waiting = [(when, step) for when, step in steps if not isinstance(when, float | int)]

        def cue(cue: Cue) -> None:
            show.cues.append(cue)
            director.cue(cue)
            for pair in [pair for pair in waiting if pair[0](cue)]:
                waiting.remove(pair)
                pair[1](writer)

        stage.on_cue = cue
        for when, step in steps:
            if isinstance(when, float | int):
                loop.call_at(when, step, writer)
        for number, (at, text) in enumerate(comments):
            loop.call_at(at, director.hear, ChatEvent("web", f"e{number}", f"Viewer{number}", text, user_id=f"u{number}"))
        tasks = [loop.create_task(director.run()), loop.create_task(follower.run())]
        await stage.run([Sink()], seconds=seconds)
        assert not any(task.done() for task in tasks), tasks
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        journal.close()
        assert not waiting, "each change was made"
        for each in (writer, own.store, theirs, index):
            each.close()

    run(main)
    return show


def price(sku: str, amount: str) -> Callable[[Store], object]:
    return lambda store: store.set_offer(sku, price=Decimal(amount))


def stock(sku: str, count: int) -> Callable[[Store], object]:
    return lambda store: store.set_offer(sku, stock=count)


def later(seconds: float, step: Callable[[Store], object]) -> Callable[[Store], object]:
    return lambda store: asyncio.get_running_loop().call_later(seconds, step, store)


def emptied(product: Product) -> Product:
    """A product of which nothing is left."""
    return replace(
        product, variants=tuple(replace(v, offer=replace(v.offer, stock=0, available=False)) for v in product.variants)
    )


def boots_at(amount: str) -> Callable[[Store], object]:
    return lambda store: store.set_offers([NewOffer("TRK-41", Decimal(amount)), NewOffer("TRK-42", Decimal(amount))])


def starts(text: str) -> Callable[[Cue], bool]:
    return lambda cue: cue.kind == "start" and text in cue.utterance.text


def ends(text: str) -> Callable[[Cue], bool]:
    return lambda cue: cue.kind == "end" and text in cue.utterance.text


def after(show: Show, text: str) -> list[str]:
    """What was said after the sentence with this text."""
    said = [utterance.text for utterance in show.said]
    return said[next(i for i, each in enumerate(said) if text in each) + 1 :]


@pytest.mark.parametrize("slow", [False, True])
def test_a_question_after_a_change_is_answered_with_the_new_price(tmp_path: Path, slow: bool) -> None:
    show = play(tmp_path, 60, [(20.0, price("PUL-1", "149.00"))], [(5.0, "how much is the watch?"), (20.0, "watch price?")],
                slow=slow)  # fmt: skip
    first, second = show.texts("answer")
    assert "€179.00" in first and "€149.00" in second and not show.texts("correction")
    rows = show.rows("SELECT sku, field, old, new, catalogue_version FROM changes")
    assert rows == [("PUL-1", "price", "€179.00", "€149.00", 2)]


def test_a_queued_answer_is_composed_again_and_never_heard_as_it_was(tmp_path: Path) -> None:
    asked = [(10.0, "how much is the tent?"), (10.0, "how much is the watch?"), (10.0, "how much is the serum?")]
    # In the last seconds of the answer about the tent, which comes second, the third waits on the stage.
    changes = [(starts("€219.00"), later(3.2, lambda store: store.set_offers([NewOffer("GLO-30", Decimal("21.00"))])))]
    show = play(tmp_path, 60, changes, asked)
    said = " ".join(show.texts("answer"))
    assert "€179.00" in said and "€219.00" in said and "€21.00" in said and "€26.00" not in said
    assert not show.texts("correction")
    ((kind, outcome, reason),) = set(show.rows("SELECT kind, outcome, reason FROM revisions"))
    assert (kind, outcome) == ("answer", "rewritten") and "/price was €" in reason
    assert {row[0] for row in show.rows("SELECT decision FROM comments")} == {"answered"}
    assert [row[0] for row in show.rows("SELECT outcome FROM turns")].count("rewritten") == 1
    turns = [row[0] for row in show.rows("SELECT turn FROM comments")]
    spoken = {u.turn for u in show.said if u.kind == "answer"}
    assert set(turns) == spoken, "each comment is on record with the turn that viewers heard"
    replies = [m for m in show.told if m["type"] == "reply"]
    assert len(replies) == 3


def test_an_answer_that_changes_while_it_is_voiced_is_composed_again(tmp_path: Path) -> None:
    show = play(tmp_path, 40, [(10.3, price("PUL-1", "149.00"))], [(10.0, "how much is the watch?")], slow=True)
    assert len(show.texts("answer")) == 1 and "€149.00" in show.texts("answer")[0]


def test_an_answer_that_has_begun_is_finished_and_put_right(tmp_path: Path) -> None:
    show = play(tmp_path, 40, [(starts("€179.00"), price("PUL-1", "149.00"))], [(10.0, "how much is the watch?")])
    (answer,) = show.texts("answer")
    assert "€179.00" in answer and after(show, answer)[0] == "Correction: the price of the Pulsar GPS Watch is now €149.00."
    assert show.rows("SELECT kind, outcome FROM revisions") == [("answer", "corrected")]
    assert len([cue for cue in show.cues if cue.kind == "end" and cue.utterance.text == answer]) == 1, "it was heard whole"
    replies = [message["text"] for message in show.told if message["type"] == "reply"]
    assert replies == [answer, "Correction: the price of the Pulsar GPS Watch is now €149.00."], "the chat is put right too"


def test_two_changes_while_one_sentence_is_heard_end_with_what_holds(tmp_path: Path) -> None:
    show = play(
        tmp_path, 40, [(starts("€179.00"), price("PUL-1", "149.00")), (ends("€179.00"), price("PUL-1", "139.00"))],
        [(10.0, "how much is the watch?")],
    )  # fmt: skip
    told = show.texts("correction")
    assert told[-1] == "Correction: the price of the Pulsar GPS Watch is now €139.00." and len(told) <= 2


def test_a_pitch_line_is_told_with_the_new_price(tmp_path: Path) -> None:
    plain = play(tmp_path, 30, [(1.0, lambda store: None)])
    line = next(text for text in plain.texts("pitch") if "€149.90" in text)
    before = plain.texts("greeting", "pitch")[plain.texts("greeting", "pitch").index(line) - 1]
    (tmp_path / "two").mkdir()
    show = play(tmp_path / "two", 30, [(starts(before), boots_at("99.90"))])
    assert line.replace("€149.90", "€99.90") in show.texts("pitch") and not any("€149.90" in text for text in show.texts("pitch"))
    assert not show.texts("bridge")
    same = [text.replace("€99.90", "€149.90") for text in show.texts("greeting", "pitch")]
    assert same == plain.texts("greeting", "pitch")[: len(same)], "nothing is lost, said twice or out of order"


def test_a_pitch_line_that_is_held_for_an_answer_is_rewritten(tmp_path: Path) -> None:
    plain = play(tmp_path, 30, [(1.0, lambda store: None)])
    line = next(text for text in plain.texts("pitch") if "€149.90" in text)
    before = plain.texts("greeting", "pitch")[plain.texts("greeting", "pitch").index(line) - 1]
    at = next(cue.pts for cue in plain.cues if cue.kind == "start" and cue.utterance.text == before) / 24_000
    (tmp_path / "two").mkdir()
    comments = [(at + 0.5, "how heavy is the tent?"), (at + 0.5, "how heavy is the watch?")]
    show = play(tmp_path / "two", 40, [(starts("2.6 kg"), boots_at("99.90"))], comments)
    assert not any("€149.90" in text for text in show.texts("pitch")) and any("€99.90" in text for text in show.texts("pitch"))


def test_a_pitch_line_that_has_begun_is_put_right(tmp_path: Path) -> None:
    show = play(tmp_path, 40, [(starts("€149.90"), price("TRK-41", "99.90"))])
    line = next(text for text in show.texts("pitch") if "€149.90" in text)
    assert after(show, line)[0] == "Correction: the price of the Trekker 500 Hiking Boots is now €99.90 to €149.90."


def test_a_count_that_goes_down_needs_no_correction_but_sold_out_does(tmp_path: Path) -> None:
    def told(cue: Cue) -> bool:
        return cue.kind == "start" and " 5 " in cue.utterance.text

    show = play(tmp_path, 40, [(told, stock("TRK-41", 4))])
    assert not show.texts("correction")
    (tmp_path / "two").mkdir()
    show = play(tmp_path / "two", 40, [(told, stock("TRK-41", 0))])
    assert show.texts("correction") == ["Correction: the Trekker 500 Hiking Boots is now sold out."]


def test_a_variant_that_is_sold_out_while_it_is_told_is_named(tmp_path: Path) -> None:
    asked = [(5.0, "do you have the tent in orange?")]
    show = play(tmp_path, 30, [(starts("We have 2 of the Alpina Tent in Orange"), stock("ALP-ORG", 0))], asked)
    assert show.texts("correction") == ["We are sold out of the Alpina Tent in Orange right now."]


def test_what_is_sold_out_or_gone_is_pitched_no_more(tmp_path: Path) -> None:
    def empty(store: Store) -> None:
        stock("TRK-41", 0)(store)
        put(store, [emptied(BOOTS), WATCH, SERUM])

    show = play(tmp_path, 120, [(starts("Ankle-high"), empty)])
    rest = [utterance for utterance in show.said if utterance.kind == "pitch"]
    at = next(i for i, utterance in enumerate(rest) if "Ankle-high" in utterance.text)
    later = {utterance.meta["handle"] for utterance in rest[at + 1 :]}
    assert later == {"pulsar-watch", "glow-serum"}


def test_a_catalogue_that_comes_back_is_pitched_again(tmp_path: Path) -> None:
    show = play(tmp_path, 60, [(5.0, lambda store: put(store, [emptied(SERUM)])), (30.0, stock("GLO-30", 7))])
    assert any("Glow Serum" in text for text in show.texts("pitch"))


def test_a_sale_that_begins_is_told_with_nothing_written(tmp_path: Path) -> None:
    offer = replace(WATCH.variants[0].offer, sale_price=Decimal("149.00"), sale_from=START + timedelta(seconds=20))
    sale = [replace(WATCH, variants=(replace(WATCH.variants[0], offer=offer),)), TENT]
    show = play(tmp_path, 60, [(1.0, lambda store: None)], [(5.0, "how much is the watch?"), (25.0, "how much is the watch?")],
                products=sale)  # fmt: skip
    first, second = show.texts("answer")
    assert "€179.00" in first and "€149.00" in second and "regular price €179.00" in second
    assert ("price", "€179.00", "€149.00") in show.rows("SELECT field, old, new FROM changes")


def test_the_card_on_screen_shows_the_new_price_within_a_second(tmp_path: Path) -> None:
    cards, moment = Cards(), list[int]()

    def cheaper(store: Store) -> None:
        price("TRK-41", "99.90")(store)
        moment.append(max(cards.seen))

    play(tmp_path, 20, [(starts("Ankle-high"), cheaper)], overlay=cards)
    shown = {t: card.price for t, card in cards.seen.items() if card and "Trekker" in card.title}
    first = min(t for t, told in shown.items() if "€99.90" in told)
    assert first - moment[0] <= (POLL_S + 0.5) * FPS
    assert all("€99.90" in told for t, told in shown.items() if t >= first)


def test_values_that_hold_again_are_not_outdated() -> None:
    cheap = replace(WATCH, variants=(replace(WATCH.variants[0], offer=replace(WATCH.variants[0].offer, price=Decimal(9))),))
    old, new = facts(WATCH)[0], facts(cheap)[0]
    ledger = Ledger()
    ledger.enter([Change(old, new, 2)])
    assert ledger.outdated([old, new]) == [old]
    ledger.enter([Change(new, old, 3)])
    assert ledger.outdated([old, new]) == [new]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_corrects_itself_with_what_facts_back(language: str) -> None:
    known = {product.handle: facts(product) for product in PRODUCTS}
    goods = {product.handle: product for product in PRODUCTS}
    rundown = Rundown(goods, lambda h: known[h], lambda text, facts: True, host="Mei", language="en", seed=1)
    told = [fact for handle in ("pulsar-watch", "fir-candle") for fact in known[handle] if fact.field == "price"]
    old = [replace(fact, value="€1.00") for fact in told]
    for fact in old:
        said = correction([fact], rundown, language)
        now = next(f for f in known[fact.handle] if f.id == fact.id)
        assert said and check(said.text, said.facts, language=language).ok, said
        assert fact.product in said.text and phrasebook(language).value(now.value) in said.text
