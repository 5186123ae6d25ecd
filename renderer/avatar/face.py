"""The face at show time: sentences in, pictures out. One instance, one thread, one device."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from renderer.avatar import codes
from renderer.avatar.motion import Footage, Motion
from renderer.avatar.net import Driver, Painter, shapes
from renderer.avatar.pack import MOTION, About, read_about, read_weights
from renderer.avatar.train import alpha, around
from renderer.media import HEIGHT, SAMPLES_PER_FRAME, WIDTH, Planes, Speech
from renderer.visemes import timed

F32 = NDArray[np.float32]


class Face:
    """An avatar pack, ready to speak."""

    def __init__(
        self, about: About, painter: Painter, driver: Driver, footage: Footage, device: str, seed: int
    ) -> None:
        self.name, self.code_size = about.name, about.code_size
        self.rest: F32 = np.array(about.rest, np.float32)
        self._about, self._painter, self._driver, self._footage = about, painter, driver, footage
        self._closed = np.array(about.closed, np.float32)
        self._transforms = np.array(about.transforms, np.float32).reshape(-1, 2, 3)
        self._motion = Motion(about.frames, about.jumps, seed)
        self._device = device
        self._alpha = alpha().to(device)

    @classmethod
    def load(cls, pack: Path, *, threads: int = 1, device: str = "auto", seed: int = 0) -> "Face":
        """Check a pack, then load it. Raises AvatarError with one clear line when anything is wrong with it."""
        about = read_about(pack)
        painter, driver = Painter(), Driver()
        tensors = read_weights(pack, shapes(("painter", painter), ("driver", driver)))
        footage = Footage(pack / MOTION, about.frames)
        for prefix, net in (("painter.", painter), ("driver.", driver)):
            part = {k[len(prefix) :]: torch.from_numpy(v) for k, v in tensors.items() if k.startswith(prefix)}
            net.load_state_dict(part)
            net.eval()
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.set_num_threads(threads)
        painter = painter.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return cls(about, painter, driver, footage, device, seed)

    @torch.inference_mode()
    def track(self, speech: Speech) -> F32:
        """Mouth codes (n, code_size) of one sentence; frame i goes with samples [960 i, 960 (i + 1))."""
        frames = -(-len(speech.pcm) // SAMPLES_PER_FRAME)
        phones = timed(speech.phonemes) if speech.phonemes else None
        known = codes.no_phones(frames) if phones is None else codes.phone_features(phones, frames)
        sound = codes.sound_features(speech.pcm, frames)
        guess = self._driver(torch.from_numpy(known)[None], torch.from_numpy(sound)[None])[0].T.numpy()
        at_rest = codes.rest_weight(phones, speech.pcm, frames, self._about.silence_db)
        return codes.settle(guess, self.rest, self._closed, at_rest, codes.closed_weight(phones, frames))

    @torch.inference_mode()
    def render(self, first: int, codes: F32, talking: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """(n, 1920, 720) I420 of show frames ``first`` …; ``codes`` (n, code_size), one a frame.

        Silent frames carry the rest code and are drawn the same way, so that nothing pops when speech begins.
        """
        out = np.empty((len(codes), HEIGHT * 3 // 2, WIDTH), np.uint8)
        moves = []
        for i in range(len(codes)):
            planes, move = self._base(first + i)
            out[i] = planes
            moves.append(move)
        crops = torch.stack([_take(out[i], move) for i, move in enumerate(moves)]).to(self._device)
        seen = around(crops, self._alpha).contiguous(memory_format=torch.channels_last)
        drawn = self._painter(seen, torch.from_numpy(codes).to(self._device)).float().cpu()
        mask = self._alpha.cpu()
        for i, move in enumerate(moves):
            _put(out[i], drawn[i], mask, move)
        return out

    def _base(self, k: int) -> tuple[Planes, F32]:
        """The footage's picture and crop transform at show frame ``k``."""
        here, other, share = self._motion.at(k)
        planes, move = self._footage.frame(here), self._transforms[here]
        if not share:
            return planes, move
        mixed = planes.astype(np.float32) * (1 - share) + self._footage.frame(other) * np.float32(share)
        return mixed.round().astype(np.uint8), move * (1 - share) + self._transforms[other] * share


