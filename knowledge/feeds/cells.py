"""One cell → what it means: text, amount, moment, GTIN, availability. Everything comes in as text, nothing is evaluated."""

import re
import tomllib
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from knowledge.money import digits_of
from knowledge.product import Availability

MAX_CELL = 100_000  # characters
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")
QUOTED = re.compile(r'^="([^"]*)"$')  # how exports keep a spreadsheet from eating zeros: a text, not a calculation
FORMULA = re.compile(r"^\s*(?:=|@\w+\s*\(|[-+@][^|]*\|[^!]*!|[-+]\s*[A-Za-z_.]+\s*\()", re.S)
BROKEN = re.compile(r"^#(?:REF!|N/A|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)$")
AMOUNT = re.compile(r"(?P<before>[^\d+-]*)(?P<number>[-+]?\s*\d(?:[\d.,'’ ]*\d)?)(?P<after>[^\d]*)")
SPLIT = re.compile(r"\d[\s'’](?!\d{3}(?!\d))")  # a gap that divides no thousands: two numbers
SCIENTIFIC = re.compile(r"^(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})$")


class CellError(Exception):
    """A cell does not mean what its column says; the message is for the report."""


@cache
def table() -> dict[str, dict[str, Any]]:
    """What sellers call things: knowledge/data/columns.toml, its words normalised."""
    text = (files("knowledge") / "data" / "columns.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def words(name: str) -> str:
    """A header or a word without its case and punctuation: ``words("Price (EUR)*") == "price eur"``."""
    text = unicodedata.normalize("NFKC", name[:200]).casefold()
    return " ".join("".join(" " if unicodedata.category(c)[0] in "PZCS" else c for c in text).split())


def clean(text: str) -> str:
    """One line without control characters."""
    if text.isprintable() and "  " not in text:  # nearly every cell
        return text.strip()
    return " ".join(CONTROLS.sub("", text).split())


def unformula(text: str) -> str:
    """The cell itself. Raises CellError for formulas and spreadsheet errors: they are never evaluated.

    >>> unformula("-5"), unformula("+66 81 234 5678"), unformula('="0012"')
    ('-5', '+66 81 234 5678', '0012')
    """
    if len(text) > MAX_CELL:
        raise CellError(f"cell of {len(text):,} characters left out; {MAX_CELL:,} are the most")
    if text.lstrip()[:1] not in ("=", "+", "-", "@", "#"):
        return text
    if quoted := QUOTED.match(text.strip()):
        return quoted[1]
    if FORMULA.match(text) or BROKEN.match(text.strip()):
        raise CellError(f"formula {clean(text)[:40]!r} left out; export values")
    return text


def amount(text: str, currency: str, comma: bool | None = None) -> tuple[Decimal, str]:
    """A price and its currency; ``currency`` where the cell names none. Raises CellError when it is not one amount.

    ``comma`` says whether the file writes decimals with a comma; None when nothing in it tells.

    >>> amount("1.299,50 €", "USD"), amount("15.00 USD", "EUR")
    ((Decimal('1299.50'), 'EUR'), (Decimal('15.00'), 'USD'))
    """
    plain = clean(unicodedata.normalize("NFKC", text))
    found = AMOUNT.fullmatch(plain) if len(plain) <= 60 else None
    if not found or SPLIT.search(found["number"]):
        raise CellError(f"{plain[:40]!r} is not an amount")
    signs = [sign for sign in (found["before"].strip(), found["after"].strip(" -")) if re.search(r"[^\s.,–-]", sign)]
    if len(signs) > 1:
        raise CellError(f"{plain[:40]!r} is not an amount")
    code = _currency(signs[0] if signs else "", currency)
    return _number(re.sub(r"[\s'’]", "", found["number"]), code, comma), code


def _currency(sign: str, default: str) -> str:
    if not sign:
        return default
    if digits_of(sign.upper()) is not None:
        return sign.upper()
    names = table()
    if shared := names["shared"].get(sign.lower()):
        return default if default in shared else str(shared[0])
    for known, code in names["symbols"].items():
        if sign.casefold() == known.casefold():
            return str(code)
    raise CellError(f"{sign[:20]!r} is not a currency hawker knows")


def _number(text: str, currency: str, comma: bool | None) -> Decimal:
    marks = [mark for mark in ".," if mark in text]
    point = ""
    if len(marks) == 2:
        point = max(marks, key=text.rfind)
    elif marks and text.count(marks[0]) == 1:
        point = _decimal_mark(text, marks[0], currency, comma)
    groups = [mark for mark in marks if mark != point]
    whole = text.rpartition(point)[0] if point else text
    mark = re.escape(groups[0]) if groups else ""
    if groups and not re.fullmatch(rf"[-+]?\d{{1,3}}(?:{mark}\d{{2,3}})*{mark}\d{{3}}", whole):
        raise CellError(f"{text[:40]!r} is not an amount")
    for mark in groups:
        text = text.replace(mark, "")
    try:
        value = Decimal(text.replace(point, ".") if point else text)
    except InvalidOperation:
        raise CellError(f"{text[:40]!r} is not an amount") from None
    if abs(value) >= 10**12:
        raise CellError(f"{text[:40]!r} is no price")
    return value


def _decimal_mark(text: str, mark: str, currency: str, comma: bool | None) -> str:
    """Whether the only mark of a number divides its decimals, else its thousands: then the answer is empty."""
    head, _, tail = text.lstrip("+-").partition(mark)
    if len(tail) != 3 or len(head) > 3 or head == "0" or digits_of(currency) == 3:
        return mark
    if digits_of(currency) == 0 or mark == ("." if comma else ",") or (comma is None and mark == ","):
        return ""
    raise CellError(f"{text[:40]!r} may be {head}{tail} or {head}.{tail[:2]}; write it with two decimals")


def moment(text: str, *, end: bool = False) -> tuple[datetime, bool]:
    """An ISO 8601 date or time, and whether it named its zone; UTC when not. A date alone lasts until its end.

    Raises CellError when it is neither. ``end``: the moment is the last one of a window.
    """
    plain = clean(text).replace("/", "-")
    try:
        value = datetime.fromisoformat(re.sub(r"\s*(?:Z|UTC|GMT)$", "+00:00", plain))
        if end:
            value += _lasting(plain, value)
        return (value, True) if value.tzinfo else (value.replace(tzinfo=UTC), False)
    except (ValueError, OverflowError):
        raise CellError(f"{plain[:40]!r} is not a date as 2026-11-30 or 2026-11-30T18:00+01:00") from None


def _lasting(text: str, last: datetime) -> timedelta:
    """How long the last moment of a window lasts: a date its day, 23:59 its minute, 23:59:59 its second."""
    if len(text) <= 10:
        return timedelta(days=1)
    if last.minute == 59 and last.second in (0, 59):
        return timedelta(seconds=60 - last.second)
    return timedelta(0)


def gtin(text: str) -> str:
    """A GTIN's digits. Leading zeros that a spreadsheet ate come back where the check digit then holds; nothing else does.

    Raises CellError for one whose digits are lost or whose check digit is wrong.

    >>> gtin("4006381333931"), gtin("12345670"), gtin("36000291452")
    ('4006381333931', '12345670', '036000291452')
    """
    from stdnum import ean

    plain = re.sub(r"[\s'’-]", "", clean(text))
    digits = re.sub(r"[.,]0+$", "", plain) if re.fullmatch(r"\d+[.,]0+", plain) else plain
    if lost := SCIENTIFIC.match(plain):
        digits = lost[1] + (lost[2] or "")
        if len(digits) != int(lost[3]) + 1:
            raise CellError(f"barcode {plain!r} has lost digits in a spreadsheet; format the column as text")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 14 or not digits.strip("0"):
        raise CellError(f"barcode {plain[:40]!r} is not a GTIN")
    size = next((full for full, least in ((8, 7), (12, 10), (13, 13), (14, 14)) if least <= len(digits) <= full), 0)
    if not size:
        raise CellError(f"barcode {plain[:40]!r} is not a GTIN")
    if not ean.is_valid(digits.zfill(size)):
        raise CellError(f"barcode {plain[:40]!r} has a wrong check digit")
    return digits.zfill(size)


@cache
def _availability() -> dict[str, Availability]:
    kinds: tuple[Availability, ...] = ("in_stock", "out_of_stock", "preorder", "backorder")
    return {words(word): kind for kind in kinds for word in table()["availability"][kind]}


def availability(text: str) -> Availability:
    """What a feed's word says: "in stock", "https://schema.org/PreOrder", "auf Lager". Raises CellError for others."""
    word = re.sub(r"^https?://schema\.org/", "", clean(text).strip("/"), flags=re.I)
    if re.fullmatch(r"\d{1,9}", word, re.ASCII):  # a count in the column of words
        word = str(min(int(word), 1))
    found = _availability().get(words(word))
    if found is None:
        raise CellError(f"{word[:40]!r} says nothing about availability that hawker knows; taken as sold out")
    return found


def image(text: str) -> str:
    """An address or a path inside the catalogue's folder. Raises CellError for any other: it must never be opened."""
    place = clean(text)
    try:
        scheme = urlsplit(place).scheme.lower()
    except ValueError:
        scheme = "?"
    if scheme in ("http", "https") or not place:
        return place[:2000]
    parts = re.split(r"[/\\]", place)
    if scheme or not parts[0] or ".." in parts or "~" in parts[0] or ":" in parts[0]:
        raise CellError(f"image {place[:60]!r} is outside the catalogue's folder")
    return place[:2000]


def handle(text: str) -> str:
    """A name that is safe in addresses and paths: ``handle("../Café Lamp") == "café-lamp"``."""
    plain = re.sub(r"[^\w.\u0300-\u0e7f-]+", "-", unicodedata.normalize("NFC", clean(text)).lower()[:200])
    return re.sub(r"-{2,}", "-", plain.replace("..", "-")).strip("-._")
