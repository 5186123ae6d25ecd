"""Every number in a text by its value, in digits of any script or in words, and what it is a number of."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from agent.guard.tables import table
from agent.guard.text import normalise

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
CURRENCY = re.compile(  # A$ is not $, and "USD5" is as much of a price as "USD 5"
    r"(?<![A-Z])[A-Z]{1,2}[$¥]|[$€£¥฿₫₹₩₱₽₺₦₪¢]"
    r"|(?<![^\W\d_])(?:USD|EUR|GBP|JPY|CNY|RMB|THB|VND|IDR|INR|BRL|MXN|MYR|PHP|KRW|SGD|AUD|CAD|CHF|NZD|HKD|TWD|Rp|RM|Rs"
    r"|dollars?|bucks?|quid|cents?|euros?|pounds?|yen|yuan|kuai|baht|dong|rupiah|ringgit|rupees?|pesos?|won|reais|francs?"
    r"|dólares|dólar|dolar|dollaro|đô|đồng|libras?|bitcoins?|btc|usdt)(?![^\W\d_])"
    r"|(?:(?<=[\d一二两三四五六七八九十百千万])|(?<=\d\s))[元块塊圆圓円]"  # 圆形 is a shape
    r"|美元|美金|人民币|บาท(?!ี่)|ดอลลาร์|ยูโร|ドル|ユーロ|डॉलर|रुपये|रुपए|रुपया",
    re.IGNORECASE,
)
PERCENT = re.compile(
    r"(?<![^\W\d_])(?:percent|per cent|por ciento|por cento|pour cent|prozent|persen|phần trăm)(?![^\W\d_])"
    r"|[%‰]|เปอร์เซ็นต์|प्रतिशत|パーセント|(?<=[\d一二两三四五六七八九])[折割]",
    re.IGNORECASE,
)  # fmt: skip
_BEFORE = re.compile(rf"({CURRENCY.pattern}) ?({NUMBER.pattern})", re.I)
_AFTER = re.compile(rf"({NUMBER.pattern}) ?({CURRENCY.pattern})", re.I)
_SHARE = re.compile(rf"({NUMBER.pattern})\s?(?:{PERCENT.pattern})", re.I)
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("zh", re.compile(r"[\u3400-\u9fff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
)


@dataclass(frozen=True, slots=True)
class Numerals:
    """One language's number words."""

    add: Mapping[str, int]
    times: Mapping[str, int]
    join: frozenset[str]
    alone: frozenset[str]
    word: re.Pattern[str]  # a number word, or digits; a whole one in scripts with spaces
    skip: re.Pattern[str] | None  # words that only look as if they held a number


def value_of(digits: str) -> str:
    """Digits of any script as a plain number: "1,299.50" is 1299.5."""
    plain = re.sub(r",(?=\d{3}(?:\D|$))", "", digits).replace(",", ".")
    plain = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in plain)
    whole, _, rest = plain.partition(".")
    rest = rest.rstrip("0")
    return (whole.lstrip("0") or "0") + ("." + rest if rest else "")


def numbers(text: str) -> set[str]:
    """Numbers in digits, by value: "24.00" and "24" are the same, "1,299.50" is 1299.5."""
    return {value_of(digits) for digits in NUMBER.findall(normalise(text))}


def figures(text: str, language: str) -> list[str]:
    """All numbers of a normalised text in order: "20" of "20", "twenty" and "二十"; "20000" of "20k" and "2万"."""
    text = text.casefold()
    tongue = next((code for code, letters in _SCRIPTS if letters.search(text)), "")
    if language not in table("numbers") or language == "units":
        language = "en"
    found = dict(_runs(text, numerals(language)))
    if tongue and tongue != language:
        for span, value in _runs(text, numerals("zh" if tongue == "ja" and language == "zh" else tongue)):
            found = {other: kept for other, kept in found.items() if other[1] <= span[0] or span[1] <= other[0]}
            found[span] = value
    return [found[span] for span in sorted(found)]


def amounts(text: str) -> set[tuple[str, str]]:
    """(currency as it is written, value) of every amount of money with its currency."""
    before = {(sign.casefold(), value_of(number)) for sign, number in _BEFORE.findall(text)}
    after = {(sign.casefold(), value_of(number)) for number, sign in _AFTER.findall(_BEFORE.sub(" | ", text))}
    return before | after


def shares(text: str) -> set[str]:
    """Values of all percentages, and of reductions counted in tenths."""
    return {value_of(number) for number in _SHARE.findall(text)}


def _runs(text: str, words: Numerals) -> Iterator[tuple[tuple[int, int], str]]:
    if words.skip:
        text = words.skip.sub(lambda found: " " * len(found[0]), text)
    run: list[re.Match[str]] = []
    for found in words.word.finditer(text):
        if run and not _goes_on(text, run[-1], found, words):
            yield from _number(text, run, words)
            run = []
        run.append(found)
    if run:
        yield from _number(text, run, words)


def _goes_on(text: str, before: re.Match[str], found: re.Match[str], words: Numerals) -> bool:
    between = text[before.end() : found.start()].strip(" -")
    if between and between not in words.join:
        return False
    if found[0][0].isdigit():
        return False
    return not before[0][0].isdigit() or found[0] in words.times


def _number(text: str, run: list[re.Match[str]], words: Numerals) -> Iterator[tuple[tuple[int, int], str]]:
    first, last = run[0], run[-1]
    if len(run) == 1 and not first[0][0].isdigit() and first[0] in words.alone and not _counted(text[last.end() :]):
        return
    total = Decimal(0)
    for part in (part for found in run for part in _parts(found[0], words)):
        if part[0].isdigit():
            total = Decimal(value_of(part))
        elif part in words.times:
            factor = words.times[part]
            low = total % factor
            total += (low or 1) * factor - low
        else:
            total += words.add[part]
    yield (first.start(), last.end()), value_of(f"{total:f}")


def _parts(word: str, words: Numerals) -> list[str]:
    if word[0].isdigit() or word in words.add or word in words.times:
        return [word]
    return [part for part in re.findall(_any(words), word) if part in words.add or part in words.times]


def _any(words: Numerals) -> str:
    return "|".join(sorted(map(re.escape, (*words.add, *words.times)), key=len, reverse=True))


def _counted(rest: str) -> bool:
    return bool(_units().match(rest))


@cache
def _units() -> re.Pattern[str]:
    words = table("numbers")["units"]["all"].split()
    return re.compile(r"[\s-]*(?:" + "|".join(re.escape(word).replace(r"\*", r"\w*") for word in words) + r")(?![a-zà-ỹ])")


@cache
def numerals(language: str) -> Numerals:
    """The number words of a language."""
    rows: Mapping[str, Any] = table("numbers")[language]
    add, times = rows["add"], rows["times"]
    words = "|".join(sorted(map(re.escape, (*add, *times)), key=len, reverse=True))
    if "not" in rows:
        word = rf"{NUMBER.pattern}|{words}"
        skip = re.compile("|".join(map(re.escape, rows["not"])))
    elif "glue" in rows:  # German writes a number as one word
        word, skip = rf"{NUMBER.pattern}|(?<![^\W\d_])(?:{words})(?:{rows['glue']}|{words})*(?![^\W\d_])", None
    else:
        word, skip = rf"{NUMBER.pattern}|(?<![^\W\d_\u0900-\u097f])(?:{words})(?![^\W\d_]|[\u0900-\u097f])", None
    return Numerals(add, times, frozenset(rows.get("join", ())), frozenset(rows["alone"]), re.compile(word), skip)
