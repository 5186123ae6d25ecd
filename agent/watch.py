"""Watches catalogue files and has each read again once it has changed and settled."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from agent.config import Catalogue
from knowledge.index import FactIndex
from knowledge.product import CatalogueError

POLL_S = 0.5
SETTLE_S = 1.0  # unchanged for so long, a file is taken for written

Stamp = tuple[int, int, int]  # inode, nanoseconds, bytes: a file put in another's place may have its time and size


@dataclass(frozen=True, slots=True)
class Again:
    """What reading a file again has changed."""

    products: int
    added: int
    changed: int
    removed: int
    left_out: int  # rows
    version: int  # of the catalogue


Read = Callable[[Path], Again]
Say = Callable[[dict[str, Any], str], None]  # for programs, for people


class Watched:
    """One file: as it was read last, and since when it looks as it does now."""

    def __init__(self, path: Path, now_s: float) -> None:
        """To be made before the file is read for the first time."""
        self.path = path
        self._read = self._seen = stamp(path)
        self._since = now_s

    def due(self, now_s: float) -> bool:
        """Whether it differs from what was read, and has settled."""
        if (found := stamp(self.path)) != self._seen:
            self._seen, self._since = found, now_s
        return self._seen != self._read and now_s - self._since >= SETTLE_S

    def read(self, read: Read, say: Say) -> None:
        """Have it read. What cannot be is told once, and the catalogue stays as it was."""
        self._read, name = self._seen, self.path.name
        try:
            if self._seen is None:
                raise CatalogueError(f"{self.path}: no longer there")
            again = read(self.path)
        except CatalogueError as error:
            say({"file": name, "error": str(error)}, f"{error}; the catalogue stays as it was")
            return
        text = f"{name}: {again.products} products ({again.added} new, {again.changed} changed, {again.removed} gone)"
        text += f", {again.left_out} rows left out" if again.left_out else ""
        say({"file": name, **asdict(again)}, f"{text}; catalogue version {again.version}")


def stamp(path: Path) -> Stamp | None:
    """What tells a file from what it was; None when it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def reader(index: FactIndex, catalogue: Catalogue) -> Read:
    """Reads a file into the index's store, and brings the index up."""
    from agent.app import ingest

    store = index.shelf.store

    def read(path: Path) -> Again:
        report = ingest(store, path, catalogue, keep_offers=True)
        index.shelf.refresh()
        for _ in index.renew():
            pass
        index.save()
        return Again(report.products, report.added, report.changed, report.removed, report.refused, store.version)

    return read


def watch(
    files: Sequence[Watched], read: Read, say: Say,
    *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep,
) -> NoReturn:  # fmt: skip
    """Until interrupted. A file that changes while it is read is read once more."""
    while True:
        for file in files:
            if file.due(clock()):
                file.read(read, say)
        sleep(POLL_S)
