"""`hawker eval`: scores answers on a labelled set, the way a show makes them: found, worded by a model, checked, spoken.

A set is JSON lines. Each is a question with what a right answer rests on; docs/answers.md says how to write one.
"""

import json
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from agent.answer import Answer
from agent.config import ConfigError
from agent.guard import check
from agent.memory import Memory
from agent.sentences import joined
from agent.statements import Sentence
from agent.triage import Question
from agent.turn import Context, Desk, Turn, take
from connectors.events import ChatEvent
from knowledge.asked import Reader
from knowledge.found import Found
from knowledge.lexicon import LANGUAGES

Grade = Literal["right", "incomplete", "wrong", "ungrounded"]
GRADES: tuple[Grade, ...] = ("right", "incomplete", "wrong", "ungrounded")


class Row(BaseModel):
    """One labelled question."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = ""
    lang: str
    kind: str = "fact"
    q: str
    expect: str  # facts as "handle/field", "&" for all of them, "|" for either; missing:handle/field; unknown; refusal; smalltalk
    verdict: str = ""  # yes | no, where the answer must say it
    say: tuple[str, ...] = ()  # regular expressions that the answer must match
    never: tuple[str, ...] = ()  # … and must not
    on_air: str = ""
    last: str = ""
    before: tuple[str, ...] = ()  # questions that the same viewer asked before

    @property
    def silent(self) -> bool:
        """Whether the right answer is that the catalogue does not say, or that this is not for the host to say."""
        return all(part.split(":")[0] in ("missing", "unknown", "refusal") for part in self.expect.split("|"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer and its grade; ``why`` is empty when it is right."""

    row: Row
    text: str
    grade: Grade
    why: str
    language: str
    source: str
    ms: float


def default_set() -> Path:
    """The set that comes with hawker, over the example catalogue."""
    return Path(str(files("agent") / "data" / "eval" / "questions.jsonl"))


