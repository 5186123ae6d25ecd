"""Training: a prepared clip → an avatar pack. Two stages, no weights from outside, the same result for the same seed.

1. Encoder and Painter together: read a code off each picture, draw the picture from the code and its surroundings.
   The surroundings are blanked wherever speech moves anything, so the code is the only way to know the mouth.
2. Driver: predict those codes from phonemes and sound. Either input is left out at random, so that the finished face
   follows a voice with known phonemes as well as a plain recording.
The last sixth of the clip is held out and only judged.
"""

import json
import math
import shutil
import tomllib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from renderer.avatar import codes
from renderer.avatar.landmarks import LIPS_INNER, MOUTH
from renderer.avatar.net import CODE, CROP, Driver, Encoder, Painter
from renderer.avatar.pack import CONSENT_FIELDS, FORMAT, MOTION, WEIGHTS, About, AvatarError, write_about
from renderer.avatar.prepare import Footage, Progress, frames, prepare
from renderer.media import FPS, HEIGHT, WIDTH

HELD_OUT = 1 / 6
SILENCE_DB = 38.0
GOP = 10  # frames between keyframes of motion.mp4: what a jump costs to decode


@dataclass(frozen=True)
class Settings:
    """How long to train. The defaults make the shipped host in about half an hour on two cores."""

    paint_steps: int = 2600
    drive_steps: int = 1500
    batch: int = 8
    seed: int = 1
    threads: int = 2


def train(
    video: Path, name: str, out: Path, *, consent: Path, phonemes: Path | None = None,
    settings: Settings = Settings(), progress: Progress = lambda stage, share: None,
) -> About:  # fmt: skip
    """Make the pack ``out`` from ``video``. Raises AvatarError with what is wrong and where."""
    agreed = read_consent(consent)
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    footage = prepare(video, phonemes, progress)
    split = int(footage.frames * (1 - HELD_OUT))
    encoder, painter = _learn_pictures(footage, split, settings, progress)
    truth = _encode(encoder, footage)
    driver = _learn_codes(footage, truth, split, settings, progress)
    out.mkdir(parents=True, exist_ok=True)
    _write_weights(out / WEIGHTS, painter, driver)
    _write_motion(video, out / MOTION)
    rest, closed = _resting(footage, truth)
    made: dict[str, Any] = {
        "seconds": round(footage.frames / FPS, 2), "held_out_s": round((footage.frames - split) / FPS, 2),
        "seed": settings.seed, "paint_steps": settings.paint_steps, "drive_steps": settings.drive_steps,
        "phonemes": footage.phones is not None,
    }  # fmt: skip
    made |= judge(painter, driver, footage, truth, split, rest, closed)
    about = About(
        FORMAT, name, footage.frames, CROP, CODE, footage.transforms.reshape(-1, 6).round(5).tolist(),
        look_alikes(footage), rest.tolist(), closed.tolist(), SILENCE_DB, agreed, {}, made,
    )  # fmt: skip
    write_about(out, about)
    return about


def read_consent(path: Path) -> dict[str, str]:
    """The record that must travel with a face: who, when and for what. JSON or TOML."""
    try:
        text = path.read_text(encoding="utf-8")
        record = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise AvatarError(f"{path}: the consent record cannot be read ({error}); give JSON or TOML") from None
    missing = [
        field for field in CONSENT_FIELDS if not isinstance(record, dict) or not str(record.get(field, "")).strip()
    ]
    if missing:
        raise AvatarError(
            f"{path}: the consent record lacks {', '.join(missing)}; it says who agreed, when and to what"
        )
    return {str(key): str(value) for key, value in record.items()}


# -- stage 1: pictures --------------------------------------------------------------------------------------------


def alpha() -> Tensor:
    """(CROP, CROP) 1 where the drawn mouth replaces the footage, feathered to 0 before the crop's edge."""
    y, x = torch.meshgrid(*[(torch.arange(CROP) + 0.5) / CROP * 2 - 1] * 2, indexing="ij")
    radius = torch.sqrt((x / 0.94) ** 2 + (y / 0.95) ** 2)
    edge = ((1 - radius) / 0.16).clamp(0, 1)
    return edge * edge * (3 - 2 * edge)


def around(crops: Tensor, mask: Tensor) -> Tensor:
    """What the Painter may see: (b, 3, h, w) with everything blank that it is to draw, and the blank itself."""
    hole = (mask > 0).to(crops.dtype).expand(len(crops), 1, -1, -1)
    return torch.cat([crops * (1 - hole), hole], 1)


def to_yuv(rgb: NDArray[np.uint8]) -> Tensor:
    """uint8 (n, h, w, 3) → BT.709 (n, 3, h, w), each channel in −1…1; what the stage's planes hold, rescaled."""
    x = torch.from_numpy(np.ascontiguousarray(rgb)).permute(0, 3, 1, 2).float() / 255
    r, g, b = x.unbind(1)
    luma = 0.2126 * r + 0.7152 * g + 0.0722 * b
    return torch.stack([luma * 2 - 1, (b - luma) / 0.9278, (r - luma) / 0.7874], 1)


