"""The viewers' room: a real client against a real server."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from connectors.web import WebChat
from studio.room import Room, StudioError


@pytest.fixture
async def chat() -> WebChat:
    return WebChat(WebChat.Config(history=3, comments_a_minute=4, max_viewers=2, max_chars=40, backlog=5))


@pytest.fixture
async def room(chat: WebChat) -> AsyncIterator[Room]:
    async with Room("127.0.0.1", 0, {"/chat": chat.session}) as room:
        yield room


def enter(room: Room, **options: Any) -> connect:
    return connect(f"ws://127.0.0.1:{room.port}/chat", **options)


async def tell(socket: ClientConnection, message: Any) -> dict[str, Any]:
    await socket.send(message if isinstance(message, str | bytes) else json.dumps(message))
    return await told(socket)


async def told(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(10):
        out: dict[str, Any] = json.loads(await socket.recv())
    return out


def comment(text: str, user: str = "Ann") -> dict[str, str]:
    return {"type": "comment", "user": user, "text": text}


async def get(room: Room, path: str, method: str = "GET") -> tuple[int, str]:
    """(status, whole answer) over a plain socket, so that nothing tidies the path."""
    reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{room.port}\r\nConnection: close\r\n\r\n".encode())
    async with asyncio.timeout(10):
        answer = (await reader.read()).decode("utf-8", "replace")
    writer.close()
    return int(answer.split()[1]) if answer else 0, answer


async def test_a_comment_reaches_the_host_and_everyone(room: Room, chat: WebChat) -> None:
    async with enter(room) as ann, enter(room) as ben:
        assert (await tell(ann, comment("how much?")))["text"] == "how much?"
        seen = await told(ben)
        assert (seen["type"], seen["user"], seen["text"]) == ("comment", "Ann", "how much?")
        event = await anext(chat.events())
        assert (event.platform, event.user, event.text, event.id) == ("web", "Ann", "how much?", seen["id"])
        assert event.user_id and chat.viewers == 2


async def test_texts_are_cleaned_and_bounded(room: Room, chat: WebChat) -> None:
    async with enter(room) as ann:
        seen = await tell(ann, comment("a\u202eb\x00c\n" + "x" * 500, "\u200b"))
        assert seen["text"] == ("abc" + "x" * 500)[:40] and seen["user"] == "Guest"
        seen = await tell(ann, comment("<script>alert(1)</script>"))
        assert seen["text"] == "<script>alert(1)</script>", "escaping is the page's business"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("no json", "JSON objects"),
        ("[1]", "only message understood"),
        ('{"type": "admin"}', "only message understood"),
        ('{"type": "comment", "text": 5}', "write something"),
        ('{"type": "comment", "text": "  "}', "write something"),
        (json.dumps(comment("x" * 5000)), "too long"),
        (b"\xff\xfe", "JSON objects"),
        ("[" * 3000, "JSON objects"),
    ],
)
async def test_bad_messages_are_answered_and_the_socket_stays(message: str | bytes, said: str, room: Room, chat: WebChat) -> None:
    async with enter(room) as ann:
        answer = await tell(ann, message)
        assert answer["type"] == "error" and said in answer["message"]
        assert (await tell(ann, comment("still here")))["type"] == "comment"


async def test_who_writes_too_fast_is_asked_to_wait(room: Room) -> None:
    async with enter(room) as ann, enter(room) as ben:
        kinds = [(await tell(ann, comment(f"c{n}")))["type"] for n in range(6)]
        assert kinds == ["comment"] * 4 + ["error"] * 2
        await ben.send(json.dumps(comment("me too")))
        assert [(await told(ben))["text"] for _ in range(5)][-1] == "me too", "others are not held back"


async def test_newcomers_see_what_was_said_and_the_state(room: Room, chat: WebChat) -> None:
    async with enter(room) as ann:
        await chat.reply({"type": "state", "phase": "starting"})
        await told(ann)
        await chat.reply({"type": "state", "phase": "live"})
        for number in range(5):
            await chat.reply({"type": "reply", "text": f"r{number}"})
    async with enter(room) as ben:
        assert [await told(ben) for _ in range(4)] == [
            *({"type": "reply", "text": f"r{n}"} for n in (2, 3, 4)), {"type": "state", "phase": "live"},
        ]  # fmt: skip


async def test_a_full_room_says_so(room: Room) -> None:
    async with enter(room) as ann, enter(room) as ben:
        await tell(ann, comment("a"))
        await told(ben)
        async with enter(room) as late:
            assert "full" in (await told(late))["message"]


async def test_a_backlog_drops_the_oldest_and_counts_them(room: Room, chat: WebChat) -> None:
    async with enter(room) as ann, enter(room) as ben:
        for number in range(4):
            await tell(ann, comment(f"a{number}"))
            await told(ben)
        for number in range(3):
            await tell(ben, comment(f"b{number}"))
    assert chat.dropped == 2
    events = chat.events()
    assert [(await anext(events)).text for _ in range(5)] == ["a2", "a3", "b0", "b1", "b2"]


async def test_static_files_and_nothing_else(room: Room) -> None:
    status, page = await get(room, "/?x=1")
    assert status == 200 and "<html" in page.lower() and "Content-Security-Policy" in page and "nosniff" in page
    for path in ("/../room.py", "/%2e%2e/room.py", "/static/../../room.py", "//etc/passwd", "/..%2f..%2froom.py", "/none"):
        status, answer = await get(room, path)
        assert status in (400, 404) and "class Room" not in answer and "root:" not in answer, path


async def test_another_sites_page_may_not_connect(room: Room) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with enter(room, origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403
    async with enter(room, origin=f"http://127.0.0.1:{room.port}") as socket:
        assert (await tell(socket, comment("hi")))["type"] == "comment"


async def test_a_busy_port_and_an_impossible_host_are_clear_errors(room: Room) -> None:
    with pytest.raises(StudioError, match=f"port {room.port} is in use.*--port"):
        async with Room("127.0.0.1", room.port, {}):
            pass
    with pytest.raises(StudioError, match=r"cannot listen on 203\.0\.113\.7:0"):
        async with Room("203.0.113.7", 0, {}):
            pass
