"""Which products a text names: by words of their titles and kinds, by what they are in any language, or by their codes.

Words are not equal. "Puffin" alone names a product; "linen" alone does not, unless "shirt" stands beside it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from knowledge.compounds import compounds
from knowledge.language import language_of
from knowledge.lexicon import LANGUAGES, Match, Mention, Phrases, Word, lexicon, longest, noun_parents, words
from knowledge.product import Product

READ = 300  # characters of a description that tell its language
WRITTEN = ("en", "es", "fr", "de", "pt", "id", "vi")  # languages that share their letters
HEAD_FIRST = frozenset(("es", "fr", "pt", "id", "vi"))  # that name the thing before what it is like
KEPT = 16_384  # names and words whose parts are remembered: a large catalogue makes a linker for each question
NAMED = 0.7  # from this score on a product counts as named
TIE = 0.87  # products that score this share of the best are meant as much
_NAME, _THING, _GENERIC, _FILLER = 1.2, 0.8, 0.4, 0.05  # weight of a word in a name, by what it is
_SHORT = 0.3  # of a word of two letters
_CHARACTER, _LETTER = 0.45, 0.15  # of one character: two of Chinese or kana are a word, in Thai or Lao five
_EXACT, _WIDER = 1.0, 0.75  # weight of being the thing asked for, or a kind of it
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{3,}")
# before it, a title says what a thing is
_WITH = re.compile(r"\b(?:with|for|from|für|mit|pour|avec|para|con|com|untuk|dengan)\b|[(,|]", re.IGNORECASE)
_HEAD_LAST = re.compile(r"[\u0900-\u097f\u3040-\u30ff\u3400-\u9fff]")  # languages that name the thing last, as English
_MEASURES = frozenset(["inch", "inches", "litre", "litres", "liter", "liters", "pieces", "pack", "pairs", "watt", "volt"])
_CONNECT = frozenset(["of", "de", "du", "des", "der", "d", "del", "的", "の", "von", "da", "do"])


def _own_kind(kind: str) -> str:
    """What the seller calls a product's type, as a thing's name that no table can have."""
    return f"kind:{kind.casefold()}"


def kind_names(kinds: Iterable[str]) -> Phrases:
    """A catalogue's product types as a statement may write them: "Lip Balm", "lip balms"."""
    return Phrases((text, _own_kind(kind)) for kind in kinds for text in (kind, f"{kind}s"))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a word stands in a product's names."""

    handle: str
    sequence: tuple[str, ...]
    at: int


