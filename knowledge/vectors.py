"""Vectors on disk: FAISS, its kind chosen by how many there are. The only faiss importer.

An index is FAISS's own file and a JSON file that says what it was made from. It is read back only when both agree with
the catalogue and the checksum holds; anything else is made anew from the vectors that the store keeps.
"""

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
FORMAT = 1
Batches = Callable[[int], Iterator[tuple[I64, F32]]]  # every n-th vector, as (ids (b,), vectors (b, dim)) of one batch
CHUNK = 16_384  # vectors added at a time: 25 MB of 384 dimensions
# Where one kind of index ends and the next begins; measured, see docs/retrieval.md. Up to the first, exact search takes
# under 4 ms on one core. Up to the second, full floats fit in 300 MB; beyond it a byte a dimension holds a million.
FLAT_UP_TO, FLOATS_UP_TO = 50_000, 200_000
PROBED = 128  # cells searched: questions lie apart from what they are compared with, so many cells are about as near
PER_CELL = 40  # vectors a cell is trained on: what FAISS asks for at least


@dataclass(frozen=True, slots=True)
class Plan:
    """A kind of index and why it was chosen."""

    factory: str  # in FAISS's own notation
    cells: int  # 0 for exact search
    why: str


def plan(count: int) -> Plan:
    """The index for ``count`` vectors."""
    if count <= FLAT_UP_TO:
        return Plan("IDMap2,Flat", 0, "exact: fast enough at this size, nothing to train, every change in place")
    cells = min(4096, 2 ** round(math.log2(4 * math.sqrt(count))))
    if count <= FLOATS_UP_TO:
        return Plan(f"IVF{cells},Flat", cells, "cells: a twentieth of the vectors is compared, in full floats")
    return Plan(f"IVF{cells},SQ8", cells, "cells of one byte a dimension: a quarter of the memory")


@dataclass(frozen=True, slots=True)
class Origin:
    """What an index was made from. Two are equal when the one's vectors are the other's."""

    embedder: str
    dim: int
    version: str  # of the catalogue


