"""What the seller wrote, judged before it is quoted: a catalogue is no more to be trusted than the chat.

What changes or is promised of a sale (prices, discounts, stock) is told from the offer only, never from a description:
"now only $1!" in a text has no offer behind it. Health and absolute claims are nobody's to make on the air, text that gives
the host orders has no power, and contacts are read out only where a store's own statement gives them.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from agent.guard.figures import CURRENCY, NUMBER
from agent.guard.tables import everything, market, phrases, table
from agent.guard.text import disguises, normalise
from agent.guard.verdict import BACKED, Verdict, refused, unless
from knowledge.product import Fact

CONTACT = re.compile(
    r"https?://|www\.|\b[\w.+-]+@[\w-]+\.\w+|\b[\w-]+\.(?:com|net|org|io|shop|xyz|ly|me|info|top|cc|ru)\b|\+?\d[\d ()-]{8,}\d"
    r"|(?<!\w)@[\w.]{3,}|\b(?:whats\s?app|wechat|telegram|line\s?id|vx|wx)\b|微信|加我|私信|วอตส์แอป|ไลน์ไอดี|แอดไลน์|zalo",
    re.I,
)
CODES = frozenset({"sku", "gtin"})  # long digits that are no telephone number
OFFER = frozenset({"price", "compare_at", "stock", "availability", "currency"})
SECRET = re.compile(  # base64, hexadecimal, percent codes: nothing that a buyer could be told
    r"(?=[^\s]*[a-z])(?=[^\s]*[A-Z])(?=[^\s]*\d)[A-Za-z0-9+/]{24,}={0,2}|\b(?:[0-9a-f]{2}\s?){16,}\b|(?:%[0-9A-F]{2}){4,}"
)
ROLE = re.compile(
    r"<\s*/?\s*(?:data|system|user|assistant|script|instructions?)\b|<\||\|>|\[/?(?:inst|system)\]|\{\{|^\s*#{2,}|```", re.I
)
_MONEY = re.compile(rf"(?:{CURRENCY.pattern})\s?{NUMBER.pattern}|{NUMBER.pattern}\s?(?:{CURRENCY.pattern})", re.I)


def quotes(sentence: str, facts: Sequence[Fact], rules: str) -> Verdict:
    """Judge what a normalised sentence takes from the facts in the seller's own words."""
    lower = sentence.casefold()
    for fact in facts:
        for text, where in _texts(fact):
            if any(part in lower for part in _pieces(text)):
                verdict = written(text, where, rules)
                if not verdict.ok:
                    return refused(verdict.reason, f"{fact.id}: {verdict.detail}")
    return BACKED


def about(fact: Fact, rules: str) -> Verdict:
    """Judge everything that a fact could bring onto the air."""
    for text, where in _texts(fact):
        verdict = written(text, where, rules)
        if not verdict.ok:
            return verdict
    return BACKED


def _texts(fact: Fact) -> Iterator[tuple[str, str]]:
    """A fact's texts with where each stands: name, label, offer, code, store or product."""
    yield fact.product, "name"
    yield fact.label, "label" if fact.handle else "store"
    yield fact.value, "offer" if fact.field in OFFER else "code" if fact.field in CODES else "product" if fact.handle else "store"


def _pieces(text: str) -> list[str]:
    """What of a value is looked for in a sentence: all of it, or the members of a list that is told in part."""
    whole = normalise(text).casefold().strip().rstrip(".")
    return [piece for piece in (whole, *re.split(r"[,;] ", whole)) if len(piece) > 2] or ([whole] if whole else [])


@lru_cache(maxsize=20_000)
def written(text: str, where: str = "product", rules: str = "") -> Verdict:
    """Judge one text of the seller's. ``where``: name, label, offer, code, store, product or line (a pitch by hand)."""
    if where == "offer":
        return BACKED
    for verdict in _judged(text, where, rules):
        if not verdict.ok:
            return verdict
    return BACKED


def _judged(text: str, where: str, rules: str) -> Iterator[Verdict]:
    guises, plain = disguises(text), normalise(text)
    if where != "name":  # a name may hold a superlative: it only tells one product from another
        yield unless(market(rules).find(*guises), "forbidden_in_market")
    yield unless(_found(ROLE, plain) or _found(SECRET, plain), "orders")
    if where not in ("store", "line", "code"):
        yield unless(_found(_MONEY, plain), "price_in_text")
        yield unless(_found(CONTACT, plain), "contact")
    if not everything().find(*guises):
        return
    yield orders(text, guises)
    yield unless(phrases("profanity").find(*guises), "profanity")
    yield unless(phrases("claims", "health").find(*guises), "health_claim")
    yield unless(phrases("claims", "use").find(*guises), "first_person_use")
    if where != "name":
        yield unless(phrases("claims", "absolute").find(*guises), "absolute_claim")
    if where not in ("store", "line", "code"):
        yield unless(phrases("claims", "offer").find(*guises), "offer_in_text")


def orders(text: str, guises: Sequence[str] = ()) -> Verdict:
    """Refused when a text tells the host what to say or do, openly or in code."""
    plain = normalise(text)
    found = phrases("orders").find(*(guises or disguises(text))) or _found(ROLE, plain) or _found(SECRET, plain)
    return unless(found, "orders")


def withheld(language: str) -> str:
    """What the host says instead of an answer of which nothing may be said."""
    told = table("withheld")
    return str(told.get(language, told["en"]))


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[0] if found else ""
