"""Language models through LangChain: the embedded small one, or any OpenAI-compatible server that a seller brings.

A small model only phrases what code has found: a plain chain. One that can call tools may look things up itself, within a
number of rounds and a time. Either may be late, wrong or gone: the turn then speaks the plain sentences.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

import structlog

from agent.breaker import Breaker
from agent.config import Llm
from agent.embedded import START_S, Server
from agent.endpoint import LLMError as LLMError
from agent.endpoint import chat_model, explain, unreachable
from agent.prompts import Message, phrase
from agent.tools import Toolbox
from knowledge.product import Fact

log = structlog.get_logger()

ROUNDS = 3  # of calling tools; then the model must answer
READY = [("user", "Call the tool named ready. Do not write anything.")]


class Phraser:
    """Says a plain answer better, or works one out with tools, when it can, in time."""

    def __init__(self, config: Llm, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.config = config
        self.breaker = Breaker(clock)
        self._server = None if config.base_url else Server()
        self._chat: Any = None
        self._chat_url = ""
        self._calls_tools = config.tools == "on"

    @property
    def always(self) -> bool:
        """Whether the seller wants the model's words even when viewers must wait for them."""
        return self.config.phrase == "always"

    @property
    def calls_tools(self) -> bool:
        """Whether the model is said to call tools, or has done so when it was tried."""
        return self._calls_tools

    @property
    def timeout_s(self) -> float:
        return self.config.timeout_s

    def phrase(
        self, plain: str, facts: Sequence[Fact], *, language: str, question: str, persona: str,
        recent: Sequence[str], before: Sequence[str] = (),
    ) -> AsyncGenerator[str]:  # fmt: skip
        """Stream a spoken version of ``plain``. Closing the iterator stops the server's generation. Raises LLMError."""
        messages = phrase(
            plain, facts, language=language, question=question, persona=persona, recent=recent, before=before
        )
        return self._guarded(lambda: self._text(messages))

    def work_out(self, messages: Sequence[Message], toolbox: Toolbox) -> AsyncGenerator[str]:
        """Stream an answer that the model works out with tools, in ``ROUNDS`` at most. Raises LLMError."""
        return self._guarded(lambda: self._rounds(messages, toolbox))

    async def warm(self) -> None:
        """Start the server, let it read the constant beginning of the prompt, see whether it calls tools. Raises LLMError."""
        try:
            messages = phrase("Hello.", [], language="en", question="hello", persona="", recent=())
            async with asyncio.timeout(self.config.timeout_s + START_S):
                async with aclosing(self._chunks(messages, max_tokens=1)) as chunks:
                    async for _ in chunks:
                        pass
        except LLMError:
            raise
        except Exception as error:
            raise LLMError(explain(error, self.config)) from None
        if self.config.tools == "auto" and self.config.base_url:
            self._calls_tools = await self._tried()
            log.info("llm.tools", used=self._calls_tools)

    async def close(self) -> None:
        if self._server:
            await self._server.close()

    # -- asking ---------------------------------------------------------------------------------------------------

    async def _guarded(self, ask: Callable[[], AsyncGenerator[str]]) -> AsyncGenerator[str]:
        """What a server says, once more when nobody answered at first, and nothing of one that keeps failing."""
        if not self.breaker.allows():
            raise LLMError("the model has failed repeatedly and is left alone for a while")
        streamed = False
        for attempt in (1, 2):
            try:
                async with aclosing(ask()) as pieces:
                    async for piece in pieces:
                        streamed = True
                        yield piece
                self.breaker.success()
                return
            except (asyncio.CancelledError, GeneratorExit):
                self.breaker.given_up()
                raise
            except Exception as error:
                if attempt == 1 and not streamed and unreachable(error):
                    continue
                self.breaker.failure()
                told = error if isinstance(error, LLMError) else LLMError(explain(error, self.config))
                log.warning("llm.failed", why=str(told), state=self.breaker.state)
                raise told from None

    async def _text(self, messages: Sequence[Any]) -> AsyncGenerator[str]:
        async with aclosing(self._chunks(messages)) as chunks:
            async for chunk in chunks:
                if text := _text_of(chunk):
                    yield text

    async def _rounds(self, messages: Sequence[Message], toolbox: Toolbox) -> AsyncGenerator[str]:
        """Text before the first tool call is held back: it may only announce the call."""
        talk: list[Any] = list(messages)
        for number in range(ROUNDS + 1):
            whole, held = None, list[str]()
            async with aclosing(self._chunks(talk, tools=toolbox.tools if number < ROUNDS else ())) as chunks:
                async for chunk in chunks:
                    whole = chunk if whole is None else whole + chunk
                    if text := _text_of(chunk):
                        if number:
                            yield text
                        else:
                            held.append(text)
            calls = getattr(whole, "tool_calls", [])
            if not calls:
                for piece in held:
                    yield piece
                return
            talk += [whole, *[await toolbox.call(call) for call in calls]]

    async def _tried(self) -> bool:
        """Whether the model calls a tool when it is told to."""
        from langchain_core.tools import StructuredTool

        tool = StructuredTool.from_function(lambda: "ok", name="ready", description="Says that you are ready.")
        called = False
        try:
            async with aclosing(self._chunks(READY, tools=(tool,))) as chunks:
                async for chunk in chunks:
                    called = called or any(call["name"] == "ready" for call in chunk.tool_call_chunks)
        except Exception as error:  # a server that knows no tools refuses them
            log.info("llm.no_tools", why=explain(error, self.config))
        return called

    async def _chunks(self, messages: Sequence[Any], *, tools: Sequence[Any] = (), **options: Any) -> AsyncGenerator[Any]:
        chat = await self._model()
        asked = chat.bind_tools(list(tools)) if tools else chat
        pieces: asyncio.Queue[Any] = asyncio.Queue()

        async def read() -> None:
            try:
                async for chunk in asked.astream(list(messages), **options):
                    pieces.put_nowait(chunk)
            finally:
                pieces.put_nowait(None)

        # A task of its own: the HTTP client swallows a cancellation now and then, and the host must not wait for it.
        reading = asyncio.create_task(read())
        try:
            async with asyncio.timeout(self.config.timeout_s + (START_S if options else 0)):
                while (piece := await pieces.get()) is not None:
                    yield piece
                await reading
        finally:
            await _stop(reading)

    async def _model(self) -> Any:
        url = self.config.base_url or (await self._server.url() if self._server else "")
        if self._chat is None or url != self._chat_url:
            self._chat = await asyncio.to_thread(chat_model, self.config, url)
            self._chat_url = url
        return self._chat


def _text_of(chunk: Any) -> str:
    return chunk.content if isinstance(chunk.content, str) else ""


async def _stop(task: "asyncio.Task[None]") -> None:
    """Cancel until it holds; for a second at most."""
    for _ in range(20):
        if task.done():
            break
        task.cancel()
        await asyncio.wait([task], timeout=0.05)
    await asyncio.sleep(0)  # its connection closes in the loop's next round
    if task.done() and not task.cancelled():
        task.exception()  # seen: whoever waits for the stream has raised it already