class VectorIndex:
    """Unit vectors by id, nearest first by inner product. Used from one thread at a time, searched on one core."""

    def __init__(self, dim: int, count: int = 0) -> None:
        """An empty index of the kind for ``count`` vectors."""
        import faiss

        faiss.omp_set_num_threads(1)
        self.dim, self.plan = dim, plan(count)
        self._index: Any = faiss.index_factory(dim, self.plan.factory, faiss.METRIC_INNER_PRODUCT)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def outgrown(self) -> bool:
        """Whether another kind of index would be chosen today; a margin keeps it from changing to and fro."""
        return plan(len(self)) != self.plan and plan(int(len(self) * 0.8)) != self.plan

    @classmethod
    def build(cls, dim: int, count: int, batches: Batches) -> "VectorIndex":
        """Index ``count`` vectors. Cells are placed by an even sample, so that memory does not grow with the catalogue."""
        import faiss

        out = cls(dim, count)
        faiss.omp_set_num_threads(os.cpu_count() or 1)
        try:
            if out.plan.cells:
                every = max(1, count // (out.plan.cells * PER_CELL))
                out._train(np.concatenate([vectors.copy() for _, vectors in batches(every)]))
            for ids, vectors in batches(1):
                out.add(ids, vectors)
        finally:
            faiss.omp_set_num_threads(1)
        return out

    def _train(self, sample: F32) -> None:
        self._index.cp.min_points_per_centroid = 1
        self._index.cp.niter = 10
        self._index.cp.seed = 1
        self._index.train(sample)
        self._index.nprobe = PROBED

    def add(self, ids: I64, vectors: F32) -> None:
        """Add vectors (n, dim) under ids (n,)."""
        if len(ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.ascontiguousarray(ids, np.int64))

    def remove(self, ids: I64 | Sequence[int]) -> None:
        if len(ids):
            import faiss

            self._index.remove_ids(faiss.IDSelectorBatch(np.ascontiguousarray(ids, np.int64)))

    def ids(self) -> I64:
        """The ids held, in no order."""
        import faiss

        if not self.plan.cells:
            out: I64 = faiss.vector_to_array(self._index.id_map)
            return out
        lists = self._index.invlists
        sizes = [(cell, lists.list_size(cell)) for cell in range(self._index.nlist)]
        held = [faiss.rev_swig_ptr(lists.get_ids(cell), size).copy() for cell, size in sizes if size]
        return np.concatenate([np.empty(0, np.int64), *held])

    def search(self, vector: F32, k: int) -> list[tuple[int, float]]:
        """(id, inner product) of the nearest, best first, for one vector (dim,)."""
        count = min(k, len(self))
        if count <= 0:
            return []
        scores, ids = self._index.search(np.ascontiguousarray(vector.reshape(1, -1), np.float32), count)
        return [(int(id), float(score)) for id, score in zip(ids[0], scores[0], strict=True) if id >= 0]

    # -- on disk --------------------------------------------------------------------------------------------------

    def save(self, path: Path, origin: Origin) -> None:
        """Write beside and rename, so that a crash leaves the old file or the new one, never half of one."""
        import faiss

        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.new")
        faiss.write_index(self._index, str(fresh))
        note = {
            "format": FORMAT, "embedder": origin.embedder, "dim": origin.dim, "catalogue": origin.version,
            "count": len(self), "factory": self.plan.factory, "why": self.plan.why, "sha256": _checksum(fresh),
        }  # fmt: skip
        text = _write_note(path, note)
        _sync(fresh)
        fresh.replace(path)
        text.replace(_note(path))

    @classmethod
    def load(cls, path: Path, embedder: str, dim: int) -> tuple["VectorIndex", str] | None:
        """An index as it was saved and the catalogue version it holds; None when it must be made anew."""
        import faiss

        note = _read_note(path)
        if note is None or (note.get("format"), note.get("embedder"), note.get("dim")) != (FORMAT, embedder, dim):
            return None
        if not path.is_file() or _checksum(path) != note.get("sha256"):
            return None
        out = cls(dim, 0)
        try:
            out._index = faiss.read_index(str(path))
            cells = int(getattr(out._index, "nlist", 0))
        except RuntimeError:
            return None
        out.plan = Plan(str(note.get("factory")), cells, str(note.get("why")))
        if out._index.d != dim or len(out) != note.get("count"):
            return None
        if cells:
            out._index.nprobe = PROBED
        return out, str(note.get("catalogue"))


def chunks(rows: Iterable[tuple[int, F32]], dim: int) -> Iterator[tuple[I64, F32]]:
    """(id, vector) pairs as arrays of at most CHUNK."""
    ids, vectors = list[int](), np.empty((CHUNK, dim), np.float32)
    for id, vector in rows:
        vectors[len(ids)] = vector
        ids.append(id)
        if len(ids) == CHUNK:
            yield np.array(ids, np.int64), vectors
            ids = []
    if ids:
        yield np.array(ids, np.int64), vectors[: len(ids)]


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def relabel(path: Path, origin: Origin) -> None:
    """Say that the index at ``path`` is as it would be made from ``origin``."""
    if (note := _read_note(path)) and note.get("catalogue") != origin.version:
        _write_note(path, note | {"catalogue": origin.version}).replace(_note(path))


def _write_note(path: Path, note: dict[str, Any]) -> Path:
    """Beside the note that holds; to be put in its place."""
    text = path.with_name(f"{path.name}.json.new")
    text.write_text(json.dumps(note, indent=1), encoding="utf-8")
    _sync(text)
    return text


def _read_note(path: Path) -> dict[str, Any] | None:
    try:
        note = json.loads(_note(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return note if isinstance(note, dict) else None


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
