"""One search with three ways: by word, by meaning, or both together with what the question is understood to ask.

``fused`` is what the host answers from: the question is read (codes, names, the product on air or asked before), facts
that answer it come first, and behind them the facts of the products nearest by meaning and word. Words weigh in for codes
and names only: ranking by both alike loses questions in another language than the catalogue's.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from knowledge.asked import STORE_FIELDS
from knowledge.evidence import evidence
from knowledge.found import Found
from knowledge.language import language_of
from knowledge.link import things
from knowledge.product import Fact, Hit
from knowledge.relevance import Signals, probability, signals
from knowledge.retrieve import Retriever
from knowledge.texts import searchable
from knowledge.uses import suits

F32 = NDArray[np.float32]
Mode = Literal["keyword", "vector", "fused"]
MODES: tuple[Mode, ...] = ("keyword", "vector", "fused")
POOL = 48  # products ranked by meaning and word
MEANT_WEIGHS = 0.03  # of a name in the question, beside a cosine, where no attribute is asked
ASIDE = 0.25  # weight of what things are for where an attribute is asked: then the question names its product
VOTES_WEIGH = 0.05  # of all example questions naming one attribute, beside a cosine
WORDS_WEIGH = 0.0005  # of one point of BM25 in a name, beside a cosine: names decide between neighbours, no more


@dataclass(frozen=True, slots=True)
class Results:
    """What a search found, best first, and how likely it is that the catalogue has something to the question at all."""

    hits: tuple[Hit, ...]
    relevant: float  # probability, 0 to 1; fitted on labelled questions for "fused" (docs/retrieval.md)
    found: Found | None = field(default=None, compare=False)  # the question as understood; None but for "fused"

    @property
    def nothing(self) -> bool:
        """Whether the catalogue is taken to have nothing to the question."""
        return self.relevant < 0.5


def search(
    retriever: Retriever, question: str, *, mode: Mode = "fused", k: int = 3, language: str | None = None,
    on_air: str = "", last: str = "",
) -> Results:  # fmt: skip
    """The ``k`` facts that fit a question best.

    ``on_air`` and ``last`` are handles of the product being shown and of the one this viewer asked about before; only
    "fused" uses them. Raises ValueError for another mode, CatalogueError when the store or the embedder fails.
    """
    retriever.refresh()
    if mode == "keyword":
        found = retriever.index.search_keywords(question, k)
        return Results(tuple(Hit(f, s, "keyword") for f, s in found), 1.0 if found else 0.0)
    if mode == "vector":
        vector = _matter(retriever, question, language_of(question, language or "en"))
        near = retriever.index.search_vector(vector, k)
        return Results(tuple(Hit(f, s, "vector") for f, s in near), 1.0 if near else 0.0)
    if mode != "fused":
        raise ValueError(f'no search is called "{mode}"; use one of {", ".join(MODES)}')
    return _Fused(retriever, question, k, language, on_air, last).results()


def seen(retriever: Retriever, question: str, *, on_air: str = "", last: str = "") -> Signals:
    """What the judgement of whether the catalogue has anything to a question rests on; for fitting it."""
    return _Fused(retriever, question, 1, None, on_air, last).signals()


def _matter(retriever: Retriever, question: str, language: str) -> F32:
    return retriever.matter.of(retriever.embed(question), language)


class _Fused:
    """One question on its way through both indexes."""

    def __init__(
        self, retriever: Retriever, question: str, k: int, language: str | None, on_air: str, last: str
    ) -> None:
        self.retriever, self.question, self.k = retriever, question, k
        self.on_air, self.last = on_air, last
        self.found = retriever.find(question, language=language, on_air=on_air, last=last)
        self.raw: F32 = retriever.embed(question)
        self.vector = retriever.matter.of(self.raw, self.found.asked.language)
        self.votes = retriever.intent.votes(self.raw)
        self.near = retriever.index.search_handles(self.vector, POOL)
        self.likeness = retriever.uses.likeness(self.vector)
        named = retriever.index.keywords.search(question, POOL, names=True)
        self.named = {handle: score for handle, _, score in named if handle}

    def results(self) -> Results:
        hits: dict[str, Hit] = {}
        for fact, score, via in self._ranked():
            hits.setdefault(fact.id, Hit(fact, score, via))
            if len(hits) == self.k:
                break
        return Results(tuple(hits.values()), probability(self.signals()), self.found)

    def signals(self) -> Signals:
        words = max(self.named.values(), default=0.0)
        products = (self.retriever.shelf.find(handle) for handle, _ in self.near)
        called = max((suits(things(product), self.likeness) for product in products if product), default=0.0)
        return signals(self.found, [score for _, score in self.near], words, 1 - sum(self.votes.values()), called)

    def _ranked(self) -> Iterator[tuple[Fact, float, str]]:
        """Facts that answer, as many as the question names what it means; then facts of the products near; scores fall."""
        via = "sku" if self.found.asked.code else "fused"
        answers = list(dict.fromkeys(self._answers()))
        first = self._places()
        for place, fact in enumerate(answers[:first]):
            yield fact, 2.0 - 0.001 * place, via
        near = self._products()
        for depth in range(2):  # one fact of each product near, then a second
            for handle, score in near:
                for fact in self._facts(handle)[depth : depth + 1]:
                    yield fact, score - depth, "fused"
        for place, fact in enumerate(answers[first:]):
            yield fact, -1.0 - 0.001 * place, via

    def _places(self) -> int:
        """How many of the first places belong to the products meant: all when a name, a code or the context gives them.

        "A light so that cars notice me" names a light and asks for none of its attributes: it may mean anything near.
        """
        asked = self.found.asked
        if asked.described:
            return 0
        if asked.code or any(not hit.fact.handle for hit in self.found.facts):
            return self.k
        narrowed = any(weight >= 1 for _, weight in asked.fields) or asked.colours or asked.sizes or asked.numbers
        if asked.kind == "recommend" or not (narrowed or asked.sort or asked.limit or asked.here or asked.again):
            named = any(len(m.candidates) == 1 for m in asked.mentions)
            return self.k - 1 if named and asked.fields else int(named)
        pointed = {self.on_air, self.last} & {handle for handle, _ in self.found.products}
        return self.k if asked.mentions or pointed else 1

    def _answers(self) -> Iterator[Fact]:
        """What was found to answer, then what the products that may be meant state, each in turn."""
        yield from (hit.fact for hit in self.found.facts)
        meant = dict.fromkeys(
            [*(h for h, _ in self.found.products), *self.found.also, *(h for h, _ in self.found.missing if h)]
        )
        ranked = [self._facts(handle) for handle in list(meant)[: self.k]]
        for depth in range(self.k if len(ranked) == 1 else 2):
            yield from (facts[depth] for facts in ranked if depth < len(facts))

    def _products(self) -> list[tuple[str, float]]:
        """Products near in meaning, those that the question's words name a little before their neighbours."""
        scores = self.retriever.suited(self.vector, dict(self.near), self.likeness, need=self._need())
        floor = min(scores.values(), default=0.0)
        for handle in {h for h, _ in self.found.products} | {
            h for m in self.found.asked.mentions for h, _ in m.candidates
        }:
            scores[handle] = scores.get(handle, floor) + MEANT_WEIGHS
        for handle, bm25 in self.named.items():
            scores[handle] = scores.get(handle, floor) + WORDS_WEIGH * bm25
        return sorted(scores.items(), key=lambda item: -item[1])[: self.k]

    def _need(self) -> float:
        """Weight of what things are for: little where an attribute is asked, as a question then names its product."""
        asked = self.found.asked
        return ASIDE if any(w >= 1 for _, w in asked.fields) and not asked.described else 1.0

    def _facts(self, handle: str) -> list[Fact]:
        """A product's facts for this question: those that state what is asked, then the nearest in meaning."""
        shelf, asked = self.retriever.shelf, self.found.asked
        product = shelf.find(handle)
        if product is None:
            return []
        facts = [fact for fact in shelf.facts(handle) if searchable(fact)]
        stated: tuple[Fact, ...] = ()
        if asked.fields and asked.top not in STORE_FIELDS:
            stated = evidence(asked, product, shelf.facts(handle), lambda fact: self._like(fact)).facts
        rows = self.retriever.index.vectors(facts) if self.retriever.index.whole else []
        likely = [self.votes.get(fact.field, 0.0) * VOTES_WEIGH for fact in facts]
        scores = [float(row @ self.vector) + vote for row, vote in zip(rows, likely, strict=True)] if rows else likely
        near = [facts[i] for i in sorted(range(len(facts)), key=lambda i: -scores[i])]
        return list(dict.fromkeys((*stated, *near)))

    def _like(self, fact: Fact) -> float:
        row = self.retriever.vector_of(fact)
        return 0.0 if row is None else float(row @ self.vector)
