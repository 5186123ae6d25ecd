"""Question → facts with sources, or the knowledge that the catalogue does not say.

The order is: what is asked (asked.py), which products are meant (link.py), which of their facts or of the store's
answer it (evidence.py, terms.py). Vectors choose among candidates; they never decide alone that something is stated.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from knowledge.asked import STORE_FIELDS, Asked
from knowledge.embed import Embedder
from knowledge.evidence import Evidence, decides, evidence, shared, spoken_of
from knowledge.followup import resumed
from knowledge.found import Found as Found
from knowledge.found import hits, is_option, title_fact
from knowledge.index import FactIndex
from knowledge.intent import Intent
from knowledge.lexicon import Mention, fold, noun_names, noun_parents, region_groups
from knowledge.link import things
from knowledge.matter import Matter
from knowledge.measure import comparable, span
from knowledge.naming import Names, Naming
from knowledge.product import Fact, Product
from knowledge.shelf import Change, Shelf
from knowledge.store import Store
from knowledge.terms import choose, place_of
from knowledge.texts import product_text, searchable
from knowledge.uses import Uses, suits

F32 = NDArray[np.float32]
ANSWERABLE = frozenset({"fact", "compare", "list", "recommend", "unclear"})
UNSURE = 0.9  # weight of an attribute taken by example: below 1, like a weak cue
KIN = 14  # kinds that a wider one may have to be one family: scarves, where fashion is a department
LISTED = 3  # products named in an answer to "what do you have?"
FAR_OUT = (
    3.2  # deviations above the mean at which a product's cosine alone names it (measured on the example catalogue)
)
NEAR = 0.86  # in catalogues too small for deviations: the cosine itself,
CLEAR = 0.03  # … or its lead over the next product (names in other languages led by 0.033 and more, others by 0.019)
DESCRIBED = 0.3  # for a title that says what the question says beside the name, in any language: "kids' watch", 儿童手表
RECENT = 16  # questions whose embeddings are at hand
POOL = 48
FACTS = 96  # facts ranked by meaning
SAID, TOLD = 32, 0.15  # products whose own words are compared with a need, and what each shared one weighs
CALLED, SOLD = 4, 6  # things that a need may call for, and products of each
_DURATION = re.compile(
    r"\d+\s*(?:day|week|month|year|d[ií]a|semana|m[eê]s|año|ano|jour|semaine|mois|an\b|ans\b|tag|woche|monat|jahr|hari|minggu|bulan"
    r"|tahun|ngày|tuần|tháng|năm|天|日|周|週|个月|個月|か月|ヶ月|カ月|年|วัน|สัปดาห์|เดือน|ปี|दिन|हफ्त|महीन|साल)|[一二三四五六七八九十两半]+(?:天|日|个月|個月|年)",
    re.IGNORECASE,
)


class Retriever:
    """Finds facts for questions. Used from one thread at a time, like its store."""

    def __init__(self, store: Store, index: FactIndex, embedder: Embedder) -> None:
        self.store, self.index, self.embedder = store, index, embedder
        self.intent, self.matter = Intent(store, embedder), Matter(store, embedder)
        self.uses = Uses(store, embedder, self.matter)
        self.shelf = index.shelf
        self.naming = Naming(index, self.near)
        self._changes: list[Change] = []
        self._recent: dict[str, F32] = {}
        self._sold_of, self._some = -1, dict[str, Sequence[str]]()  # thing → products, as they were named then
        _ = self.naming.whole, self.shelf.terms  # made now: the first question should not wait for them

    def read(self, text: str, *, default: str = "en") -> Asked:
        """Only understand a message; no search for what answers it."""
        self.refresh()
        return self.naming.names(text, default).reader.read(text, default=default)

    def find(
        self, question: str, *, language: str | None = None, on_air: str = "", last: str = "", before: Sequence[str] = ()
    ) -> Found:
        """Facts for a question.

        ``language`` is what a text too short to tell is taken for; ``on_air`` the product being shown and ``last`` the
        one this viewer asked about before, as handles; ``before`` the attributes that this viewer asked last. Raises
        CatalogueError only when the store itself fails.
        """
        self.refresh()
        names = self.naming.names(question, language or "en", on_air, last)
        return _Search(self, names, question, on_air, last, before).run(language or "en")

    def refresh(self) -> None:
        """From here on what is found is what the catalogue says now."""
        self._changes += self.shelf.refresh()

    def changes(self) -> list[Change]:
        """What has become of the facts since the last call."""
        self.refresh()
        out, self._changes = self._changes, []
        return out

    def renew_index(self) -> Iterator[tuple[int, int]]:
        """Make what has changed findable by word and by meaning, a batch a step, as in FactIndex.renew."""
        self.refresh()
        yield from self.index.renew()

    def embed(self, text: str) -> F32:
        """A question's embedding (dim,), made once though several parts of a search ask for it."""
        if text not in self._recent:
            if len(self._recent) >= RECENT:
                self._recent.clear()
            self._recent[text] = self.embedder.query([text])[0]
        return self._recent[text]

    def near(self, text: str, language: str, count: int) -> list[tuple[str, float]]:
        """Handles of the products nearest in matter to a text, whatever its language, with their inner product."""
        return self.index.search_handles(self.matter.of(self.embed(text), language), count)

    def suited(
        self, vector: F32, cards: Mapping[str, float], likeness: Mapping[str, float], *, need: float = 1.0
    ) -> dict[str, float]:
        """Products by how they suit a question's matter (dim,): those near by their ``cards``, and what its need calls for.

        ``likeness`` is what ``uses`` says of it. The score is the mean of a product's card and its nearest fact, and ``need``
        times what the thing that it is is for.
        """
        facts = self._nearest_facts(vector)
        called = [h for thing in sorted(likeness, key=lambda t: -likeness[t])[:CALLED] for h in self._sold(thing)]
        out: dict[str, float] = {}
        low, least = min(cards.values(), default=0.0), min(facts.values(), default=0.0)
        for handle in {*cards, *facts, *called}:
            if (product := self.shelf.find(handle)) is not None:
                card = cards.get(handle) or self._card(product, vector, low)
                near = (card + facts.get(handle, least)) / 2 if facts else card
                out[handle] = near + need * suits(things(product), likeness)
        return out

    def _nearest_facts(self, vector: F32) -> dict[str, float]:
        out: dict[str, float] = {}
        if self.index.whole:
            for fact, score in self.index.search_vector(vector, FACTS):
                if fact.handle:
                    out.setdefault(fact.handle, score)
        return out

    def _sold(self, thing: str) -> Sequence[str]:
        """Some products that are a thing, by their names; looked up again when products came, went or were renamed."""
        if self._sold_of != self.shelf.named:
            self._sold_of = self.shelf.named
            self._some.clear()
        if thing not in self._some:
            names = " ".join(noun_names(thing)[:1])
            self._some[thing] = [h for h, _, _ in self.index.keywords.search(names, SOLD, names=True) if h]
        return self._some[thing]

    def _card(self, product: Product, vector: F32, low: float) -> float:
        text = product_text(product)
        row = self.store.vectors(self.embedder.name, [text]).get(text)
        return low if row is None else float(row @ vector)

    def vector_of(self, fact: Fact) -> F32 | None:
        """The embedding of a fact of the whole product or of the store; None for one variant's."""
        return self.index.vector_of(fact) if searchable(fact) else None


