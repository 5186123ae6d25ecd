"""Words that matter in a question, found in it: a phrase table a language, matched longest first.

The tables are data (data/asked/*.toml, data/words/*.toml), so that a new word is a line and not code. In a phrase, "~" in
front marks a weak cue and "*" at a word's end lets the word go on. Scripts without spaces are matched anywhere in the
text; others by whole words. Latin letters are compared without accents, except where a text carries Vietnamese ones.
"""

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

LANGUAGES = ("en", "zh", "th", "vi", "id", "es", "fr", "de", "pt", "ja", "hi")
NOUN_COLUMNS = ("en", "zh", "th", "vi", "id", "es", "fr", "de", "pt", "ja", "hi")  # as in data/words/nouns/
UNSPACED = r"\u0e00-\u0eff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f"  # Thai, Lao, kana, Han
_TOKEN = re.compile(rf"[{UNSPACED}]|\d+(?:[.,]\d+)*|[^\W\d_{UNSPACED}][^\W\d_{UNSPACED}\u0300-\u036f]*[\u0300-\u036f]*")
_DEVANAGARI = re.compile(r"[\u0900-\u097f\u200c\u200d]+")
_VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]|[àáãèéìíĩòóõùúũýỳ]", re.IGNORECASE)
_LATIN_MARKS = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")
_CONTRACTION = re.compile(r"(?<=\w)['’`´](?=(?:s|t|re|ll|ve|d|m)\b)")  # what's, don't: one word


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text; in a script without spaces, one character."""

    text: str  # folded, as it is compared
    start: int  # in the cleaned text
    end: int


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase found in a text, from word ``start`` to before word ``end``."""

    label: str
    start: int
    end: int
    weight: float = 1.0

    def covers(self, other: "Match") -> bool:
        """Whether ``other`` lies inside this longer phrase."""
        return self.start <= other.start and other.end <= self.end and self.end - self.start > other.end - other.start


@dataclass(frozen=True, slots=True)
class Mention(Match):
    """A stretch of text that names a product; several when the name fits several."""

    candidates: tuple[tuple[str, float], ...] = ()  # (handle, score), best first


def fold(text: str, *, accents: bool = False) -> str:
    """Lower case, width and apostrophes normalised; Latin accents dropped unless ``accents``."""
    text = _CONTRACTION.sub("", unicodedata.normalize("NFKC", text).casefold())
    if accents:
        return text
    plain = _LATIN_MARKS.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", plain).replace("đ", "d").replace("ı", "i")


def words(text: str, *, accents: bool = False) -> tuple[Word, ...]:
    """The words of a text; characters where a script has no spaces."""
    folded = fold(text, accents=accents)
    found = [(m.start(), m.end()) for m in _TOKEN.finditer(folded)]
    if _DEVANAGARI.search(folded):
        found = _joined(folded, found)
    return tuple(Word(folded[a:b], a, b) for a, b in found)


