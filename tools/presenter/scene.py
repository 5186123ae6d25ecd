"""The scene on OpenGL (EGL, also in software): meshes, lights, camera; positions in, RGB picture out."""

from dataclasses import dataclass
from pathlib import Path

import moderngl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from tools.presenter import shaders
from tools.presenter.body import F32, Body, Mesh, Proxy, Rounded, normals, read_obj, read_proxy, rounded
from tools.presenter.look import Look

SHADOW = 1024
KEY_DIR = np.array([-0.50, 0.52, 0.80], np.float32) / np.linalg.norm([-0.50, 0.52, 0.80])
CLOTH, SKIN, HAIR, EYE, MOUTH, BROW = range(6)
TEETH_TINT = (0.96, 0.88, 0.79)  # enamel is never blue


@dataclass
class Part:
    """One thing that is drawn: a mesh, how it is shaded, and what it follows."""

    mesh: Mesh
    kind: int
    proxy: Proxy | None
    texture: moderngl.Texture
    tint: tuple[float, float, float]
    bumps: moderngl.Texture | None = None
    folds: moderngl.Texture | None = None
    cutoff: float = 0.0
    occlusion: F32 | None = None
    lips: F32 | None = None
    smooth: tuple[Rounded, ...] = ()
    buffer: moderngl.Buffer | None = None
    array: moderngl.VertexArray | None = None
    depth_array: moderngl.VertexArray | None = None

    def fit(self, base: F32) -> F32:
        """Positions of the mesh's vertices on this base."""
        points = base if self.proxy is None else self.proxy.fit(base)
        for step in self.smooth:
            points = step.fit(points)
        return points


def look_at(eye: F32, target: F32) -> F32:
    forward = (target - eye) / np.linalg.norm(target - eye)
    side = np.cross(forward, [0, 1, 0])
    side /= np.linalg.norm(side)
    up = np.cross(side, forward)
    m = np.eye(4, dtype=np.float32)
    m[0, :3], m[1, :3], m[2, :3] = side, up, -forward
    m[:3, 3] = -m[:3, :3] @ eye
    return m


def perspective(half_height: float, distance: float, aspect: float, near: float, far: float) -> F32:
    """``half_height`` is seen at ``distance``."""
    f = distance / half_height
    m = np.zeros((4, 4), np.float32)
    m[0, 0], m[1, 1] = f / aspect, f
    m[2, 2], m[2, 3], m[3, 2] = -(far + near) / (far - near), -2 * far * near / (far - near), -1
    return m


def orthographic(half: float, near: float, far: float) -> F32:
    m = np.eye(4, dtype=np.float32)
    m[0, 0] = m[1, 1] = 1 / half
    m[2, 2], m[2, 3] = -2 / (far - near), -(far + near) / (far - near)
    return m


