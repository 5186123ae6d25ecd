"""Recorded comments as a live source: one JSON object a line with at, platform, user, id and text; kind and meta if any."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.base import ConnectorError
from connectors.events import ChatEvent


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


def read_chat(path: Path) -> list[Line]:
    """All comments of a recording, in time order. Raises ConnectorError naming the line at fault."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConnectorError(f"{path}: no such chat recording; give a JSON Lines file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConnectorError(f"{path}: cannot be read as UTF-8 text: {error}") from None
    lines = [_parse(path, number, row) for number, row in enumerate(text.splitlines(), 1) if row.strip()]
    return sorted(lines, key=lambda line: line.at)


def _parse(path: Path, number: int, row: str) -> Line:
    try:
        line = Line.model_validate_json(row)
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
        self.lines = read_chat(config.path)  # a broken recording is refused before the show starts

    async def events(self) -> AsyncIterator[ChatEvent]:
        loop = asyncio.get_running_loop()
        start = loop.time()
        for line in self.lines:
            await asyncio.sleep(max(0.0, start + line.at - loop.time()))
            yield ChatEvent(line.platform, line.id, line.user, line.text, line.kind, line.user_id, line.at, line.meta)
