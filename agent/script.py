"""The seller's own rundown, in Markdown: a heading names a product, paragraphs and list items are what the host says of it.

Facts come in as placeholders ({price}, {stock}, {material} …) and are filled as they are when the line is said. What no fact
backs is refused when the file is read, with its line; the rest of the file is used.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any

from agent.answer import Phrasebook, phrasebook
from agent.config import ConfigError
from agent.guard import check, numbers
from agent.segment import PARTS, whole
from agent.sentences import split
from knowledge.found import title_fact
from knowledge.product import Fact, Product

TAG = re.compile(r"^\(([^\W\d_]+)\)\s*")
AT = re.compile(r"\s*@\s*(\d{1,2}):(\d{2})\s*$")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
FIELDS = {"was": "compare_at"}  # placeholders named otherwise than the fact they stand for
LARGEST = 1_000_000  # bytes


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """One sentence of the seller's, with the line of the file on which it stands."""

    template: str
    part: str  # hook | point | price | proof | stock | sale | call
    number: int


@dataclass(frozen=True, slots=True)
class ScriptSegment:
    """What the file says of one product. ``at``: the time of day at which its turn comes; None: in the file's order."""

    handle: str
    lines: tuple[ScriptLine, ...]
    at: time | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A line of the file that is not used, and why."""

    file: str
    number: int
    text: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.number}: {self.why}: {self.text}"


@dataclass(frozen=True, slots=True)
class Script:
    """A seller's rundown, bound to the catalogue."""

    opening: tuple[ScriptLine, ...] = ()
    segments: tuple[ScriptSegment, ...] = ()
    refused: tuple[Refused, ...] = ()

    def lines(self, handle: str) -> tuple[ScriptLine, ...]:
        return tuple(line for segment in self.segments if segment.handle == handle for line in segment.lines)


class Unfilled(Exception):
    """A placeholder has no fact; the message says which."""


@dataclass(slots=True)
class _Part:
    """A heading as it stands in the file."""

    title: str
    level: int
    number: int
    lines: list[ScriptLine] = field(default_factory=list)
    odd: list[tuple[int, str]] = field(default_factory=list)  # what is neither heading, paragraph nor list


def read_script(path: Path, language: str) -> list[_Part]:
    """The file's headings with their lines, not yet bound to products. Raises ConfigError."""
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigError(f"{path}: over a megabyte; a rundown is a few pages of Markdown")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 text ({error}); correct [rundown] file") from None
    parts = [_Part("", 1, 1)]
    for kind, level, number, content in _blocks(text):
        if kind == "heading":
            parts.append(_Part(content, level, number))
        elif kind == "text":
            parts[-1].lines += _lines(content, number, language)
        else:
            parts[-1].odd.append((number, content))
    return parts


def _blocks(text: str) -> Iterator[tuple[str, int, int, str]]:
    """(heading | text | odd, heading's level, line, plain text) in the file's order."""
    from markdown_it import MarkdownIt

    level = 0
    for token in MarkdownIt("commonmark").parse(text):
        number = token.map[0] + 1 if token.map else 0
        if token.type in ("heading_open", "heading_close"):
            level = int(token.tag[1:]) if token.type == "heading_open" else 0
        elif token.type == "inline" and (plain := _plain(token.children or []).strip()):
            yield ("heading" if level else "text"), level, number, plain
        elif token.type in ("fence", "code_block", "html_block") and not token.content.lstrip().startswith("<!--"):
            yield "odd", 0, number, " ".join(token.content.split())[:80]


def _plain(tokens: Sequence[Any]) -> str:
    """Words without markup. Tags in a line stand as they are, and are refused with it."""
    out = {"softbreak": " ", "hardbreak": " "}
    return "".join(out.get(token.type) or (_plain(token.children) if token.children else token.content) for token in tokens)


def _lines(content: str, number: int, language: str) -> list[ScriptLine]:
    tag = TAG.match(content)
    named = tag[1].lower() if tag else ""
    part, text = (named, content[tag.end() :]) if tag and named in PARTS else ("", content)
    return [ScriptLine(sentence, part or _part(sentence), number) for sentence in split(text, language)]


def _part(text: str) -> str:
    """The part of a segment that an untagged line stands for: what it tells decides."""
    return next((part for part in ("price", "stock") if f"{{{part}}}" in text), "point")


