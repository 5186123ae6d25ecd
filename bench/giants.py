"""Gigabyte files that mean harm: what the report says, how long it takes, and the most memory that is ever held.

python -m bench.giants [megabytes]
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from knowledge.feeds import stream
from knowledge.product import CatalogueError
from knowledge.store import Report, Store

HEADER = "Handle,Title,SKU,Price,Description\n"
ITEM = "<item><g:id>{0}</g:id><title>Lamp {0}</title><g:price>5.00 USD</g:price><description>{1}</description></item>\n"
RSS = '<?xml version="1.0"?><rss xmlns:g="http://base.google.com/ns/1.0"><channel>\n'
# Good rows before and behind, where a format has rows: (name, what comes before, what is repeated, what comes behind)
KINDS: dict[str, tuple[str, str, str, str]] = {
    "a CSV of one line": ("a.csv", "Handle,Title,SKU,Price", ",x", ""),
    "CSV, one endless row": ("b.csv", HEADER + "a,Lamp,L1,5.00,good\nb,", "x", ",L2,5.00,\nc,Vase,V1,6.00,good\n"),
    "CSV, a quote never closed": ("c.csv", HEADER + 'a,Lamp,L1,5.00,good\nb,"', f"{'x' * 1000}, 1\n", ""),
    "TSV of one endless cell": ("d.tsv", HEADER.replace(",", "\t") + "a\tLamp\tL1\t5.00\tgood\n", "x", ""),
    "XML, one text": ("e.xml", RSS + ITEM.format(1, "good") + ITEM.partition("{1}")[0].format(2), "x ",
                      ITEM.partition("{1}")[2] + ITEM.format(3, "good") + "</channel></rss>"),
    "XML, one tag's name": ("f.xml", RSS + ITEM.format(1, "good") + "<", "x", ""),
    "XML, one attribute": ("g.xml", RSS + ITEM.format(1, "good") + '<item a="', "x", '"/></channel></rss>'),
    "XML, one comment": ("h.xml", RSS + ITEM.format(1, "good") + "<!--", "x ", f"-->{ITEM.format(3, 'good')}</channel></rss>"),
    "JSON, one text": ("i.json", '[{"title": "', "x", '", "price": "5.00"}]'),
    "JSON Lines, one endless line": ("j.jsonl", '{"title": "Lamp", "price": "5.00"}\n{"title": "', "x",
                                     '", "price": "5.00"}\n{"title": "Vase", "price": "6.00"}\n'),
    "a saved page": ("k.html", "<!doctype html><p>", "<b>x", ""),
    "Markdown of one line": ("l.md", "# Shipping\n\n", "x ", ""),
}  # fmt: skip


def write(path: Path, size: int, before: str, repeated: str, behind: str) -> None:
    """A file of about ``size`` bytes."""
    piece = repeated * ((1 << 20) // len(repeated))
    with path.open("w", encoding="utf-8") as file:
        file.write(before)
        for _ in range(max(1, size >> 20)):
            file.write(piece)
        file.write(behind)


def told(path: Path) -> str:
    """What a seller is told of a file."""
    with tempfile.TemporaryDirectory(prefix="hawker-bench-") as folder:
        store = Store(Path(folder) / "c.sqlite")
        try:
            report: Report = store.ingest(*stream(path))
        except CatalogueError as error:
            return f"refused: {str(error).removeprefix(f'{path}').lstrip(', :')}"
        first = next(iter(report.rejected or report.warnings), None)
        return f"{report.products} products, {report.policies} statements; {f'line {first.line}: {first.why}' if first else ''}"


def main() -> None:
    if len(sys.argv) == 3:
        began, said = time.monotonic(), told(Path(sys.argv[2]))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{time.monotonic() - began:.1f} | {peak:.0f} | {said[:150]}")
        return
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
    print(f"{megabytes} MiB each\n\n| file | seconds | peak MiB | what is told |\n|---|---|---|---|")
    for row in rows(megabytes):
        print(row, flush=True)


def rows(megabytes: int) -> Iterator[str]:
    """Each file in a process of its own, so that its memory is its own."""
    for kind, (name, *parts) in KINDS.items():
        with tempfile.TemporaryDirectory(prefix="hawker-bench-") as folder:
            write(path := Path(folder) / name, megabytes << 20, *parts)
            done = subprocess.run(
                [sys.executable, "-m", "bench.giants", "--one", str(path)], capture_output=True, text=True, check=False
            )
        yield f"| {kind} | {done.stdout.strip() or f'- | - | failed ({done.returncode}): {done.stderr[-300:]}'} |"


if __name__ == "__main__":
    main()
