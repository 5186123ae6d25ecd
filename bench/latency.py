"""Comment to first voiced sample, in a running show with page-size pictures, recording off: p50, p95 and each stage's share.

python -m bench.latency [questions]
"""

import json
import random
import sqlite3
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

from bench.show import machine, run
from renderer.media import SAMPLE_RATE

TEMPLATES = [
    "How much is the {}?", "What is the {} made of?", "Is the {} in stock?", "How do I clean the {}?",
    "{} 多少钱？", "What colours does the {} come in?", "¿Cuánto cuesta {}?", "Does the {} have a warranty?",
]  # fmt: skip
NAMES = ["Puffin Bottle", "Lumora Lamp", "Velvet Breeze Fan", "Kestrel Chef's Knife", "Pip Portable Blender",
         "Tansy Bento Lunch Box", "Harbor Linen Shirt", "Marlow Backpack", "Pebble Crossbody Bag", "Juniper Skillet"]  # fmt: skip
STAGES = ("wait_chosen", "retrieve", "words", "voice", "queue", "wait_stage", "lead")
EVERY_S = 9.0  # an answer takes five to six seconds to say: faster, and the figures are those of a queue


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 52
    dice = random.Random(4)
    chat = [{"at": round(5 + EVERY_S * i + dice.uniform(-2, 2), 2), "platform": "bench", "user": f"v{i}", "id": str(i),
             "text": dice.choice(TEMPLATES).format(dice.choice(NAMES))} for i in range(count)]  # fmt: skip
    shown = run(chat, 5 + EVERY_S * count + 15, record=False)
    with sqlite3.connect(shown.journal) as db:
        rows = [json.loads(ms) for (ms,) in db.execute("SELECT ms FROM turns")]
        decisions = dict(db.execute("SELECT decision, count(*) FROM comments GROUP BY 1"))
    rows = [row for row in rows if "comment_to_voice" in row]
    total = np.array([row["comment_to_voice"] for row in rows])
    print(f"machine: {machine()}\ncomments: {decisions}; timed turns: {len(rows)}\n")
    print("| stage | p50 ms | p95 ms | share of the mean |\n|---|---|---|---|")
    for stage in STAGES:
        values = np.array([row.get(stage, 0.0) for row in rows])
        print(_row(stage, values, total))
    print(_row("**comment to first voiced sample**", total, total))
    gaps = silences(shown.journal)
    print(f"\nSilence between the sentence in progress and the answer, {len(gaps)} answers: "
          f"p50 {np.percentile(gaps, 50):.0f} ms, p95 {np.percentile(gaps, 95):.0f} ms")  # fmt: skip
    print(next((line for line in shown.log.splitlines() if "late_pictures" in line), "no late picture"))


def silences(journal: Path) -> np.ndarray:
    """Milliseconds from the end of what was being said to each answer's first sound, as viewers hear it."""
    with sqlite3.connect(journal) as db:
        said = db.execute("SELECT utterance, kind, start_pts, end_pts FROM said ORDER BY start_pts").fetchall()
        leads = {turn: json.loads(ms).get("lead", 0.0) for turn, ms in db.execute("SELECT id, ms FROM turns")}
    return np.array([
        (start - before_end) * 1000 / SAMPLE_RATE + leads.get(utterance.split(".")[0], 0.0)
        for (*_, before_end), (utterance, kind, start, _) in pairwise(said)
        if kind == "answer" and utterance.endswith(".0") and before_end is not None
    ])  # fmt: skip


def _row(name: str, values: np.ndarray, total: np.ndarray) -> str:
    p50, p95 = np.percentile(values, (50, 95))
    return f"| {name} | {p50:.0f} | {p95:.0f} | {values.mean() / total.mean():.0%} |"


if __name__ == "__main__":
    main()