def _learn_pictures(footage: Footage, split: int, settings: Settings, progress: Progress) -> tuple[Encoder, Painter]:
    encoder, painter, mask = Encoder(), Painter(), alpha()
    weight = 0.15 + mask + 3.0 * _mouth_box(footage)
    nets = [*encoder.parameters(), *painter.parameters()]
    optimiser = torch.optim.AdamW(nets, lr=1.2e-3, weight_decay=1e-4)
    order = torch.Generator().manual_seed(settings.seed)
    for step in range(settings.paint_steps):
        _set_rate(optimiser, 1.2e-3, step, settings.paint_steps)
        rows = torch.randint(split, (settings.batch,), generator=order)
        true = to_yuv(footage.crops[rows.numpy()])
        code = encoder(true)
        code = code + 0.08 * torch.randn(code.shape, generator=order)
        drawn = painter(around(true, mask), code)
        loss = (weight * (drawn - true).abs()).mean() + 0.6 * _edges(weight, drawn, true)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(nets, 1.0)
        optimiser.step()
        progress(f"learning to draw, error {loss.item():.4f}", (step + 1) / settings.paint_steps)
    return encoder.eval(), painter.eval()


def _edges(weight: Tensor, drawn: Tensor, true: Tensor) -> Tensor:
    """L1 of luma gradients: what keeps teeth and lip lines crisp."""
    d, t = drawn[:, :1], true[:, :1]
    across = (weight[:, 1:] * ((d[..., 1:] - d[..., :-1]) - (t[..., 1:] - t[..., :-1])).abs()).mean()
    down = (weight[1:] * ((d[..., 1:, :] - d[..., :-1, :]) - (t[..., 1:, :] - t[..., :-1, :])).abs()).mean()
    return across + down


def _mouth_box(footage: Footage) -> Tensor:
    """(CROP, CROP) 1 over the lips at their widest over the clip, in crop pixels."""
    points = mouth_points(footage, MOUTH).reshape(-1, 2)
    low, high = np.percentile(points, 1, axis=0), np.percentile(points, 99, axis=0)
    pad = 0.15 * (high - low)
    x0, y0, x1, y1 = np.clip([*(low - pad), *(high + pad)], 0, CROP).round().astype(int)
    box = torch.zeros(CROP, CROP)
    box[y0:y1, x0:x1] = 1
    return box


def mouth_points(footage: Footage, which: tuple[int, ...]) -> NDArray[np.float32]:
    """Landmarks in crop pixels (n, len(which), 2)."""
    matrix, shift = footage.transforms[:, :, :2], footage.transforms[:, :, 2]
    local = footage.landmarks[:, list(which)] - shift[:, None]
    out: NDArray[np.float32] = np.einsum("nij,npj->npi", np.linalg.inv(matrix), local).astype(np.float32)
    return out


def _set_rate(optimiser: torch.optim.Optimizer, peak: float, step: int, steps: int) -> None:
    warm = min(1.0, (step + 1) / 50)
    for group in optimiser.param_groups:
        group["lr"] = peak * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))


@torch.inference_mode()
def _encode(encoder: Encoder, footage: Footage) -> Tensor:
    """(frames, CODE) codes of all true pictures."""
    return torch.cat([encoder(to_yuv(footage.crops[i : i + 32])) for i in range(0, footage.frames, 32)])


# -- stage 2: codes -----------------------------------------------------------------------------------------------


def features(footage: Footage) -> tuple[Tensor, Tensor]:
    """Phoneme and sound features of the clip, (rows, frames) each; phonemes are zero when unknown."""
    n = footage.frames
    phones = codes.no_phones(n) if footage.phones is None else codes.phone_features(footage.phones, n)
    return torch.from_numpy(phones), torch.from_numpy(codes.sound_features(footage.pcm, n))


def _learn_codes(footage: Footage, truth: Tensor, split: int, settings: Settings, progress: Progress) -> Driver:
    driver, window = Driver(), 64
    phones, sound = features(footage)
    optimiser = torch.optim.AdamW(driver.parameters(), lr=2e-3, weight_decay=2e-2)
    order = torch.Generator().manual_seed(settings.seed + 1)
    target = truth.T
    for step in range(settings.drive_steps):
        _set_rate(optimiser, 2e-3, step, settings.drive_steps)
        starts = torch.randint(split - window, (16,), generator=order).tolist()
        p, s, t = (torch.stack([x[:, a : a + window] for a in starts]) for x in (phones, sound, target))
        keep = torch.randint(4, (16, 1, 1), generator=order)  # 0: sound only; 1, 2: phonemes only; 3: both
        p = p * (keep > 0)
        s = (s + 0.15 * torch.randn((16, 1, 1), generator=order)) * ((keep == 0) | (keep == 3))
        guess = driver(p, s)
        loss = F.smooth_l1_loss(guess, t, beta=0.3) + 0.5 * (guess.diff(dim=2) - t.diff(dim=2)).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        progress(f"learning to speak, error {loss.item():.3f}", (step + 1) / settings.drive_steps)
    return driver.eval()


