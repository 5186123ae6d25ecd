"""What a question says in one language and a statement in another: "laisse des traces", "does not leave marks".

The table is data/words/meanings.toml. Words of one row mean much the same, so that a statement is found to speak of what is
asked though no word of it is in the question.
"""

import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

from knowledge.language import language_of
from knowledge.lexicon import Match, Phrases, Word, lexicon, words

COLUMNS = ("en", "es", "fr", "de", "pt", "id", "zh", "ja", "th", "vi", "hi")  # as in the table; the last ones may be missing


def spoken(plain: tuple[Word, ...], language: str) -> list[Match]:
    """The meanings in a question's words, colours among them, each with its place."""
    colours = lexicon(language, False).find("colours", plain) if language in COLUMNS else []
    return [*_table().get(language, Phrases(())).find(plain), *colours]


@lru_cache(maxsize=20_000)
def meanings(text: str) -> frozenset[str]:
    """The meanings in a statement, which is in English or in its own language."""
    plain = words(text)
    languages = dict.fromkeys(("en", language_of(text)))
    return frozenset(m.label for language in languages for m in spoken(plain, language))


@cache
def _table() -> Mapping[str, Phrases]:
    raw = (files("knowledge") / "data" / "words" / "meanings.toml").read_text(encoding="utf-8")
    rows: dict[str, list[str]] = tomllib.loads(raw)
    return {
        language: Phrases(
            (phrase, label) for label, row in rows.items() if len(row) > i for phrase in row[i].split("|") if phrase
        )
        for i, language in enumerate(COLUMNS)
    }
