"""A model's sentence: it may say what the plain sentence says, in other harmless words, and nothing else.

A list of forbidden claims can always be talked round; a list of harmless words cannot. So every word that the plain
sentence and the cited facts lack must claim nothing; what is taken over must come in the plain sentence's order, since
"waterproof, not water repellent" needs no new word to lie; and nothing that carries the statement may be left out, since
"faux leather" becomes a lie by one word less.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from agent.guard import tables
from agent.guard.figures import NUMBER, amounts, figures, shares, value_of
from agent.guard.text import UNSPACED, WORD, normalise
from agent.guard.verdict import BACKED, Verdict, refused, unless
from knowledge.product import Fact

TOKEN = re.compile(f"{NUMBER.pattern}|{WORD.pattern}")
HARMLESS_MARKS = frozenset(" \n.,!?:;'\"-–—()…¿¡。，！？、：；「」（）“”‘।·")
KEPT_WHOLE = frozenset({"compare_at", "shipping_weight"})  # fields whose name must be said: without it they are another's


def says_the_same(text: str, plain: str, facts: Sequence[Fact], ground: str, language: str) -> Verdict:
    """Judge a normalised sentence by the normalised plain one. ``ground`` is all that the cited facts hold."""
    harmless = tables.phrases("harmless")
    text, said = harmless.without(text.casefold()), harmless.without(plain.casefold())
    for verdict in (
        _figures(text, said, language),
        _negation(text, said, language),
        _symbols(text, ground),
        _words(text, ground.casefold(), facts, language),
        _order(text, said, language),
        _whole(text, said, facts, language),
    ):
        if not verdict.ok:
            return verdict
    return BACKED


def _figures(text: str, plain: str, language: str) -> Verdict:
    told, given = figures(text, language), figures(plain, language)
    if told != given:
        return refused("numbers_differ", f"{told} for {given}")
    same = amounts(text) == amounts(plain) and shares(text) == shares(plain)
    return BACKED if same else refused("units_differ", f"{sorted(amounts(text))} for {sorted(amounts(plain))}")


def _negation(text: str, plain: str, language: str) -> Verdict:
    told, given = _negations(text, language), _negations(plain, language)
    if told != given:
        return refused("negation_differs", f"{told} for {given}")
    yes = tables.words("yes", language)
    agreed = [word for word in WORD.findall(text) if word in yes]
    if agreed and not any(word in yes for word in WORD.findall(plain)):
        return refused("negation_differs", agreed[0])  # "Yes" is an answer that the plain sentence does not give
    return BACKED


def _negations(text: str, language: str) -> int:
    """How many words of a text turn its statement round."""
    marks = tables.words("negations", language)
    if any(UNSPACED.match(mark) for mark in marks):
        return len(re.findall("|".join(sorted(map(re.escape, marks), key=len, reverse=True)), text))
    return sum(word in marks or ("n't" in marks and word.endswith("n't")) for word in WORD.findall(text))


def _symbols(text: str, ground: str) -> Verdict:
    """Mark-up, emoji and signs claim as well as words do."""
    strange = {
        c for c in text if not (c.isalnum() or c in HARMLESS_MARKS or UNSPACED.match(c) or "\u0900" <= c <= "\u097f")
    }
    return unless("".join(sorted(strange - set(ground))), "unbacked_symbol")


def _words(text: str, ground: str, facts: Sequence[Fact], language: str) -> Verdict:
    soft = _soft(facts, language)
    known = set(WORD.findall(ground))
    known |= {part for word in known for part in word.split("'")}
    novel = [
        word
        for word in WORD.findall(text)
        if word not in known and word not in soft and not (UNSPACED.search(word) and all(c in ground for c in word))
    ]
    return unless(", ".join(dict.fromkeys(novel)), "unbacked_words")


def _order(text: str, plain: str, language: str) -> Verdict:
    """Words and numbers taken over from the plain sentence must come in its order."""
    given = _content(plain, (), language)
    known, rest = set(given), iter(given)
    for token in _content(text, (), language):
        if token in known and token not in rest:  # ``in`` walks on from where the token before was found
            return refused("order_differs", token)
    return BACKED


def _whole(text: str, plain: str, facts: Sequence[Fact], language: str) -> Verdict:
    """Nothing that carries the statement is left out: the values word by word, the rest but for names and labels."""
    told = _tokens(text)
    given = _tokens(plain)
    for fact in facts:
        value = _tokens(normalise(fact.value).casefold())
        if _within(value, given, gaps=False) and not _within(value, told, gaps=True):
            return refused("value_cut", fact.value)
    spoken = Counter(_content(text, facts, language))
    missing = Counter(_content(plain, facts, language)) - spoken
    elsewhere = {token for fact in facts for token in _tokens(normalise(fact.value).casefold())}
    for part in _omittable(facts):
        if not any(spoken[token] for token in part if token not in elsewhere):  # half a name may be another's
            often = max(1, *(missing[token] for token in part if token not in elsewhere), 1)  # once a plain sentence
            missing -= Counter({token: count * often for token, count in Counter(part).items()})
    return unless(", ".join(missing), "left_out")


def _omittable(facts: Sequence[Fact]) -> list[list[str]]:
    """Token lists that may be left out, each as a whole: the attributes' names, and the product's when it is but one."""
    names = {fact.product for fact in facts if fact.product}
    labels = {word for fact in facts if fact.field not in KEPT_WHOLE for word in (fact.label, fact.field.replace("_", " "))}
    parts = [_tokens(normalise(text).casefold()) for text in (*labels, *(names if len(names) == 1 else ()))]
    return sorted((part for part in parts if part), key=len, reverse=True)


def _within(value: Sequence[str], tokens: Sequence[str], *, gaps: bool) -> bool:
    """Whether the value's tokens stand in ``tokens`` in their order, with nothing between unless ``gaps``."""
    if gaps:
        rest = iter(tokens)
        return all(token in rest for token in value)
    width = len(value)
    return bool(value) and any(list(value) == list(tokens[at : at + width]) for at in range(len(tokens) - width + 1))


def tokens(text: str, language: str) -> list[str]:
    """What a text says, in order: numbers by value and words that claim something; characters in scripts without spaces."""
    return _content(normalise(text).casefold(), (), language)


def _content(text: str, facts: Sequence[Fact], language: str) -> list[str]:
    """The tokens that are not soft."""
    soft = _soft(facts, language)
    return [token for token in _tokens(text) if token not in soft]


def _tokens(text: str) -> list[str]:
    """Numbers by value and words in order; characters where a script has no spaces."""
    return list(_cut(TOKEN.findall(text)))


def _cut(found: Iterable[str]) -> Iterable[str]:
    for token in found:
        if token[0].isdigit():
            yield value_of(token)
        elif UNSPACED.search(token):
            yield from token
        else:
            yield token.removesuffix("'s")


def _soft(facts: Sequence[Fact], language: str) -> frozenset[str]:
    """Harmless words, and the verbs that go with the attributes told: "costs" with a price, "weighs" with a weight."""
    verbs = tables.table("verbs").get(language, {})
    own = {word for fact in facts for word in verbs.get(fact.field, "").split()}
    return tables.words("soft", language) | own
