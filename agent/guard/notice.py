"""What a seller should know of a catalogue before the show: which of its texts will never be said on the air, and why."""

from collections.abc import Iterable, Iterator

from agent.guard.seller import about
from knowledge.facts import facts
from knowledge.feeds.report import Feed
from knowledge.product import Fact, Product

WHY = {
    "orders": "it gives the host orders",
    "profanity": "it is profane",
    "health_claim": "it claims an effect on health",
    "absolute_claim": "it claims what cannot be proved",
    "forbidden_in_market": "this market's rules of advertising forbid it",
    "first_person_use": "an AI host has used nothing",
    "offer_in_text": "discounts, gifts and stock are told from the offer only",
    "price_in_text": "prices are told from the offer only",
    "contact": "contacts are told from the store's own statements only",
}


def noticed(products: Iterable[Product], feed: Feed, market: str) -> Iterator[Product]:
    """The products as they come; what of them and of the feed's statements may not be said becomes a warning of the feed."""
    for product in products:
        _warn(feed, facts(product), market)
        yield product
    _warn(feed, feed.policies, market)


def _warn(feed: Feed, told: Iterable[Fact], market: str) -> None:
    seen = set()
    for fact in told:
        verdict = about(fact, market)
        if not verdict.ok and (key := (verdict.reason, verdict.detail)) not in seen:
            seen.add(key)
            what = f"{fact.handle} {fact.field}".strip()
            feed.warn(_line(fact.source), f'{what}: "{verdict.detail}" is never said on the air: {WHY[verdict.reason]}')


def _line(source: str) -> int:
    """The line of "catalogue.csv:12"; 0 where there is none."""
    digits = source.rpartition(":")[2]
    return int(digits) if digits.isdigit() else 0
