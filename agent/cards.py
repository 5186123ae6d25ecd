"""What viewers are shown of a product: its card on the picture, and beside an answer in the chat."""

from collections.abc import Sequence
from typing import Any

from agent.rundown import whole
from knowledge.product import Fact, Product
from renderer.media import Card, Utterance


def product_card(product: Product | None, facts: Sequence[Fact]) -> Card | None:
    """What the card shows of a product: title, price, and stock where the catalogue tells."""
    if product is None:
        return None
    price, stock = whole(facts, "price"), whole(facts, "stock") or whole(facts, "availability")
    return Card(
        product.variants[0].sku if product.variants else "",
        product.title,
        price.value if price else "",
        stock.value if stock else "",
        product.image,
    )


def reply(utterance: Utterance) -> dict[str, Any]:
    """The message that shows an answer in the chat."""
    card = utterance.card
    shown = {"title": card.title, "price": card.price, "note": card.note} if card else None
    return {
        "type": "reply",
        "id": utterance.turn,
        "to": utterance.meta["to"],
        "question": utterance.meta["question"],
        "text": utterance.meta["text"],
        "language": utterance.meta["written_in"],
        "card": shown,
    }
