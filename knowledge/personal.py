"""Personal data in a chat comment: found, named and taken out, so that it is never read aloud nor kept in clear.

Numbers are judged by their form (and check digits, where a form alone would take a barcode for a card); addresses and
messenger names by data/personal.toml. What is found is over- rather than underestimated: a comment is short, and one
number too many that the host does not say is no harm.
"""

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

LINK = re.compile(
    r"\bhttps?://\S+|\bwww\.\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|xyz|ru|cn|info|shop|top|io|ly|me|link|live|vip|club"
    r"|store|site|online|app|gg|tv|cc|biz)\b(?:/\S*)?",
    re.IGNORECASE,
)
EMAIL = re.compile(r"[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+\.[\w.]+", re.IGNORECASE)
HANDLE = re.compile(r"(?<![\w@])@[\w.]*\w{2,}")
_DIGITS = re.compile(r"(?<![\w.])[+(]{0,2}\d(?:[\s().\-–/]{0,3}\d){6,23}(?!\w)|(?<=[^\W\d_a-zA-Z])\d(?:[\s-]?\d){6,23}(?!\d)")
_DATE = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4}")
_THOUSANDS = re.compile(r"\d{1,3}(?:[ .,]\d{3})+(?:[.,]\d{1,2})?")
_PAIRS = re.compile(r"[1-9]\d(?:[\s\-/,]+[1-9]\d){2,}")
_FORMS = re.compile(  # national numbers that their form gives away: CPF, CNPJ, Thai, Aadhaar, SSN, Chinese, DNI
    r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b|\b\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}\b|\b\d-\d{4}-\d{5}-\d{2}-\d\b"
    r"|(?<!\d)[2-9]\d{3}\s\d{4}\s\d{4}(?!\s?\d)|(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)|(?<!\d)\d{17}[\dXx](?!\d)"
)
_CODE = re.compile(  # before a number that names goods
    r"\b(?:gtin|ean|upc|isbn|sku|barcode|model|ref|article|item)\b\W{0,3}(?:no\.?|number|code)?\W{0,3}$|条码|型号|货号",
    re.IGNORECASE,
)
_LETTERED = re.compile(r"\b\d{8}[A-HJ-NP-TV-Z]\b|\b[XYZ]\d{7}[A-Z]\b")  # DNI, NIE: the letter is checked
_WORTH = re.compile(r"[\d@._:：号號]|\bid\b|ไอดี", re.IGNORECASE)  # nothing personal is written without one of these
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,7}(?:\s?[A-Z0-9]{1,3})?\b")
_TOKEN = r"[\s:：=是为為]*(?:id|is|号|號|me|มา|ไอดี|は|hai|है)?[\s:：=是]*@?"


@dataclass(frozen=True, slots=True)
class Personal:
    """A stretch of a text that identifies or reaches a person. ``kind``: email, link, handle, phone, number, contact, address."""

    kind: str
    start: int
    end: int


def personal_data(text: str) -> tuple[Personal, ...]:
    """Everything personal in a text, in order, without overlaps; links and handles are counted in."""
    return _found(text) if _WORTH.search(text) else ()


@lru_cache(maxsize=2_000)  # a comment is looked at when it is read, when it is answered and when it is written down
def _found(text: str) -> tuple[Personal, ...]:
    out: list[Personal] = []
    for found in (found for look in _LOOKS for found in look(text)):
        if not any(found.start < other.end and other.start < found.end for other in out):
            out.append(found)
    return tuple(sorted(out, key=lambda found: found.start))


def without(text: str) -> str:
    """The text with a space in place of everything personal: what may be answered and read aloud."""
    return _replaced(text, lambda kind: " ")


def redacted(text: str) -> str:
    """The text with everything personal named in its place, ``[phone]``: what may be kept and shown."""
    return _replaced(text, lambda kind: f"[{kind}]")


def _replaced(text: str, put: Callable[[str], str]) -> str:
    for found in reversed(personal_data(text)):
        text = text[: found.start] + put(found.kind) + text[found.end :]
    return text


def _plain(kind: str, pattern: re.Pattern[str]) -> Callable[[str], Iterator[Personal]]:
    return lambda text: (Personal(kind, *m.span()) for m in pattern.finditer(text))


