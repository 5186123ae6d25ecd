"""What an answer is made with, and what surrounds its question."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from agent.llm import Phraser
from agent.trust import Trust
from knowledge.found import Found
from knowledge.retrieve import Retriever
from renderer.worker import Worker


@dataclass(frozen=True, slots=True)
class Desk:
    """What a turn works with."""

    retriever: Retriever
    knowledge: Worker  # the thread that owns the embedder and the index
    phraser: Phraser | None
    persona: str
    market: str = ""  # whose rules of advertising hold
    voicing_s: Callable[[str, str], float] = lambda text, language: 0.0  # until a sentence's first sound is made
    trust: Trust = field(default_factory=Trust)  # in the phraser

    async def find(self, question: str, **context: Any) -> Found:
        """What the catalogue says to a question, from the thread that owns the index; ``context`` as Retriever.find's."""
        return await self.knowledge.run(partial(self.retriever.find, question, **context))


@dataclass(frozen=True, slots=True)
class Context:
    """What the question's surroundings add to it."""

    language: str | None  # to answer in; None: the asker's own
    show: str = "en"  # the show's language, spoken where no clear voice speaks the asker's
    speakable: frozenset[str] = frozenset({"en"})
    on_air: str = ""
    last: str = ""  # handle of the product this viewer asked about before
    fields: Sequence[str] = ()  # attributes this viewer asked last
    before: Sequence[str] = ()  # this viewer's earlier questions
    recent: Sequence[str] = ()  # what others asked
