"""A chat message made comparable: cleaned of links and handles, slang and spelling put right, cut into words."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from knowledge.lexicon import LANGUAGES, Word, fold, has_vietnamese, lexicon, regions, shape_words, words
from knowledge.personal import personal_data, without

MAX_CHARS = 500  # what lies behind is cut off: nobody asks a host in a page of text
SPELLED = frozenset({"en", "id", "es", "fr", "de", "pt"})  # languages whose misspelt words are put right
_STRETCHED = re.compile(r"([^\W\dxX])\1{2,}")
_MARKUP = re.compile(r"<[^>]{0,80}>|[{}\[\]<>|\\`*_#~^]")


@dataclass(frozen=True, slots=True)
class Text:
    """A message. ``accented`` differs from ``plain`` only for Vietnamese; both align word by word."""

    raw: str
    plain: tuple[Word, ...]
    accented: tuple[Word, ...]
    language: str

    def span(self, start: int, end: int) -> str:
        """The words from ``start`` to before ``end``, joined as the script joins them."""
        out = ""
        for word in self.accented[start:end]:
            glued = (out and ord(word.text[0]) > 0x2E80) or _unspaced(word.text)
            out += word.text if glued or not out else f" {word.text}"
        return out


def message(cleaned: str, language: str, names: frozenset[str] = frozenset()) -> Text:
    """The words of a cleaned message; ``names`` are words that are spelt right because the catalogue has them."""
    if language == "vi" and has_vietnamese(cleaned):
        return Text(cleaned, words(cleaned), words(cleaned, accents=True), language)
    everyday = _everyday(words(cleaned, accents=True), language)
    plain = _spelled(_slang(words(cleaned), language), language, names, everyday)
    return Text(cleaned, plain, plain, language)


def clean(text: str) -> str:
    """A message without personal data, links, mark-up and stretched letters, cut to MAX_CHARS."""
    text = _MARKUP.sub(" ", without(text[:MAX_CHARS]))
    return " ".join(_STRETCHED.sub(r"\1", text).split())


def personal(text: str) -> bool:
    """Whether a message carries a link, a handle, an address, a number or the like: never to be read aloud."""
    return bool(personal_data(text[:MAX_CHARS]))


def _unspaced(text: str) -> bool:
    return bool(text) and 0x0E00 <= ord(text[0]) <= 0x0EFF


def _slang(tokens: tuple[Word, ...], language: str) -> tuple[Word, ...]:
    table = lexicon(language, False).slang if language in LANGUAGES else {}
    out: list[Word] = []
    for token in tokens:
        out += [Word(part, token.start, token.end) for part in table.get(token.text, token.text).split()]
    return tuple(out)


def _spelled(
    tokens: tuple[Word, ...], language: str, names: frozenset[str], everyday: frozenset[str]
) -> tuple[Word, ...]:
    """Misspelt words put right where a known word is one letter away (two in long words). Latin letters only."""
    if language not in SPELLED:
        return tokens
    return tuple(
        Word(_nearest(token.text, language, names), token.start, token.end)
        if token.text not in everyday and _suspicious(token.text, language, names)
        else token
        for token in tokens
    )


def _everyday(tokens: tuple[Word, ...], language: str) -> frozenset[str]:
    """Words that a language uses, without their accents: Indonesian "bikin" (make) is no misspelt bikini."""
    if language not in SPELLED:
        return frozenset()
    from wordfreq import get_frequency_dict

    known = get_frequency_dict(language, wordlist="small")  # from one use in a million words on
    return frozenset(fold(token.text) for token in tokens if token.text in known)


def _suspicious(word: str, language: str, names: frozenset[str]) -> bool:
    if len(word) < 5 or not word.isascii() or not word.isalpha() or word in names:
        return False
    return word not in _vocabulary(language)[0] and not any(word.startswith(stem) for stem in _vocabulary(language)[1])


def _nearest(word: str, language: str, names: frozenset[str]) -> str:
    from rapidfuzz import process
    from rapidfuzz.distance import DamerauLevenshtein

    limit = 1 if len(word) < 8 else 2
    first = (*_by_letter(language).get(word[0], ()), *(w for w in names if w[0] == word[0] and len(w) > 3))
    near = sorted({w for w in first if abs(len(w) - len(word)) <= limit})  # sets have another order in each process
    best = process.extractOne(word, near, scorer=DamerauLevenshtein.distance, score_cutoff=limit)
    return best[0] if best else word


@cache
def _by_letter(language: str) -> Mapping[str, tuple[str, ...]]:
    """The words a language's tables know that are long enough to be misspelt, by their first letter."""
    out: dict[str, list[str]] = defaultdict(list)
    for word in _vocabulary(language)[0]:
        if len(word) > 3:
            out[word[0]].append(word)
    return {letter: tuple(words) for letter, words in out.items()}


@cache
def _vocabulary(language: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """(words that a language's tables know, stems that may go on)."""
    tables = [lexicon(code, False) for code in {language, "en"}]
    known = {w for t in tables for phrases in t.sections.values() for w in phrases.vocabulary}
    known |= {word for code in {language, "en", "hi"} for word in shape_words(code)}
    known |= regions().vocabulary  # "Spain" is no misspelt "stain"
    return frozenset(known), tuple(stem for t in tables for phrases in t.sections.values() for stem in phrases.stems)