def _contacts(text: str) -> Iterator[Personal]:
    for pattern in _tables().contacts:
        for m in pattern.finditer(text):
            yield Personal("contact", *m.span())


def _addresses(text: str) -> Iterator[Personal]:
    if not any(char.isdigit() for char in text):
        return
    for pattern in _tables().addresses:
        yield from (Personal("address", *m.span()) for m in pattern.finditer(text))


def _ibans(text: str) -> Iterator[Personal]:
    from stdnum import iban

    return (Personal("number", *m.span()) for m in _IBAN.finditer(text.upper()) if iban.is_valid(m[0]))


def _lettered(text: str) -> Iterator[Personal]:
    from stdnum.es import dni, nie

    found = (m for m in _LETTERED.finditer(text.upper()))
    return (Personal("number", *m.span()) for m in found if dni.is_valid(m[0]) or nie.is_valid(m[0]) or _announced(text, m))


def _announced(text: str, match: re.Match[str]) -> bool:
    return bool(_tables().number.search(text[max(0, match.start() - 24) : match.start()]))


def _numbers(text: str) -> Iterator[Personal]:
    for m in _DIGITS.finditer(text):
        before = text[max(0, m.start() - 24) : m.start()]
        if kind := _number_kind(m[0], before):
            yield Personal(kind, *m.span())
    for m in _tables().short.finditer(text):
        yield Personal("number", *m.span("id"))


def _number_kind(raw: str, before: str) -> str:
    """ "phone", "number", or "" for digits that are nobody's: a barcode, a price, sizes, a date."""
    digits = re.sub(r"\D", "", raw)
    if _CODE.search(before):
        return ""
    if len(digits) >= 15 or _tables().number.search(before):
        return "number"
    if _tables().phone.search(before) and len(digits) <= 13:
        return "phone"
    if _DATE.search(raw) or _THOUSANDS.fullmatch(raw) or _PAIRS.fullmatch(raw):
        return ""
    plus, zero = raw.startswith(("+", "(+", "00")), digits.startswith("0")
    separated = bool(re.search(r"\d[\s().\-–/]+\d", raw))
    if plus and 8 <= len(digits) <= 15:
        return "phone"
    if (zero and 9 <= len(digits) <= 12) or len(digits) in (10, 11) or (separated and 9 <= len(digits) <= 12):
        return "phone"
    return ""


@dataclass(frozen=True, slots=True)
class _Tables:
    contacts: tuple[re.Pattern[str], ...]
    addresses: tuple[re.Pattern[str], ...]
    number: re.Pattern[str]
    phone: re.Pattern[str]
    short: re.Pattern[str]  # a private number too short to be one by its form: "cvv 123"


@cache
def _tables() -> _Tables:
    raw: dict[str, Any] = tomllib.loads((files("knowledge") / "data" / "personal.toml").read_text(encoding="utf-8"))
    sure, loose = raw["contact"]["sure"], raw["contact"]["loose"]
    flags = re.IGNORECASE
    return _Tables(
        (
            re.compile(rf"{sure}{_TOKEN}(?P<id>(?=[\w.-]*[\d_.-])[a-z0-9][\w.-]{{3,}})", flags | re.ASCII),
            re.compile(rf"{sure}\s*(?:id|号|號|:|：|是|は|ไอดี)+\s*(?P<id>[a-z0-9][a-z0-9_.-]{{3,}})", flags),
            re.compile(rf"{loose}{_TOKEN}(?P<id>(?=[\w.-]*[\d_])(?=[\w.-]*[a-z])[a-z0-9][\w.-]{{4,}})", flags | re.ASCII),
        ),
        tuple(re.compile(pattern, flags) for pattern in raw["address"]["patterns"]),
        re.compile(raw["number"]["words"], flags),
        re.compile(raw["number"]["phone"], flags),
        re.compile(r"\b(?:cvv|cvc|otp|pin)\b\W{0,3}(?:is\s+)?(?P<id>\d{3,8})\b", flags),
    )


_LOOKS: tuple[Callable[[str], Iterator[Personal]], ...] = (
    _plain("email", EMAIL), _plain("number", _FORMS), _ibans, _lettered, _addresses, _contacts,
    _plain("link", LINK), _plain("handle", HANDLE), _numbers,
)  # fmt: skip
