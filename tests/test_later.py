"""Goods that only ship later: "is it in stock?" is answered with that, in every language, and never with a plain yes."""

from dataclasses import replace

import pytest

from agent.answer import answer_question, phrasebook
from agent.guard import check
from knowledge.feeds import Feed
from knowledge.index import FactIndex
from knowledge.lexicon import LANGUAGES
from knowledge.product import Product
from knowledge.retrieve import Retriever
from knowledge.store import Store
from tests.shop import CANDLE, SERUM, TENT, WATCH, retriever, shop_at


def later(product: Product, *ships: str) -> Product:
    """The product with variants that ship as said, in their order."""
    pairs = zip(product.variants, ships, strict=True)
    return replace(product, variants=tuple(replace(v, offer=replace(v.offer, ships=s)) for v, s in pairs))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    store = Store(shop_at(tmp_path_factory.mktemp("later") / "c.sqlite"))
    products = [later(WATCH, "preorder"), later(SERUM, "backorder"), later(TENT, "now", "preorder"), CANDLE]
    store.ingest(Feed("shop.csv", products, [], len(products)))
    embedder = retriever().embedder
    return Retriever(store, FactIndex.build(store, embedder), embedder)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("is the watch in stock?", "The Pulsar GPS Watch is not in stock yet, but you can pre-order it."),
        ("do you have the serum in stock?",
         "The Glow Serum is not in stock right now, but you can order it and it ships later."),
        ("is the tent in stock in orange?", "The Alpina Tent in Orange is not in stock yet, but you can pre-order it."),
        ("is the tent in stock?", "Yes. We have 12 of the Alpina Tent in stock."),
        ("手表有货吗", "Pulsar GPS Watch还没有现货，可以预订。"),
        ("ist die Uhr auf Lager?", "Pulsar GPS Watch ist noch nicht auf Lager, kann aber vorbestellt werden."),
    ],
)  # fmt: skip
def test_what_ships_later_is_said_to(question: str, text: str, shop: Retriever) -> None:
    answer = answer_question(question, None, shop)[1]
    assert answer.text == text and answer.kind == "fact"
    assert all(check(s.text, s.facts, language=answer.language).ok for s in answer.sentences)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_words_of_its_own_for_it(language: str, shop: Retriever) -> None:
    answer = answer_question("is the watch in stock?", language, shop)[1]
    assert answer.language == language and "Pulsar GPS Watch" in answer.text
    yes = phrasebook(language).say("yes", "style", sentence="")
    assert not answer.text.startswith(yes.strip()) and [f.field for f in answer.facts] == ["availability"]
