"""What a model that calls tools may look up: facts, stock, a comparison, the store's terms. Read-only and bounded.

A tool answers with sentences that code has composed from facts, and the toolbox keeps them: what the model then says must
phrase one of them, as it must the plain answer (agent/phrasing.py). What a model puts into a call is read as a question
is: nothing in it is executed, and whatever it asks, only the catalogue answers.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog

from agent.answer import compose
from agent.prompts import fenced
from agent.statements import Sentence
from knowledge.found import Found

log = structlog.get_logger()

Find = Callable[..., Awaitable[Found]]  # (question, on_air=handle, last=handle) → what the catalogue says
STATEMENTS = 8  # kept of one answer's calls; more are not told
CALLS = 6  # an answer
ARGUMENT = 80  # characters of one


class Toolbox:
    """The tools of one answer, and what they have told."""

    def __init__(self, find: Find, language: str) -> None:
        self._find, self._language = find, language
        self._calls = 0
        self.told: list[Sentence] = []
        self.tools = _tools(self)
        self._by_name = {tool.name: tool for tool in self.tools}

    async def call(self, call: dict[str, Any]) -> Any:
        """Run one call that a model makes; a wrong one is told why."""
        from langchain_core.messages import ToolMessage

        self._calls += 1
        tool = self._by_name.get(call["name"])
        if tool is None or self._calls > CALLS:
            answer = _said(error="no such tool" if tool is None else "no more calls; answer now")
        else:
            try:
                answer = await tool.ainvoke(call["args"])
            except Exception as error:  # arguments that do not fit: the model may try again
                answer = _said(error=str(error).splitlines()[0][:200])
        log.info("llm.tool", name=call["name"], args=call["args"], told=len(self.told))
        return ToolMessage(answer, tool_call_id=call["id"] or "")

    async def facts(self, product: str, attribute: str) -> str:
        """What the catalogue states about one attribute of a product."""
        handle = await self._handle(product)
        return self._told(await self._of(handle, attribute)) if handle else _said(error="no such product")

    async def stock(self, product: str, version: str = "") -> str:
        """How many can be had, of the product or of one colour or size."""
        handle = await self._handle(product)
        asked = f"is it in stock in {_short(version)}?" if version else "is it in stock?"
        return self._told(await self._find(asked, last=handle, on_air=handle)) if handle else _said(error="no such product")

    async def compare(self, first: str, second: str, attribute: str = "price") -> str:
        """Two products by one attribute; which is more or less is worked out by code."""
        one, other = await self._handle(first), await self._handle(second)
        if not one or not other or one == other:
            return _said(error="two different products of the shop are needed")
        found = await self._find(f"compare the {_short(attribute)} of the two", on_air=one, last=other)
        return self._told(found)

    async def policy(self, topic: str, place: str = "") -> str:
        """The store's terms: delivery, returns, payment, discounts, contact."""
        return self._told(await self._find(f"{_short(topic)} {'to ' + _short(place) if place else ''}?"))

    async def _handle(self, product: str) -> str:
        """The product that a name means, where it means one."""
        found = await self._find(_short(product))
        return found.products[0][0] if found.products else ""

    async def _of(self, handle: str, attribute: str) -> Found:
        return await self._find(f"what is its {_short(attribute)}?", on_air=handle, last=handle)

    def _told(self, found: Found) -> str:
        answer = compose(found, self._language)
        if answer.kind != "fact":
            missing = [field or "that" for _, field in found.missing]
            return _said(not_stated=missing) if missing else _said(error="nothing found; ask about one product or policy")
        new = [s for s in answer.sentences if s.facts and s not in self.told][: STATEMENTS - len(self.told)]
        self.told += new
        return _said(statements=[sentence.text for sentence in answer.sentences])


def _said(**parts: Any) -> str:
    return json.dumps(parts, ensure_ascii=False)


def _short(argument: str) -> str:
    return fenced(argument)[:ARGUMENT]


def _tools(box: Toolbox) -> Sequence[Any]:
    """LangChain tools over a toolbox; what the model reads of them is here."""
    from langchain_core.tools import StructuredTool

    rows = (
        (box.facts, "product_facts", "What the shop's catalogue states about one attribute of one product: material, "
         "weight, size, battery, care, warranty, price and so on. Name the attribute in English."),
        (box.stock, "stock", "Whether a product is in stock and how many; version: a colour or size, if one is asked."),
        (box.compare, "compare", "Compares two products by price, weight, battery, capacity or another attribute."),
        (box.policy, "store_policy", "The store's terms. topic, in English: shipping time, shipping cost, returns, "
         "payment, discount, contact; place: a country, if one is asked."),
    )  # fmt: skip
    return [StructuredTool.from_function(coroutine=run, name=name, description=text) for run, name, text in rows]
