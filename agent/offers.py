"""New prices and stocks for the catalogue, from the command line or over HTTP; and the token that lets a program in."""

import asyncio
import os
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from agent.config import ConfigError, Page
from knowledge.offers import NewOffer, UnknownSku
from knowledge.product import CatalogueError
from knowledge.store import Store
from studio.api import Api, OfferIn, Refused

log = structlog.get_logger()

TOKEN_FILE = "api.token"


def apply(path: Path, offers: Sequence[NewOffer]) -> dict[str, Any]:
    """Change offers of the catalogue at ``path``, all or none. Raises UnknownSku and CatalogueError."""
    store, now = Store(path), datetime.now(UTC)
    try:
        rows, version = store.set_offers(offers)
    finally:
        store.close()
    told = [
        {"sku": v.sku, "product": p.title, "price": str(v.offer.at(now).price), "currency": v.offer.currency,
         "stock": v.offer.stock}
        for p, v in rows
    ]  # fmt: skip
    return {"offers": told, "version": version}


def endpoint(page: Page, page_port: int, data: Path, catalogue: Path, changed: Callable[[], None]) -> Api:
    """The listener of a running show; ``changed`` is called after each request that was done.

    Raises ConfigError when the token's variable is named and empty, or its file cannot be written.
    """

    async def do(offers: Sequence[OfferIn]) -> dict[str, Any]:
        try:
            done = await asyncio.to_thread(apply, catalogue, [NewOffer(o.sku, o.price, o.stock) for o in offers])
        except UnknownSku as error:
            raise Refused(404, str(error), unknown=list(error.skus)) from None
        except CatalogueError as error:
            raise Refused(503, str(error)) from None
        changed()
        return done

    port = page.api_port if page.api_port is not None else (page_port + 1 if 0 < page_port < 65_535 else 0)
    return Api(page.host, port, token(page, data), do)


def token(page: Page, data: Path) -> str:
    """The environment's token where the configuration names a variable; else a new one, in a file of the user's own."""
    if page.api_token_env:
        if not (given := os.environ.get(page.api_token_env, "").strip()):
            raise ConfigError(f"[page] api_token_env: the environment variable {page.api_token_env} is empty; put a token in it")
        return given
    made, path = secrets.token_urlsafe(32), data / TOKEN_FILE
    fresh = path.with_name(f"{TOKEN_FILE}.{os.getpid()}")
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(made + "\n")
        fresh.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); name a variable in [page] api_token_env") from None
    log.info("offers.token", file=str(path))
    return made
