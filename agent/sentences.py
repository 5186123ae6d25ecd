"""Token stream → speakable sentences. Never cuts inside prices, decimals or abbreviations; knows CJK and Thai."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator

ENDS = "。！？｡!?…।॥\n"
CLOSERS = "\"'”’」』）)]»"
SHORT = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "st",
        "no",
        "vs",
        "etc",
        "approx",
        "e.g",
        "i.e",
        "incl",
        "max",
        "min",
        "fig",
        "art",
        "nr",
        "núm",
        "aprox",
        "p.ej",
        "bzw",
        "ca",
        "z.b",
        "dll",
        "tp",
    ]
)
LONGEST = 280  # characters; a longer run is cut at a clause, then at a space, so that speech can begin
CLAUSE = re.compile(r"[,;:，；：、]\s*|\s[–—]\s")


class Splitter:
    """Feed it text as it comes; it gives back whole sentences. The same sentences come out however the text is cut."""

    def __init__(self, language: str = "") -> None:
        self._language, self._rest = language, ""

    def feed(self, text: str) -> list[str]:
        """Sentences that are complete now. The last one waits until what follows it is known."""
        self._rest += text
        return list(self._take(final=False))

    def flush(self) -> list[str]:
        """What is left, at the end of the text."""
        return list(self._take(final=True))

    def _take(self, *, final: bool) -> Iterator[str]:
        while (end := self._end(final)) is not None:
            piece, self._rest = self._rest[:end].strip(), self._rest[end:]
            if piece:
                yield piece
        if final and self._rest.strip():
            yield self._rest.strip()
            self._rest = ""

    def _end(self, final: bool) -> int | None:
        text = self._rest
        for i, c in enumerate(text):
            if c == "." and not final and not text[i + 1 :].lstrip(CLOSERS).strip():
                return None  # what follows decides whether this is the end
            if (c in ENDS or (c == "." and self._stop(text, i))) and (end := _closed(text, i + 1)) is not None:
                if end < len(text) or final:
                    return end
                return None
            if i >= LONGEST:
                return _clause(text)
        return None

    def _stop(self, text: str, i: int) -> bool:
        """Whether the full stop at ``i`` ends a sentence; undecided ones count as no end yet."""
        before = re.search(r"[^\s(]*$", text[:i])
        word = before[0].lower() if before else ""
        if word in SHORT or (len(word) == 1 and word.isalpha()):
            return False
        after = text[i + 1 :].lstrip(CLOSERS)
        if not after:
            return True
        if not after[0].isspace():
            return ord(after[0]) > 0x2E7F  # "18.50", "example.com" go on; a CJK letter starts anew
        following = after.lstrip()
        return not following or not following[0].islower()


def _closed(text: str, end: int) -> int | None:
    """Past the marks and closing quotes that belong to a sentence's end."""
    while end < len(text) and (text[end] in CLOSERS or (text[end] in ENDS and text[end] != "\n") or text[end] == "."):
        end += 1
    return end


def _clause(text: str) -> int:
    cuts = [m.end() for m in CLAUSE.finditer(text[:LONGEST])]
    if cuts and cuts[-1] > LONGEST // 3:
        return cuts[-1]
    space = text.rfind(" ", LONGEST // 3, LONGEST)
    return space + 1 if space > 0 else LONGEST


def split(text: str, language: str = "") -> list[str]:
    """All sentences of a text.

    >>> split("It is $18.50, approx. 3.5 mm. Nice! 多少钱？", "en")
    ['It is $18.50, approx. 3.5 mm.', 'Nice!', '多少钱？']
    """
    splitter = Splitter(language)
    return [*splitter.feed(text), *splitter.flush()]


async def stream(tokens: AsyncIterator[str], language: str = "") -> AsyncGenerator[str]:
    """Sentences of a token stream, each as soon as it is whole."""
    splitter = Splitter(language)
    async for token in tokens:
        for sentence in splitter.feed(token):
            yield sentence
    for sentence in splitter.flush():
        yield sentence


def joined(sentences: Iterable[str]) -> str:
    """Sentences as one text: a space between them, none after CJK punctuation."""
    out = ""
    for sentence in sentences:
        out += ("" if not out or out[-1] in "。！？" else " ") + sentence
    return out