def read_set(path: Path) -> tuple[list[Path], list[Row]]:
    """(catalogue files, questions) of a set; no files where the set does not name any. Raises ConfigError with the line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    catalogue, rows = list[Path](), list[Row]()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line)
            if "catalogue" in raw:
                catalogue = [path.parent / name for name in raw["catalogue"]]
            else:
                rows.append(Row.model_validate({("never" if key == "not" else key): value for key, value in raw.items()}))
        except (ValueError, TypeError, AttributeError, ValidationError) as error:
            raise ConfigError(f"{path}, line {number}: {_first(error)}") from None
    if not rows:
        raise ConfigError(f"{path}: no questions in it; docs/answers.md says how to write a set")
    return catalogue, rows


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:1])
    return str(error).splitlines()[0]


def spread(rows: Sequence[Row], limit: int | None) -> list[Row]:
    """``limit`` questions taken evenly from all, so that a short run meets every language and kind."""
    if not limit or limit >= len(rows):
        return list(rows)
    return [rows[i * len(rows) // limit] for i in range(limit)]


async def score(rows: Iterable[Row], desk: Desk, done: Callable[[Outcome], None] = lambda outcome: None) -> list[Outcome]:
    """Ask every question; a model is always waited for, since its words are what is scored."""
    out = []
    for row in rows:
        out.append(await ask(row, desk))
        done(out[-1])
    return out


async def ask(row: Row, desk: Desk) -> Outcome:
    """One question, asked by a viewer of its own, through the same turn as in a show."""
    memory, plain = Memory(), Desk(desk.retriever, desk.knowledge, None, desk.persona)
    for text in row.before:
        turn = await _turn(text, row, plain, memory)
        assert turn.found is not None
        memory.add("viewer", text, turn.found)
    began = time.perf_counter()
    turn = await _turn(row.q, row, desk, memory)
    ms = (time.perf_counter() - began) * 1000
    assert turn.found is not None and turn.answer is not None
    text = joined(sentence.text for sentence in turn.spoken)
    grade, why = judge(row, turn.found, turn.answer, turn.spoken)
    return Outcome(row, text, grade, why, turn.answer.language, turn.source, ms)


async def _turn(text: str, row: Row, desk: Desk, memory: Memory) -> Turn:
    async def heard(sentence: Sentence, answer: Answer, written: Answer, first: bool) -> dict[str, float]:
        return {}

    last, fields = memory.last("viewer")
    before = tuple(exchange.text for exchange in memory.of("viewer"))
    context = Context(None, "en", frozenset(LANGUAGES), row.on_air, last or row.last, fields, before)
    question = Question(ChatEvent("eval", row.id, "-", text), text, Reader().read(text), 0.0)
    limit_s = desk.phraser.timeout_s if desk.phraser else 0.0
    return await take(question, context, desk, heard, spare_s=lambda: limit_s, id=row.id)


# -- judging ------------------------------------------------------------------------------------------------------


def judge(row: Row, found: Found, answer: Answer, spoken: Sequence[Sentence]) -> tuple[Grade, str]:
    """The grade of what was said, and why it is not right."""
    text = joined(sentence.text for sentence in spoken)
    if bad := [v for s in spoken if not (v := check(s.text, s.facts, language=answer.language)).ok]:
        return "ungrounded", "; ".join(f"{verdict.reason} {verdict.detail}" for verdict in bad)
    if answer.language != row.lang:
        return "wrong", f"language {answer.language}"
    ids = [fact.id for sentence in spoken for fact in sentence.facts if fact.field != "title"]
    parts = [_expected(part, found, answer, ids) for part in row.expect.split("|")]
    if "right" not in parts:
        told = f"expected {row.expect}, got {answer.kind} {ids}"
        return ("incomplete" if "incomplete" in parts else "wrong"), told
    if row.verdict and found.verdict != row.verdict:
        return "wrong", f"verdict {found.verdict or 'none'}, expected {row.verdict}"
    if said := [pattern for pattern in row.never if re.search(pattern, text)]:
        return "wrong", f"says {said}"
    if left := [pattern for pattern in row.say if not re.search(pattern, text)]:
        return "incomplete", f"does not say {left}"
    return "right", ""


def _expected(part: str, found: Found, answer: Answer, ids: Sequence[str]) -> Grade:
    if part in ("unknown", "refusal", "smalltalk"):
        return "right" if answer.kind == part else "wrong"
    if part.startswith("missing:"):
        want = part.removeprefix("missing:")
        named = any(f"{handle}/{field}".startswith(want) for handle, field in found.missing)
        return "right" if answer.kind == "missing" and named else "wrong"
    wanted = part.split("&")
    said = [any(_same(want, id) for id in ids) for want in wanted]
    return "right" if answer.kind == "fact" and all(said) else "incomplete" if any(said) else "wrong"


def _same(want: str, id: str) -> bool:
    return id == want or re.match(rf"{re.escape(want)}(?:[#/]|$)", id) is not None


# -- telling ------------------------------------------------------------------------------------------------------


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Counts and times of one model, and the right ones by language and by kind."""
    silent = [o for o in outcomes if o.row.silent]
    times = sorted(o.ms for o in outcomes)
    return {
        "questions": len(outcomes),
        **{grade: sum(o.grade == grade for o in outcomes) for grade in GRADES},
        "silent": len(silent),
        "refused_rightly": sum(o.grade == "right" for o in silent),
        "language_right": sum(o.language == o.row.lang for o in outcomes),
        "worded_by_model": sum(o.source in ("model", "mixed") for o in outcomes),
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(times[int(len(times) * 0.95)], 1),
        "by_language": _groups(outcomes, lambda o: o.row.lang),
        "by_kind": _groups(outcomes, lambda o: o.row.kind),
    }


def _groups(outcomes: Sequence[Outcome], name: Callable[[Outcome], str]) -> dict[str, dict[str, int]]:
    out: dict[str, dict[str, int]] = defaultdict(lambda: {"questions": 0, "right": 0})
    for outcome in outcomes:
        out[name(outcome)]["questions"] += 1
        out[name(outcome)]["right"] += outcome.grade == "right"
    return dict(out)


def table(model: str, found: dict[str, Any]) -> str:
    """One model's score as Markdown."""
    of = found["questions"]
    lines = [
        f"## {model}", "",
        "| questions | right | incomplete | wrong | ungrounded | refused rightly | language right | worded by the model "
        "| median ms | p95 ms |",
        "|---|---|---|---|---|---|---|---|---|---|",
        f"| {of} | {found['right']} ({found['right'] / of:.0%}) | {found['incomplete']} | {found['wrong']} | "
        f"{found['ungrounded']} | {found['refused_rightly']} of {found['silent']} | {found['language_right']} | "
        f"{found['worded_by_model']} | {found['median_ms']:g} | {found['p95_ms']:g} |",
    ]  # fmt: skip
    for group in ("language", "kind"):
        rows = found[f"by_{group}"].items()
        lines += ["", f"| {group} | " + " | ".join(name for name, _ in rows) + " |", "|---" * (len(rows) + 1) + "|"]
        lines.append("| right | " + " | ".join(f"{row['right']} of {row['questions']}" for _, row in rows) + " |")
    return "\n".join(lines)
