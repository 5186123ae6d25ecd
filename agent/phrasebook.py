"""The words that the host has in a language: reviewed sentences with gaps, attribute names, translated values.

The sentences are data, one file a language (data/answers). Values are quoted as the catalogue has them; only values that
a language's table knows entirely are translated, so that nothing is half right.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from knowledge.lexicon import colour_word
from knowledge.product import Fact

RANGE = re.compile(r"^(\S*\d\S*(?: [A-Z]{3})?) to (\S*\d\S*(?: [A-Z]{3})?)$")
_AMOUNT = re.compile(r"(?:[A-Z]{1,3})?[$€£¥฿₫₹₱₩]?\d+(?:[.,]\d+)*(?: ?(?:[€₫]|%|[A-Z]{3}\b))?")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """One language's sentences."""

    language: str
    tables: Mapping[str, Mapping[str, str]]

    def say(self, key: str, table: str = "say", **parts: str) -> str:
        """A filled pattern; the English one where a language has none."""
        pattern = self.tables.get(table, {}).get(key) or phrasebook("en").tables[table][key]
        text = pattern.format_map(parts)
        return text.replace("the The ", "The ").replace("The The ", "The ")

    def has(self, key: str, table: str) -> bool:
        return key in self.tables.get(table, {})

    def label(self, fact_or_field: Fact | str) -> str:
        """An attribute's name in this language; the feed's own where the table has none."""
        field = fact_or_field if isinstance(fact_or_field, str) else fact_or_field.field
        known = self.tables["labels"].get(field)
        if known:
            return known
        return (
            fact_or_field.label.lower()
            if isinstance(fact_or_field, Fact) and fact_or_field.label
            else field.replace("_", " ")
        )

    def listed(self, items: Sequence[str]) -> str:
        """ "a, b and c"."""
        style = self.tables["style"]
        head = style["comma"].join(items[:-1])
        return f"{head}{style['and']}{items[-1]}" if head else "".join(items[-1:])

    def value(self, value: str) -> str:
        """A fact's value, translated when the table knows all of it, else exactly as it is."""
        value = value.strip().removesuffix(".")
        if found := RANGE.match(value):
            return self.tables["style"]["range"].format(a=found[1], b=found[2])
        if self.language == "en":
            return value
        if whole := self._translated(value):
            return whole
        for separator in ("; ", ", "):
            parts = [self._translated(part) for part in value.split(separator)]
            if len(parts) > 1 and all(parts):
                return self.tables["style"]["comma"].join(part for part in parts if part)
        return value

    def policy(self, text: str) -> str | None:
        """A store's statement in this language where it is one that stores commonly make; None for any other."""
        text = text.strip().removesuffix(".")
        amounts = _AMOUNT.findall(text)
        shape = text
        for name, amount in zip(("{n}", "{m}"), amounts, strict=False):
            shape = shape.replace(amount, name, 1)
        found = self.tables.get("policy", {}).get(shape.casefold()) if len(amounts) <= 2 else None
        return found and found.format_map(dict(zip(("n", "m"), amounts, strict=False)))

    def _translated(self, text: str) -> str | None:
        if colour := colour_word(text, self.language):
            return colour
        numbers = _NUMBER.findall(text)
        shape = text.casefold()
        for name, number in zip(("{n}", "{m}"), numbers, strict=False):
            shape = shape.replace(number, name, 1)
        table = _values(self.language)
        if text.casefold() in table:
            return table[text.casefold()]
        if shape in table and len(numbers) <= 2:
            return table[shape].format_map(dict(zip(("n", "m"), numbers, strict=False)))
        return None


@cache
def _values(language: str) -> dict[str, str]:
    return {key.casefold(): value for key, value in phrasebook(language).tables.get("values", {}).items()}


@cache
def phrasebook(language: str) -> Phrasebook:
    """The sentences of a language; English for languages that have no file."""
    path = files("agent") / "data" / "answers" / f"{language}.toml"
    if not re.fullmatch(r"[a-z]{2,3}", language) or not path.is_file():
        return phrasebook("en")
    return Phrasebook(language, tomllib.loads(path.read_text(encoding="utf-8")))