class Linker:
    """Finds the products of one catalogue in texts."""

    def __init__(self, products: Sequence[Product]) -> None:
        self.codes = dict(_codes(products))
        self._places: dict[str, list[_Place]] = defaultdict(list)
        self._models: dict[str, list[str]] = defaultdict(list)  # "x20" → handles
        self._things: dict[str, frozenset[str]] = {}
        frequency: dict[str, set[str]] = defaultdict(set)
        heads = {head(name) for p in products for name in (p.title, p.kind)}
        self._sold: dict[str, dict[str, float]] = defaultdict(dict)  # thing → handle → how well the product is that
        for product in products:
            named = things(product)
            self._things[product.handle] = named | {_own_kind(product.kind)}
            for thing in named:
                for wider in noun_parents()[thing]:
                    self._sold[wider].setdefault(product.handle, _WIDER)
                self._sold[thing][product.handle] = _EXACT
            for model in _models(_plain(product.title)):
                self._models[model.label].append(product.handle)
            for name in (product.title, product.kind):
                sequence = _stems(name)
                for at, word in enumerate(sequence):
                    self._places[word].append(_Place(product.handle, sequence, at))
                    frequency[word].add(product.handle)
        self._joined = _joined(self._places)
        self._weights = {word: _weight(word, len(handles), word in heads) for word, handles in frequency.items()}
        for word, (parts, _) in self._joined.items():
            self._weights.setdefault(word, sum(self._weights[part] for part in parts))
        self.vocabulary = frozenset(
            w.text for p in products for name in (p.title, p.kind, *_choices(p)) for w in _plain(name) if len(w.text) > 3
        )

    def things(self, handle: str) -> frozenset[str]:
        """What a product is, by the noun table: {"backpack"}."""
        return self._things.get(handle, frozenset())

    def sold(self, thing: str) -> list[str]:
        """Handles of the products that are this thing or a kind of it."""
        return list(self._sold.get(thing, ()))

    def strange(self, nouns: Sequence[Match]) -> list[Match]:
        """Of the things that a text names, those that the shop does not sell in any reading: 水壶 is bottle and kettle."""
        known = {(n.start, n.end) for n in nouns if self.sold(n.label)}
        return [n for n in nouns if (n.start, n.end) not in known]

    def by_code(self, text: str) -> tuple[str, str] | None:
        """(handle, SKU) of a product whose SKU or GTIN stands in the text."""
        for found in _CODE.findall(text):
            if hit := self.codes.get(found.casefold().rstrip(".")):
                return hit
        return None

    def mentions(self, plain: tuple[Word, ...], nouns: Iterable[Match]) -> list[Mention]:
        """Every stretch of the text that names at least one product, in order of place."""
        stems = [self._stem(w.text) for w in plain]
        nouns = list(nouns)
        strange = [n for n in nouns if n.weight >= 1 and not self.sold(n.label)]
        pieces = [p for p in self._pieces(stems) if not any(_within(p, n) for n in strange)]
        nouns = [n for n in nouns if self.sold(n.label)]
        models = [m for m in _models(plain) if m.label in self._models]
        spans = _clusters(plain, [(m.start, m.end) for m in (*pieces, *nouns, *models)])
        found = (self._mention(a, b, stems, *([m for m in group if a <= m.start < b] for group in (pieces, nouns, models)))
                 for a, b in spans)  # fmt: skip
        return [m for m in found if m is not None]

    def _stem(self, word: str) -> str:
        """A word as names have it; Indonesian hangs "its" and "the" on: "batiknya"."""
        plain = stem(word)
        base = plain.removesuffix("nya")
        return base if plain not in self._weights and base in self._weights else plain

    def _pieces(self, stems: list[str]) -> list[Match]:
        """Longest stretches that stand so in a product's title or kind; the label is the handle."""
        best: dict[tuple[int, str], int] = {}
        for start, word in enumerate(stems):
            if self._weights.get(word, 0.0) <= _FILLER:
                continue
            for handle in self._joined[word][1] if word in self._joined else ():
                best[(start, handle)] = 1
            for place in self._places[word]:
                length = _common(stems[start:], place.sequence[place.at :])
                while length > 1 and self._weights[stems[start + length - 1]] <= _FILLER:
                    length -= 1
                if length >= _least(word):
                    key = (start, place.handle)
                    best[key] = max(best.get(key, 0), length)
        found = [Match(handle, start, start + length) for (start, handle), length in best.items()]
        return [m for m in found if not any(o.covers(m) and o.label == m.label for o in found)]

    def _mention(
        self, start: int, end: int, stems: list[str], pieces: list[Match], nouns: list[Match], models: list[Match]
    ) -> Mention | None:
        scores: dict[str, float] = defaultdict(float)
        for model in models:
            for handle in self._models[model.label]:
                scores[handle] += _NAME * len(self._models[model.label]) ** -0.15
        for piece in pieces:
            scores[piece.label] += sum(self._weights[w] for w in stems[piece.start : piece.end])
        nouns = longest(nouns)
        fits: dict[str, float] = {}
        for noun in nouns:
            for handle, fit in self._sold[noun.label].items():
                fits[handle] = max(fits.get(handle, 0.0), fit)
        for handle, fit in fits.items():
            scores[handle] += fit
        ranked = sorted(((h, s) for h, s in scores.items() if s >= NAMED), key=lambda item: -item[1])
        if not ranked:
            return None
        kept = tuple((h, round(s, 3)) for h, s in ranked if s >= TIE * ranked[0][1])
        plain = end - start == 1 and (_common_word(stems[start]) or _is_colour(stems[start]))
        return Mention(" ".join(stems[start:end]), start, end, 0.5 if plain else 1.0, kept)


def things(product: Product) -> frozenset[str]:
    """What a product is: the things its title and kind name, the narrowest only; any language."""
    return _things(product.title, product.kind, written_in(product.description[:READ]))


