"""A new price or stock for one variant, while the rest of the catalogue stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from knowledge.product import CatalogueError, Product, Variant


@dataclass(frozen=True, slots=True)
class NewOffer:
    """What is to hold for a SKU from now on; None leaves it as it is."""

    sku: str
    price: Decimal | None = None
    stock: int | None = None  # units; 0 is sold out


class UnknownSku(CatalogueError):
    """No variant has one of these SKUs."""

    def __init__(self, skus: Sequence[str]) -> None:
        self.skus = tuple(skus)
        super().__init__("no variant has the SKU " + ", ".join(f'"{sku}"' for sku in self.skus))


def changed(product: Product, offers: Mapping[str, NewOffer]) -> Product:
    """The product with new offers for its variants, by SKU."""
    return replace(product, variants=tuple(_variant(v, offers.get(v.sku)) for v in product.variants))


def _variant(variant: Variant, new: NewOffer | None) -> Variant:
    offer = variant.offer
    if new is None:
        return variant
    if new.price is not None:  # the price from now on, whatever sale the feed had planned
        offer = replace(offer, price=new.price, sale_price=None, sale_from=None, sale_until=None)
    if new.stock is not None:
        offer = replace(offer, stock=new.stock, available=new.stock > 0)
    return replace(variant, offer=offer)
