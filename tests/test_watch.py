"""Watched files are read again once they have settled; a broken one is told, and what was read before stays."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.watch import POLL_S, SETTLE_S, Again, Watched, watch
from knowledge.product import CatalogueError
from knowledge.store import Store
from tests.show import ROOT

HEADER = "Handle,Title,Variant SKU,Variant Price\n"


class Stop(Exception):
    """Ends a watch in a test."""


class Script:
    """A clock that runs as the watcher sleeps, and what happens meanwhile."""

    def __init__(self, path: Path, *events: tuple[float, Callable[[], object]], end_s: float = 20.0) -> None:
        self.now, self.events, self.end_s = 0.0, list(events), end_s
        self.read: list[tuple[float, str]] = []
        self.said: list[dict[str, Any]] = []
        self.file = Watched(path, self.now)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        while self.events and self.events[0][0] <= self.now:
            self.events.pop(0)[1]()
        if self.now > self.end_s:
            raise Stop

    def _read(self, path: Path) -> Again:
        text = path.read_text()
        self.read.append((self.now, text))
        if "broken" in text:
            raise CatalogueError(f"{path.name}: broken")
        return Again(1, 0, 1, 0, 0, len(self.read))

    def run(self) -> "Script":
        with pytest.raises(Stop):
            watch([self.file], self._read, lambda told, text: self.said.append(told), clock=lambda: self.now, sleep=self.sleep)
        return self


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "shop.csv"
    path.write_text("one")
    return path


def grow(path: Path) -> None:
    with path.open("a") as file:
        file.write(" more")


def test_nothing_is_read_while_nothing_changes(path: Path) -> None:
    assert Script(path).run().read == []


def test_a_file_that_is_being_written_is_read_when_it_has_settled(path: Path) -> None:
    events = [(2 + 0.5 * n, lambda: grow(path)) for n in range(8)]
    ((at, text),) = Script(path, *events).run().read
    assert text == "one" + " more" * 8 and at >= 5.5 + SETTLE_S and at <= 5.5 + SETTLE_S + 2 * POLL_S


def test_a_broken_file_is_told_once_and_read_again_when_it_is_mended(path: Path) -> None:
    played = Script(path, (2, lambda: path.write_text("broken")), (10, lambda: path.write_text("mended"))).run()
    assert [text for _, text in played.read] == ["broken", "mended"]
    assert "broken" in played.said[0]["error"] and played.said[1]["changed"] == 1


def test_a_file_put_in_its_place_counts_even_with_its_time_and_size(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("two")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    assert [text for _, text in Script(path, (2, lambda: other.replace(path))).run().read] == ["two"]


def test_a_file_that_goes_is_told_and_may_come_back(path: Path) -> None:
    played = Script(path, (2, path.unlink), (8, lambda: path.write_text("back"))).run()
    assert "no longer there" in played.said[0]["error"] and [text for _, text in played.read] == ["back"]


def test_a_file_that_is_replaced_in_two_steps_is_not_missed_for_a_moment(path: Path) -> None:
    played = Script(path, (2, path.unlink), (2.5, lambda: path.write_text("new one"))).run()
    assert [text for _, text in played.read] == ["new one"] and len(played.said) == 1


@pytest.fixture
def watching(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    (tmp_path / "p.csv").write_text(f"{HEADER}mug,Blue Mug,MUG-1,12.50\n")
    command = [sys.executable, "-m", "agent", "ingest", "--watch", "--json", str(tmp_path / "p.csv")]
    environment = os.environ | {"HAWKER_DATA": str(tmp_path / "data")}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    yield process
    process.kill()
    process.wait(30)
    assert process.stdout is not None
    process.stdout.close()


def test_the_command_tells_each_change_in_a_line_until_it_is_interrupted(
    tmp_path: Path, watching: "subprocess.Popen[str]"
) -> None:
    assert watching.stdout is not None
    lines = iter(watching.stdout)
    first = next(line for line in lines if line.startswith("}"))  # the report of the first reading ends
    assert first
    (tmp_path / "p.csv").write_text(f"{HEADER}mug,Blue Mug,MUG-1,9.90\n")
    told = json.loads(next(lines))
    assert (told["file"], told["products"], told["changed"], told["version"]) == ("p.csv", 1, 1, 2)
    (tmp_path / "p.csv").write_text("a,b\n1,2\n")
    assert "no column for title and price" in json.loads(next(lines))["error"]
    store = Store(tmp_path / "data" / "catalogue.sqlite")
    assert store.version == 2 and str(store.products()[0].variants[0].offer.price) == "9.90"
    store.close()
    watching.send_signal(signal.SIGINT)
    assert watching.wait(30) == 0
