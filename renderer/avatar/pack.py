"""The avatar pack: a folder with pack.json, net.safetensors and motion.mp4. Everything is checked before it is used.

pack.json says what the person agreed to (consent), how the crop lies in the picture, and the checksum of each file.
"""

import hashlib
import json
import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renderer.media import FPS, HEIGHT, WIDTH, RenderError

FORMAT = 1
WEIGHTS, MOTION, ABOUT = "net.safetensors", "motion.mp4", "pack.json"
MAX_WEIGHTS, MAX_MOTION, MAX_ABOUT = 200 << 20, 2 << 30, 8 << 20  # bytes
MAX_FRAMES = 10 * 60 * FPS
CONSENT_FIELDS = ("who", "when", "scope")


class AvatarError(RenderError):
    """An avatar cannot be made, opened or played; the message says what to do."""


@dataclass(frozen=True)
class About:
    """What a pack is: the contents of pack.json."""

    format: int
    name: str
    frames: int  # of motion.mp4
    crop: int  # side of the net's square picture, pixels
    code_size: int
    transforms: list[list[float]]  # by frame: six numbers, crop pixels → picture pixels (x' = a x + b y + c, …)
    jumps: list[list[int]]  # [from, to] frames that look alike, where motion may cut over
    rest: list[float]
    closed: list[float]
    silence_db: float  # below the loudest frame by this much is silence, when only sound is known
    consent: dict[str, str]
    sha256: dict[str, str]
    made: dict[str, Any]  # footage length, seed, steps, figures of the held-out stretch


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_about(folder: Path, about: About) -> None:
    """Write pack.json; checksums are taken from the files as they are now."""
    sums = {name: digest(folder / name) for name in (WEIGHTS, MOTION)}
    body = asdict(about) | {"sha256": sums}
    (folder / ABOUT).write_text(json.dumps(body, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def read_about(folder: Path) -> About:
    """Read and check a pack; nothing of it is decoded or loaded before this passes. Raises AvatarError."""
    bad = f"avatar pack {folder}"
    if not (folder / ABOUT).is_file():
        raise AvatarError(f"{bad}: no {ABOUT} in it; give the folder that `hawker avatar train` made")
    for name, limit in ((ABOUT, MAX_ABOUT), (WEIGHTS, MAX_WEIGHTS), (MOTION, MAX_MOTION)):
        path = folder / name
        if not path.is_file() or path.is_symlink():
            raise AvatarError(f"{bad}: {name} is missing; make the pack again or restore it")
        if path.stat().st_size > limit:
            raise AvatarError(f"{bad}: {name} is larger than {limit >> 20} MiB; this is not a hawker pack")
    try:
        about = About(**json.loads((folder / ABOUT).read_text(encoding="utf-8")))
    except (ValueError, TypeError, RecursionError):
        raise AvatarError(f"{bad}: {ABOUT} cannot be read; make the pack again or restore it") from None
    _check(about, folder, bad)
    return about


def _check(about: About, folder: Path, bad: str) -> None:
    if about.format != FORMAT:
        raise AvatarError(f"{bad}: format {about.format}, this hawker reads {FORMAT}; make the pack again")
    if not all(
        isinstance(about.consent, dict) and str(about.consent.get(field, "")).strip() for field in CONSENT_FIELDS
    ):
        raise AvatarError(f"{bad}: no consent record (who, when, scope); it may not go live")
    sizes = (about.frames, about.crop, about.code_size)
    if not all(isinstance(n, int) and n > 0 for n in sizes) or about.frames > MAX_FRAMES or about.crop > 512:
        raise AvatarError(f"{bad}: impossible sizes {sizes}; make the pack again")
    try:
        transforms = np.array(about.transforms, np.float32)
        codes = np.array([about.rest, about.closed], np.float32)
        jumps = np.array(about.jumps, np.int64).reshape(-1, 2)
        silence_db = float(about.silence_db)
    except (ValueError, TypeError, OverflowError):
        raise AvatarError(f"{bad}: its numbers cannot be read; make the pack again") from None
    fits = transforms.shape == (about.frames, 6) and codes.shape == (2, about.code_size)
    inside = not len(jumps) or (jumps.min() >= 0 and jumps.max() < about.frames)
    finite = all(np.isfinite(part).all() for part in (transforms, codes, silence_db))
    if not fits or not inside or not finite or not _in_picture(transforms, about.crop):
        raise AvatarError(f"{bad}: its numbers do not fit together; make the pack again")
    for name in (WEIGHTS, MOTION):
        if not isinstance(about.sha256, dict) or digest(folder / name) != about.sha256.get(name):
            raise AvatarError(f"{bad}: {name} is damaged (checksum differs); restore it or make the pack again")


def _in_picture(transforms: NDArray[np.float32], crop: int) -> bool:
    """Whether each transform can be undone and puts the crop's middle into the picture."""
    a, b, x, c, d, y = transforms.astype(np.float64).T
    u, v = (a + b) * crop / 2 + x, (c + d) * crop / 2 + y
    return bool((np.abs(a * d - b * c) > 1e-3).all() and ((u > 0) & (u < WIDTH) & (v > 0) & (v < HEIGHT)).all())


def read_weights(folder: Path, expected: dict[str, tuple[int, ...]]) -> dict[str, NDArray[np.float32]]:
    """All tensors of net.safetensors as float32, after names, shapes, types and finiteness were checked."""
    from safetensors import SafetensorError, safe_open

    path, bad = folder / WEIGHTS, f"avatar pack {folder}: {WEIGHTS}"
    with path.open("rb") as file:
        head = file.read(8)
        if len(head) < 8 or struct.unpack("<Q", head)[0] > 1 << 20:
            raise AvatarError(f"{bad} is not a safetensors file; make the pack again")
    try:
        with safe_open(str(path), framework="numpy") as file:
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 (no mapping)
            kinds = {file.get_slice(name).get_dtype() for name in shapes}
            if shapes != expected or not kinds <= {"F32", "F16"}:
                raise AvatarError(f"{bad} holds other tensors than this hawker's net; make the pack again")
            tensors = {name: file.get_tensor(name).astype(np.float32) for name in shapes}
    except (SafetensorError, TypeError, ValueError, OSError) as error:
        raise AvatarError(f"{bad} cannot be read ({error}); make the pack again") from None
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise AvatarError(f"{bad} holds values that are not numbers; make the pack again")
    return tensors


def builtin() -> Path:
    """Folder of the packs that ship with hawker."""
    return Path(__file__).parent / "packs"


def find_packs(data: Path | None = None) -> dict[str, Path]:
    """Installed packs by name: the shipped ones and those under ``data``/avatars, which win."""
    out: dict[str, Path] = {}
    for folder in (builtin(), *([data / "avatars"] if data else [])):
        for path in sorted(folder.glob(f"*/{ABOUT}")) if folder.is_dir() else []:
            out[path.parent.name] = path.parent
    return out


def find_pack(name: str, data: Path | None = None) -> Path:
    """The folder of pack ``name``, or ``name`` itself when it is a folder. Raises AvatarError naming what there is."""
    if ("/" in name or name.startswith(".")) and Path(name).is_dir():
        return Path(name)
    packs = find_packs(data)
    if name not in packs:
        have = ", ".join(sorted(packs)) or "none"
        raise AvatarError(f'no avatar is called "{name}"; installed: {have}. `hawker avatar train` makes one')
    return packs[name]
