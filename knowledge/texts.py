"""What is searched of a product or a fact: the text that is embedded, and the words that are looked up."""

import re

from knowledge.lexicon import fold
from knowledge.product import Fact, Product

TEXTS_VERSION = 2  # raise it with every change to what is embedded or looked up: indexes made before are made anew
CARD_CHARS = 400  # of a product's attributes on its card: what a short text model still tells apart
UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")  # Thai, Lao, kana, Han, Hangul
_RUN = re.compile(
    r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"  # scripts without spaces, and Hangul with its endings
    r"|[\u0900-\u0d7f\u200c\u200d]+"  # Indic words whole: their vowel signs are no letters to a regular expression
    r"|[^\W_\u0900-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)


def words(text: str) -> list[str]:
    """Search terms: lower-case words without accents; scripts without spaces give character pairs."""
    out: list[str] = []
    for token in _RUN.findall(fold(text)):
        if UNSPACED.match(token):
            out += [token[i : i + 2] for i in range(max(1, len(token) - 1))]
        else:
            out.append(token)
    return out


def fact_text(fact: Fact) -> str:
    """What is embedded for a fact."""
    head = f"{fact.product}. " if fact.product else ""
    return f"{head}{fact.label}: {fact.value}"


def product_text(product: Product) -> str:
    """What is embedded for a product: its name, kind, how the seller describes it and what is stated of it.

    Statements count: on labelled questions cards with them were among the first three for 0.80, without for 0.72.
    """
    stated = ". ".join(f"{name}: {value}" for name, value in product.attributes)
    tags = f" {' '.join(product.tags)}." if product.tags else ""
    return f"{product.title}. {product.kind}.{tags} {product.description[:200]} {stated[:CARD_CHARS]}"


def body_text(product: Product) -> str:
    """What is looked up by word beyond a product's name and kind. Offers are left out: they change during a show."""
    attributes = " ".join(f"{name} {value}" for name, value in product.attributes)
    options = " ".join(dict.fromkeys(value for v in product.variants for _, value in v.options))
    return f"{attributes} {options} {product.description}"


def searchable(fact: Fact) -> bool:
    """Facts about one variant and code numbers are looked up by name, never searched by meaning."""
    return "/" not in fact.id.removeprefix(f"{fact.handle}/") and fact.field not in ("gtin", "vendor", "kind")