def load_script(
    path: Path, products: Mapping[str, Product], facts: Callable[[str], Sequence[Fact]], *, language: str, host: str
) -> Script:
    """Read a seller's rundown and bind it to the catalogue. Raises ConfigError when the file cannot be read at all."""

    def judge(line: ScriptLine, product: Product | None) -> str:
        known = [*(facts(product.handle) if product else ()), *facts("")]
        try:
            text, cites = fill(line, product, known, phrasebook(language), host)
        except Unfilled as error:
            return str(error)
        verdict = check(text, [*known, *cites], language=language)
        return "" if verdict.ok else f"{verdict.reason.replace('_', ' ')} {verdict.detail}".rstrip()

    return _bound(read_script(path, language), str(path), products, judge)


def told(script: Script, file: Path) -> list[str]:
    """What came of a file, as a seller reads it: counts, then each line that was refused."""
    lines = len(script.opening) + sum(len(segment.lines) for segment in script.segments)
    head = f"rundown {file.name}: {len(script.segments)} products, {lines} lines, {len(script.refused)} left out"
    return [head, *(f"  left out: {refused}" for refused in script.refused)]


def _bound(
    parts: Sequence[_Part], file: str, products: Mapping[str, Product], judge: Callable[[ScriptLine, Product | None], str]
) -> Script:
    """The parts as segments of products. ``judge`` says why a line cannot be said now, "" when it can."""
    handles, refused = _handles(parts, products), list[Refused]()
    opening, segments = list[ScriptLine](), list[ScriptSegment]()
    for part in parts:
        refused += [Refused(file, number, text, "only headings, paragraphs and lists are read") for number, text in part.odd]
        name, at = _named(part.title)
        handle = handles.get(name.casefold(), "")
        if part.title and not handle and (part.level > 1 or at):
            refused.append(Refused(file, part.number, name, "no product of this title, handle or SKU in the catalogue"))
            continue
        product = products[handle] if handle else None
        bad = {line: why for line in part.lines if (why := judge(line, product))}
        refused += [Refused(file, line.number, line.template, why) for line, why in bad.items()]
        kept = [line for line in part.lines if line not in bad]
        if handle:
            segments.append(ScriptSegment(handle, tuple(kept), at))
        else:
            opening += kept
    return Script(tuple(opening), tuple(segments), tuple(sorted(refused, key=lambda each: each.number)))


def _named(title: str) -> tuple[str, time | None]:
    """A heading's product and, after an @, its time of day."""
    found = AT.search(title)
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        return title.strip(), None
    return title[: found.start()].strip(), time(int(found[1]), int(found[2]))


def _handles(parts: Sequence[_Part], products: Mapping[str, Product]) -> dict[str, str]:
    """Headings, casefolded, to the handles of their products: by handle, else by title or SKU."""
    wanted = {_named(part.title)[0].casefold() for part in parts} - {""}
    found = {name: name for name in wanted if name in products}
    missing = wanted - found.keys()
    for handle in products if missing else ():
        product = products[handle]
        names = {handle.casefold(), product.title.casefold(), *(variant.sku.casefold() for variant in product.variants)}
        found |= {name: handle for name in names & missing if name not in found}
        if missing <= found.keys():
            break
    return found


def fill(
    line: ScriptLine, product: Product | None, facts: Sequence[Fact], book: Phrasebook, host: str
) -> tuple[str, tuple[Fact, ...]]:
    """The sentence as it stands now, and the facts that it rests on. Raises Unfilled."""
    told: list[Fact] = []

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name == "host" or (name == "name" and product):
            return host if name == "host" else (product.title if product else "")
        fact = whole(facts, FIELDS.get(name, name)) if product else None
        if fact is None or (name == "stock" and fact.number is None):
            raise Unfilled(f"the catalogue has no value for {{{name}}}")
        told.append(fact)
        return f"{fact.number:f}" if name == "stock" else book.value(fact.value)

    text = PLACEHOLDER.sub(value, line.template)
    literal = numbers(PLACEHOLDER.sub("", line.template))
    backing = [fact for fact in facts if literal & numbers(fact.value)]
    title = [title_fact(product)] if product else []
    return text, tuple(dict.fromkeys([*title, *told, *backing]))
