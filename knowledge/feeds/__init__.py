"""Feeds: one reader a format, found by the file itself. Every row is accepted or rejected with its reason."""

from dataclasses import dataclass, field
from pathlib import Path

from knowledge.product import CatalogueError, Fact, Product

MAX_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was left out: where it stands and why."""

    file: str
    line: int
    why: str


@dataclass(slots=True)
class Feed:
    """What one file holds, and what of it could not be used."""

    source: str
    products: list[Product] = field(default_factory=list)
    policies: list[Fact] = field(default_factory=list)
    rows: int = 0
    rejected: list[Rejected] = field(default_factory=list)


def read(path: Path, *, currency: str = "USD") -> Feed:
    """Read one file of any known format. Raises CatalogueError when nothing of it can be used."""
    from knowledge.feeds import policies, shopify_csv

    if not path.is_file():
        raise CatalogueError(f"{path}: no such file; give a product export (CSV) or a policy page (Markdown, text)")
    if path.stat().st_size > MAX_BYTES:
        raise CatalogueError(f"{path}: larger than {MAX_BYTES >> 30} GiB; split the export")
    if path.suffix.lower() in (".md", ".markdown", ".txt"):
        return policies.read(path)
    if path.suffix.lower() == ".csv":
        return shopify_csv.read(path, currency=currency)
    raise CatalogueError(f"{path}: unknown format {path.suffix or '(no suffix)'}; known are .csv, .md and .txt")


def read_text(path: Path) -> str:
    """A text file's contents whatever its encoding. Raises CatalogueError for binary files."""
    from charset_normalizer import from_bytes

    data = path.read_bytes()
    for encoding in ("utf-8-sig", "utf-16") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    matches = from_bytes(data[:200_000])
    best = next((match for match in matches if match.encoding == "cp1252"), matches.best())  # rare ones win ties else
    if best is None or b"\0" in data[:4096]:
        raise CatalogueError(f"{path}: not a text file; export the catalogue as CSV in UTF-8")
    return data.decode(best.encoding, errors="replace")
