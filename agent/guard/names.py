"""Viewers' names: free text of strangers, and the only words of the chat that the host ever says aloud."""

import re

from agent.guard.figures import CURRENCY, figures
from agent.guard.seller import orders
from agent.guard.tables import phrases
from agent.guard.text import UNSPACED, disguises, normalise

LONGEST = 24  # letters
LONGEST_UNSPACED = {"zh": 4, "ja": 6, "th": 12}  # a longer one may be a whole sentence
_HAN, _KANA = re.compile(r"[\u3400-\u9fff]+"), re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+")
_LATIN_WORD = re.compile(r"[^\W\d_]+")


def sayable(name: str) -> str:
    """A viewer's name as it came when it may be said, "" when not: what insults, sells, orders or claims is no name."""
    name = name.strip()
    text = normalise(name)
    if text != name or len(name) > LONGEST or not _LATIN_WORD.fullmatch(re.sub(r"[\u0e00-\u0e7f]", "a", name)):
        return ""
    if UNSPACED.search(name) and len(name) > _longest(name):
        return ""
    guises = disguises(_spread(name))
    said = any(
        phrases(*where).find(*guises)
        for where in (("profanity",), ("names",), ("claims", "health"), ("claims", "absolute"), ("claims", "offer"))
    )
    if said or not orders(name).ok or CURRENCY.search(name) or figures(name, "en"):
        return ""
    return name


def _longest(name: str) -> int:
    if _HAN.fullmatch(name):
        return LONGEST_UNSPACED["zh"]
    return LONGEST_UNSPACED["ja" if _KANA.fullmatch(name) else "th"]


def _spread(name: str) -> str:
    """ "FreeGift" as "FreeGift Free Gift": what is hidden by writing words together."""
    return f"{name} {re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', name)}"
