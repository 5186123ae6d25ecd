"""A small real server that speaks OpenAI's chat completions, streaming, and misbehaves on request."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

Reply = Callable[[str], str]  # the last message's content → what the model says


class OpenAIServer:
    """``async with OpenAIServer(reply) as server``; ``server.url`` is the base URL, ``behaviour`` what it does next.

    behaviour: answer | 401 | 404 | 500 | hang (never answers) | slow (a word, then nothing) | die (closes after a word)
    | refuse (closes at once) | garbage (an event that is no JSON).
    """

    def __init__(self, reply: Reply | str = "Hello.") -> None:
        self.reply: Reply = reply if callable(reply) else lambda _: reply
        self.behaviour = "answer"
        self.requests: list[dict[str, Any]] = []
        self.headers: list[str] = []
        self.gone = asyncio.Event()  # a client has hung up before its answer was whole
        self.asked = asyncio.Event()  # a request has come in
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "OpenAIServer":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.gone.set()
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(line.split(":")[1]) for line in head.lower().splitlines() if line.startswith("content-length"))
        self.requests.append(json.loads(await reader.readexactly(length)))
        self.headers.append(head)
        self.asked.set()
        kind = self.behaviour
        if kind == "refuse":
            return
        if kind == "hang":
            await self._until_gone(reader)
            return
        if kind.isdigit():
            body = json.dumps({"error": {"message": f"refused with {kind}", "type": "x", "code": None}}).encode()
            writer.write(b"HTTP/1.1 %s X\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
                         % (kind.encode(), len(body)) + body)  # fmt: skip
            await writer.drain()
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
                     b"Connection: close\r\n\r\n")  # fmt: skip
        if calls := self.events(self.requests[-1]):
            for call in calls:
                await _send(writer, _chunk({"role": "assistant", "content": None, "tool_calls": [call]}))
            await self._end(writer, "tool_calls")
            return
        words = self.reply(self.requests[-1]["messages"][-1]["content"]).split(" ")
        for number, word in enumerate(words):
            await _send(writer, _event(word if not number else f" {word}"))
            if kind == "die":
                return
            if kind == "slow":
                await self._until_gone(reader)
                return
            if kind == "garbage":
                await _send(writer, "data: {not json\n\n")
                break
        await self._end(writer, "stop")

    def events(self, request: dict[str, Any]) -> list[dict[str, Any]] | None:
        """Tool calls to answer a request with; this server makes none."""
        return None

    async def _end(self, writer: asyncio.StreamWriter, reason: str) -> None:
        await _send(writer, _chunk({}, reason))
        await _send(writer, "data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _until_gone(self, reader: asyncio.StreamReader) -> None:
        await reader.read()
        self.gone.set()


def _event(text: str) -> str:
    return _chunk({"role": "assistant", "content": text})


def _chunk(delta: dict[str, Any], finish: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    row = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(row)}\n\n"


async def _send(writer: asyncio.StreamWriter, text: str) -> None:
    data = text.encode()
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
    await writer.drain()
