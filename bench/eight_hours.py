"""An eight-hour show on the example catalogue in virtual time, with the chat of a busy room: python -m bench.eight_hours [hours]

Prints what a seller would notice only after hours: lines that come again too soon, a pitch that loses its place, a
disclosure that is forgotten, memory and tasks that pile up. Ends with 1 when any of them is wrong.
"""

import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import structlog

from agent import observe
from agent.app import CATALOGUE, Progress, open_catalogue, open_retriever
from agent.config import load
from agent.journal import tally
from agent.pitch import DISCLOSURE_EVERY_S
from agent.replay import Options, Replayed, replay
from agent.rundown import PitchLine, Rundown
from bench.show import ROOT, machine
from connectors.replay import Replay
from renderer.media import SAMPLE_RATE
from renderer.stage import Cue

REPEAT_S = 1_800.0  # a line may be said again after so long
PITCH = ("greeting", "pitch")  # lines of the rundown, in its order
LATE_S = 120.0  # a disclosure may wait for answers, and for the sentence in progress
FLAT_MB = 24  # from the first eighth to the last
CHATTER = ("hi", "hello from Berlin", "lol", "nice", "😍😍", "love it", "first time here", "🔥", "สวยมาก", "好看", "jajaja",
           "who else is watching", "check www.cheap-deals.example", "ok", "haha yes", "bonsoir", "thank you!")  # fmt: skip


def questions() -> list[str]:
    """The labelled questions of the tests, in eleven languages."""
    paths = [ROOT / "tests" / "data" / name for name in ("questions.jsonl", "questions_holdout.jsonl")]
    return [json.loads(row)["q"] for path in paths for row in path.read_text(encoding="utf-8").splitlines()]


def room(seconds: float, asked: Sequence[str], *, every_s: float = 38.0, seed: int = 8) -> list[dict[str, object]]:
    """A chat of ``seconds``: questions at irregular times, some in flocks, among three times as much chatter, gifts and joins."""
    dice, rows, at = random.Random(seed), list[dict[str, object]](), 0.0

    def add(within_s: float, text: str, kind: str = "comment") -> None:
        when = round(at + dice.uniform(0, within_s), 2)
        if when < seconds:
            rows.append({"id": str(len(rows)), "at": when, "user": f"Viewer{dice.randrange(900)}", "kind": kind, "text": text})

    while at < seconds:
        at += dice.expovariate(1 / every_s)
        text = dice.choice(asked)
        for _ in range(dice.choice((1, 1, 1, 1, 2, 5))):
            add(9, text if dice.random() < 0.5 else dice.choice(asked))
        for _ in range(dice.randrange(7)):
            kind = dice.choice(("comment", "comment", "gift", "join", "like", "follow"))
            add(every_s, dice.choice(CHATTER) if kind == "comment" else "", kind)
    return rows


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence that viewers heard."""

    id: str
    kind: str
    turn: str
    text: str
    start_s: float


@dataclass
class Observer:
    """Sees every cue; notes the rundown's own course to compare it with."""

    said: list[Said] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    course: list[str] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)  # at the end of each eighth of the show
    eighth_s: float = 3_600.0

    def cue(self, cue: Cue) -> None:
        utterance, at_s = cue.utterance, cue.pts / SAMPLE_RATE
        if at_s >= self.eighth_s * (len(self.memory_mb) + 1):
            self.memory_mb.append(rss_mb())
        if cue.kind == "start":
            self.said.append(Said(utterance.id, utterance.kind, utterance.turn, utterance.text, at_s))
        else:
            self.ended.add(utterance.id)

    def follow(self, next: Callable[..., PitchLine | None]) -> Callable[..., PitchLine | None]:
        """``Rundown.next`` that notes each line which the show takes from it."""

        def noted(*given: Any) -> PitchLine | None:
            line = next(*given)
            if line is not None and line.kind in PITCH:
                self.course.append(line.text)
            return line

        return noted


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found; ``wrong`` names what must not be."""

    rows: dict[str, object]
    wrong: list[str]


def judge(seen: Observer, done: Replayed) -> Judged:
    """Everything the benchmark asserts of a finished show."""
    lines = [said for said in seen.said if said.kind in PITCH]
    told = [said.text for said in lines]
    again = repeats([said for said in seen.said if said.kind == "pitch"], seen.ended)
    interruptions, resumed = places(seen)
    lost, doubled = Counter(seen.course[: len(told)]) - Counter(told), Counter(told) - Counter(seen.course)
    gaps = disclosed(seen.said, done.show_s)
    counted = tally(Path(done.journal))
    heard = counted.pop("heard")
    rows: dict[str, object] = {
        "show, wall": f"{done.show_s:.0f} s, {done.wall_s:.1f} s ({done.times_real:.0f} times real time)",
        "comments": ", ".join(f"{count} {what}" for what, count in counted.items() if count) + f"; heard {heard}",
        "sentences said": dict(Counter(said.kind for said in seen.said)),
        "pitch lines repeated within 30 minutes": f"{len(again)} of {len(told)}",
        "interruptions, resumed at the right sentence": f"{interruptions}, {resumed}",
        "pitch lines lost, doubled": f"{lost.total()}, {doubled.total()}",
        "disclosures, longest wait": f"{len(gaps) - 1}, {max(gaps):.0f} s (rate: {DISCLOSURE_EVERY_S:.0f} s)",
        "tasks left over": done.stray_tasks,
        "memory, MB, after each eighth": ", ".join(f"{mb:.0f}" for mb in seen.memory_mb),
    }
    grown = seen.memory_mb[-1] - seen.memory_mb[0] if seen.memory_mb else 0.0
    checks = {
        "a comment is not accounted for": heard != sum(counted.values()),
        "a pitch line is repeated too soon": bool(again),
        "the pitch was not resumed at the right sentence": resumed != interruptions or told != seen.course[: len(told)],
        "a pitch line was lost or doubled": bool(lost or doubled),
        "the disclosure came too late": max(gaps) > DISCLOSURE_EVERY_S + LATE_S,
        "tasks were left over": done.stray_tasks > 0,
        f"memory grew by {grown:.0f} MB": grown > FLAT_MB,
    }
    return Judged(rows, [what for what, is_so in checks.items() if is_so])


def repeats(lines: Sequence[Said], ended: set[str]) -> list[tuple[str, float]]:
    """Lines said again too soon, with the seconds between. One that was cut before its end may be said anew."""
    last: dict[str, Said] = {}
    out = []
    for line in lines:
        before = last.get(line.text)
        if before and before.id in ended and line.start_s - before.start_s < REPEAT_S:
            out.append((line.text, line.start_s - before.start_s))
        last[line.text] = line
    return out


def places(seen: Observer) -> tuple[int, int]:
    """How often answers came between two pitch lines, and after how many of them the course went on where it was."""
    kinds = groupby((said for said in seen.said if said.kind in (*PITCH, "answer")), lambda said: said.kind in PITCH)
    pitch = [[said.text for said in group] for is_pitch, group in kinds if is_pitch]  # its stretches between answers
    at, resumed = 0, 0
    for before, after in pairwise(pitch):
        at += len(before)
        resumed += at < len(seen.course) and after[0] == seen.course[at]
    return max(0, len(pitch) - 1), resumed


def disclosed(said: Sequence[Said], show_s: float) -> list[float]:
    """Seconds from each disclosure to the next, from the show's beginning to its end. Its opening tells it too."""
    at = [0.0, *(each.start_s for each in said if each.kind == "disclosure"), show_s]
    return [after - before for before, after in pairwise(at)]


