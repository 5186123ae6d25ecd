"""Comment to first voiced sample, in a running show with page-size pictures under a busy chat: each stage, each language.

python -m bench.latency [seconds] [comments a minute]
"""

import json
import sqlite3
import sys
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from bench.chat import comments
from bench.show import machine, run
from renderer.media import SAMPLE_RATE

STAGES = ("wait_chosen", "retrieve", "words", "voice", "queue", "wait_stage", "lead")
SPANS = ("behind_others", "sentence_in_progress", "after_sentence")
SEED = 4


@dataclass(frozen=True)
class Heard:
    """One answer: its stages' milliseconds, its language, and what viewers heard."""

    ms: dict[str, float]
    language: str


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 270.0
    a_minute = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    chat = comments(seconds - 5, a_minute, seed=SEED)
    shown = run(chat, seconds, record=False)
    heard = answers(shown.journal)
    with sqlite3.connect(shown.journal) as db:
        decisions = dict(db.execute("SELECT decision, count(*) FROM comments GROUP BY 1"))
    print(shown.journal, file=sys.stderr)
    print(f"machine: {machine()}; {seconds:.0f} s, {len(chat)} comments: {decisions}; {len(heard)} answers timed\n")
    total = column(heard, "comment_to_voice")
    print("| stage | p50 ms | p95 ms | share of the mean |\n|---|---|---|---|")
    for stage in STAGES:
        print(_row(stage, column(heard, stage), total))
    print(_row("**comment to first voiced sample**", total, total))
    print("\n| of it | p50 ms | p95 ms | share of the mean |\n|---|---|---|---|")
    for span in SPANS:
        print(_row(span, column(heard, span), total))
    print("\n| spoken in | answers | after the sentence: p50 ms | p95 ms |\n|---|---|---|---|")
    groups: dict[str, list[Heard]] = defaultdict(list)
    for each in heard:
        groups[each.language].append(each)
    for language, group in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        p50, p95 = np.percentile(column(group, "after_sentence"), (50, 95))
        print(f"| {language} | {len(group)} | {p50:.0f} | {p95:.0f} |")
    report(shown.log)


def answers(journal: Path) -> list[Heard]:
    """Every answer that was heard, its way cut in three: behind other answers, behind the sentence in progress, after it.

    The last one is what viewers notice as silence; it is counted from the comment where that came later.
    """
    with sqlite3.connect(journal) as db:
        said = db.execute("SELECT utterance, kind, language, start_pts, end_pts FROM said ORDER BY start_pts").fetchall()
        timed = {turn: json.loads(ms) for turn, ms in db.execute("SELECT id, ms FROM turns")}
    out = []
    for before, (utterance, kind, language, start, _) in pairwise(said):
        turn, _, number = utterance.partition(".")
        ms = timed.get(turn, {})
        if kind != "answer" or number != "0" or "comment_to_voice" not in ms or before[4] is None:
            continue
        total, lead = ms["comment_to_voice"], ms.get("lead", 0.0)
        after = min(total, (start - before[4]) * 1000 / SAMPLE_RATE + lead)
        sentence = min(total - after, (before[4] - before[3]) * 1000 / SAMPLE_RATE)
        spans = {"after_sentence": after, "sentence_in_progress": sentence, "behind_others": total - after - sentence}
        out.append(Heard(ms | spans, language))
    return out


def column(heard: list[Heard], name: str) -> np.ndarray:
    return np.array([each.ms.get(name, 0.0) for each in heard])


def report(log: str) -> None:
    """What the show itself says at its end: late pictures, speech reused and prepared, pauses for want of sound."""
    for line in log.splitlines():
        if any(name in line for name in ("late_pictures", "voice.", "stage.stalled")):
            print(line)


def _row(name: str, values: np.ndarray, total: np.ndarray) -> str:
    p50, p95 = np.percentile(values, (50, 95))
    return f"| {name} | {p50:.0f} | {p95:.0f} | {values.mean() / total.mean():.0%} |"


if __name__ == "__main__":
    main()
