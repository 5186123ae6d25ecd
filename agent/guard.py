"""No sentence leaves with a price, number or claim that no fact backs.

Two strictnesses. The plain sentences, composed by code, are checked for numbers, currencies, links and contacts against
the facts they cite. A model's sentences are checked word by word: what they say beyond the facts and the plain sentence
must be on a list of words that claim nothing; numbers must be the plain sentence's; negation must agree; and what it
takes over must come in the plain sentence's order, since "waterproof, not water repellent" needs no new word to lie.
A list of forbidden claims can always be talked round; a list of harmless words cannot.
"""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from knowledge.product import Fact

INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
CURRENCY = re.compile(  # A$ is not $, and "USD5" is as much of a price as "USD 5"
    r"(?<![A-Z])[A-Z]{1,2}[$¥]|[$€£¥฿₫₹₩₱₽₺]"
    r"|(?<![^\W\d_])(?:USD|EUR|GBP|JPY|CNY|RMB|THB|VND|IDR|INR|BRL|MXN|MYR|PHP|KRW|SGD|AUD|CAD|Rp|RM"
    r"|dollars?|bucks?|cents?|euros?|pounds?|yen|yuan|baht|dong|rupiah|rupees?|pesos?|won|dólares|dolar|đô)(?![^\W\d_])"
    r"|[元块圆円]|美元|人民币|บาท|ดอลลาร์|ドル|डॉलर|रुपये",
    re.IGNORECASE,
)
CONTACT = re.compile(
    r"https?://|www\.|\b[\w.+-]+@[\w-]+\.\w+|\b[\w-]+\.(?:com|net|org|io|shop|xyz|ly|me)\b|\+?\d[\d ()-]{8,}\d", re.I
)
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
TOKEN = re.compile(f"{NUMBER.pattern}|{WORD.pattern}")
UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a sentence may be spoken; ``reason`` is machine-readable, ``detail`` is what was found."""

    ok: bool
    reason: str = "backed"
    detail: str = ""


def check(sentence: str, facts: Sequence[Fact], *, language: str, plain: str = "", allowed: str = "") -> Verdict:
    """Judge one sentence. ``plain`` is the composed answer when a model wrote the sentence, "" when code did.

    ``allowed`` is text whose numbers code itself put in (a computed difference); never the viewer's.
    """
    text = normalise(sentence)
    if not text.strip():
        return Verdict(False, "empty")
    ground = normalise(" ".join([plain, allowed, *_ground(facts)]))
    for judge in (_numbers, _currency, _contact):
        verdict = judge(text, ground)
        if not verdict.ok:
            return verdict
    if not plain:
        return Verdict(True)
    said = normalise(plain)
    if _sequence(text) != _sequence(said):
        return Verdict(False, "numbers_differ", f"{_sequence(text)} for {_sequence(said)}")
    if _negated(text, language) != _negated(said, language):
        return Verdict(False, "negation_differs")
    words = _words(text, ground, language)
    return words if not words.ok else _order(text, said, language)


def normalise(text: str) -> str:
    """NFKC without invisible characters: full-width digits, ligatures and look-alike spacing come out plain."""
    return INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).replace("’", "'")


def tokens(text: str, language: str) -> list[str]:
    """What a text says, in order: numbers by value and words that claim something; characters in scripts without spaces."""
    return _tokens(normalise(text), language)


def numbers(text: str) -> set[str]:
    """Numbers in a text, by value: "24.00" and "24" are the same, "1,299.50" is 1299.5."""
    return set(_sequence(normalise(text)))


def _ground(facts: Sequence[Fact]) -> list[str]:
    out = []
    for fact in facts:
        out += [fact.value, fact.product, fact.label, fact.sku, str(fact.number) if fact.number is not None else ""]
    return out


def _sequence(text: str) -> list[str]:
    return [_value(match) for match in NUMBER.findall(text)]


def _value(digits: str) -> str:
    plain = re.sub(r",(?=\d{3}(?:\D|$))", "", digits).replace(",", ".")
    plain = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in plain)
    whole, _, rest = plain.partition(".")
    rest = rest.rstrip("0")
    return (whole.lstrip("0") or "0") + ("." + rest if rest else "")


def _numbers(text: str, ground: str) -> Verdict:
    unbacked = set(_sequence(text)) - set(_sequence(ground))
    return Verdict(not unbacked, "backed" if not unbacked else "unbacked_number", ", ".join(sorted(unbacked)))


def _currency(text: str, ground: str) -> Verdict:
    known = {match.lower() for match in CURRENCY.findall(ground)}
    other = [match for match in CURRENCY.findall(text) if match.lower() not in known]
    return Verdict(not other, "backed" if not other else "unbacked_currency", ", ".join(other))


def _contact(text: str, ground: str) -> Verdict:
    other = [match for match in CONTACT.findall(text) if match not in ground]
    return Verdict(not other, "backed" if not other else "contact", ", ".join(other))


def _negated(text: str, language: str) -> bool:
    lower = text.lower()
    words = set(WORD.findall(lower))
    marks = _table("negations").get(language, [])
    if any(UNSPACED.match(mark) for mark in marks):
        return any(mark in lower for mark in marks)
    return any(mark in words for mark in marks) or ("n't" in marks and "n't" in lower)


def _order(text: str, plain: str, language: str) -> Verdict:
    """Words and numbers taken over from the plain sentence must come in its order; some may be left out."""
    given = _tokens(plain, language)
    known, rest = set(given), iter(given)
    for token in _tokens(text, language):
        if token in known and token not in rest:  # ``in`` walks on from where the token before was found
            return Verdict(False, "order_differs", token)
    return Verdict(True)


def _tokens(text: str, language: str) -> list[str]:
    """Numbers by value and words that are not soft, in order; characters where a script has no spaces."""
    soft, out = _soft(language), list[str]()
    for token in TOKEN.findall(text.lower()):
        if token[0].isdigit():
            out.append(_value(token))
        elif UNSPACED.search(token):
            out += token
        elif token not in soft:
            out.append(token.removesuffix("'s"))
    return out


def _soft(language: str) -> set[str]:
    return set(str(_table("soft").get(language, "")).split())


def _words(text: str, ground: str, language: str) -> Verdict:
    soft = _soft(language)
    known = set(WORD.findall(ground.lower()))
    known |= {part for word in known for part in word.split("'")}
    novel = []
    for word in WORD.findall(text.lower()):
        if word in known or word in soft:
            continue
        if UNSPACED.search(word) and all(c in ground for c in word):
            continue
        novel.append(word)
    return Verdict(not novel, "backed" if not novel else "unbacked_words", ", ".join(dict.fromkeys(novel)))


@cache
def _table(name: str) -> dict[str, list[str]]:
    return tomllib.loads((files("agent") / "data" / "guard" / f"{name}.toml").read_text(encoding="utf-8"))