class Scene:
    """One presenter before one backdrop. ``draw`` may be called for any positions of the body."""

    def __init__(self, body: Body, look: Look, assets: Path, size: tuple[int, int], samples: int = 4) -> None:
        self.body, self.look, self.assets, self.size = body, look, assets, size
        self.gl = moderngl.create_context(standalone=True, backend="egl")
        self.program = self.gl.program(vertex_shader=shaders.VERTEX, fragment_shader=shaders.FRAGMENT)
        self.depth = self.gl.program(vertex_shader=shaders.DEPTH_VERTEX, fragment_shader=shaders.DEPTH_FRAGMENT)
        self.target = self.gl.framebuffer(
            [self.gl.renderbuffer(size, 4, samples=samples)], self.gl.depth_renderbuffer(size, samples=samples)
        )
        self.flat = self.gl.framebuffer([self.gl.renderbuffer(size, 4)])
        self.shadow = self.gl.depth_texture((SHADOW, SHADOW))
        self.shadow.compare_func = ""
        self.shadow.filter = (moderngl.NEAREST, moderngl.NEAREST)
        self.shadow_target = self.gl.framebuffer(depth_attachment=self.shadow)
        self._backdrop(samples)
        self.parts = self._parts()
        upper = body.actions["mouthRollUpper"][0]
        self.lip_vertex = int(upper[body.neutral[upper, 2].argmax()])  # the foremost of the upper lip
        # Framing: face centre a third from the top, waist at the bottom.
        self.eye = np.array([0.0, 5.35, 21.0], np.float32)
        self.aim = np.array([0.0, 4.86, 0.3], np.float32)
        distance = float(np.linalg.norm(self.eye - self.aim))
        self.camera = perspective(2.8, distance, size[0] / size[1], 5, 60) @ look_at(self.eye, self.aim)
        centre = np.array([0.0, 5.2, 0.5], np.float32)
        self.light = orthographic(3.4, 1, 30) @ look_at(centre + KEY_DIR * 14, centre)

    def _parts(self) -> list[Part]:
        a, look = self.assets, self.look
        clothes = read_proxy(a / f"clothes/{look.clothes}/{look.clothes}.mhclo")
        _, skin = read_obj(a / "3dobjs/base.obj", "body", clothes.hides)
        parts = [Part(skin, SKIN, None, self._texture(a / "skins" / look.skin), look.skin_tint)]
        folder = a / "clothes" / look.clothes
        maps = {name: self._find(folder, name) for name in ("normal", "ao")}
        parts.append(
            Part(
                clothes.mesh,
                CLOTH,
                clothes,
                self._texture(self._named(folder, "diffuse")),
                look.clothes_tint,
                maps["normal"],
                maps["ao"],
                cutoff=0.3,
            )
        )
        for name, kind, texture, cutoff in (
            ("teeth/teeth_base/teeth_base", MOUTH, "teeth/teeth_base/teeth.png", 0.1),
            ("tongue/tongue01/tongue01", MOUTH, "tongue/tongue01/tongue01_diffuse.jpg", 0.0),
            ("eyes/high-poly/high-poly", EYE, "eyes/materials/brown_eye.png", 0.5),
            (f"eyebrows/{look.eyebrows}/{look.eyebrows}", BROW, f"eyebrows/{look.eyebrows}/{look.eyebrows}.png", 0.02),
            ("eyelashes/eyelashes01/eyelashes01", BROW, "eyelashes/eyelashes01/eyelashes01.png", 0.02),
            (f"hair/{look.hair}/{look.hair}", HAIR, f"hair/{look.hair}/{look.hair}_diffuse.png", 0.5),
        ):
            proxy = read_proxy(a / f"{name}.mhclo")
            tint = {HAIR: look.hair_tint, BROW: look.hair_tint, MOUTH: TEETH_TINT}.get(kind, (1.0, 1.0, 1.0))
            smooth = _rounds(proxy, 1 if kind == HAIR else 0)
            mesh = smooth[-1].mesh if smooth else proxy.mesh
            parts.append(Part(mesh, kind, proxy, self._texture(a / texture), tint, cutoff=cutoff, smooth=smooth))
        for part in parts:
            self._upload(part)
        return parts

    def _named(self, folder: Path, name: str) -> Path:
        return next(folder.glob(f"*_{name}.*"))

    def _find(self, folder: Path, name: str) -> moderngl.Texture | None:
        found = list(folder.glob(f"*_{name}.*"))
        return self._texture(found[0]) if found else None

    def _texture(self, path: Path) -> moderngl.Texture:
        picture = Image.open(path).convert("RGBA").transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        texture = self.gl.texture(picture.size, 4, picture.tobytes())
        texture.build_mipmaps()
        texture.anisotropy = 1.0
        return texture

    def _upload(self, part: Part) -> None:
        corners = len(part.mesh.vertex)
        part.buffer = self.gl.buffer(reserve=corners * 10 * 4)
        index = self.gl.buffer(part.mesh.triangles.astype("i4").tobytes())
        names = ["position", "normal", "uv", "occlusion", "lips"]
        part.array = self.gl.vertex_array(self.program, [(part.buffer, "3f 3f 2f 1f 1f", *names)], index)
        part.depth_array = self.gl.vertex_array(self.depth, [(part.buffer, "3f 3x4 2f 2x4", "position", "uv")], index)
        part.occlusion = np.ones(corners, np.float32)
        part.lips = self._lips()[part.mesh.vertex] if part.kind == SKIN else np.zeros(corners, np.float32)

    def _lips(self) -> F32:
        """How much a base vertex belongs to the lips: what moves most when they roll in."""
        weight = np.zeros(len(self.body.neutral), np.float32)
        for name in ("mouthRollLower", "mouthRollUpper"):
            at, offset = self.body.actions[name]
            size = np.linalg.norm(offset, axis=1)
            weight[at] = np.maximum(weight[at], size / size.max())
        return np.clip((weight - 0.5) / 0.3, 0, 1).astype(np.float32)

    def _fill(self, part: Part, base: F32) -> F32:
        points, mesh = part.fit(base), part.mesh
        rows = np.concatenate(
            [
                points[mesh.vertex],
                normals(points, mesh.triangles, mesh.vertex),
                mesh.uv,
                part.occlusion[:, None],
                part.lips[:, None],
            ],
            1,
        )
        part.buffer.write(rows.astype("f4").tobytes())
        return points

    def bake(self, base: F32, directions: int = 96) -> None:
        """Ambient occlusion by corner: the share of directions above the surface from which it is seen."""
        for part in self.parts:
            self._fill(part, base)
        rng = np.random.default_rng(0)
        vectors = rng.normal(size=(directions, 3)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors[:, 1] = np.abs(vectors[:, 1]) * np.where(rng.random(directions) < 0.75, 1, -1)
        seen = [np.zeros(len(p.mesh.vertex)) for p in self.parts]
        total = [np.full(len(p.mesh.vertex), 1e-6) for p in self.parts]
        centre = np.array([0.0, 4.6, 0.4], np.float32)
        data = []
        for part in self.parts:
            points = part.fit(base)
            normal = normals(points, part.mesh.triangles, part.mesh.vertex)
            data.append((points[part.mesh.vertex], normal))
        for v in vectors:
            matrix = orthographic(4.2, 1, 40) @ look_at(centre + v * 15, centre)
            depth = self._depth(matrix)
            for i, (points, normal) in enumerate(data):
                facing = np.abs(normal @ v) if self.parts[i].kind == HAIR else np.maximum(normal @ v, 0)
                seen[i] += facing * _visible(points + normal * 0.02, matrix, depth)
                total[i] += facing
        for part, s, t in zip(self.parts, seen, total, strict=True):
            part.occlusion = np.clip(0.15 + 1.0 * s / t, 0, 1).astype(np.float32)

    def _depth(self, matrix: F32) -> F32:
        self.shadow_target.use()
        self.shadow_target.clear(depth=1.0)
        self.gl.enable_only(moderngl.DEPTH_TEST)
        self.depth["light"].write(matrix.T.astype("f4").tobytes())
        for part in self.parts:
            if part.kind in (BROW, MOUTH, EYE):
                continue
            part.texture.use(0)
            self.depth["albedo"].value, self.depth["cutoff"].value = 0, 0.5 if part.kind == HAIR else 0.0
            part.depth_array.render()
        raw = self.shadow.read()
        return np.frombuffer(raw, np.float32).reshape(SHADOW, SHADOW)

    def draw(self, base: F32, head_up: F32) -> NDArray[np.uint8]:
        """(h, w, 3) sRGB."""
        for part in self.parts:
            self._fill(part, base)
        self._shadow_pass()
        self.target.use()
        self.target.clear(0, 0, 0, 1, depth=1.0)
        self.gl.enable_only(moderngl.NOTHING)
        self.back_texture.use(0)
        self.back.render(moderngl.TRIANGLE_STRIP)
        self._common(base, head_up)
        self.gl.enable_only(moderngl.DEPTH_TEST)
        for part in self.parts:
            if part.kind not in (HAIR, BROW):
                self._render(part, part.cutoff)
        self.gl.enable_only(moderngl.DEPTH_TEST | moderngl.BLEND)
        for part in self.parts:
            if part.kind in (HAIR, BROW):
                self._soft(part)
        self.gl.copy_framebuffer(self.flat, self.target)
        raw = self.flat.read(components=3, alignment=1)
        return np.frombuffer(raw, np.uint8).reshape(self.size[1], self.size[0], 3)[::-1]

    def _shadow_pass(self) -> None:
        self.shadow_target.use()
        self.shadow_target.clear(depth=1.0)
        self.gl.enable_only(moderngl.DEPTH_TEST)
        self.depth["light"].write(self.light.T.astype("f4").tobytes())
        for part in self.parts:
            if part.kind in (BROW, MOUTH, EYE):
                continue
            part.texture.use(0)
            self.depth["albedo"].value, self.depth["cutoff"].value = 0, 0.6 if part.kind == HAIR else 0.0
            part.depth_array.render()

    def _common(self, base: F32, head_up: F32) -> None:
        p = self.program
        p["camera"].write(self.camera.T.astype("f4").tobytes())
        p["light"].write(self.light.T.astype("f4").tobytes())
        values = {
            "eye": self.eye,
            "key_dir": KEY_DIR,
            "head_up": head_up,
            "mouth": base[self.lip_vertex],
            "lip_tint": self.look.lip_tint,
            "albedo": 0,
            "shadow": 1,
            "bumps": 2,
            "folds": 3,
        }
        for name, value in values.items():
            if name in p:
                p[name].value = value if isinstance(value, int) else tuple(float(x) for x in value)
        self.shadow.use(1)

    def _render(self, part: Part, cutoff: float) -> None:
        part.texture.use(0)
        (part.bumps or part.texture).use(2)
        (part.folds or part.texture).use(3)
        p = self.program
        p["kind"].value, p["cutoff"].value, p["tint"].value = part.kind, cutoff, part.tint
        p["plain"].value = float(self.look.plain_clothes)
        p["has"].value = (float(part.bumps is not None), float(part.folds is not None))
        part.array.render()

    def _soft(self, part: Part) -> None:
        """Strands: what is solid writes depth, then their soft edges are blended over without it."""
        self.gl.blend_func = moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA
        if part.kind == HAIR:
            self._render(part, 0.6)
        self.target.depth_mask = False
        self._render(part, 0.2 if part.kind == HAIR else 0.04)
        self.target.depth_mask = True

    def _backdrop(self, samples: int) -> None:
        picture = backdrop(self.size, self.look.backdrop)
        self.back_texture = self.gl.texture(self.size, 3, picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM).tobytes())
        program = self.gl.program(vertex_shader=shaders.BACK_VERTEX, fragment_shader=shaders.BACK_FRAGMENT)
        corners = self.gl.buffer(np.array([-1, -1, 1, -1, -1, 1, 1, 1], "f4").tobytes())
        self.back = self.gl.vertex_array(program, [(corners, "2f", "corner")])