def _box(move: F32, side: int) -> tuple[int, int, int, int]:
    """Even-sided picture box (x0, y0, x1, y1) that holds the crop, inside the picture."""
    corners = np.array([[0, 0], [side, 0], [0, side], [side, side]], np.float32) @ move[:, :2].T + move[:, 2]
    x0, y0 = np.floor(corners.min(0)).astype(int) // 2 * 2
    x1, y1 = -(-np.ceil(corners.max(0)).astype(int) // 2) * 2
    return max(0, int(x0)), max(0, int(y0)), min(WIDTH, int(x1)), min(HEIGHT, int(y1))


def _planes(picture: Planes) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Views of Y (1280, 720), U and V (640, 360)."""
    quarter = HEIGHT // 4
    u = picture[HEIGHT : HEIGHT + quarter].reshape(HEIGHT // 2, WIDTH // 2)
    v = picture[HEIGHT + quarter :].reshape(HEIGHT // 2, WIDTH // 2)
    return picture[:HEIGHT], u, v


def _take(picture: Planes, move: F32) -> Tensor:
    """The crop (3, CROP, CROP) under ``move``, each channel in −1…1."""
    from renderer.avatar.net import CROP

    x0, y0, x1, y1 = _box(move, CROP)
    y, u, v = _planes(picture)
    luma = torch.from_numpy(y[y0:y1, x0:x1].astype(np.float32))[None, None]
    chroma = torch.from_numpy(np.stack([p[y0 // 2 : y1 // 2, x0 // 2 : x1 // 2] for p in (u, v)]).astype(np.float32))[
        None
    ]
    grid = _grid(move, CROP, CROP, x0, y0, x1 - x0, y1 - y0)
    sampled = [F.grid_sample(part, grid, align_corners=False, padding_mode="border")[0] for part in (luma, chroma)]
    return torch.cat([(sampled[0] - 16) / 219 * 2 - 1, (sampled[1] - 128) / 112])


def _grid(move: F32, h: int, w: int, x0: int, y0: int, wide: int, high: int) -> Tensor:
    """Sampling grid (1, h, w, 2): where pixel (i, j) lies, through ``move``, in a box, in −1…1."""
    a = torch.from_numpy(np.ascontiguousarray(move))
    ys, xs = torch.meshgrid(torch.arange(h) + 0.5, torch.arange(w) + 0.5, indexing="ij")
    x = a[0, 0] * xs + a[0, 1] * ys + a[0, 2]
    y = a[1, 0] * xs + a[1, 1] * ys + a[1, 2]
    return torch.stack([(x - x0) / wide * 2 - 1, (y - y0) / high * 2 - 1], -1)[None]


def _put(picture: Planes, drawn: Tensor, mask: Tensor, move: F32) -> None:
    """Blend the drawn crop into the picture in place, feathered by ``mask``."""
    side = mask.shape[0]
    x0, y0, x1, y1 = _box(move, side)
    back = np.linalg.inv(np.vstack([move, [0, 0, 1]]))[:2].astype(np.float32)
    y, u, v = _planes(picture)
    layers = torch.cat([drawn, mask[None]])[None]
    for scale, channels in ((1, (0,)), (2, (1, 2))):
        high, wide = (y1 - y0) // scale, (x1 - x0) // scale
        to_crop = back.copy()
        to_crop[:, 2] += back[:, :2] @ np.array([x0, y0], np.float32)
        to_crop[:, :2] *= scale
        grid = _grid(to_crop, high, wide, 0, 0, side, side)
        warped = F.grid_sample(layers, grid, align_corners=False, padding_mode="zeros")[0]
        share = warped[3]
        for channel in channels:
            plane = (y, u, v)[channel][y0 // scale : y0 // scale + high, x0 // scale : x0 // scale + wide]
            level = (warped[channel] + 1) / 2 * 219 + 16 if channel == 0 else warped[channel] * 112 + 128
            mixed = torch.from_numpy(plane.astype(np.float32)) * (1 - share) + level * share
            plane[:] = mixed.clamp(16, 240).round().to(torch.uint8).numpy()
