"""The search as a LangChain retriever. Nothing of hawker imports this module: import it where LangChain is used anyway."""

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from knowledge.product import Hit
from knowledge.retrieve import Retriever
from knowledge.search import Mode, search


class FactRetriever(BaseRetriever):
    """Facts for a question as documents; none when the catalogue is taken to have nothing to it.

    ``metadata`` is the fact: id, handle, product, sku, field, value, unit, source, score and via. Like the retriever
    inside it is used from one thread at a time; ``ainvoke`` would run it on another, so keep to ``invoke``.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    retriever: Retriever
    mode: Mode = "fused"
    k: int = 3
    language: str | None = None  # what a text too short to tell is taken for
    on_air: str = ""  # handle of the product being shown
    last: str = ""  # handle of the one asked about before

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        results = search(
            self.retriever, query, mode=self.mode, k=self.k, language=self.language, on_air=self.on_air, last=self.last
        )
        return [] if results.nothing else [document(hit) for hit in results.hits]


def document(hit: Hit) -> Document:
    """A hit as a document whose text can be read alone."""
    fact = hit.fact
    metadata: dict[str, Any] = {
        "id": fact.id, "handle": fact.handle, "product": fact.product, "sku": fact.sku, "field": fact.field,
        "value": fact.value, "unit": fact.unit, "source": fact.source, "score": hit.score, "via": hit.via,
    }  # fmt: skip
    head = f"{fact.product}: " if fact.product else ""
    return Document(page_content=f"{head}{fact.label}: {fact.value}", metadata=metadata, id=fact.id)