def rss_mb() -> float:
    """Memory of this process that is in use."""
    line = next(row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def perform(hours: float) -> Judged:
    observe.setup(quiet=True)
    folder, config, seen = Path(tempfile.mkdtemp(prefix="hawker-bench-")), load(ROOT / "hawker.toml"), Observer()
    seen.eighth_s = hours * 3600 / 8 - 30  # the last sentence ends a little before the show
    chat = folder / "chat.jsonl"
    rows = [json.dumps(row, ensure_ascii=False) for row in room(hours * 3600, questions())]
    chat.write_text("\n".join(rows), encoding="utf-8")
    store = open_catalogue(config, folder, Progress())
    untouched, Rundown.next = Rundown.next, seen.follow(Rundown.next)  # type: ignore[method-assign]
    try:
        done = replay(
            config, Replay(Replay.Config(path=chat)), Options(folder / "journal.sqlite", datetime.now(UTC), seconds=hours * 3600),
            catalogue=folder / CATALOGUE, opens=lambda now: open_retriever(config, store, Progress(), now), watch=[seen.cue],
        )  # fmt: skip
    finally:
        Rundown.next = untouched  # type: ignore[method-assign]
    for text, after_s in repeats([said for said in seen.said if said.kind == "pitch"], seen.ended)[:5]:
        structlog.get_logger().warning("repeated", after_s=round(after_s), text=text)
    print(f"journal: {done.journal}")
    return judge(seen, done)


def main() -> None:
    judged = perform(float(sys.argv[1]) if len(sys.argv) > 1 else 8.0)
    print(f"machine: {machine()}\n\n| | |\n|---|---|")
    for name, value in judged.rows.items():
        print(f"| {name} | {value} |")
    print("\n" + ("; ".join(judged.wrong) or "nothing is wrong"))
    if judged.wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
