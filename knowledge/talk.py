"""What sort of comment it is: a question to the host, or one of the many that are not.

The shapes of a language's chat are data (data/talk), each list by what it does:
    asks      makes a question wherever it stands         starts    makes one at the beginning
    ends      makes one at the end                        wants     asks for something to be shown or told
    exclaims  looks like a question word and asks nothing  tells     a story of one's own
    orders    claims to buy, asks nothing                 insults   adverts   viewers (said to each other)   greets
    judges    praises or describes: a bare attribute beside it asks nothing
    or        between two sizes or colours asks which
    inverts   what a verb that stands first asks about: "man", "ihr"
    leads, trails  begin or end many a question, and much else: signs only
    self, you speak of the viewer, to the host: signs only
    bargains  asks for a lower price
    when, why ask for the time or the reason, of whatever is asked
    fillers   is skipped at either end before starts and ends are looked for
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from knowledge.asked import Asked
from knowledge.lexicon import LANGUAGES, Match, Phrases, lexicon, longest, shapes, words
from knowledge.personal import personal_data
from knowledge.signs import Seen, Signs, odds, signs

QUESTION = "question"
BARE_WORDS, BARE_CHARS = 5, 7  # an attribute alone asks for it when nothing else is said: "price pls", "尺码"
UNDECIDED = 3.0  # log odds: nearer to even than 20 to 1
_GOODS_CUES = frozenset({"recommend", "compare", "list", "host"})
_MASKS = ("exclaims", "greets", "insults")  # what a question word inside them does not count
_WEIGHED = frozenset({QUESTION, "chatter", "praise", "story", "order", "greeting", "viewers"})  # where signs decide
_UNSPACED = frozenset({"zh", "ja", "th"})
_DOUBLED = re.compile(r"([\u4e00-\u9fff]{1,3})[不没沒]\1")
_STOP = re.compile(r"[,;:.!，。！；、]|\s-\s")
_MONEY = "$€£¥฿₫₹"


@dataclass(frozen=True, slots=True)
class Talk:
    """``sort``: question, greeting, thanks, bye, praise, order, story, insult, advert, link, viewers, offtopic, injection,
    personal, chatter or nothing. ``why`` is for the journal."""

    sort: str
    why: str
    small: frozenset[int] = frozenset()  # places of words that only shape the comment: no product's name
    forms: frozenset[str] = frozenset()  # "when", "why": what is asked of the attribute

    @property
    def asks(self) -> bool:
        return self.sort == QUESTION


Looks = Callable[[str], float | None]  # a comment's words → log odds that it asks, None when there is no time to look
Forgets = Callable[[str, str], bool]  # (label, words) → whether a shape found counts for nothing


def talk(asked: Asked, raw: str, meant: Looks | None = None) -> Talk:
    """The sort of a comment that has been read; ``raw`` is as it was written.

    ``meant`` (knowledge/meant.py) is asked for a second look where the signs leave it undecided.
    """
    return _Heard(asked, raw).talk(meant)


def heard_signs(asked: Asked, raw: str, forgets: Forgets | None = None) -> Signs:
    """The signs of a question in a comment, for fitting their weights: ``forgets`` plays a table that knows less."""
    heard = _Heard(asked, raw, forgets)
    return heard.signs(heard.ruled())


class _Heard:
    """One comment, with the shapes found in it."""

    def __init__(self, asked: Asked, raw: str, forgets: Forgets | None = None) -> None:
        self.asked, self.words = asked, asked.text.plain
        self.marks = {label: self._find(label) for label in LABELS}
        if forgets:
            for label, found in self.marks.items():
                self.marks[label] = [m for m in found if not forgets(label, asked.text.span(m.start, m.end))]
        self.personal = {found.kind for found in personal_data(raw)}
        self.mark = "?" in asked.text.raw or "？" in asked.text.raw or "¿" in raw or "؟" in raw
        self.raw = raw
        self.topical = bool(
            asked.fields or asked.nouns or asked.mentions or asked.colours or asked.sizes or asked.regions
            or asked.properties or asked.here or asked.sort or asked.cues & _GOODS_CUES
        )  # fmt: skip
        self.shaped = self._shaped()
        self.strong = self.topical and (self.shaped or self.mark)

    def _find(self, label: str) -> list[Match]:
        text = self.asked.text
        own = text.language
        out = _anywhere(label).find(text.plain, whole=True)
        for language in _looked_in(own):
            accented = language == "vi" and text.accented is not text.plain
            table = _table(language, accented).get(label)
            if table:
                out += table.find(text.accented if accented else text.plain, whole=language != own)
        return longest(list(dict.fromkeys(out)))

    # -- is it shaped like a question ---------------------------------------------------------------------------

    def _shaped(self) -> bool:
        free = [m for m in self.marks["asks"] if not self._masked(m)]
        if free:
            return True
        first, last = self._first(), self._last()
        starts = any(map(self._opens, {first, *self._clauses()}))
        ends = any(m.end == last and m.start > 0 and not self._masked(m) for m in self.marks["ends"])
        return starts or ends or self._doubled() or self._inverted(first)

    def _clauses(self) -> list[int]:
        """Where the comment begins anew: behind a stop or comma, or behind a measure ("bin 1,75 passt das")."""
        raw, out = self.asked.text.raw, []
        for i in range(1, len(self.words)):
            last = self.words[i - 1]
            measure = last.text[0].isdigit() and raw[last.start - 1 : last.start] != "/"  # but not "10/10"
            if _STOP.search(raw[last.end : self.words[i].start]) or measure:
                out.append(i)
        return out

    def _doubled(self) -> bool:
        """Chinese asks by saying both: 重不重, 掉色不掉色."""
        return self.asked.language == "zh" and bool(_DOUBLED.search(self.asked.text.raw))

    def _inverted(self, first: int) -> bool:
        """German asks by putting the verb first: "schwitzt man darin"."""
        follows = any(m.start == first + 1 for m in self.marks["inverts"])
        return follows and self.words[first].text.endswith(("t", "n")) and not self._masked(Match("", first, first + 1))

    def _opens(self, first: int) -> bool:
        return any(m.start == first and not self._masked(m) for m in self.marks["starts"])

    def _masked(self, match: Match) -> bool:
        if not self.mark and any(m.start == 0 for m in self.marks["exclaims"]):
            return True  # "wie geil ist das denn"
        return any(m.start <= match.start and match.end <= m.end for label in _MASKS for m in self.marks[label])

    def _first(self) -> int:
        """Where the comment proper begins, behind "hi", "sis", "excuse me"."""
        place, moved = 0, True
        while moved:
            ends = [m.end for m in self.marks["fillers"] if m.start == place and not self._begins(m)]
            moved = bool(ends)
            place = max([place, *ends])
        return place

    def _begins(self, filler: Match) -> bool:
        return any(m.start == filler.start and m.end >= filler.end for m in self.marks["starts"])

    def _last(self) -> int:
        place, moved = len(self.words), True
        while moved:
            starts = [m.start for m in self.marks["fillers"] if m.end == place and not self._finishes(m)]
            moved = bool(starts)
            place = min([place, *starts])
        return place

    def _finishes(self, filler: Match) -> bool:
        return any(m.end == filler.end and m.start <= filler.start for m in self.marks["ends"])

    # -- what it is ---------------------------------------------------------------------------------------------

    def talk(self, meant: Looks | None) -> Talk:
        return replace(self._weighed(self.ruled(), meant), small=self._small(), forms=self._forms())

    def ruled(self) -> Talk:
        """By the rules alone."""
        for judge in (self._wordless, self._hostile, self._selling, self._aside, self._asking):
            if found := judge():
                return found
        return self._chatter()

    def _weighed(self, found: Talk, meant: Looks | None) -> Talk:
        """The rules' word unless the signs together speak against it."""
        if found.sort not in _WEIGHED or not self.words:
            return found
        seen = self.signs(found)
        said = odds(seen)
        if meant and abs(said) < UNDECIDED and (looked := meant(self.asked.text.raw)) is not None:
            said = odds(seen, looked)
        asks = said >= 0
        if asks == found.asks:
            return found
        return Talk(QUESTION, "the signs together") if asks else self._unasked()

    def _unasked(self) -> Talk:
        """What it is when it asks nothing."""
        if self.marks["orders"]:
            return Talk("order", "claims to buy")
        return Talk("story", "tells of the viewer's own") if self.marks["tells"] else self._chatter()

    def signs(self, ruled: Talk) -> Signs:
        seen = Seen(
            self.marks, self._first(), self._last(), ruled.asks, self.shaped, self.mark, self._bare(), self._choice(),
            self.topical, bool(self.personal),
        )  # fmt: skip
        return signs(self.asked, self.raw, seen)

    def _small(self) -> frozenset[int]:
        return frozenset(i for label in SMALL for m in self.marks[label] for i in range(m.start, m.end))

    def _forms(self) -> frozenset[str]:
        return frozenset(label for label in FORMS if self.marks[label])

    def _wordless(self) -> Talk | None:
        if self.words:
            return None
        if self.mark and any(char in _MONEY for char in self.raw):
            return Talk(QUESTION, "asks the price by a sign")
        return Talk("personal" if self.personal - {"link"} else "link" if self.personal else "nothing", "no words")

    def _hostile(self) -> Talk | None:
        if self.asked.kind == "injection":
            return Talk("injection", "gives the host orders")
        brief = len(self.words) <= 6 and len(self.marks["insults"]) == 1 and self._opens(self._first())  # "is this a scam"
        earnest = self.strong and (self.mark or any(w >= 1 for _, w in self.asked.fields) or brief or self.marks["wants"])
        if self.marks["insults"] and not earnest:
            return Talk("insult", "insult")
        return None

    def _selling(self) -> Talk | None:
        adverts = len({m.start for m in self.marks["adverts"]})
        reachable = bool(self.personal & {"link", "contact", "phone", "email"})
        if adverts and (adverts > 1 or reachable or not self.strong):
            return Talk("advert", "spam" if self.asked.kind == "spam" else "advert")
        if "spam" in self.asked.cues and (reachable or not self.strong):
            return Talk("advert", "spam")
        if self.personal == {"link"} and not self.strong:
            return Talk("link", "link without a question")
        return None

    def _aside(self) -> Talk | None:
        to_viewer = self.raw.lstrip().startswith("@") and not (self.asked.fields and self.strong)
        if (self.marks["viewers"] and self.asked.kind != "greeting") or to_viewer:
            return Talk("viewers", "talk between viewers")
        if self.asked.kind == "offtopic":
            asks = self.shaped or self.mark
            return Talk("offtopic" if asks else "chatter", "about neither goods nor store")
        if self.marks["orders"] and not self.shaped:
            return Talk("order", "claims to buy")
        return None

    def _asking(self) -> Talk | None:
        if [m for m in self.marks["wants"] if not self._masked(m)]:
            return Talk(QUESTION, "asks to be shown or told")
        if self.marks["tells"] and not self.shaped and not self.mark:
            return Talk("story", "tells of the viewer's own")
        if self.shaped and (self.topical or not self._only_smalltalk()):
            return Talk(QUESTION, "question")
        if self.mark and (self.topical or not self._smalltalk()):
            return Talk(QUESTION, "question mark")
        if self._choice() or self._looking():
            return Talk(QUESTION, "asks which")
        if self._bare():
            return Talk(QUESTION, "names what is asked")
        return None

    def _bare(self) -> bool:
        """An attribute's name and next to nothing else: "harga kak", "preis bitte"."""
        loud = any(self.marks[label] for label in ("exclaims", "tells", "orders", "judges"))
        loud = loud or bool(self.personal - {"contact", "email"})
        if not self.asked.fields or loud or self.asked.negative or self.asked.cues & {"praise", "thanks", "bye"}:
            return False
        known = (*self.marks["fillers"], *self.asked.nouns, *self.asked.mentions)
        skipped = {i for m in known for i in range(m.start, m.end)}
        limit = BARE_CHARS if self.asked.language in _UNSPACED else BARE_WORDS
        return len([i for i in range(len(self.words)) if i not in skipped]) <= limit

    def _choice(self) -> bool:
        """ "m or l", "黑色还是白色": which of two sizes or colours."""
        if not self.marks["or"]:
            return False
        sides = [(m.start - 1, m.end) for m in self.marks["or"] if m.start > 0 and m.end < len(self.words)]
        sized = any(all(_size(self.words[place].text) for place in pair) for pair in sides)
        between = bool(sides and self.asked.fields) and not (self.marks["orders"] or self.marks["tells"])
        return sized or between or len(self.asked.colours) > 1 or len(self.asked.sizes) > 1

    def _looking(self) -> bool:
        """Searches or compares goods by name: "the backpack vs the tote", "lightest knife"."""
        two = len({m.start for m in (*self.asked.nouns, *self.asked.mentions)}) > 1
        return "compare" in self.asked.cues and two and not self.marks["judges"]

    def _smalltalk(self) -> bool:
        return bool(self.marks["greets"]) or self.asked.kind in ("greeting", "thanks", "bye", "praise")

    def _only_smalltalk(self) -> bool:
        """Nothing left beside greetings, fillers and exclamations."""
        labels = ("greets", "fillers", "exclaims")
        covered = {i for label in labels for m in self.marks[label] for i in range(m.start, m.end)}
        return len(covered) >= len(self.words)

    def _chatter(self) -> Talk:
        if self.marks["greets"] and self.asked.kind not in ("thanks", "bye"):
            return Talk("greeting", "greeting")
        if self.asked.kind in ("greeting", "thanks", "bye", "praise"):
            return Talk(self.asked.kind, self.asked.kind)
        if self.personal - {"link", "handle"}:
            return Talk("personal", "personal data and no question")
        return Talk("chatter", "asks nothing")


