"""Draws how search grows with the catalogue: python -m bench.plot ROWS.json docs/retrieval.svg (ROWS: bench.retrieval --json)."""

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 340, 60, 50, 30
LINES = (("p95 ms", "#1864ab", "search, 95th percentile (ms)"), ("memory MB", "#c92a2a", "memory (MB)"),
         ("build s", "#2b8a3e", "building (s)"))  # fmt: skip
LOW, HIGH = -2, 4  # powers of ten on the upright axis


def place(count: float, value: float, counts: Sequence[int]) -> tuple[float, float]:
    """Both axes are logarithmic."""
    first, last = math.log10(min(counts)), math.log10(max(counts))
    x = LEFT + (math.log10(count) - first) / max(1e-9, last - first) * (WIDTH - LEFT - 30)
    y = (math.log10(max(value, 10.0**LOW)) - LOW) / (HIGH - LOW)
    return round(x, 1), round(HEIGHT - BOTTOM - y * (HEIGHT - BOTTOM - TOP), 1)


def drawing(rows: Sequence[dict[str, Any]]) -> str:
    counts = [row["vectors"] for row in rows]
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']  # fmt: skip
    for power in range(LOW, HIGH + 1):
        y = place(counts[0], 10.0**power, counts)[1]
        out.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - 30}" y2="{y}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{10.0**power:g}</text>')
    for row in rows:
        x = place(row["vectors"], 1, counts)[0]
        out.append(f'<text x="{x}" y="{HEIGHT - 30}" text-anchor="middle">{row["vectors"]:,}</text>')
    out.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 10}" text-anchor="middle">vectors</text>')
    for n, (name, colour, title) in enumerate(LINES):
        points = [place(row["vectors"], float(row[name]), counts) for row in rows]
        path = " ".join(f"{x},{y}" for x, y in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in points]
        out.append(f'<text x="{LEFT + 10 + n * 190}" y="18" fill="{colour}">{title}</text>')
    return "\n".join([*out, "</svg>", ""])


if __name__ == "__main__":
    rows = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["vectors"]
    Path(sys.argv[2]).write_text(drawing(rows), encoding="utf-8")
