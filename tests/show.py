"""Runs the real `hawker live` in a process of its own over the tests' own shop."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SHOP = ROOT / "tests" / "data" / "shop"
URL = re.compile(r"http://127\.0\.0\.1:\d+/")
START_S = 120.0  # a loaded machine may take its time; nothing is judged by it


def settings(**sections: dict[str, Any]) -> str:
    """A show's TOML over the tests' shop; ``sections`` add to or replace its settings."""
    base: dict[str, dict[str, Any]] = {
        "show": {"title": "Test shop"},
        "catalogue": {"files": [str(SHOP / "products.csv"), str(SHOP / "terms.md")]},
        "llm": {"phrase": "off"},
    }
    merged = {name: base.get(name, {}) | sections.get(name, {}) for name in (*base, *sections)}
    return "\n".join(
        f"[{name}]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in rows.items())
        for name, rows in merged.items()
    )


@dataclass
class Show:
    """A running show: where its page is, what it printed, where its data lies."""

    process: "subprocess.Popen[str]"
    data: Path
    lines: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Of the page; waits until the show prints it."""
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if found := URL.search("\n".join(line for line in self.lines if "The show is on" in line)):
                return found[0]
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"the show did not open (status {self.process.poll()}):\n" + "\n".join(self.lines))

    def wait(self, seconds: float) -> int:
        """Until the show ends by itself; returns its status."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError("the show does not end:\n" + "\n".join(self.lines)) from None


@contextmanager
def live(folder: Path, *arguments: str, config: str = "", chat: Iterable[dict[str, Any]] = ()) -> Iterator[Show]:
    """``hawker live`` with data and configuration under ``folder``; stopped at the end."""
    (folder / "show.toml").write_text(config or settings(), encoding="utf-8")
    command = [sys.executable, "-m", "agent", "live", "--port", "0", "--config", str(folder / "show.toml"), *arguments]
    if rows := [json.dumps(row, ensure_ascii=False) for row in chat]:
        (folder / "chat.jsonl").write_text("\n".join(rows), encoding="utf-8")
        command += ["--chat", str(folder / "chat.jsonl")]
    environment = os.environ | {"HAWKER_DATA": str(folder / "data"), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    show = Show(process, folder / "data")
    assert process.stderr is not None
    reader = threading.Thread(target=lambda: show.lines.extend(line.rstrip() for line in process.stderr or ()))
    reader.start()
    try:
        yield show
    finally:
        process.terminate()
        process.wait(30)
        reader.join()
        process.stderr.close()