def _size(word: str) -> bool:
    return word in ("xs", "s", "m", "l", "xl", "xxl", "xxxl") or word.isdigit()


LABELS = ("asks", "starts", "ends", "wants", "exclaims", "tells", "orders", "insults", "adverts", "viewers", "greets", "judges",
          "or", "when", "why", "inverts", "bargains", "leads", "trails", "self", "you", "fillers")  # fmt: skip


SMALL = ("asks", "ends", "wants", "exclaims", "greets", "when", "why", "fillers")
FORMS = ("when", "why", "wants", "bargains")  # of one attribute quite different things are asked by these


def _looked_in(language: str) -> tuple[str, ...]:
    """A language's own table, then English; Hindi too where it may be written in Latin letters."""
    own = (language,) if language in LANGUAGES else ()
    return tuple(dict.fromkeys((*own, "en", *(("hi",) if language in ("en", "hi") else ()))))


@cache
def _table(language: str, accented: bool) -> dict[str, Phrases]:
    slang = lexicon(language, accented).slang  # a comment's slang is put right before it is looked at: so are the shapes
    return {
        label: Phrases(((_put_right(phrase, slang), label) for phrase in phrases), accents=accented)
        for label, phrases in shapes(language, accented).items()
    }


@cache
def _anywhere(label: str) -> Phrases:
    """What is understood whatever language a comment was taken for: insults, and how Hindi in Latin letters asks.

    Short words are too common for that.
    """
    languages = LANGUAGES if label == "insults" else ("hi",) if label in ("asks", "wants") else ()
    rows = (phrase for language in languages for phrase in shapes(language, False)[label])
    return Phrases((phrase, label) for phrase in rows if len(phrase) > 4 and phrase.isascii())


def rude(text: str) -> bool:
    """Whether a text, say a viewer's name, holds an insult in any language."""
    tokens = words(text)
    return any(_table(language, False)["insults"].find(tokens, whole=True) for language in LANGUAGES)


def _put_right(phrase: str, slang: Mapping[str, str]) -> str:
    return " ".join(slang.get(word, word) for word in phrase.split())
