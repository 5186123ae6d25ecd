"""Runs a real show in a process of its own, on the example catalogue, and hands back what it left behind."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Shown:
    """What a show leaves: its recording, its journal, its log."""

    recording: Path
    journal: Path
    log: str


def run(chat: list[dict[str, Any]], seconds: float, *, config: str = "", record: bool = True) -> Shown:
    """``hawker live`` for ``seconds`` with ``chat`` fed at its times. The configuration defaults to the project's own."""
    folder = Path(tempfile.mkdtemp(prefix="hawker-bench-"))
    (folder / "chat.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in chat), encoding="utf-8")
    settings = ROOT / "hawker.toml"
    if config:
        settings = folder / "hawker.toml"
        files = [str(ROOT / "examples" / "catalogue" / name) for name in ("products.csv", "policies.md")]
        settings.write_text(config.replace("{files}", json.dumps(files)), encoding="utf-8")
    command = [sys.executable, "-m", "agent", "live", "--port", "0", "--seconds", str(seconds), "--config", str(settings),
               "--chat", str(folder / "chat.jsonl")]  # fmt: skip
    if record:
        command += ["--record", str(folder / "out.mp4")]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "HAWKER_DATA": str(folder / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"the show failed:\n{done.stderr[-3000:]}")
    return Shown(folder / "out.mp4", folder / "data" / "journal.sqlite", done.stderr)


def machine() -> str:
    """Processor and core count, for the tables."""
    name = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "unknown processor",
    )
    return f"{name}, {os.cpu_count()} cores"
