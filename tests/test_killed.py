"""kill -9 while a catalogue is read or embedded: the old one or the new one, whole, and nothing is done twice after it."""

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from knowledge.embed import open_embedder
from knowledge.index import BATCH, FactIndex
from knowledge.store import Store
from tests.show import ROOT

COUNT = 4_000
INGEST = """
import sys
from pathlib import Path
from knowledge.feeds import stream
from knowledge.store import Store

def told(products):
    for number, product in enumerate(products):
        if number % 1000 == 0:
            print(number, flush=True)
        yield product
    print("staged", flush=True)

store = Store(Path(sys.argv[1]))
feed, products = stream(Path(sys.argv[2]), currency="EUR")
store.ingest(feed, told(products))
print("done", flush=True)
"""


def export(path: Path, numbers: Iterable[int], price: str) -> Path:
    rows = (json.dumps({"handle": f"p{n}", "title": f"Lamp {n}", "sku": f"L-{n}", "price": price, "stock": 3}) for n in numbers)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def run(store: Path, file: Path, *, until: str = "done", wait_s: float = 0.0) -> str:
    """An ingestion in a process of its own, killed ``wait_s`` after it has said ``until``; the last it said."""
    process = subprocess.Popen([sys.executable, "-c", INGEST, store, file], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = next((line.strip() for line in process.stdout if line.strip() == until), "")
    assert said, "it ended by itself"
    if until != "done":
        time.sleep(wait_s)
        process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().split()
    process.stdout.close()
    process.wait(60)
    return rest[-1] if rest else said


def found(path: Path) -> set[tuple[int, str]]:
    """(number of products, price) of what is in the store; one pair when it is whole."""
    store = Store(path)
    products = store.products()
    store.close()
    return {(len(products), str(product.variants[0].offer.price)) for product in products}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_ingestion_leaves_the_old_catalogue_or_the_new_one(tmp_path: Path, seed: int) -> None:
    store, chance = tmp_path / "c.sqlite", random.Random(seed)
    file = tmp_path / "shop.jsonl"
    run(store, export(file, range(COUNT), "10.00"))
    old, new = (COUNT, "10.00"), (COUNT - 500, "20.00")
    export(file, range(500, COUNT), "20.00")
    assert found(store) == {old}
    for until in (str(1000 * chance.randrange(1 + COUNT // 1000 - 1)), "staged", "staged"):
        last = run(store, file, until=until, wait_s=chance.uniform(0, 0.05))
        now = found(store)
        assert now in ({old}, {new}), f"half of it after {until}: {now}"
        assert now == {new} or last != "done", "what was said to be done is there"
    run(store, file)
    assert found(store) == {new}


def kept(path: Path) -> int:
    with sqlite3.connect(path) as db:
        count: int = db.execute("SELECT count(*) FROM vectors").fetchone()[0]
    db.close()
    return count


def test_killed_while_embedding_it_goes_on_where_it_was(tmp_path: Path) -> None:
    store = tmp_path / "c.sqlite"
    run(store, export(tmp_path / "shop.jsonl", range(60), "10.00"))
    code = """
import sys
from pathlib import Path
from knowledge.embed import open_embedder
from knowledge.index import FactIndex
from knowledge.store import Store
FactIndex.build(Store(Path(sys.argv[1])), open_embedder(), lambda done, of: print(of, flush=True))
"""
    process = subprocess.Popen([sys.executable, "-c", code, store], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    total = int(process.stdout.readline())
    process.stdout.readline()
    time.sleep(random.Random(3).uniform(0, 0.05))
    process.send_signal(signal.SIGKILL)
    process.stdout.close()
    process.wait(60)
    there = kept(store)
    assert there >= 2 * BATCH and there % BATCH in (0, total % BATCH), "whole batches are kept"
    mine, embedder = Store(store), open_embedder()
    steps: list[tuple[int, int]] = []
    index = FactIndex.build(mine, embedder, lambda done, of: steps.append((done, of)))
    assert steps[-1] == (total - there, total - there) and kept(store) == total, "only what is missing is embedded"
    assert list(index.renew()) == []
    index.close()
    mine.close()
