"""The offers' endpoint: a real client against a real server, and whoever has no business there."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.config import ConfigError, Page
from agent.offers import endpoint, token
from knowledge.feeds import Feed
from knowledge.store import Store
from studio.api import MAX_BODY, MAX_OPEN, Api
from studio.room import StudioError
from tests.shop import TENT, WATCH


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "c.sqlite")
    store.ingest(Feed("shop.csv", [WATCH, TENT], [], 2))
    return store


@pytest.fixture
def told() -> list[str]:
    """One entry a change that the show was told of."""
    return []


@pytest.fixture
async def api(store: Store, tmp_path: Path, told: list[str]) -> AsyncIterator[Api]:
    async with endpoint(Page(), 0, tmp_path, store.path, lambda: told.append("changed")) as api:
        yield api


@pytest.fixture
async def client(api: Api, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {(tmp_path / 'api.token').read_text().strip()}"}
    async with httpx.AsyncClient(headers=headers, timeout=20, trust_env=False) as client:
        yield client


async def test_an_offer_is_applied_and_told(api: Api, client: httpx.AsyncClient, store: Store, told: list[str]) -> None:
    answer = await client.post(api.url, json={"sku": "PUL-1", "price": "149.90", "stock": 3})
    row = {"sku": "PUL-1", "product": "Pulsar GPS Watch", "price": "149.90", "currency": "EUR", "stock": 3}
    assert answer.status_code == 200 and answer.json() == {"offers": [row], "version": 2}
    assert {f.value for f in store.facts("pulsar-watch")} >= {"€149.90", "In stock: 3"} and told == ["changed"]


async def test_numbers_are_taken_digit_by_digit_and_lists_in_one_change(
    api: Api, client: httpx.AsyncClient, store: Store
) -> None:
    body = '[{"sku": "PUL-1", "price": 19.90}, {"sku": "ALP-GRN", "stock": 0}, {"sku": "ALP-ORG", "price": 0}]'
    answer = await client.patch(api.url, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200 and [row["price"] for row in answer.json()["offers"]] == ["19.90", "219.00", "0"]
    assert store.version == 2 and store.products()[0].variants[0].offer.price == Decimal("19.90")


BAD = (
    '{"sku": "PUL-1", "price": "-1"}', '{"sku": "PUL-1", "price": "abc"}', '{"sku": "PUL-1", "price": true}',
    '{"sku": "PUL-1", "price": "1e5"}', '{"sku": "PUL-1", "price": 1e400}', '{"sku": "PUL-1", "price": NaN}',
    '{"sku": "PUL-1", "price": "1,50"}', '{"sku": "PUL-1", "stock": 1.5}', '{"sku": "PUL-1", "stock": "3"}',
    '{"sku": "PUL-1", "stock": -1}', '{"sku": "PUL-1", "stock": true}', '{"sku": "PUL-1"}', '{"price": "1"}',
    '{"sku": 5, "stock": 1}',
    '{"sku": "", "stock": 1}', '{"sku": "PUL-1", "stock": 1, "title": "Mine"}', '{"sku": "PUL-1", "stock": 1, "stock": 2}',
    '[{"sku": "PUL-1", "stock": 1}, {"sku": "PUL-1", "stock": 2}]', "[]", "{}", "null", "3", "", "{", "\xff", "[" * 9000,
    '[{"sku": "PUL-1", "stock": 1}, {"sku": "ALP-GRN", "price": "x"}]', '{"sku": "PUL-1", "price": "0.00001"}',
)  # fmt: skip


@pytest.mark.parametrize("body", BAD)
async def test_what_is_not_an_offer_is_refused_with_nothing_applied(
    body: str, api: Api, client: httpx.AsyncClient, store: Store, told: list[str]
) -> None:
    answer = await client.post(api.url, content=body.encode("latin-1"), headers={"Content-Type": "application/json"})
    assert answer.status_code == 400 and answer.json()["error"], answer.text
    assert store.version == 1 and store.products() == [WATCH, TENT] and told == []


async def test_unknown_articles_are_named_and_nothing_is_applied(api: Api, client: httpx.AsyncClient, store: Store) -> None:
    answer = await client.post(api.url, json=[{"sku": "PUL-1", "stock": 1}, {"sku": "NO", "stock": 1}])
    assert answer.status_code == 404 and answer.json() == {"error": 'no variant has the SKU "NO"', "unknown": ["NO"]}
    assert store.version == 1


async def test_who_has_no_token_is_turned_away(api: Api, client: httpx.AsyncClient, store: Store) -> None:
    for given in ("", "Bearer", "Bearer wrong", f"Basic {client.headers['Authorization'][7:]}", "Bearer \u00fc"):
        headers = {b"Authorization": given.encode("latin-1")}
        answer = await client.post(api.url, json={"sku": "PUL-1", "stock": 1}, headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer"
    assert store.version == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "shop.example:80"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
async def test_other_sites_pages_change_nothing(
    headers: dict[str, str], status: int, api: Api, client: httpx.AsyncClient, store: Store
) -> None:
    headers = {"Content-Type": "application/json"} | headers
    answer = await client.post(api.url, content='{"sku": "PUL-1", "stock": 1}', headers=headers)
    assert answer.status_code == status and store.version == 1 and "Access-Control-Allow-Origin" not in answer.headers


async def test_other_paths_and_methods(api: Api, client: httpx.AsyncClient) -> None:
    assert (await client.post(api.url.replace("offers", "other"), json={})).status_code == 404
    for method in ("GET", "OPTIONS", "DELETE", "PUT"):
        assert (await client.request(method, api.url)).status_code == 405


async def test_too_much_is_refused_whether_it_is_said_before_or_not(api: Api, client: httpx.AsyncClient, store: Store) -> None:
    body = json.dumps([{"sku": "PUL-1", "stock": 1}]).encode() + b" " * MAX_BODY
    headers = {"Content-Type": "application/json"}
    assert (await client.post(api.url, content=body, headers=headers)).status_code == 413

    async def parts() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 9999):
            yield body[at : at + 9999]

    assert (await client.post(api.url, content=parts(), headers=headers)).status_code == 413
    assert store.version == 1


async def raw(api: Api, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(data)
    writer.write_eof()
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    return answer


async def test_what_is_no_http_is_survived(api: Api, client: httpx.AsyncClient) -> None:
    for data in (b"", b"\x16\x03\x01 hello", b"POST / HTTP/9\r\n\r\n", b"GET", b"A" * 40_000,
                 b"POST /api/offers HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                 b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"):  # fmt: skip
        answer = await raw(api, data)
        assert answer == b"" or answer.split(b" ")[1].startswith(b"4"), (data[:40], answer[:80])
    assert (await client.post(api.url, json={"sku": "PUL-1", "stock": 1})).status_code == 200


async def test_a_client_that_asks_first_is_told_to_go_on(api: Api, client: httpx.AsyncClient) -> None:
    body = b'{"sku": "PUL-1", "stock": 8}'
    head = f"POST /api/offers HTTP/1.1\r\nHost: 127.0.0.1:{api.port}\r\nAuthorization: {client.headers['Authorization']}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(head.encode())
    async with asyncio.timeout(20):
        assert (await reader.readline()).startswith(b"HTTP/1.1 100")
        writer.write(body)
        assert b"200" in await reader.read()
    writer.close()


async def test_idle_clients_do_not_keep_others_out(api: Api, client: httpx.AsyncClient) -> None:
    idle = [await asyncio.open_connection("127.0.0.1", api.port) for _ in range(MAX_OPEN - 2)]
    assert (await client.post(api.url, json={"sku": "PUL-1", "stock": 1})).status_code == 200
    for _, writer in idle:
        writer.close()


async def test_many_at_once_are_each_applied_whole(api: Api, client: httpx.AsyncClient, store: Store) -> None:
    rows = [[{"sku": "ALP-GRN", "stock": n}, {"sku": "ALP-ORG", "stock": n}] for n in range(20, 32)]
    answers = await asyncio.gather(*(client.post(api.url, json=row) for row in rows))
    assert {answer.status_code for answer in answers} == {200} and store.version == 1 + len(rows)
    green, orange = store.products()[1].variants
    assert green.offer.stock == orange.offer.stock


async def test_a_busy_port_says_what_to_set(api: Api, store: Store, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=rf"port {api.port} is in use; set \[page\] api_port"):
        async with endpoint(Page(api_port=api.port), 0, tmp_path, store.path, lambda: None):
            pass


async def test_the_port_is_the_next_one_to_the_page(store: Store, tmp_path: Path) -> None:
    def port(page: Page, page_port: int) -> Any:
        return endpoint(page, page_port, tmp_path, store.path, lambda: None)._port

    assert [port(Page(), 8765), port(Page(), 0), port(Page(), 65_535), port(Page(api_port=7), 8765)] == [8766, 0, 0, 7]


def test_the_token_is_the_users_own_and_new_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = token(Page(), tmp_path), token(Page(), tmp_path)
    path = tmp_path / "api.token"
    assert first != second == path.read_text().strip() and len(second) >= 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and list(tmp_path.iterdir()) == [path]
    monkeypatch.setenv("MINE", "s3cret")
    assert token(Page(api_token_env="MINE"), tmp_path) == "s3cret"
    with pytest.raises(ConfigError, match="environment variable OTHER is empty"):
        token(Page(api_token_env="OTHER"), tmp_path)
    with pytest.raises(ConfigError, match="cannot be written"):
        token(Page(), tmp_path / "none")
