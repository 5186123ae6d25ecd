"""Sentences → clauses, so that a voice that needs long for a sentence can be heard before it has made all of it.

A clause ends with its sentence, with a comma, colon, semicolon or dash, or before a conjunction where it would be too long
without. It never ends inside a number, a price, a date, parentheses, quotation marks, or a name that is to be kept whole.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from agent.sentences import split

MARK = re.compile(r"[,;:،؛](?=\s)|[，；：、—]|\s[–—-](?=\s)")
PAIRS = {"(": ")", "（": "）", "[": "]", "【": "】", "“": "”", "«": "»", "「": "」", "『": "』", "《": "》", '"': '"'}
# Before these a long clause may be cut; of the languages with spaces they are whole words.
CONJUNCTIONS = {
    "en": ["and", "but", "or", "because", "which", "while", "so that"],
    "es": ["y", "e", "pero", "o", "porque", "que", "mientras", "según", "aunque", "para"],
    "fr": ["et", "mais", "ou", "car", "parce", "qui", "que", "selon", "pour", "avec"],
    "pt": ["e", "mas", "ou", "porque", "que", "enquanto", "conforme", "para", "com"],
    "de": ["und", "aber", "oder", "weil", "denn", "sondern"],
    "id": ["dan", "tetapi", "tapi", "atau", "karena", "yang", "sesuai", "untuk", "dengan"],
    "vi": ["và", "nhưng", "hoặc", "vì", "mà", "theo"],
    "hi": ["और", "लेकिन", "या", "क्योंकि", "जो", "ताकि"],
    "it": ["e", "ma", "o", "perché", "che", "mentre", "secondo", "per"],
    "zh": ["但是", "而且", "并且", "以及", "或者", "因为", "所以", "如果"],
    "ja": ["しかし", "そして", "または"],
    "th": ["และ", "แต่", "หรือ", "เพราะ", "ซึ่ง"],
}
UNSPACED = frozenset({"zh", "ja", "th"})
SHORTEST = 2  # letters and digits; less is not said alone


def clauses(text: str, language: str, *, keep: Iterable[str] = ()) -> list[str]:
    """The clauses of a sentence, marks included. Those in ``keep`` (names) are not cut. Joined they are the text.

    >>> clauses("El envío tarda de 3 a 5 días, pero no a Canarias.", "es")
    ['El envío tarda de 3 a 5 días, ', 'pero no a Canarias.']
    """
    whole, at, ends = _whole(text, keep), 0, [m.end() for m in MARK.finditer(text)]
    for sentence in split(text, language):
        at = text.index(sentence, at) + len(sentence)
        ends.append(at)
    return _cut(text, [end for end in ends if _may_cut(text, end, whole)])


def parts(text: str, language: str, sizes: Sequence[int], *, keep: Iterable[str] = ()) -> list[str]:
    """A sentence in parts of about ``sizes`` characters at most, the last size holding for all that follow.

    Clauses are put together as far as a size allows; one that is longer than half as much again is cut before a conjunction.
    """
    keep, out = tuple(keep), list[str]()
    for clause in clauses(text, language, keep=keep):
        for piece in _shorter(clause, language, sizes[min(len(out), len(sizes) - 1)], keep):
            if out and len(out[-1]) + len(piece) <= sizes[min(len(out), len(sizes)) - 1]:
                out[-1] += piece
            else:
                out.append(piece)
    return _no_crumbs(out)


def _shorter(clause: str, language: str, limit: int, keep: tuple[str, ...]) -> list[str]:
    """The clause, cut before conjunctions when it is much longer than ``limit``."""
    words = CONJUNCTIONS.get(language)
    if words is None or 2 * len(clause) <= 3 * limit:
        return [clause]
    either = "|".join(map(re.escape, words))
    before = rf"(?:{either})" if language in UNSPACED else rf"(?<=\s)(?:{either})(?=\s)"
    whole = _whole(clause, keep)
    ends = [m.start() for m in re.finditer(before, clause, re.I) if _may_cut(clause, m.start(), whole)]
    return _cut(clause, [end for end in ends if end >= limit // 2 and len(clause) - end >= limit // 3])


def _cut(text: str, ends: Iterable[int]) -> list[str]:
    """The text cut at these places; white space stays with what is before it."""
    places = sorted({end + len(text[end:]) - len(text[end:].lstrip()) for end in ends} | {0, len(text)})
    return [text[a:b] for a, b in pairwise(places) if b > a]


def _no_crumbs(pieces: list[str]) -> list[str]:
    """Pieces that are too short to be said alone go with the one before, the first with the one after it."""
    out: list[str] = []
    for piece in pieces:
        if out and min(_letters(piece), _letters(out[-1])) < SHORTEST:
            out[-1] += piece
        else:
            out.append(piece)
    return out


def _letters(text: str) -> int:
    return sum(c.isalnum() for c in text)


def _whole(text: str, keep: Iterable[str]) -> list[tuple[int, int]]:
    """Stretches that must stay whole: names, what is between parentheses or quotation marks."""
    out = [m.span() for name in keep if name for m in re.finditer(re.escape(name), text, re.I)]
    i = 0
    while i < len(text):
        close = text.find(PAIRS[text[i]], i + 1) if text[i] in PAIRS else -1
        if close > 0:
            out.append((i, close + 1))
            i = close
        i += 1
    return out


def _may_cut(text: str, at: int, whole: list[tuple[int, int]]) -> bool:
    """Whether a clause may end before ``text[at]``: not in what must stay whole, nor between two numbers."""
    if any(begin < at < end for begin, end in whole):
        return False
    before, after = re.sub(r"[\W_]+$", "", text[:at]), re.sub(r"^[\s]+", "", text[at:])
    return bool(after) and not (before[-1:].isdigit() and after[0].isdigit())