class _Search:
    """One question on its way."""

    def __init__(
        self, retriever: Retriever, names: Names, question: str, on_air: str, last: str, before: Sequence[str]
    ) -> None:
        self.retriever, self.shelf, self.question = retriever, retriever.shelf, question
        self.linker, self.reader = names.linker, names.reader
        self.on_air = on_air if on_air in self.shelf else ""
        self.last = last if last in self.shelf else ""
        self.before = before
        self.language = "en"  # of the question, once it is read
        self.ms: dict[str, float] = {}
        self._vector: F32 | None = None

    def run(self, default: str) -> Found:
        began = time.perf_counter()
        asked = self.reader.read(self.question, default=default)
        self.language = asked.language
        self.ms["read"] = (time.perf_counter() - began) * 1000
        if code := self._code():
            asked = replace(asked, code=code[1], kind="fact" if asked.kind == "unclear" else asked.kind)
        if asked.kind not in ANSWERABLE and not (asked.kind == "injection" and asked.mentions):
            return self._done(Found(asked), began)
        products = self._products(asked)
        if (
            asked.here
            and products
            and all(m.weight < 1 for m in asked.mentions)
            and products[0][0] in (self.on_air, self.last)
        ):
            asked = replace(asked, mentions=())
        if asked.kind == "injection":
            return self._done(self._price_only(asked, products), began)
        if self.last:
            asked = resumed(asked, self.before, self.shelf[products[0][0]] if products else None)
        if asked.kind in ("fact", "unclear") and not asked.fields:
            asked, products = self._guessed(asked, products)
        if asked.kind == "compare":
            found = self._compare(asked, products)
        elif asked.kind in ("list", "recommend"):
            found = self._list(asked, products)
        else:
            found = self._answer(asked, products)
        return self._done(found, began)

    def _done(self, found: Found, began: float) -> Found:
        handles = dict.fromkeys(
            [*(h for h, _ in found.products), *(h.fact.handle for h in found.facts), *(h for h, _ in found.missing)]
        )
        titles = tuple(title_fact(self.shelf[h]) for h in handles if h in self.shelf)
        variants = {
            v.sku: ", ".join(value for _, value in v.options)
            for h in handles if h in self.shelf for v in self.shelf[h].variants
        }  # fmt: skip
        self.ms["search"] = (time.perf_counter() - began) * 1000 - sum(self.ms.values())
        ms = {stage: round(taken, 2) for stage, taken in self.ms.items()}
        options = tuple(
            f
            for h in handles
            if h in self.shelf
            for f in self.shelf.facts(h)
            if is_option(f, self.shelf[h])
        )
        return replace(found, titles=titles, variants=variants, options=options, ms=ms)

    # -- meaning ----------------------------------------------------------------------------------------------------

    def vector(self) -> F32:
        """The question's embedding, made when first needed."""
        if self._vector is None:
            self._vector = self._embed(self.question)
        return self._vector

    def _embed(self, text: str) -> F32:
        began = time.perf_counter()
        out = self.retriever.embed(text)
        self._timed(began)
        return out

    def like(self, fact: Fact) -> float:
        """Cosine of a fact with the question; 0 for facts that are not indexed."""
        row = self.retriever.vector_of(fact)
        return 0.0 if row is None else float(row @ self.vector())

    def _near(self, text: str, count: int) -> list[tuple[str, float]]:
        began = time.perf_counter()
        self.retriever.embed(text)
        self._timed(began)
        return self.retriever.near(text, self.language, count)

    def _suited(self, asked: Asked, count: int) -> list[str]:
        """Products that suit what the question describes, best first."""
        matter = self.retriever.matter.of(self.vector(), self.language)
        cards = dict(self.retriever.index.search_handles(matter, POOL))
        scores = self.retriever.suited(matter, cards, self.retriever.uses.likeness(matter))
        best = sorted(scores, key=lambda handle: -scores[handle])[:SAID]
        facts = {h: [f for f in self.shelf.facts(h) if f.field not in ("price", "stock")] for h in best}
        told = {h: max((shared(asked, f) for f in facts[h]), default=0) for h in best}
        return sorted(best, key=lambda handle: -(scores[handle] + TOLD * told[handle]))[:count]

    def _timed(self, began: float) -> None:
        self.ms["embed"] = self.ms.get("embed", 0.0) + (time.perf_counter() - began) * 1000

    # -- which products -----------------------------------------------------------------------------------------------

    def _products(self, asked: Asked) -> list[tuple[str, float]]:
        """The products meant, one for each name in the question; best first."""
        if code := self._code():
            return [(code[0], 9.0)]
        out: list[tuple[str, float]] = []
        if (asked.here or asked.again) and _weak(asked) and (pointed := self._pointed(asked)):
            return [(pointed, 1.0)]  # "is it light?" asks about the thing in sight, not for a light
        for mention in asked.mentions:
            out += [best for best in self._settled(asked, mention) if best[0] not in dict(out)]
        if out and asked.kind == "fact":
            first = max(score for _, score in out)
            return sorted(out, key=lambda item: item[1] < first)  # "toxic to my cat": the plant, not the cat's toy
        if out:
            return out
        pointed = self._pointed(asked)
        if pointed:
            return [(pointed, 1.0)]
        return self._by_meaning(asked)

    def _code(self) -> tuple[str, str] | None:
        """(handle, SKU) of a product whose SKU or GTIN stands in the question."""
        return self.retriever.index.by_code(self.question)

    def _settled(self, asked: Asked, mention: Mention) -> list[tuple[str, float]]:
        """A name that fits several products: the one on air or asked before, else the nearest in meaning first."""
        handles = dict(mention.candidates)
        if len(handles) == 1:
            return list(handles.items())
        for handle in (self.on_air, self.last):
            if handle in handles and not asked.sort:
                return [(handle, handles[handle])]
        said = asked.text.span(mention.start, mention.end) if len(asked.mentions) > 1 else self.question
        near = dict(self._near(said, POOL * 4))
        beside = {m.label for m in asked.field_cues if m.start <= mention.end and mention.start <= m.end}
        alike = {h: DESCRIBED * len(beside & spoken_of(self.shelf[h].title)) for h in handles} if beside else {}
        return sorted(handles.items(), key=lambda item: -(item[1] + near.get(item[0], 0.0) + alike.get(item[0], 0.0)))

    def _pointed(self, asked: Asked) -> str:
        """The product that "it" or "and in blue?" means."""
        strange = self.linker.strange(asked.nouns)
        if asked.again and self.last:
            return self.last
        if asked.here or asked.again:
            return self.on_air or self.last
        if strange or asked.kind == "unclear" or not self._told_of(asked, self.on_air or self.last):
            return ""
        if not asked.about_store and (asked.fields or asked.colours or asked.sizes or asked.numbers):
            return self.on_air or self.last
        return ""

    def _told_of(self, asked: Asked, handle: str) -> bool:
        """Whether all that no table knows in a question stands in what is told of a product: one of its shades, "NFC"."""
        if not asked.content:
            return True
        text = " ".join(fold(f.value) for f in self.shelf.facts(handle)) if handle else ""
        return bool(text) and all(re.search(rf"(?<![a-z]){re.escape(fold(run.label))}(?![a-z])", text) for run in asked.content)

    def _by_meaning(self, asked: Asked) -> list[tuple[str, float]]:
        """A product named in words that no table knows, when it stands far out among all."""
        strange = self.linker.strange(asked.nouns)
        runs = [run for run in asked.content if not any(n.start <= run.start and run.end <= n.end for n in strange)]
        if not runs or strange or asked.about_store or asked.kind == "unclear":
            return []
        text = " ".join(run.label for run in runs)
        ranked = self._near(text, POOL)
        scores = np.array([score for _, score in ranked])
        if len(ranked) >= 12:
            sure = (scores[0] - scores.mean()) / (scores.std() + 1e-6) >= FAR_OUT
        else:
            sure = bool(len(ranked)) and (scores[0] >= NEAR or (len(ranked) > 1 and scores[0] - scores[1] >= CLEAR))
        return [(ranked[0][0], float(scores[0]))] if sure and ranked[0][0] in self.shelf else []

    def _guessed(self, asked: Asked, products: list[tuple[str, float]]) -> tuple[Asked, list[tuple[str, float]]]:
        """What is asked in words that no table knows, by example; only where something is asked at all."""
        named = {i for m in asked.mentions for i in range(m.start, m.end)}
        rest = [w.text for i, w in enumerate(asked.text.accented) if i not in named]
        if len(rest) < 2 or asked.colours or asked.sizes or asked.numbers or asked.again or asked.regions or asked.measures:
            return asked, products
        text = " ".join(rest) if ord(rest[0][0]) < 0x0E00 else "".join(rest)
        field_ = self.retriever.intent.guess(self._embed(text))
        if not field_:
            return asked, products
        pointed = self.on_air or (self.last if asked.here else "")
        if not products and pointed and field_ not in STORE_FIELDS and not asked.nouns:
            products = [(pointed, 1.0)]
        if not products and field_ not in STORE_FIELDS:
            return asked, products
        return replace(asked, kind="fact", fields=((field_, UNSURE),)), products

    # -- answers ------------------------------------------------------------------------------------------------------

    def _answer(self, asked: Asked, products: list[tuple[str, float]]) -> Found:
        if asked.kind == "unclear" and not (products and (asked.open or asked.yes_no)):
            return (self._policy(asked) if asked.open or asked.yes_no or "?" in asked.text.raw else None) or Found(asked)
        unknown = bool(self.linker.strange(asked.nouns))
        if not products and asked.top == "ordering" and unknown:
            return Found(asked, unsold=True, instead=self._kindred(asked))
        also_asked = [f for f, weight in asked.fields[1:2] if f not in STORE_FIELDS and weight >= 1]
        of_goods = asked.top == "warranty" and products and also_asked  # "what is it made of, and the warranty?"
        if (asked.about_store and not of_goods) or (not products and asked.top in STORE_FIELDS):
            return self._store_answer(asked, products)
        store = tuple(f for f in asked.fields if f[0] in STORE_FIELDS)
        if not products and store:
            return self._store_answer(replace(asked, fields=store), [])
        if not products:
            strange = bool(self.linker.strange(asked.nouns) or asked.content)
            if not asked.fields and not strange and asked.regions:
                return self._store_answer(replace(asked, fields=(("shipping", 1.0),)), [])
            if told := self._policy(asked):
                return told
            which = not strange and bool(asked.fields or asked.colours or asked.sizes)
            return Found(asked, unsold=strange, instead=self._kindred(asked), which=which)
        if told := self._rather_policy(asked, products):
            return told
        handle = self._best(asked, products)
        found = evidence(asked, self.shelf[handle], self.shelf.facts(handle), self.like)
        also = tuple(h for h, s in products if h != handle and s >= products[0][1] * 0.9)[:2]
        rest = [f for f in asked.fields[:2] if f[0] in STORE_FIELDS]
        said = hits(found.facts)
        if rest:
            more = self._store_answer(replace(asked, fields=tuple(rest)), [(handle, 1.0)])
            said = tuple(dict.fromkeys((*said, *more.facts)))
            unstated = tuple(m for m in found.missing if m not in STORE_FIELDS) + tuple(m for h, m in more.missing if h)
            found = Evidence(found.facts, unstated, found.verdict)
        return Found(
            asked, _first(handle, products), said, tuple((handle, m) for m in found.missing), found.verdict, also=also
        )

    def _best(self, asked: Asked, products: list[tuple[str, float]]) -> str:
        """Among products that fit equally well the first that states what is asked."""
        tied = [h for h, s in products if s >= products[0][1] * 0.95][:4]
        if len(asked.mentions) == 1 and not asked.fields and products[0][1] <= 1:
            # "I have curly hair, which cream": any cream that speaks of it
            tied += [h for h in self._meant(asked, asked.mentions[0]) if h not in tied][: LISTED - 1]
        if len(tied) < 2 or len(asked.mentions) > 1:
            return products[0][0]
        for handle in tied:
            if not evidence(asked, self.shelf[handle], self.shelf.facts(handle), self.like).missing:
                return handle
        return tied[0]

    def _store_answer(self, asked: Asked, products: list[tuple[str, float]]) -> Found:
        """About shipping, returns, payment and the like; a product's own statement comes before the store's."""
        shown = self.on_air if asked.here or asked.top == "warranty" else ""  # "how long is the warranty?" means this one's
        handle = products[0][0] if products else shown
        own: tuple[Fact, ...] = ()
        if handle:
            product = self.shelf[handle]
            own = evidence(replace(asked, fields=asked.fields[:1]), product, self.shelf.facts(handle), self.like).facts
            own = tuple(f for f in own if f.field not in ("price",) or len(own) > 1)
        things = self.linker.things(handle) | frozenset(n.label for n in asked.nouns)
        terms = choose(asked, asked.top, self.shelf.terms, things, self.like, most=1 if own else 2)
        told = self._policy(replace(asked, nouns=()) if handle else asked)
        best = max((shared(asked, f) for f in (*own, *terms)), default=0)
        if told and shared(asked, told.facts[0].fact) > best:
            return told
        if not own and not terms:  # "it broke, can I return it": what the store does not say of the one, of the other
            for other in (name for name, _ in asked.fields[1:] if {name, asked.top} == {"warranty", "returns"}):
                if terms := choose(asked, other, self.shelf.terms, things, self.like):
                    return Found(asked, tuple(products[:1]), hits(terms), (), _property(asked, terms))
        facts = (*own, *terms) if not own or asked.top == "discount" else own
        unstated = handle and not own and asked.top == "warranty"  # a store's terms do not say how long this one's is
        if unstated and "warranty.claim" not in asked.aspects:
            facts = tuple(f for f in facts if _DURATION.search(f.value))
        missing = ((handle, asked.top),) if unstated or not facts else ()
        verdict = _property(asked, facts) if all(self._holds_there(asked, fact) for fact in facts) else ""
        place = next(iter(place_of(asked, self.shelf.terms)), "") if asked.top == "shipping" else ""
        return Found(asked, tuple(products[:1]), hits(facts), missing, verdict, place=place)

    def _rather_policy(self, asked: Asked, products: list[tuple[str, float]]) -> Found | None:
        """A statement about the store that speaks of what is asked more plainly than the product: "trade in my old bike"."""
        if any(weight >= 1 for _, weight in asked.fields) or asked.here or not asked.content:
            return None
        told = self._policy(replace(asked, nouns=()))
        if told is None:
            return None
        own = max((shared(asked, f) for f in self.shelf.facts(products[0][0])), default=0)
        return told if shared(asked, told.facts[0].fact) >= max(2, own + 1) else None

    def _policy(self, asked: Asked) -> Found | None:
        """A statement about the store that plainly speaks of what is asked, under whatever heading: samples, a workshop."""
        if not asked.content or asked.nouns:
            return None
        scored = [(shared(asked, t.fact), t.fact) for t in self.shelf.terms]
        best = max((score for score, _ in scored), default=0)
        if best < min(2, len(asked.content)):
            return None
        told = max((f for score, f in scored if score == best), key=self.like)
        return Found(asked, (), hits((told,)))

    def _holds_there(self, asked: Asked, fact: Fact) -> bool:
        """Whether a statement is about the place that a question names, or about no place."""
        if not asked.regions or fact.field == "shipping":
            return True
        places = next((t.places for t in self.shelf.terms if t.fact.id == fact.id), frozenset())
        return not places or any({place, *region_groups().get(place, ())} & places for place in asked.regions)

    def _price_only(self, asked: Asked, products: list[tuple[str, float]]) -> Found:
        """What answers an attempt to have the host say something: the true price."""
        facts = [f for f in self.shelf.facts(products[0][0]) if f.id == f"{f.handle}/price"] if products else []
        return Found(asked, tuple(products[:1]), hits(facts))

    def _compare(self, asked: Asked, products: list[tuple[str, float]]) -> Found:
        """Two products by one attribute; numbers are compared by code."""
        names = self._sides(asked, products)
        if len(names) < 2:
            return self._list(asked, products) if asked.sort else self._answer(asked, products)
        by = asked.sort[0] if asked.sort else next((f for f, _ in asked.fields if f != "features"), "price")
        facts = [self._stated(handle, by, asked) for handle in names]
        missing = tuple((h, by) for h, f in zip(names, facts, strict=True) if f is None)
        stated = [f for f in facts if f is not None]
        numbers = [comparable(f) for f in stated]
        verdict = ""
        known = [n for n in numbers if n is not None]
        if len(stated) == 2 and len(known) == 2 and known[0][1] == known[1][1]:
            order = asked.sort[1] if asked.sort else "<"
            amounts = [amount for amount, _ in known]
            stated = [f for _, f in sorted(zip(amounts, stated, strict=True), key=lambda p: p[0], reverse=order == ">")]
            verdict = ("tie" if amounts[0] == amounts[1] else "yes") if self._apart(stated) else ""
        ranked = tuple((h, dict(products).get(h, 1.0)) for h in names)
        return Found(
            replace(asked, fields=((by, 1.0), *[f for f in asked.fields if f[0] != by])),
            ranked,
            hits(stated),
            missing,
            verdict,
        )

    def _apart(self, stated: Sequence[Fact]) -> bool:
        """Whether two facts can be ranked: what depends on the version ("$28 to $46") must not overlap."""
        spans = [self._span(f) for f in stated]
        if None in spans:
            return True
        (low, high), (least, most) = (s for s in spans if s)
        return high < least or most < low or (low == high == least == most)

    def _span(self, fact: Fact) -> tuple[Decimal, Decimal] | None:
        if fact.id != f"{fact.handle}/price":
            return span(fact)
        prices = [v.offer.price for v in self.shelf[fact.handle].variants]
        return min(prices), max(prices)

    def _sides(self, asked: Asked, products: list[tuple[str, float]]) -> list[str]:
        """The two products compared: one for each name, or two under one name, or one with the product in sight."""
        sure = {m.candidates[0][0] for m in asked.mentions if len(m.candidates) == 1}
        ranked = [[h for h, _ in self._settled(asked, m)] for m in asked.mentions]
        firsts = [next((h for h in found if len(found) == 1 or h not in sure), found[0]) for found in ranked]
        names = list(dict.fromkeys(firsts))  # "the glass bottle and the PPSU bottle": the first is the other one
        if len(names) == 1 and len(asked.mentions) > 1:  # two words that both fit the same: the next that fits the other
            names += [h for h, _ in self._settled(asked, asked.mentions[-1]) if h not in names][:1]
        if len(names) == 1 and (asked.here or asked.both):
            names += [h for h in (self.on_air, self.last) if h]
        if len(names) == 1 and asked.both:
            names += [h for h, _ in products]
        if not names and (asked.both or asked.here):
            names = [h for h in (self.on_air, self.last) if h]
        return list(dict.fromkeys(names))[:2]

    def _stated(self, handle: str, by: str, asked: Asked) -> Fact | None:
        question = replace(asked, fields=((by, 1.0),), yes_no=False, properties=(), colours=(), sizes=(), numbers=())
        facts = evidence(question, self.shelf[handle], self.shelf.facts(handle), self.like).facts
        if not facts and by in STORE_FIELDS:
            facts = tuple(f for f in self.shelf.facts(handle) if f.field == by)
        return facts[0] if facts else None

    def _list(self, asked: Asked, products: list[tuple[str, float]]) -> Found:
        """Products of a kind, under a price, or the most of something."""
        if asked.described and not (asked.sort or asked.limit):
            return self._ranked(asked, self._suited(asked, 2), everything=False)
        strange = self.linker.strange(asked.nouns)
        handles = [h for m in asked.mentions for h in self._meant(asked, m)] or [
            h for n in asked.nouns for h in self.linker.sold(n.label)
        ]
        if not handles and strange:
            return Found(asked, unsold=True, instead=self._kindred(asked))
        if not handles and asked.kind == "recommend":
            handles = self._suited(asked, 2)
        if not handles and asked.here and (self.on_air or self.last):
            return self._answer(replace(asked, kind="fact"), [(self.on_air or self.last, 1.0)])
        if not handles and asked.content and asked.kind == "list" and not (asked.sort or asked.limit):
            handles = self._titled(asked) or [h for h, _ in self._by_meaning(asked)]
            if not handles:
                return Found(asked, unsold=True)
        if not handles and not self.retriever.naming.whole:
            return Found(asked, which=True)  # the extreme of a large catalogue is not known from a part of it
        pool = list(dict.fromkeys(handles)) or list(self.shelf)
        if asked.sort and len(pool) == 1 and "compare" in asked.cues and len(self.shelf) > 1:
            one = replace(asked, kind="fact", fields=((asked.sort[0], 1.0),), sort=None)  # the other one was not understood
            return self._answer(one, [(pool[0], 1.0)])
        return self._ranked(asked, pool, everything=not handles)

    def _meant(self, asked: Asked, mention: Mention) -> list[str]:
        """What a name means in a list: where it is but a thing's, all that are that thing, "perfume" a cologne, too."""
        things = [n for n in asked.nouns if (n.start, n.end) == (mention.start, mention.end)]
        return list(dict.fromkeys([*(h for h, _ in mention.candidates), *(h for n in things for h in self.linker.sold(n.label))]))

    def _titled(self, asked: Asked) -> list[str]:
        """Products whose names have a run of words that no table knows: "ชา"."""
        runs = [fold(run.label) for run in asked.content if len(run.label) > 1]
        names = ((p.handle, fold(f"{p.title} {p.kind}")) for p in self.shelf.values()) if self.retriever.naming.whole else ()
        return [handle for handle, name in names if any(re.search(rf"(?<![a-z]){re.escape(run)}(?![a-z])", name) for run in runs)]

    def _ranked(self, asked: Asked, pool: list[str], *, everything: bool) -> Found:
        by, order = asked.sort or ("price", "<")
        rows = [(n[0], n[1], f) for h in pool if (f := self._stated(h, by, asked)) and (n := comparable(f))]
        if rows:
            unit = max({u for _, u, _ in rows}, key=lambda u: sum(r[1] == u for r in rows))
            rows = [r for r in rows if r[1] == unit]
        if asked.limit:
            sign, amount = asked.limit
            rows = [r for r in rows if (r[0] <= amount if sign == "<" else r[0] >= amount)]
            if not rows:
                return Found(asked, verdict="no")
        if not asked.sort and not asked.limit and everything:
            rows = _spread(rows, self.shelf)
        elif asked.sort or asked.limit:
            rows.sort(key=lambda r: r[0], reverse=order == ">")
        facts = [f for _, _, f in rows]
        if not facts:
            return Found(asked, tuple((h, 1.0) for h in pool[:1]), missing=((pool[0] if len(pool) == 1 else "", by),))
        top = facts[:1] if asked.sort and not asked.limit else facts[:LISTED]
        price = [self._price_of(f.handle) for f in top] if by != "price" and asked.kind != "compare" else []
        said = hits([*top, *[p for p in price if p and asked.kind == "recommend"]])
        return Found(asked, tuple((f.handle, 1.0) for f in top), said, verdict="more" if len(facts) > len(top) else "")

    def _kindred(self, asked: Asked) -> tuple[Fact, ...]:
        """Prices of what is sold of a thing's own wider kind, where that is a kind and no whole department."""
        for noun in self.linker.strange(asked.nouns):
            for wider in noun_parents()[noun.label]:
                if sum(wider in above for above in noun_parents().values()) <= KIN:
                    facts = [f for h in self.linker.sold(wider)[:2] if (f := self._price_of(h))]
                    if facts:
                        return tuple(facts)
        return ()

    def _price_of(self, handle: str) -> Fact | None:
        return next((f for f in self.shelf.facts(handle) if f.id == f"{handle}/price"), None)


def _weak(asked: Asked) -> bool:
    """Whether the names found are words of everyday, or none."""
    return all(m.weight < 1 for m in asked.mentions)


def _first(handle: str, products: list[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(products, key=lambda item: item[0] != handle))


def _property(asked: Asked, facts: Sequence[Fact]) -> str:
    if not asked.yes_no:
        return ""
    found = [v for f in facts for p in asked.properties if (v := decides(p, f.value))]
    return found[0] if found else ""


def _spread(rows: list[tuple[Decimal, str, Fact]], shelf: Shelf) -> list[tuple[Decimal, str, Fact]]:
    """Products of different kinds first: a picture of the shop rather than its first shelf."""
    seen: set[str] = set()
    first: list[tuple[Decimal, str, Fact]] = []
    rest: list[tuple[Decimal, str, Fact]] = []
    for row in rows:
        kind = shelf[row[2].handle].kind
        (rest if kind in seen else first).append(row)
        seen.add(kind)
    return first + rest
