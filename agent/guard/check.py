"""One sentence, judged before it is voiced."""

from collections.abc import Sequence
from typing import Literal

from agent.guard.figures import CURRENCY, amounts, figures, shares
from agent.guard.model import says_the_same
from agent.guard.seller import CONTACT, quotes, written
from agent.guard.tables import phrases
from agent.guard.text import disguises, normalise
from agent.guard.verdict import BACKED, Verdict, refused, unless
from knowledge.product import Fact


def check(
    sentence: str, facts: Sequence[Fact], *, language: str, plain: str = "", allowed: str = "", market: str = "",
    author: Literal["code", "seller"] = "code",
) -> Verdict:  # fmt: skip
    """Judge one sentence by the facts that it rests on.

    ``plain`` is the composed answer when a model wrote the sentence, "" when ``author`` did: code from reviewed patterns, or
    the seller by hand. ``allowed`` is text whose numbers code itself put in (a computed difference); never the viewer's.
    ``market`` chooses the rules of advertising (data/guard/markets).
    """
    text = normalise(sentence)
    if not text.strip():
        return refused("empty")
    ground = normalise("\n".join([plain, allowed, *_ground(facts)]))
    for verdict in (
        _numbers(text, ground, language),
        _currency(text, ground),
        unless(", ".join(found for found in CONTACT.findall(text) if found not in ground), "contact"),
        _decent(text),
        quotes(text, facts, market),
    ):
        if not verdict.ok:
            return verdict
    if plain:
        return says_the_same(text, normalise(plain), facts, ground, language)
    return _by_hand(text, facts, ground, market) if author == "seller" else BACKED


def _ground(facts: Sequence[Fact]) -> list[str]:
    out = []
    for fact in facts:
        out += [fact.value, fact.product, fact.label, fact.sku, str(fact.number) if fact.number is not None else ""]
    return out


def _numbers(text: str, ground: str, language: str) -> Verdict:
    unbacked = set(figures(text, language)) - {*figures(ground, language), *figures(ground, "en")}
    return unless(", ".join(sorted(unbacked)), "unbacked_number")


def _currency(text: str, ground: str) -> Verdict:
    """Each currency must be one of the facts', each amount with its currency and each percentage too."""
    known = {match.casefold() for match in CURRENCY.findall(ground)}
    other = [match for match in CURRENCY.findall(text) if match.casefold() not in known]
    if other:
        return refused("unbacked_currency", ", ".join(other))
    sums = amounts(text) - amounts(ground)
    if sums:
        return refused("unbacked_number", ", ".join(f"{sign} {value}" for sign, value in sorted(sums)))
    return unless(", ".join(sorted(shares(text) - shares(ground))), "unbacked_percentage")


def _decent(text: str) -> Verdict:
    """Whoever wrote it: no profanity, and no use that an AI cannot have made."""
    guises = disguises(text)
    if found := phrases("profanity").find(*guises):
        return refused("profanity", found)
    return unless(phrases("claims", "use").find(*guises), "first_person_use")


def _by_hand(text: str, facts: Sequence[Fact], ground: str, market: str) -> Verdict:
    """A line that the seller wrote for the pitch: as a description, but for what the facts do back."""
    verdict = written(text, "line", market)
    if not verdict.ok:
        return verdict
    known = ground.casefold()
    offered = phrases("claims", "offer").find(*disguises(text))
    return unless("" if offered in known or _counted(offered, facts) else offered, "offer_in_text")


def _counted(offered: str, facts: Sequence[Fact]) -> bool:
    """Whether what is said of stock is the number in stock: "only 5 left"."""
    counts = {f"{fact.number:f}" for fact in facts if fact.field == "stock" and fact.number is not None}
    told = set(figures(offered, "en"))
    return bool(told) and told <= counts