@lru_cache(maxsize=65_536)
def _things(title: str, kind: str, language: str) -> frozenset[str]:
    found = {m.label for m in (*_headed(title, language), *_of_kind(kind, language))}
    wider = {parent for thing in found for parent in noun_parents()[thing]}
    return frozenset(found - wider)


@lru_cache(maxsize=KEPT)
def _plain(name: str) -> tuple[Word, ...]:
    return words(name)


@lru_cache(maxsize=KEPT)
def _stems(name: str) -> tuple[str, ...]:
    return tuple(stem(w.text) for w in _plain(name))


@lru_cache(maxsize=KEPT)
def _named(name: str, written: str) -> tuple[Match, ...]:
    """The things that a name speaks of, in any language; ``written`` is the one that the seller writes."""
    found: list[Match] = []
    for language in LANGUAGES:
        if language in ("en", "zh", "th", "ja", "hi", written) or not name.isascii():
            marked = language == "vi"  # a name that is not plain ASCII is written with its marks
            found += lexicon(language, marked).find("nouns", words(name, accents=True) if marked else _plain(name))
    return tuple(longest([*found, *compounds(_plain(name), written, found)]))


@lru_cache(maxsize=KEPT)
def written_in(text: str) -> str:
    """The language whose small words a seller's text has most of, by the detector where it has none."""
    plain = [w.text for w in words(text)]
    counts = {code: sum(word in lexicon(code, False).sections["stop"].vocabulary for word in plain) for code in WRITTEN}
    best = max(counts, key=lambda code: (counts[code], code == "en"))
    return best if counts[best] > 1 else language_of(text)


def _of_kind(kind: str, language: str) -> list[Match]:
    """The things that a type speaks of; a "Bike helmet" is no bike."""
    found, english = _named(kind, language), lexicon("en", False).find("nouns", _plain(kind))
    return [m for m in found if m not in english or not any(o.start == m.end for o in english)]


def _headed(title: str, language: str) -> list[Match]:
    """The things that a title says it is: "Honey Lip Balm with Mirror" is a balm, "Robot Vacuum and Mop" both."""
    before = _WITH.split(title, maxsplit=1)[0]
    name, found = (before, list(own)) if (own := _named(before, language)) else (title, list(_named(title, language)))
    if language in HEAD_FIRST and found:
        first = min(m.start for m in found)
        return [m for m in found if m.start == first]  # "Mochila de viaje": what it is comes first
    if language == "de":
        return found
    if name.isascii() or _HEAD_LAST.search(name):
        plain, last = [w.text for w in _plain(name)], max((m.end for m in found), default=0)
        return [m for m in found if m.end == last or plain[m.end] == "and"]
    return found


def _models(plain: Sequence[Word]) -> list[Match]:
    """Model names of a text, letters with digits right behind: "x20", "s3"."""
    return [
        Match(a.text + b.text, i, i + 2)
        for i, (a, b) in enumerate(pairwise(plain))
        if a.end == b.start and len(a.text) <= 4 and a.text.isascii() and a.text.isalpha() and b.text.isdigit()
    ]


def stem(word: str) -> str:
    """An English plural taken off; enough to find "knives" by "knife"."""
    if len(word) < 4 or not word.isascii() or not word.endswith("s") or word.endswith("ss"):
        return word
    if word.endswith("ves"):
        return f"{word[:-3]}f" if len(word) < 6 and word != "knives" else f"{word[:-3]}fe"
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith(("shes", "ches", "xes", "sses")) else word[:-1]


@lru_cache(maxsize=KEPT)
def head(name: str) -> str:
    """The word that says what a thing is: the last before a comma, bracket or measure.

    >>> head("Chef's Knife 20 cm"), head("Nova 6 Phone")
    ('knife', 'phone')
    """
    found = _plain(re.split(r"[(,|]", name, maxsplit=1)[0])
    if len(found) > 1 and len(found[-1].text) > 3 and found[-1].text not in _MEASURES and not _glyph(found[-1].text):
        return stem(found[-1].text) if not found[-1].text[0].isdigit() else head(name[: found[-1].start])
    before = _plain(re.split(r"[\d(,|]", name, maxsplit=1)[0])
    return stem(before[-1].text) if before else ""


