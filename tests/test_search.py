"""One search in three modes: what it finds, how likely it says that is, and as LangChain sees it."""

import pytest

from knowledge.langchain import FactRetriever
from knowledge.search import Results, search
from tests.shop import retriever


def find(question: str, **options: object) -> Results:
    return search(retriever(), question, **options)  # type: ignore[arg-type]


def test_every_mode_finds_what_it_can_and_says_how() -> None:
    for mode in ("keyword", "vector", "fused"):
        hits = find("nubuck leather boots", mode=mode).hits
        assert hits[0].fact.handle == "trekker-boots" and {hit.via for hit in hits} == {mode}
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    with pytest.raises(ValueError, match="keyword, vector, fused"):
        find("boots", mode="guess")


def test_a_code_comes_first_in_either_case() -> None:
    hits = find("how much is pul-1 please").hits
    assert hits[0].fact.id == "pulsar-watch/price" and hits[0].via == "sku"
    assert find("PUL-1", mode="keyword").hits[0].fact.handle == "pulsar-watch"


def test_meaning_crosses_languages_where_words_do_not() -> None:
    question = "où dormir en camping"
    assert find(question, mode="keyword").hits == ()
    for mode in ("vector", "fused"):
        assert "alpina-tent" in {hit.fact.handle for hit in find(question, mode=mode).hits}


def test_the_product_on_air_and_the_one_before_are_meant() -> None:
    assert find("how much is it?", on_air="fir-candle").hits[0].fact.id == "fir-candle/price"
    assert find("and in orange?", last="alpina-tent", on_air="fir-candle").hits[0].fact.id == "alpina-tent/stock/ALP-ORG"


def test_nothing_relevant_is_a_probability() -> None:
    sure, off = find("what is the tent made of? how heavy is it"), find("who won the world cup")
    assert 0 <= off.relevant < 0.5 < sure.relevant <= 1
    assert off.nothing and not sure.nothing


@pytest.mark.parametrize(
    "text",
    ["", " ", '"', "tent OR", "NEAR(tent boots", "title : tent", "tent*", "-tent", "(", "^tent", "AND", "tent AND NOT",
     "'; DROP TABLE docs; --", "\x00", "{title kind} : tent", "🔥🔥", "a" * 5000, "tent " * 500],
)  # fmt: skip
def test_a_question_is_never_a_query_language(text: str) -> None:
    for mode in ("keyword", "fused"):
        find(text, mode=mode)
    assert find("tent", mode="keyword").hits[0].fact.handle == "alpina-tent"


def test_langchain_gets_facts_as_documents() -> None:
    documents = FactRetriever(retriever=retriever()).invoke("how heavy is the tent?")
    assert documents[0].metadata["id"] == "alpina-tent/weight" and documents[0].metadata["source"] is not None
    assert documents[0].metadata["sku"] == "ALP-GRN" and documents[0].page_content == "Alpina Tent: Weight: 2.6 kg"
    assert {"id", "sku", "field", "value", "source", "score"} <= documents[0].metadata.keys()
    assert FactRetriever(retriever=retriever()).invoke("who won the world cup") == []
