"""The supervisor keeps a source alive without hearing anything twice; recordings are read with clear errors."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connectors.base import BACKOFF_MAX_S, ConnectorError, Seen, create, supervise
from connectors.events import ChatEvent
from connectors.replay import Recording, Replay


class Source:
    """Plays one script a connection: ids to yield, or an error to raise."""

    platform = "test"

    def __init__(self, *scripts: list[str | Exception]) -> None:
        self.scripts = list(scripts)

    async def events(self) -> AsyncIterator[ChatEvent]:
        for step in self.scripts.pop(0):
            if isinstance(step, Exception):
                raise step
            yield ChatEvent("test", step, "u", step)


async def heard(source: Source) -> tuple[list[str], list[float]]:
    events, waits = list[str](), list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    await supervise(source, lambda event: events.append(event.text), sleep=sleep, rng=random.Random(1))
    return events, waits


async def test_it_reconnects_and_hears_nothing_twice() -> None:
    events, waits = await heard(Source(["1", "2", OSError("gone")], ["2", "3", OSError("gone")], ["3", "4"]))
    assert events == ["1", "2", "3", "4"] and len(waits) == 2


async def test_waits_grow_to_a_bound_and_start_anew_after_a_success() -> None:
    failures: list[list[str | Exception]] = [[OSError("no")] for _ in range(12)]
    _, waits = await heard(Source(*failures, ["1", OSError("no")], []))
    assert max(waits) <= BACKOFF_MAX_S and max(waits[6:12]) > max(waits[:3]) and waits[-1] <= 1.0


async def test_a_connector_error_gives_the_source_up() -> None:
    events, waits = await heard(Source(["1", ConnectorError("banned")], ["2"]))
    assert events == ["1"] and waits == []


def test_seen_is_bounded_and_events_without_an_id_are_new() -> None:
    seen = Seen(2)
    assert [seen.add(ChatEvent("p", id, "u")) for id in ("1", "1", "", "", "2", "3", "1")] == [
        True, False, True, True, True, True, True,
    ]  # fmt: skip
    assert seen.add(ChatEvent("other", "3", "u"))


def test_unknown_connectors_and_settings_are_named() -> None:
    with pytest.raises(ConnectorError, match=r'no connector is called "x"; installed: .*web'):
        create("x", {})
    with pytest.raises(ConnectorError, match="connector web: histroy"):
        create("web", {"histroy": 1})
    with pytest.raises(ConnectorError, match="connector replay: path"):
        create("replay", {})


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 2"),
        ("[]", "line 2"),
        ('{"at": -1, "text": "x"}', "line 2: at"),
        ('{"at": NaN, "text": "x"}', "line 2"),
        ('{"at": 1}', "line 2: text"),
        ('{"at": "soon", "text": "x"}', "line 2: at"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text('{"at": 0, "text": "fine"}\n' + line, encoding="utf-8")
    with pytest.raises(ConnectorError) as error:
        Recording(path)
    assert told in str(error.value) and "each line is an object such as" in str(error.value) and "\n" not in str(error.value)


async def test_a_recording_plays_in_time_order_with_ids(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text('\ufeff{"at": 0.002, "text": "b", "id": "x"}\n\n{"at": 0.001, "text": "a", "more": 1}\n', encoding="utf-8")
    events = [event async for event in Replay(Replay.Config(path=path)).events()]
    assert [(event.text, event.id, event.at_s) for event in events] == [("a", "line-3", 0.001), ("b", "x", 0.002)]
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConnectorError, match="UTF-8"):
        Recording(path)