def _weight(word: str, products: int, is_head: bool) -> float:
    """How much a word of a name tells, less when many products have it."""
    base, falls = _base(word, is_head)
    return base * float(max(1, products) ** -0.15) if falls else base


@lru_cache(maxsize=KEPT)
def _base(word: str, is_head: bool) -> tuple[float, bool]:
    """How much a word tells: names of their own most, then things, then words of the language; whether that is shared out."""
    if word[0].isdigit() or (len(word) == 1 and not _glyph(word)) or _stop(word):
        return _FILLER, False
    if _glyph(word):
        return _LETTER if _thai(word) else _CHARACTER, False
    if len(word) == 2:
        return _SHORT, False  # "de la", "da", "co": in some language everyday words
    thing = is_head or any(lexicon("en", False).sections["nouns"].find(words(form)) for form in (word, f"{word}s"))
    common = any(
        form in lexicon("en", False).sections[s].vocabulary
        for s in ("fields", "stop", "kinds", "aspects", "nouns", "colours")
        for form in (word, f"{word}s")
    ) or _is_material(word)
    return _THING if thing else _GENERIC if common else _NAME, True


def _stop(word: str) -> bool:
    return word in lexicon("en", False).sections["stop"].vocabulary


def _common_word(word: str) -> bool:
    return word in lexicon("en", False).sections["fields"].vocabulary


def _is_colour(word: str) -> bool:
    """A colour in any language, though some product is called so: "Isla Verde"."""
    return any(word in lexicon(code, False).sections["colours"].vocabulary for code in LANGUAGES)


@lru_cache(maxsize=65_536)
def _is_material(word: str) -> bool:
    """What goods are made of, in any language: "lụa" (silk) names no product alone."""
    plain = (Word(word, 0, len(word)),)
    return any(m.label == "material" for code in LANGUAGES for m in lexicon(code, False).find("fields", plain))


def _glyph(word: str) -> bool:
    """One character of a script without spaces."""
    return len(word) == 1 and ord(word) > 0xE00


def _least(word: str) -> int:
    """Words that must follow each other to count: characters are only parts of words."""
    return 1 if not _glyph(word) else 5 if _thai(word) else 2


def _thai(word: str) -> bool:
    """One letter or sign of Thai or Lao: it takes several to make a word."""
    return 0x0E00 <= ord(word[0]) <= 0x0EFF


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    length = 0
    while length < min(len(a), len(b)) and a[length] == b[length]:
        length += 1
    return length


def _within(piece: Match, thing: Match) -> bool:
    """Whether a piece is only a part of a thing's name: "washing machine" names no espresso machine."""
    return thing.covers(piece) and piece.end - piece.start < thing.end - thing.start


def _joined(places: dict[str, list[_Place]]) -> dict[str, tuple[tuple[str, str], frozenset[str]]]:
    """Two words of a name written as one, with those words and the products that have them: "Citybike", "yogamat"."""
    out: dict[str, tuple[tuple[str, str], set[str]]] = {}
    for place in (place for found in places.values() for place in found):
        pair = place.sequence[place.at : place.at + 2]
        if len(pair) == 2 and min(map(len, pair)) > 2 and all(part.isalpha() for part in pair):
            out.setdefault("".join(pair), ((pair[0], pair[1]), set()))[1].add(place.handle)
    return {word: (parts, frozenset(handles)) for word, (parts, handles) in out.items() if word not in places}


def _clusters(plain: tuple[Word, ...], spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that touch, or that only a word like "of" parts, become one."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        last = out[-1] if out else None
        if last and (start <= last[1] or (start == last[1] + 1 and plain[last[1]].text in _CONNECT)):
            out[-1] = (last[0], max(last[1], end))
        else:
            out.append((start, end))
    return out


def _choices(product: Product) -> Iterable[str]:
    return dict.fromkeys(value for variant in product.variants for _, value in variant.options)


def _codes(products: Sequence[Product]) -> Iterable[tuple[str, tuple[str, str]]]:
    for product in products:
        for variant in product.variants:
            for code in (variant.sku, variant.gtin):
                if code:
                    yield code.casefold(), (product.handle, variant.sku)
