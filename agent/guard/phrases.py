"""Finds many phrases in a text in one pass over its words.

An entry is a phrase in lower case. "*" at its end lets the last word go on, " .. " stands for up to 40 characters of the same
sentence, "^" in front for the beginning of a sentence, and "re:" for a regular expression. Words of scripts with spaces
are found whole; others anywhere.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.guard.text import UNSPACED, normalise

NEAR = 40  # characters between two words that belong together
_SENTENCE_END = re.compile(r"[.!?。！？\n]\s")
_BEFORE_START = re.compile(r"(?:^|[.!?。！？\n\[(<:#*])\s*$")
_STARTS = re.compile(rf"{UNSPACED.pattern}|(?<![^\W_])\S|[^\w\s]|(?<={UNSPACED.pattern})\S")  # where a word may begin
_KEY = 3  # first characters by which entries are looked up


@dataclass(frozen=True, slots=True)
class _Entry:
    text: str
    goes_on: bool  # the last word may be longer
    begins: bool  # only at the beginning of a sentence
    pair: int = -1  # of the pair that it is half of
    side: int = 0
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Where a phrase stands in a text."""

    start: int
    end: int


class Phrases:
    """One list of phrases; ``near`` holds pairs of word groups, of which one each must stand close together."""

    def __init__(
        self, phrases: Iterable[str], near: Sequence[Sequence[Sequence[str]]] = (), allowed: "Phrases | None" = None
    ) -> None:
        self._index: Mapping[str, list[_Entry]] = defaultdict(list)
        self._patterns: list[re.Pattern[str]] = []
        self._allowed, self._pairs = allowed, 0
        for phrase in dict.fromkeys(phrases):
            if " .. " in phrase:
                self._pair([[part] for part in phrase.split(" .. ")], ordered=True)
            elif phrase.startswith("re:"):
                self._patterns.append(re.compile(phrase.removeprefix("re:")))
            else:
                self._put(phrase)
        for groups in near:
            self._pair(groups, ordered=False)

    def find(self, *texts: str) -> str:
        """The first phrase found in one of the texts (lower case), "" when there is none."""
        for text in texts:
            excused = list(self._allowed.spans(text)) if self._allowed else []
            for span in self.spans(text):
                if not any(allow.start <= span.start and span.end <= allow.end for allow in excused):
                    return text[span.start : span.end].strip()
        return ""

    def without(self, text: str) -> str:
        """The text with every phrase taken out; of two that overlap, the longer."""
        out, end = "", 0
        for span in sorted(self.spans(text), key=lambda span: (span.start, -span.end)):
            if span.start >= end:
                out, end = f"{out}{text[end : span.start]} ", span.end
        return out + text[end:]

    def spans(self, text: str) -> Iterator[Span]:
        """All phrases in a text."""
        halves: dict[int, tuple[list[Span], list[Span]]] = {}
        ordered = set()
        for at, entry in self._entries(text):
            span = Span(at, _word_end(text, at + len(entry.text)) if entry.goes_on else at + len(entry.text))
            if entry.pair < 0:
                yield span
                continue
            halves.setdefault(entry.pair, ([], []))[entry.side].append(span)
            if entry.ordered:
                ordered.add(entry.pair)
        for pair, (ones, others) in halves.items():
            yield from _together(text, ones, others, ordered=pair in ordered)
        for found in (found for pattern in self._patterns for found in pattern.finditer(text)):
            yield Span(*found.span())

    def _entries(self, text: str) -> Iterator[tuple[int, _Entry]]:
        for at in (found.start() for found in _STARTS.finditer(text)):
            for length in range(1, _KEY + 1):
                for entry in self._index.get(text[at : at + length], ()):
                    if text.startswith(entry.text, at) and _fits(text, at, entry):
                        yield at, entry

    def _put(self, phrase: str, pair: int = -1, side: int = 0, ordered: bool = False) -> None:
        text = normalise(phrase).casefold().removeprefix("^").removesuffix("*")  # NFKC takes Thai ำ apart
        entry = _Entry(text, phrase.endswith("*"), phrase.startswith("^"), pair, side, ordered)
        self._index[text[:_KEY]].append(entry)

    def _pair(self, groups: Sequence[Sequence[str]], *, ordered: bool) -> None:
        for side, group in enumerate(groups):
            for phrase in group:
                self._put(phrase, self._pairs, side, ordered)
        self._pairs += 1


def _together(text: str, ones: list[Span], others: list[Span], *, ordered: bool) -> Iterator[Span]:
    for one in ones:
        for other in others:
            first, last = (one, other) if one.start <= other.start else (other, one)
            between = text[first.end : last.start]
            if (ordered and first is not one) or last.start < first.end or len(between) > NEAR:
                continue
            if not _SENTENCE_END.search(between):
                yield Span(first.start, last.end)


def _fits(text: str, at: int, entry: _Entry) -> bool:
    end = at + len(entry.text)
    if entry.begins and not _BEFORE_START.search(text[:at]):
        return False
    if at and _devanagari(text[at - 1]) and _devanagari(text[at]):
        return False
    if entry.goes_on or end == len(text):
        return True
    last, after = text[end - 1], text[end]
    if _devanagari(last):
        return not _devanagari(after)
    return not (last.isalnum() and after.isalnum()) or bool(UNSPACED.match(last) or UNSPACED.match(after))


def _word_end(text: str, end: int) -> int:
    while end < len(text) and text[end].isalnum() and not UNSPACED.match(text[end]):
        end += 1
    return end


def _devanagari(char: str) -> bool:
    return "\u0900" <= char <= "\u097f"
