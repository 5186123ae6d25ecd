"""An OpenAI-compatible server as a LangChain chat model, and what to tell the seller when it fails."""

import os
from typing import Any
from urllib.parse import urlsplit

from agent.config import Llm


class LLMError(Exception):
    """The model cannot be used; the message says what to do."""


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
        http_async_client=_local(url, config.timeout_s),
    )  # fmt: skip


def _local(url: str, timeout_s: float) -> Any:
    """A client for this machine, where connecting is free: none of its connections outlives an answer. None for others."""
    import httpx

    if urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
        return None
    return httpx.AsyncClient(timeout=timeout_s, limits=httpx.Limits(max_keepalive_connections=0))


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


def unreachable(error: Exception) -> bool:
    """Whether nobody answered at all: worth one more try, a server may just have been restarted."""
    import openai

    return isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError)
