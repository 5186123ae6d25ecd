"""What a stream was like, from its journal: figures as JSON, and one HTML page that needs no network."""

import sqlite3
import tomllib
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from agent.answer import phrasebook
from agent.journal import DECISIONS, SCHEMA, JournalError, last_show, tally
from renderer.media import SAMPLE_RATE

BINS = 48  # columns over time at most
STEPS_S = (10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200)  # widths that a column may have
UNITS = ((3_600, "hour"), (60, "minute"), (1, "second"))
LISTED = 25  # rows of a table at most
STAGES = ("wait_chosen", "retrieve", "words", "voice", "queue", "wait_stage", "lead", "comment_to_voice")
NO_ANSWER = {"unsold": "not sold here", "which": "which product?", "unknown": "not understood", "unclear": "not understood"}

Rows = list[dict[str, Any]]


def figures(path: Path, show: int | None = None) -> dict[str, Any]:
    """Everything the page shows, of one show; the last one unless said. Raises JournalError."""
    db = _opened(path)
    with closing(db):
        show = last_show(db) if show is None else show
        found = _rows(db, "SELECT * FROM shows WHERE id = ?", show)
        if not found:
            raise JournalError(f"{path}: holds no show{f' {show}' if show else ''}; run `hawker live` or `hawker replay` first")
        duration_s = _duration_s(db, show)
        return {
            "journal": path.name, "show": show, "title": found[0]["title"], "began": found[0]["began"],
            "duration_s": duration_s, "comments": tally(path, show), "over_time": _over_time(db, show, duration_s),
            "reasons": _reasons(db, show), "products": _products(db, show), "store": _store(db, show),
            "missing": _missing(db, show), "no_answer": _no_answer(db, show), "stages": _stages(db, show),
            "verdicts": _verdicts(db, show), "refused": _refused(db, show), "languages": _languages(db, show),
            "said": _rows(db, "SELECT kind, count(*) AS sentences FROM said WHERE show = ? GROUP BY kind ORDER BY 2 DESC", show),
            "revisions": _revisions(db, show), "changes": _changes(db, show),
        }  # fmt: skip


def page(figures: dict[str, Any]) -> str:
    """The HTML page. Everything that viewers or feeds have written is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("agent", "data/report")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    folder = files("agent") / "data" / "report"
    languages = tomllib.loads((folder / "languages.toml").read_text(encoding="utf-8"))
    environment.filters |= {"clock": clock, "day": day, "label": label, "span": span}
    environment.filters["language"] = lambda code: languages.get(code, code or "unknown")
    style = (folder / "style.css").read_text(encoding="utf-8")
    return environment.get_template("page.html").render(figures, style=style)


def label(field: str) -> str:
    """An attribute's English name; of a question that named none, that it did not."""
    return phrasebook("en").label(field) if field else "something else"


