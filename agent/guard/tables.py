"""The guard's word lists (data/guard), read once. Latin letters are also compared without accents, except Vietnamese ones."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from agent.guard.phrases import Phrases
from agent.guard.text import bare


@cache
def table(name: str) -> Mapping[str, Any]:
    """One file of data/guard, ``name`` without its ending."""
    path = files("agent") / "data" / "guard" / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def phrases(name: str, section: str = "") -> Phrases:
    """All languages' phrases of a file, or of one of its sections: lists by language, and pairs of groups under ``near``."""
    return _phrases(table(name)[section] if section else table(name))


@cache
def everything() -> Phrases:
    """What no text of a seller's may hold, in one list: nearly all texts hold none of it, and are done with in one pass."""
    claims = table("claims")
    return _phrases(table("orders"), table("profanity"), *(claims[section] for section in claims))


def _phrases(*tables: Mapping[str, Any]) -> Phrases:
    lists = [(key, entry) for found in tables for key, entries in found.items() if key != "near" for entry in entries]
    near = [groups for found in tables for groups in found.get("near", ())]
    return Phrases([*(entry for _, entry in lists), *(bare(entry) for key, entry in lists if key != "vi")], near)


@cache
def words(name: str, language: str) -> frozenset[str]:
    """A language's words of a file that lists them in one string, or in a list; none for a language that it lacks."""
    found = table(name).get(language, "")
    return frozenset(found.split() if isinstance(found, str) else found)


@cache
def market(name: str) -> Phrases:
    """What a market's rules forbid in advertising; nothing for the market ""."""
    if not name:
        return Phrases(())
    rules = table(f"markets/{name.lower()}")
    return Phrases(rules["words"], rules.get("near", ()), Phrases(rules["allow"]))
