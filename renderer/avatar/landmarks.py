"""Face landmarks without a network connection: MediaPipe's face detector and face mesh, as plain TFLite files.

The PyPI package mediapipe carries the files (Apache-2.0); it is read, never imported. They run on LiteRT. Both are
needed to make an avatar, not to play one.
"""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from renderer.avatar.pack import AvatarError

F32 = NDArray[np.float32]
Rgb = NDArray[np.uint8]  # (h, w, 3)

MESH, DETECT = 192, 128  # input sides of the two nets, pixels
INSTALL = "pip install --no-deps mediapipe==0.10.21 && pip install ai-edge-litert==2.3.0"
RIGHT_EYE, LEFT_EYE = (33, 133), (263, 362)  # outer and inner corner
RIGID = (33, 133, 263, 362, 6, 168, 197, 195, 5, 127, 356)  # eye corners, nose bridge, temples: no speech moves them
LIPS_INNER = (13, 14)  # middle of the upper and the lower inner lip
MOUTH = (61, 291, 0, 17)  # corners, upper and lower edge
CHIN = 152


def _model(name: str) -> Any:
    spec = importlib.util.find_spec("mediapipe")
    folders = list(spec.submodule_search_locations or []) if spec else []
    if not folders or importlib.util.find_spec("ai_edge_litert") is None:
        raise AvatarError(f"face tracking needs two packages that are not installed: {INSTALL}")
    from ai_edge_litert.interpreter import Interpreter

    net = Interpreter(str(Path(folders[0]) / "modules" / name), num_threads=1)
    net.allocate_tensors()
    return net


class FaceTracker:
    """Finds one face in consecutive pictures; 468 landmarks in pixels each."""

    def __init__(self) -> None:
        self._mesh = _model("face_landmark/face_landmark.tflite")
        self._detector = _model("face_detection/face_detection_short_range.tflite")
        self._anchors = _anchors()
        self._last: F32 | None = None

    def track(self, picture: Rgb) -> F32 | None:
        """(468, 2) pixels, or None when no face is seen. Follows the face of the picture before when there is one."""
        for box in (self._followed(), self._detected(picture)):
            if box is None:
                continue
            found = self._landmarks(picture, *box)
            if found is not None:
                self._last = found
                return found
        self._last = None
        return None

    def faces(self, picture: Rgb) -> list[tuple[float, F32]]:
        """(score, (x0, y0, x1, y1)) of every face that the detector sees, best first, overlaps removed."""
        h, w = picture.shape[:2]
        side = max(h, w)
        square = Image.new("RGB", (side, side))
        square.paste(Image.fromarray(picture), ((side - w) // 2, (side - h) // 2))
        small: F32 = np.asarray(square.resize((DETECT, DETECT), Image.Resampling.BILINEAR), np.float32) / np.float32(127.5) - 1
        boxes, scores = self._run(self._detector, small)
        scores = (1 / (1 + np.exp(-np.clip(scores.reshape(-1), -50, 50)))).astype(np.float32)
        out: list[tuple[float, F32]] = []
        for i in np.argsort(-scores)[:40]:
            if scores[i] < 0.5:
                break
            centre, size = boxes[0, i, :2] / DETECT + self._anchors[i], boxes[0, i, 2:4] / DETECT
            corners = np.concatenate([centre - size / 2, centre + size / 2]) * side
            corners -= np.array([(side - w) // 2, (side - h) // 2] * 2)
            if all(_overlap(corners, other) < 0.3 for _, other in out):
                out.append((float(scores[i]), corners.astype(np.float32)))
        return out

    def _run(self, net: Any, picture: F32) -> tuple[F32, F32]:
        net.set_tensor(net.get_input_details()[0]["index"], picture[None])
        net.invoke()
        first, second = (np.asarray(net.get_tensor(d["index"]), np.float32) for d in net.get_output_details()[:2])
        return first, second

    def _detected(self, picture: Rgb) -> tuple[F32, float, float] | None:
        found = self.faces(picture)
        if not found:
            return None
        x0, y0, x1, y1 = found[0][1]
        return np.array([(x0 + x1) / 2, (y0 + y1) / 2], np.float32), float(max(x1 - x0, y1 - y0) * 1.5), 0.0

    def _followed(self) -> tuple[F32, float, float] | None:
        if self._last is None:
            return None
        low, high = self._last.min(0), self._last.max(0)
        eyes = self._last[LEFT_EYE[0]] - self._last[RIGHT_EYE[0]]
        return (low + high) / 2, float((high - low).max() * 1.5), float(np.arctan2(eyes[1], eyes[0]))

    def _landmarks(self, picture: Rgb, centre: F32, side: float, angle: float) -> F32 | None:
        cos, sin = np.cos(angle) * side / MESH, np.sin(angle) * side / MESH
        matrix = np.array([[cos, -sin], [sin, cos]], np.float32)  # mesh pixels → picture pixels
        origin = centre - matrix @ np.array([MESH / 2, MESH / 2], np.float32)
        coefficients = (*matrix[0], origin[0], *matrix[1], origin[1])
        crop = Image.fromarray(picture).transform(
            (MESH, MESH), Image.Transform.AFFINE, tuple(map(float, coefficients)), Image.Resampling.BILINEAR
        )
        points, score = self._run(self._mesh, np.asarray(crop, np.float32) / np.float32(255))
        if float(1 / (1 + np.exp(-score.reshape(-1)[0]))) < 0.5:
            return None
        out: F32 = points.reshape(468, 3)[:, :2] @ matrix.T + origin
        return out


def _anchors() -> F32:
    """Centres of the detector's 896 anchors: 16 × 16 cells with two, then 8 × 8 with six."""
    rows = []
    for cells, each in ((16, 2), (8, 6)):
        grid = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(grid, grid, indexing="ij")
        rows.append(np.repeat(np.stack([x.ravel(), y.ravel()], 1), each, axis=0))
    return np.concatenate(rows).astype(np.float32)


def _overlap(a: F32, b: F32) -> float:
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    both = float(np.prod(np.maximum(high - low, 0)))
    area = float(np.prod(a[2:] - a[:2])) + float(np.prod(b[2:] - b[:2])) - both
    return both / area if area > 0 else 0.0


def similarity(source: F32, target: F32) -> F32:
    """The (2, 3) similarity transform that takes ``source`` (n, 2) to ``target`` (n, 2) with the least squares."""
    s, t = source - source.mean(0), target - target.mean(0)
    a = (s * t).sum() / (s**2).sum()
    b = (s[:, 0] * t[:, 1] - s[:, 1] * t[:, 0]).sum() / (s**2).sum()
    matrix = np.array([[a, -b], [b, a]], np.float32)
    shift = target.mean(0) - matrix @ source.mean(0)
    return np.concatenate([matrix, shift[:, None]], 1).astype(np.float32)
