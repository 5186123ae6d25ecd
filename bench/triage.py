"""Which comments are questions, which mean the same, which carry personal data: python -m bench.triage [--wrong all]

Scores tests/data/comments.jsonl, written as viewers write, in eleven languages. Most were looked at after they had
been scored once (docs/triage.md has the figures of first sight); "r7" is only counted.
Merging is scored by pairs: of all pairs of comments that would get one answer, how many are labelled as meaning the same, with
a product in sight that "this" means.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from agent.triage import meaning
from knowledge.asked import Reader
from knowledge.meant import open_meant
from knowledge.personal import personal_data
from knowledge.talk import Talk, talk

COMMENTS = Path(__file__).resolve().parent.parent / "tests/data/comments.jsonl"
PARTS = ("tune", "held", "last", "r1", "r2", "r3", "r4", "r5", "r6", "r7")
REPORTED = "r7"  # only counted: nothing was mended after it was seen
IN_SIGHT = "product-in-sight"


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled comment and what triage makes of it."""

    row: dict[str, Any]
    said: Talk
    key: object

    @property
    def asks(self) -> bool:
        return bool(self.row["label"] == "question")


@dataclass(slots=True)
class Score:
    """Counts of right, taken wrongly, and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def count(self, said: bool, meant: bool) -> None:
        self.right += said and meant
        self.wrong += said and not meant
        self.missed += meant and not said

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)

    def line(self) -> str:
        return f"precision {self.precision:.3f}  recall {self.recall:.3f}  F1 {self.f1:.3f}  of {self.right + self.missed}"


def judged(path: Path = COMMENTS) -> list[Judged]:
    """Every labelled comment, read and judged."""
    reader, meant = Reader(), open_meant()
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    out = []
    for row in rows:
        asked = reader.read(row["text"])
        said = talk(asked, row["text"], meant)
        out.append(Judged(row, said, meaning(asked, said, IN_SIGHT)))
    return out


def recognition(comments: Iterable[Judged]) -> Score:
    score = Score()
    for each in comments:
        score.count(each.said.asks, each.asks)
    return score


def merging(comments: Iterable[Judged]) -> tuple[Score, list[tuple[str, str]]]:
    """Over pairs of those taken for questions; with the pairs that were merged wrongly."""
    score, wrong = Score(), []
    for a, b in combinations([each for each in comments if each.said.asks], 2):
        same = bool(a.row.get("group")) and a.row.get("group") == b.row.get("group")
        score.count(a.key == b.key, same)
        if a.key == b.key and not same:
            wrong.append((a.row["text"], b.row["text"]))
    return score, wrong


def personal(comments: Iterable[Judged]) -> Score:
    score = Score()
    for each in comments:
        kinds = {found.kind for found in personal_data(each.row["text"])}
        score.count(bool(kinds - {"link"}), bool(each.row.get("personal")))
    return score


def report(name: str, comments: Sequence[Judged]) -> None:
    """Totals of a part, and F1 by language."""
    print(f"\n{name}: {len(comments)} comments")
    print(f"  questions  {recognition(comments).line()}")
    print(f"  merging    {merging(comments)[0].line()} pairs")
    print(f"  personal   {personal(comments).line()}")
    for language in sorted({each.row["lang"] for each in comments}):
        print(f"    {language}  {recognition([each for each in comments if each.row['lang'] == language]).line()}")


def wrong(comments: Sequence[Judged]) -> None:
    """What is wrong, one a line."""
    for each in comments:
        if each.said.asks != each.asks:
            print(f"  {each.row['id']} is {each.row['label']}, taken for {each.said.sort}: {each.row['text']}")
    for a, b in merging(comments)[1]:
        print(f"  merged wrongly: {a} | {b}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wrong", choices=("seen", "all"), default="seen", help="whose wrong ones are printed")
    options = parser.parse_args()
    comments = judged()
    parts = {part: [each for each in comments if each.row["split"] == part] for part in PARTS}
    print(dict(Counter(each.row["label"] for each in comments)))
    for name, part in {**parts, "all": comments}.items():
        report(name, part)
    print("\nwrong:")
    wrong(comments if options.wrong == "all" else [each for each in comments if each.row["split"] != REPORTED])


if __name__ == "__main__":
    main()
