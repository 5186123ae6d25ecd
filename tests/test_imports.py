"""The house's import rules: one way only, and heavy packages only where they belong."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("agent", "knowledge", "renderer", "connectors", "studio")
# Package → the files that may import it.
ONLY_IN = {
    "faiss": ("knowledge/vectors.py",),
    "torch": ("renderer/avatar/", "agent/check.py"),
    "av": ("renderer/output/", "renderer/avatar/"),
}


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports(path: Path, *, top: bool = False) -> set[str]:
    """Names of packages that a file imports; ``top`` leaves out those inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top else ast.walk(tree)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("package", [name for name in PACKAGES if name != "agent"])
def test_the_leaves_import_no_sibling(package: str) -> None:
    for path in files(package):
        others = imports(path) & (set(PACKAGES) - {package})
        assert not others, f"{path.relative_to(ROOT)} imports {others}"


@pytest.mark.parametrize("name", sorted(ONLY_IN))
def test_heavy_packages_stay_where_they_belong(name: str) -> None:
    for package in PACKAGES:
        for path in files(package):
            place = str(path.relative_to(ROOT))
            if name in imports(path):
                assert place.startswith(ONLY_IN[name]), f"{place} imports {name}"


def test_nothing_is_unpickled() -> None:
    for package in PACKAGES:
        for path in files(package):
            assert not imports(path) & {"pickle", "dill", "joblib", "shelve", "marshal"}, path
            assert "torch.load" not in path.read_text(encoding="utf-8"), path


def test_help_imports_nothing_heavy() -> None:
    """What `hawker --help` costs is what it imports; the clock is the benchmark's business."""
    code = (
        "import sys; from agent.__main__ import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'torch','numpy','faiss','av','pydantic','langchain_core','openai','structlog','asyncio'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert "live" in done.stdout and "avatar" in done.stdout
