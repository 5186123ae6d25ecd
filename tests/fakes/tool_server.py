"""A small real server that speaks OpenAI's chat completions with tools: it calls what it is told to, then says its text."""

import json
from collections.abc import Sequence
from typing import Any

from tests.fakes.openai_server import OpenAIServer

Call = tuple[str, dict[str, str]]  # name, arguments


class ToolServer(OpenAIServer):
    """``rounds`` of calls come first, one list an answer; then ``reply``. A call of "ready" is made when it is offered."""

    def __init__(self, reply: Any = "Hello.", rounds: Sequence[Sequence[Call]] = (), *, capable: bool = True) -> None:
        super().__init__(reply)
        self.rounds, self.capable = [list(calls) for calls in rounds], capable

    def events(self, request: dict[str, Any]) -> list[dict[str, Any]] | None:
        """Deltas of a tool call for this request; None where text is to be said."""
        names = [tool["function"]["name"] for tool in request.get("tools", ())]
        if names == ["ready"]:
            return [_delta(0, "ready", {})] if self.capable else None
        done = sum(message["role"] == "assistant" for message in request["messages"])
        if not names or done >= len(self.rounds):
            return None
        return [_delta(index, name, arguments) for index, (name, arguments) in enumerate(self.rounds[done])]


def _delta(index: int, name: str, arguments: dict[str, str]) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"index": index, "id": f"call-{index}", "type": "function", "function": function}
