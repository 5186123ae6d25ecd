"""Attribute names: whatever a feed calls a thing, one canonical name for it."""

import hashlib
import re
import tomllib
from functools import cache
from importlib.resources import files


@cache
def _table() -> tuple[dict[str, str], dict[str, list[str]]]:
    data = tomllib.loads((files("knowledge") / "data" / "fields.toml").read_text(encoding="utf-8"))
    policy = data.pop("policy")
    return {word: field for field, words in data.items() for word in words}, policy


@cache
def names_key() -> str:
    """Equal while attributes are named alike: what was indexed under one table is looked up under the same."""
    return hashlib.sha256(repr(_table()).encode()).hexdigest()[:12]


_WORD = re.compile(r"(?:[^\W_]|[\u0300-\u036f\u0900-\u0963\u0e31-\u0e4e])+")  # with the vowel signs of Hindi and Thai


def plain(name: str) -> str:
    """Lower case, words only."""
    return " ".join(_WORD.findall(name.lower()))


def canonical(name: str) -> str:
    """The canonical field of a feed's attribute name; the name itself in snake_case when hawker has none for it.

    >>> canonical("Care instructions"), canonical("Blade length")
    ('care', 'blade_length')
    """
    words = plain(name)
    return _table()[0].get(words) or words.replace(" ", "_")


def known(name: str) -> bool:
    """Whether hawker has a canonical field for an attribute name."""
    return plain(name) in _table()[0]


def policy_field(heading: str, text: str) -> str:
    """The field of a sentence on a store's page: by its own first words, else by its heading, else "policy"."""
    head, lead = plain(heading), plain(text)
    for field, words in _table()[1].items():
        if any(re.match(rf"{word}", lead) for word in words):
            return field
    for field, words in _table()[1].items():
        if any(word in head for word in words):
            return field
    return "policy"