def _joined(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Devanagari words whole: their vowel signs are no letters to a regular expression."""
    runs = [(m.start(), m.end()) for m in _DEVANAGARI.finditer(text)]
    rest = [s for s in spans if not any(a <= s[0] < b for a, b in runs)]
    return sorted(rest + runs)


class Phrases:
    """A set of labelled phrases, found in a text by whole words."""

    def __init__(self, rows: Iterable[tuple[str, str]], *, accents: bool = False) -> None:
        """``rows``: (phrase, label) pairs."""
        self.accents = accents
        self._rows: dict[str, list[tuple[tuple[str, ...], tuple[bool, ...], str, float]]] = defaultdict(list)
        self.vocabulary: set[str] = set()
        self.stems: set[str] = set()
        for phrase, label in rows:
            self._add(phrase, label)

    def _add(self, phrase: str, label: str) -> None:
        weak = phrase.startswith("~")
        parts = [(w.text, open_) for piece in phrase.lstrip("~").split() for w, open_ in self._piece(piece)]
        if not parts:
            return
        texts, opens = tuple(t for t, _ in parts), tuple(o for _, o in parts)
        self.vocabulary |= set(texts)
        self.stems |= {t for t, open_ in parts if open_ and len(t) > 3}
        first = texts[0][:1] + "*" if opens[0] else texts[0]  # a word that may go on is looked up by its first letter
        self._rows[first].append((texts, opens, label, 0.5 if weak else 1.0))

    def _piece(self, piece: str) -> list[tuple[Word, bool]]:
        found = words(piece.rstrip("*"), accents=self.accents)
        return [(w, piece.endswith("*") and i == len(found) - 1) for i, w in enumerate(found)]

    def phrases(self) -> Iterable[tuple[tuple[str, ...], str]]:
        """(words, label) of the phrases that are sure."""
        return ((texts, label) for bucket in self._rows.values() for texts, _, label, weight in bucket if weight >= 1)

    def singles(self) -> Iterable[tuple[str, str]]:
        """(word, label) of the phrases of one word that are sure."""
        return ((texts[0], label) for texts, label in self.phrases() if len(texts) == 1)

    def find(self, text: tuple[Word, ...], *, whole: bool = False) -> list[Match]:
        """Every phrase in the text, in order of place. ``whole``: no word may go on, whatever the table says."""
        out = []
        for start in range(len(text)):
            first = text[start].text
            for texts, opens, label, weight in (*self._rows.get(first, ()), *self._rows.get(f"{first[:1]}*", ())):
                if _fits(text, start, texts, opens, whole):
                    out.append(Match(label, start, start + len(texts), weight))
        return out


def _fits(text: tuple[Word, ...], start: int, texts: tuple[str, ...], opens: tuple[bool, ...], whole: bool) -> bool:
    if start + len(texts) > len(text):
        return False
    for word, want, open_ in zip(text[start:], texts, opens, strict=False):
        if word.text != want and (whole or not (open_ and word.text.startswith(want))):
            return False
    return True


def longest(matches: list[Match]) -> list[Match]:
    """Without the phrases that lie inside longer ones."""
    return [m for m in matches if not any(other.covers(m) for other in matches)]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's tables."""

    language: str
    sections: Mapping[str, Phrases]
    slang: Mapping[str, str]
    accents: bool

    def find(self, section: str, text: tuple[Word, ...], *, whole: bool = False) -> list[Match]:
        """The phrases of one section in a text, longest first kept. ``whole`` is for texts in another language."""
        table = self.sections.get(section)
        return longest(table.find(text, whole=whole)) if table else []


def has_vietnamese(text: str) -> bool:
    """Whether a text is written with Vietnamese letters (other languages' accents count too: ask only where it may be)."""
    return bool(_VIETNAMESE.search(text))


@cache
def lexicon(language: str, accents: bool) -> Lexicon:
    """The tables of one of LANGUAGES. ``accents`` is for Vietnamese written with its letters.

    Without them a cue that reads like a small word says nothing: "gi" is gì (what), not gỉ (rust).
    """
    raw = dict(_read(f"asked/{language}.toml"))
    slang: dict[str, str] = raw.pop("slang", {})
    small = set() if accents or language != "vi" else {fold(w) for w in raw["stop"]["words"] if not w.isascii()}
    sections = {
        name: Phrases(
            ((p, label) for label, phrases in rows.items() for p in phrases if name == "stop" or fold(p) not in small),
            accents=accents,
        )
        for name, rows in raw.items()
    }
    sections["colours"] = Phrases(_by_language("colours", language, shades=False), accents=accents)
    sections["nouns"] = Phrases(_nouns(language, accents), accents=accents)
    return Lexicon(language, MappingProxyType(sections), MappingProxyType(slang), accents)


@cache
def shapes(language: str, accents: bool) -> Mapping[str, tuple[str, ...]]:
    """A language's shapes of chat (data/talk), by what they do. Without accents, short Vietnamese ones are left out."""
    rows: dict[str, list[str]] = _read(f"talk/{language}.toml")["talk"]
    bare = language == "vi" and not accents
    return {
        label: tuple(p for p in phrases if not (bare and label != "asks" and " " not in p and not p.isascii()))
        for label, phrases in rows.items()
    }


@cache
def shape_words(language: str) -> frozenset[str]:
    """Every word in a language's shapes of chat: none of them is misspelt."""
    return frozenset(w.text for phrases in shapes(language, False).values() for p in phrases for w in words(p))


@cache
def regions() -> Phrases:
    """Places, in every language at once."""
    rows = _read("words/regions.toml")
    return Phrases((name, region) for region, row in rows.items() for name in row["names"])


@cache
def region_groups() -> Mapping[str, tuple[str, ...]]:
    """The groups a place belongs to, nearest first, all the way up: DE → europe, eu."""
    rows = _read("words/regions.toml")

    def up(region: str) -> tuple[str, ...]:
        near = tuple(rows[region]["in"]) if region in rows else ()
        return tuple(dict.fromkeys([*near, *(far for group in near for far in up(group))]))

    return MappingProxyType({region: up(region) for region in rows})


@cache
def shades() -> Phrases:
    """Colour names as catalogues use them, in every language, with the shades sold under them."""
    return Phrases(
        (name, colour)
        for language in LANGUAGES
        for name, colour in _by_language("colours", language, shades=language == "en")
    )


@cache
def traits(language: str, accents: bool) -> Phrases:
    """What goods can do, have or are, as a language calls it; Vietnamese without its marks says too many things at once."""
    rows = _read("words/traits.toml")
    if language == "vi" and not accents:
        return Phrases(())
    return Phrases(((w, trait) for trait, row in rows.items() for w in row.get(language, "").split("|") if w), accents=accents)


@cache
def noun_parents() -> Mapping[str, tuple[str, ...]]:
    """The wider kinds of every thing in the noun table, all the way up: running_shoe → shoe, footwear."""
    rows = _noun_rows()

    def up(noun: str) -> tuple[str, ...]:
        near = tuple(rows[noun][0].split())
        return tuple(dict.fromkeys([*near, *(far for wider in near for far in up(wider))]))

    return MappingProxyType({noun: up(noun) for noun in rows})


def noun_names(noun: str, language: str = "en") -> tuple[str, ...]:
    """What a thing of the noun table is called in a language; none for an unknown one."""
    row = _noun_rows().get(noun)
    return tuple(name.lstrip("~") for name in row[NOUN_COLUMNS.index(language) + 1].split("|") if name) if row else ()


@cache
def _colour_words(language: str) -> Mapping[str, str]:
    rows = _read("words/colours.toml")
    return MappingProxyType({row["en"][0]: row[language][0] for row in rows.values() if language in row})


def colour_word(name: str, language: str) -> str | None:
    """A plain English colour's word in a language: "Black" → 黑色; None for shades and anything else."""
    return _colour_words(language).get(name.casefold().strip())


def _by_language(table: str, language: str, *, shades: bool) -> list[tuple[str, str]]:
    rows = _read(f"words/{table}.toml")
    return [
        (word, label)
        for label, row in rows.items()
        for word in [*row.get(language, ()), *(row.get("of", ()) if shades else ())]
    ]


def _nouns(language: str, accents: bool) -> list[tuple[str, str]]:
    column = NOUN_COLUMNS.index(language) + 1
    clitic = "*" if language == "id" else ""  # kemeja, kemejanya
    return [
        (word + (clitic if len(word) > 3 else ""), noun)
        for noun, row in _noun_rows().items()
        for word in row[column].split("|")
        if word and not (language == "vi" and not accents and _needs_accents(word))
    ]


def _needs_accents(word: str) -> bool:
    """Short Vietnamese words mean too much without their marks: váy is a dress, "vay" a particle."""
    syllables = word.split()
    return not word.isascii() and (len(syllables) == 1 or max(map(len, syllables)) <= 3)


@cache
def _noun_rows() -> Mapping[str, list[str]]:
    """The noun table: one file a department, read as one."""
    folder = files("knowledge") / "data" / "words" / "nouns"
    names = sorted(path.name for path in folder.iterdir() if path.name.endswith(".toml"))
    return MappingProxyType({noun: row for name in names for noun, row in _read(f"words/nouns/{name}").items()})


@cache
def _read(name: str) -> dict[str, Any]:
    path = files("knowledge") / "data"
    for part in name.split("/"):
        path = path / part
    table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return table
