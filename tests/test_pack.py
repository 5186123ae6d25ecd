"""A hostile or broken avatar pack is refused with one clear line before anything of it is loaded."""

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from renderer.avatar.motion import Footage
from renderer.avatar.pack import (
    ABOUT,
    MOTION,
    WEIGHTS,
    AvatarError,
    builtin,
    digest,
    find_pack,
    read_about,
    read_weights,
)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "mei"
    shutil.copytree(builtin() / "mei", folder)
    return folder


def edit(pack: Path, change: Callable[[dict[str, Any]], object]) -> None:
    about = json.loads((pack / ABOUT).read_text(encoding="utf-8"))
    change(about)
    (pack / ABOUT).write_text(json.dumps(about), encoding="utf-8")


def refused(pack: Path) -> str:
    with pytest.raises(AvatarError) as error:
        read_about(pack)
    assert "\n" not in str(error.value) and str(pack) in str(error.value)
    return str(error.value)


def test_the_shipped_pack_is_whole_and_has_consent(pack: Path) -> None:
    about = read_about(pack)
    assert about.name == "mei" and all(about.consent[field] for field in ("who", "when", "scope"))


@pytest.mark.parametrize("name", [ABOUT, WEIGHTS, MOTION])
def test_files_that_are_missing_or_links(pack: Path, name: str, tmp_path: Path) -> None:
    (pack / name).rename(tmp_path / "elsewhere")
    assert "missing" in refused(pack) or f"no {ABOUT}" in refused(pack)
    (pack / name).symlink_to(tmp_path / "elsewhere")
    assert "missing" in refused(pack)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda a: a.update(consent={}), "no consent record"),
        (lambda a: a.update(consent={"who": "A", "when": " ", "scope": "x"}), "no consent record"),
        (lambda a: a.update(consent="yes"), "no consent record"),
        (lambda a: a.update(format=99), "format 99"),
        (lambda a: a.update(frames=0), "impossible sizes"),
        (lambda a: a.update(frames=10**9), "impossible sizes"),
        (lambda a: a.update(frames="many"), "impossible sizes"),
        (lambda a: a.update(crop=100_000), "impossible sizes"),
        (lambda a: a.update(frames=5), "do not fit"),
        (lambda a: a.update(transforms=[[1, 2]]), "do not fit"),
        (lambda a: a["transforms"].__setitem__(3, [float("nan")] * 6), "do not fit"),
        (lambda a: a["transforms"].__setitem__(3, "x"), "cannot be read"),
        (lambda a: a["transforms"].__setitem__(3, [0.0] * 6), "do not fit"),
        (lambda a: a["transforms"].__setitem__(3, [1, 0, 1e6, 0, 1, 1e6]), "do not fit"),
        (lambda a: a.update(rest=[0.0]), "cannot be read"),
        (lambda a: a["closed"].__setitem__(0, float("inf")), "do not fit"),
        (lambda a: a["jumps"].append([0, 10**6]), "do not fit"),
        (lambda a: a["jumps"].append([0, 10**30]), "cannot be read"),
        (lambda a: a["jumps"].append([5]), "cannot be read"),
        (lambda a: a.update(silence_db="loud"), "cannot be read"),
        (lambda a: a.update(silence_db=float("nan")), "do not fit"),
        (lambda a: a.update(sha256=[]), "checksum differs"),
        (lambda a: a["sha256"].update({MOTION: "0" * 64}), "checksum differs"),
        (lambda a: a.pop("rest"), "cannot be read"),
        (lambda a: a.update(extra=1), "cannot be read"),
    ],
)
def test_numbers_and_records_that_cannot_be(pack: Path, change: Callable[[dict[str, Any]], object], told: str) -> None:
    edit(pack, change)
    assert told in refused(pack)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, "\xff"])
def test_a_description_that_is_none(pack: Path, text: str) -> None:
    (pack / ABOUT).write_text(text, encoding="latin-1")
    assert "cannot be read" in refused(pack)


def test_one_changed_byte_is_seen(pack: Path) -> None:
    data = bytearray((pack / MOTION).read_bytes())
    data[len(data) // 2] ^= 1
    (pack / MOTION).write_bytes(data)
    assert f"{MOTION} is damaged" in refused(pack)


def tensors(pack: Path, shapes: dict[str, tuple[str, list[int]]], body: bytes, header: int | None = None) -> None:
    table, at = {}, 0
    for name, (kind, shape) in shapes.items():
        size = {"F32": 4, "F16": 2, "BF16": 2}[kind]
        for n in shape:
            size *= n
        table[name] = {"dtype": kind, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(table).encode()
    (pack / WEIGHTS).write_bytes(struct.pack("<Q", len(text) if header is None else header) + text + body)


def test_weights_of_other_shapes_kinds_and_values(pack: Path) -> None:
    expected = {"a": (2,)}
    nan = struct.pack("<2f", 1.0, float("nan"))
    for shapes, body, header, told in (
        ({"a": ("F32", [2])}, nan, None, "not numbers"),
        ({"a": ("F32", [1])}, b"\0" * 4, None, "other tensors"),
        ({"b": ("F32", [2])}, b"\0" * 8, None, "other tensors"),
        ({"a": ("F32", [2])}, b"\0" * 4, None, "cannot be read"),
        ({"a": ("F32", [2])}, b"\0" * 8, 1 << 40, "not a safetensors file"),
        ({"a": ("BF16", [2])}, b"\0" * 4, None, "other tensors"),
    ):
        tensors(pack, shapes, body, header)  # type: ignore[arg-type]
        with pytest.raises(AvatarError) as error:
            read_weights(pack, expected)  # type: ignore[arg-type]
        assert told in str(error.value) and "\n" not in str(error.value)
    (pack / WEIGHTS).write_bytes(b"\x80\x04")
    with pytest.raises(AvatarError, match="not a safetensors file"):
        read_weights(pack, expected)  # type: ignore[arg-type]


def test_motion_must_be_an_mp4_of_its_own(pack: Path) -> None:
    """A playlist would have the decoder open whatever it names."""
    whole = pack / "whole.mp4"
    (pack / MOTION).rename(whole)
    for text in (f"ffconcat version 1.0\nfile '{whole}'\n", f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{whole}\n", "x"):
        (pack / MOTION).write_text(text)
        with pytest.raises(AvatarError, match="cannot be read as video"):
            Footage(pack / MOTION, 100)
    with pytest.raises(AvatarError, match="fewer pictures"):
        Footage(whole, 100_000)


def test_names_and_folders_find_packs(pack: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(pack, data / "avatars" / "mei")
    assert find_pack("mei") == builtin() / "mei" and find_pack("mei", data) == data / "avatars" / "mei"
    assert find_pack(str(pack)) == pack
    with pytest.raises(AvatarError, match='no avatar is called "x"; installed: mei'):
        find_pack("x")
    assert digest(pack / MOTION) == digest(builtin() / "mei" / MOTION)
