"""German writes things as one word: Leinenhemd is a Hemd. The last part says what a thing is."""

from functools import cache

from knowledge.lexicon import Match, Word, lexicon

LANGUAGES = frozenset({"de"})  # that join words so
ENDINGS = ("n", "en", "e", "s", "es", "er", "ern")
LEAST = 4  # letters of the last part: "Hemd"; shorter ones end too many other words
JOINT = 3  # letters before it at least


def compounds(text: tuple[Word, ...], language: str, found: list[Match]) -> list[Match]:
    """Things named by the last part of a word that no table has whole."""
    if language not in LANGUAGES:
        return []
    covered = {i for m in found for i in range(m.start, m.end)}
    known = _things(language)
    out = []
    for i, word in enumerate(text):
        if i in covered or len(word.text) < LEAST + 1:
            continue
        parts = (form[at:] for form in _forms(word.text) for at in (0, *range(JOINT, len(form) - LEAST + 1)))
        thing = next((known[part] for part in parts if part in known), "")
        if thing:
            out.append(Match(thing, i, i + 1))
    return out


def _forms(word: str) -> list[str]:
    """A word and what it may be an inflected form of: "Handschuhen", "Handschuhe"."""
    return [word, *(word.removesuffix(end) for end in ENDINGS if word.endswith(end) and len(word) - len(end) >= LEAST)]


@cache
def _things(language: str) -> dict[str, str]:
    """Single words for things of a language's table, long enough to end another."""
    return {word: label for word, label in lexicon(language, False).sections["nouns"].singles() if len(word) >= LEAST}
