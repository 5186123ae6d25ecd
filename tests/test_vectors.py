"""The vectors' index: exact or in cells, on disk and back, whole or not at all."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from knowledge import vectors
from knowledge.vectors import F32, I64, Origin, Plan, VectorIndex, chunks, plan

ORIGIN = Origin("test", 16, "7")


def made(count: int, dim: int = 16) -> F32:
    rows = np.random.default_rng(count).normal(size=(count, dim)).astype(np.float32)
    out: F32 = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return out


def index_of(rows: F32) -> VectorIndex:
    def batches(every: int) -> Iterator[tuple[I64, F32]]:
        return chunks(((i, rows[i]) for i in range(0, len(rows), every)), rows.shape[1])

    return VectorIndex.build(rows.shape[1], len(rows), batches)


def test_the_kind_goes_by_the_number() -> None:
    assert plan(10).cells == 0 and "Flat" in plan(50_000).factory
    assert plan(100_000).factory.startswith("IVF") and plan(100_000).factory.endswith("Flat")
    assert plan(1_000_000).factory == "IVF4096,SQ8" and plan(1_000_000).why


@pytest.mark.parametrize("factory", ["IDMap2,Flat", "IVF8,Flat", "IVF8,SQ8"])
def test_every_kind_finds_adds_removes_and_comes_back(
    factory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = 8 if "IVF" in factory else 0
    monkeypatch.setattr(vectors, "plan", lambda count: Plan(factory, cells, "a test"))
    rows = made(400)
    index = index_of(rows)
    assert len(index) == 400 and index.search(rows[7], 3)[0][0] == 7
    index.remove([7])
    index.add(np.array([1000], np.int64), rows[7:8])
    assert index.search(rows[7], 1)[0][0] == 1000 and sorted(index.ids())[-1] == 1000 and 7 not in index.ids()
    index.save(tmp_path / "a.faiss", ORIGIN)
    loaded = VectorIndex.load(tmp_path / "a.faiss", "test", 16)
    assert loaded and loaded[1] == "7" and loaded[0].search(rows[7], 3) == index.search(rows[7], 3)
    assert sorted(loaded[0].ids()) == sorted(index.ids())


def test_nothing_in_an_empty_index() -> None:
    assert index_of(made(0)).search(made(1)[0], 3) == []
    assert index_of(made(5)).search(made(1)[0], 0) == []


@pytest.mark.parametrize("harm", ["cut", "bit", "note", "no note", "embedder", "dim", "format", "empty"])
def test_what_does_not_hold_is_not_read(harm: str, tmp_path: Path) -> None:
    path = tmp_path / "a.faiss"
    index_of(made(50)).save(path, ORIGIN)
    note = path.with_name("a.faiss.json")
    data = bytearray(path.read_bytes())
    if harm == "cut":
        path.write_bytes(data[:-10])
    elif harm == "bit":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    elif harm == "empty":
        path.write_bytes(b"")
    elif harm == "note":
        note.write_text("{", encoding="utf-8")
    elif harm == "no note":
        note.unlink()
    else:
        changed = json.loads(note.read_text(encoding="utf-8")) | {harm: "other"}
        note.write_text(json.dumps(changed), encoding="utf-8")
    assert VectorIndex.load(path, "test", 16) is None


def test_killed_while_writing_the_old_or_the_new_is_there(tmp_path: Path) -> None:
    """A process writes ever larger indexes and is killed in the midst of it, several times."""
    path = tmp_path / "a.faiss"
    code = (
        "import sys, itertools; sys.path.insert(0, '.')\n"
        "from pathlib import Path\nfrom tests.test_vectors import *\n"
        "index_of(made(20_000)).save(Path(sys.argv[1]), ORIGIN); print('ready', flush=True)\n"
        "for n in itertools.count(20_001): index_of(made(n)).save(Path(sys.argv[1]), ORIGIN)\n"
    )
    for wait in (0.05, 0.11, 0.2):
        child = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
        assert child.stdout and child.stdout.readline() == b"ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(wait)
        child.kill()
        child.wait()
        child.stdout.close()
        loaded = VectorIndex.load(path, "test", 16)
        assert loaded is None or len(loaded[0]) >= 20_000, "half an index was read"