def _rounds(proxy: Proxy, times: int) -> tuple[Rounded, ...]:
    out: list[Rounded] = []
    mesh, positions = proxy.mesh, len(proxy.index)
    for _ in range(times):
        out.append(rounded(mesh, positions))
        mesh, positions = out[-1].mesh, positions + len(out[-1].edges)
    return tuple(out)


def _visible(points: F32, matrix: F32, depth: F32) -> NDArray[np.bool_]:
    h = points @ matrix[:3, :3].T + matrix[:3, 3]
    x, y = ((h[:, k] * 0.5 + 0.5) * (SHADOW - 1) for k in (0, 1))
    inside = (x >= 0) & (y >= 0) & (x < SHADOW) & (y < SHADOW)
    xi, yi = np.clip(x, 0, SHADOW - 1).astype(int), np.clip(y, 0, SHADOW - 1).astype(int)
    out: NDArray[np.bool_] = ~inside | (depth[yi, xi] > h[:, 2] * 0.5 + 0.5 - 0.003)
    return out


def backdrop(size: tuple[int, int], colours: tuple[tuple[int, int, int], tuple[int, int, int]]) -> Image.Image:
    """A warm room out of focus: a lit wall, a shelf with rounded things, a few lights."""
    w, h = size
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    glow = np.exp(-(((x - 0.62 * w) / (0.75 * w)) ** 2 + ((y - 0.25 * h) / (0.5 * h)) ** 2))
    top, low = (np.array(c, np.float32) for c in colours)
    wall = low + (top - low) * glow[..., None]
    picture = Image.fromarray(wall.astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for level in (0.235, 0.46):
        pen.rectangle([0, int(level * h), w, int((level + 0.012) * h)], fill=(146, 112, 88))
        at = -0.02
        while at < 1.0:
            wide, tall = rng.uniform(0.05, 0.13), rng.uniform(0.05, 0.13)
            hue = [(214, 196, 176), (122, 140, 120), (196, 150, 128), (232, 224, 210), (110, 122, 136)][rng.integers(5)]
            box = [at * w, (level - tall) * h, (at + wide) * w, level * h]
            pen.rounded_rectangle(box, radius=int(0.02 * w), fill=hue)
            at += wide + rng.uniform(0.03, 0.12)
    picture = picture.filter(ImageFilter.GaussianBlur(w * 0.028))
    lights = Image.new("RGB", size)
    pen = ImageDraw.Draw(lights)
    for _ in range(9):
        cx, cy, r = rng.uniform(0, w), rng.uniform(0, 0.42 * h), rng.uniform(0.015, 0.035) * w
        level = int(rng.uniform(28, 62))
        pen.ellipse([cx - r, cy - r, cx + r, cy + r], fill=(level, int(level * 0.85), int(level * 0.6)))
    lights = lights.filter(ImageFilter.GaussianBlur(w * 0.004))
    out = np.asarray(picture, np.float32) + np.asarray(lights, np.float32)
    vignette = 1 - 0.28 * (((x / w - 0.5) * 1.25) ** 2 + ((y / h - 0.45) * 1.1) ** 2)
    return Image.fromarray(np.clip(out * vignette[..., None], 0, 255).astype(np.uint8))