def clock(seconds: float) -> str:
    """ "1:05:00", or "5:00" within the first hour."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span(seconds: int) -> str:
    """ "30 seconds", "hour", "2 hours": after "each"."""
    count, unit = next((seconds // size, unit) for size, unit in UNITS if seconds % size == 0)
    return unit if count == 1 else f"{count} {unit}s"


def day(began: str) -> str:
    """A moment in ISO 8601 as people write it; as it is where it is none."""
    try:
        return f"{datetime.fromisoformat(began):%d %B %Y, %H:%M %Z}"
    except ValueError:
        return began


def _opened(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise JournalError(f"{path}: no such journal; a show writes one, `hawker replay` does too")
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    try:
        if not db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'shows'").fetchone()[0]:
            raise sqlite3.DatabaseError("no table of shows")
        db.executescript(SCHEMA)  # of a journal that an earlier version has written, what it lacks
    except sqlite3.DatabaseError as error:
        db.close()
        raise JournalError(f"{path}: not a journal ({error})") from None
    return db


def _rows(db: sqlite3.Connection, sql: str, *values: Any) -> Rows:
    return [dict(row) for row in db.execute(sql, values)]


def _duration_s(db: sqlite3.Connection, show: int) -> float:
    """Until the last thing that was said or heard."""
    (pts,) = db.execute("SELECT max(coalesce(end_pts, start_pts)) FROM said WHERE show = ?", (show,)).fetchone()
    (at_s,) = db.execute("SELECT max(at_s) FROM comments WHERE show = ?", (show,)).fetchone()
    return round(max((pts or 0) / SAMPLE_RATE, at_s or 0.0), 1)


def _over_time(db: sqlite3.Connection, show: int, duration_s: float) -> dict[str, Any]:
    """Comments heard in each stretch of the show, by what became of them."""
    step = next((step for step in STEPS_S if duration_s / step <= BINS), STEPS_S[-1])
    columns = [dict.fromkeys(DECISIONS, 0) for _ in range(int(duration_s // step) + 1)]
    sql = "SELECT CAST(at_s / ? AS INTEGER), decision, count(*) FROM comments WHERE show = ? GROUP BY 1, 2"
    for at, decision, count in db.execute(sql, (step, show)):
        columns[min(max(at, 0), len(columns) - 1)][decision] += count
    return {"step_s": step, "columns": columns, "most": max(sum(column.values()) for column in columns)}


def _reasons(db: sqlite3.Connection, show: int) -> Rows:
    """Why comments got no answer of their own."""
    sql = """SELECT decision, CASE decision WHEN 'merged' THEN 'asks what another asks' ELSE reason END AS reason,
        count(*) AS comments FROM comments WHERE show = ? AND decision NOT IN ('answered', 'waiting')
        GROUP BY 1, 2 ORDER BY comments DESC, reason LIMIT ?"""
    return _rows(db, sql, show, LISTED)


ASKERS = "(SELECT count(*) FROM comments WHERE comments.show = asked.show AND comments.turn = asked.turn)"


def _products(db: sqlite3.Connection, show: int) -> Rows:
    """Comments that asked about each product, and what they asked most."""
    sql = f"""SELECT handle, max(product) AS product, sum({ASKERS}) AS comments, count(*) AS answers FROM asked
        WHERE show = ? AND handle != '' GROUP BY handle ORDER BY comments DESC, handle LIMIT ?"""
    rows = _rows(db, sql, show, LISTED)
    for row in rows:
        row["fields"] = _fields(db, show, row["handle"])
    return rows


def _store(db: sqlite3.Connection, show: int) -> Rows:
    """What was asked about no product: shipping, payment, …"""
    return _fields(db, show, "")


def _fields(db: sqlite3.Connection, show: int, handle: str) -> Rows:
    sql = f"""SELECT field, sum({ASKERS}) AS comments FROM asked WHERE show = ? AND handle = ? AND field != ''
        GROUP BY field ORDER BY comments DESC, field LIMIT 4"""
    return _rows(db, sql, show, handle)


def _missing(db: sqlite3.Connection, show: int) -> Rows:
    """What viewers asked and the catalogue does not say: product, attribute, how often, and the first to ask."""
    sql = """WITH topics AS (SELECT handle, max(product) AS product, field, count(*) AS answers, min(rowid) AS first,
            sum((SELECT count(*) FROM comments WHERE comments.show = missing.show AND comments.turn = missing.turn)) AS comments
            FROM missing WHERE show = ? GROUP BY handle, field)
        SELECT topics.product, topics.field, answers, comments, coalesce(question, '') AS sample FROM topics
        JOIN missing ON missing.rowid = first LEFT JOIN turns ON turns.show = missing.show AND turns.id = missing.turn
        ORDER BY comments DESC, topics.product, topics.field LIMIT ?"""
    return _rows(db, sql, show, LISTED)


def _no_answer(db: sqlite3.Connection, show: int) -> Rows:
    """Questions that nothing in the catalogue answers: goods not sold, products not named, texts not understood."""
    marks = ", ".join("?" * len(NO_ANSWER))
    sql = f"""SELECT result, question, sum({ASKERS}) AS comments FROM asked JOIN turns ON turns.show = asked.show
        AND turns.id = asked.turn WHERE asked.show = ? AND result IN ({marks}) GROUP BY result, lower(question)
        ORDER BY comments DESC, min(asked.rowid) LIMIT ?"""
    return [{**row, "why": NO_ANSWER[row["result"]]} for row in _rows(db, sql, show, *NO_ANSWER, LISTED)]


def _stages(db: sqlite3.Connection, show: int) -> Rows:
    """Milliseconds of each stage of an answer: half of them took at most p50, nineteen of twenty at most p95."""
    out = []
    for stage in STAGES:
        values = [ms for (ms,) in db.execute("SELECT ms FROM stages WHERE show = ? AND stage = ?", (show, stage))]
        if values:
            out.append({"stage": stage, "answers": len(values), "p50": percentile(values, 50), "p95": percentile(values, 95)})
    return out


def percentile(values: Iterable[float], percent: int) -> float:
    """The smallest of the values that ``percent`` of them do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]


def _verdicts(db: sqlite3.Connection, show: int) -> Rows:
    sql = """SELECT source, verdict, CASE verdict WHEN 'late' THEN 'not ready in time' ELSE coalesce(reason, '') END AS reason,
        count(*) AS sentences FROM verdicts WHERE show = ? GROUP BY 1, 2, 3 ORDER BY sentences DESC, reason LIMIT ?"""
    return _rows(db, sql, show, LISTED)


def _refused(db: sqlite3.Connection, show: int) -> Rows:
    sql = "SELECT source, reason, sentence FROM verdicts WHERE show = ? AND verdict = 'refused' LIMIT ?"
    return _rows(db, sql, show, LISTED)


def _languages(db: sqlite3.Connection, show: int) -> Rows:
    """Comments answered, by the language that they were asked in, and how many of their answers were spoken in it."""
    sql = f"""SELECT asked.language, sum({ASKERS}) AS comments, count(*) AS answers,
        sum(asked.language = turns.language) AS spoken_in_it FROM asked JOIN turns ON turns.show = asked.show
        AND turns.id = asked.turn WHERE asked.show = ? GROUP BY 1 ORDER BY comments DESC, 1 LIMIT ?"""
    return _rows(db, sql, show, LISTED)


def _revisions(db: sqlite3.Connection, show: int) -> Rows:
    return _rows(db, "SELECT at_s, kind, outcome, reason, text FROM revisions WHERE show = ? ORDER BY at_s LIMIT ?", show, LISTED)


def _changes(db: sqlite3.Connection, show: int) -> Rows:
    return _rows(db, "SELECT at_s, sku, field, old, new FROM changes WHERE show = ? ORDER BY at_s LIMIT ?", show, LISTED)


def write(path: Path, out: Path, show: int | None = None) -> dict[str, Any]:
    """Write the page of a journal's show; returns its figures. Raises JournalError."""
    found = figures(path, show)
    try:
        out.write_text(page(found), encoding="utf-8")
    except OSError as error:
        raise JournalError(f"{out}: cannot be written ({error.strerror}); choose another place") from None
    return found
