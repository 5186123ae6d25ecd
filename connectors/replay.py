"""Recorded comments as a live source: one JSON object a line with at, platform, user, id and text; kind and meta if any."""

import asyncio
from array import array
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.base import ConnectorError
from connectors.events import ChatEvent

MARK = b"\xef\xbb\xbf"  # that some editors put before UTF-8


class Line(BaseModel):
    """One recorded comment."""

    model_config = ConfigDict(extra="ignore")
    at: float = Field(ge=0, allow_inf_nan=False, description="seconds since the show began")
    platform: str = "replay"
    user: str = "viewer"
    id: str = ""
    text: str
    kind: str = "comment"
    user_id: str = ""
    meta: dict[str, bool | int | float | str] = Field(default_factory=dict, description='"bought", "moderator", "member"')


class Recording:
    """The comments of a file in time order. Only when and where each is stays in memory: 24 bytes a comment."""

    def __init__(self, path: Path) -> None:
        """Reads the whole file once. Raises ConnectorError naming the line at fault."""
        self.path = path
        self._at, self._offsets, self._numbers = array("d"), array("q"), array("q")
        with _opened(path) as file:
            offset = 0
            for number, row in enumerate(file, 1):
                if row.removeprefix(MARK).strip():
                    self._at.append(_parse(path, number, row).at)
                    self._offsets.append(offset)
                    self._numbers.append(number)
                offset += len(row)
        times = self._at  # sorted stays sorted: comments of one moment keep their order
        self._order = range(len(times)) if _rising(times) else array("q", sorted(range(len(times)), key=times.__getitem__))

    @property
    def last_s(self) -> float:
        """When the last comment comes; 0 without any."""
        return max(self._at, default=0.0)

    def __len__(self) -> int:
        return len(self._at)

    def __iter__(self) -> Iterator[Line]:
        with _opened(self.path) as file:
            for place in self._order:
                file.seek(self._offsets[place])
                yield _parse(self.path, self._numbers[place], file.readline())


def _rising(times: "array[float]") -> bool:
    return all(times[place - 1] <= times[place] for place in range(1, len(times)))


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise ConnectorError(f"{path}: no such chat recording; give a JSON Lines file") from None
    except OSError as error:
        raise ConnectorError(f"{path}: cannot be read: {error.strerror}") from None


def _parse(path: Path, number: int, row: bytes) -> Line:
    try:
        line = Line.model_validate_json(row.removeprefix(MARK).decode())
    except UnicodeDecodeError as error:
        raise ConnectorError(f"{path}, line {number}: cannot be read as UTF-8 text: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        hint = 'each line is an object such as {"at": 3.5, "user": "Ann", "id": "1", "text": "how much is it?"}'
        raise ConnectorError(f"{path}, line {number}: {where} {first['msg']}; {hint}") from None
    return line if line.id else line.model_copy(update={"id": f"line-{number}"})


class Replay:
    """Plays a chat recording at its own pace, counted from the first call of ``events``."""

    platform = "replay"

    class Config(BaseModel):
        model_config = ConfigDict(extra="forbid", frozen=True)
        path: Path

    def __init__(self, config: "Replay.Config") -> None:
        self.recording = Recording(config.path)  # a broken one is refused before the show starts

    async def events(self) -> AsyncIterator[ChatEvent]:
        loop = asyncio.get_running_loop()
        start = loop.time()
        for line in self.recording:
            await asyncio.sleep(max(0.0, start + line.at - loop.time()))
            yield ChatEvent(line.platform, line.id, line.user, line.text, line.kind, line.user_id, line.at, line.meta)