def _resting(footage: Footage, truth: Tensor) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The person's own code at rest and with lips shut: means over the frames where they are."""
    n = footage.frames
    at_rest = codes.rest_weight(footage.phones, footage.pcm, n, SILENCE_DB) >= 1
    gap = _opening(footage)
    if not at_rest.any():  # no pause in the clip: the most closed frames stand in
        at_rest = gap <= np.percentile(gap, 3)
    shut = codes.closed_weight(footage.phones, n) >= 1
    if not shut.any():
        shut = gap <= np.percentile(gap, 3)
    table = truth.numpy()
    return np.median(table[at_rest], 0), np.median(table[shut], 0)


def _opening(footage: Footage) -> NDArray[np.float32]:
    """Inner-lip gap in crop pixels, by frame."""
    upper, lower = mouth_points(footage, LIPS_INNER).transpose(1, 0, 2)
    return np.asarray(lower[:, 1] - upper[:, 1], np.float32)


# -- judging and writing ------------------------------------------------------------------------------------------


@torch.inference_mode()
def judge(
    painter: Painter, driver: Driver, footage: Footage, truth: Tensor, split: int,
    rest: NDArray[np.float32], closed: NDArray[np.float32],
) -> dict[str, float]:  # fmt: skip
    """PSNR of luma in the mouth box over the held-out stretch, in dB: from speech, from true codes, always at rest."""
    phones, sound = features(footage)
    guess = driver(phones[None], sound[None])[0].T.numpy()
    n = footage.frames
    spoken = codes.settle(
        guess, rest, closed, codes.rest_weight(footage.phones, footage.pcm, n, SILENCE_DB),
        codes.closed_weight(footage.phones, n),
    )  # fmt: skip
    still = np.repeat(rest[None], n, 0)
    ways = {"psnr_mouth_speech": spoken, "psnr_mouth_true_code": truth.numpy(), "psnr_mouth_rest": still}
    return {name: round(_psnr(painter, footage, torch.from_numpy(table), split), 2) for name, table in ways.items()}


def _psnr(painter: Painter, footage: Footage, table: Tensor, split: int) -> float:
    mask, box, errors = alpha(), _mouth_box(footage).bool(), []
    for i in range(split, footage.frames, 16):
        true = to_yuv(footage.crops[i : i + 16])
        drawn = painter(around(true, mask), table[i : i + 16].float())
        mixed = mask * drawn + (1 - mask) * true
        errors.append((((mixed - true)[:, 0] / 2)[:, box] ** 2).mean(1))
    return float(-10 * torch.log10(torch.cat(errors).mean()))


def look_alikes(footage: Footage) -> list[list[int]]:
    """[from, to] frames at least 20 s apart that look and move alike: where motion may cut over."""
    n, apart, step = footage.frames, min(20 * FPS, footage.frames // 3), 4
    poses = footage.transforms.reshape(n, 6) * np.array([CROP, CROP, 1, CROP, CROP, 1])
    thumbs = footage.thumbs.reshape(n, -1)
    rows = np.arange(FPS, n - FPS, step)

    def signature(at: NDArray[np.int64]) -> NDArray[np.float32]:
        """Pictures and poses now and a little later, so that direction of movement counts too."""
        parts = [thumbs[at + d] / np.sqrt(thumbs.shape[1]) for d in (0, 4)] + [poses[at + d] * 0.5 for d in (0, 4)]
        return np.concatenate(parts, 1).astype(np.float32)

    table = signature(rows)
    square = (table**2).sum(1)
    distance = square[:, None] + square[None] - 2 * table @ table.T
    distance[np.abs(rows[:, None] - rows[None]) < apart] = np.inf
    best = distance.argsort(1)[:, :3]
    pairs = [(float(distance[i, j]), int(rows[i]), int(rows[j])) for i in range(len(rows)) for j in best[i]]
    good = sorted(pair for pair in pairs if math.isfinite(pair[0]))[: max(40, len(rows) // 2)]
    return sorted([start, end] for _, start, end in good)


def _write_weights(path: Path, painter: Painter, driver: Driver) -> None:
    """Half precision on disk: twice as small, and no picture differs by a visible step."""
    from safetensors.torch import save_file

    tensors = {f"painter.{k}": v for k, v in painter.state_dict().items()}
    tensors |= {f"driver.{k}": v for k, v in driver.state_dict().items()}
    save_file({name: tensor.half().contiguous() for name, tensor in tensors.items()}, str(path))


def _write_motion(video: Path, out: Path) -> None:
    """The footage at 25 fps without sound, with short groups of pictures."""
    import av

    partial = out.with_suffix(".part")
    with av.open(str(partial), "w", format="mp4") as box:
        stream = box.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {
            "crf": "22",
            "preset": "medium",
            "x264-params": f"keyint={GOP}:min-keyint={GOP}:scenecut=0:bframes=0",
        }
        for index, frame in enumerate(frames(video)):
            frame.pts, frame.time_base, frame.pict_type = index, Fraction(1, FPS), 0
            box.mux(stream.encode(frame))
        box.mux(stream.encode())
    shutil.move(partial, out)
