"""What lies over the picture: the AI label, the caption, the product card. Drawn once, blended every frame.

Texts go through Pillow as plain glyphs; nothing in them is ever interpreted. Boxes keep clear of the face, which is
in the upper half of the stage, and of each other.
"""

import unicodedata
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from renderer.media import HEIGHT, WIDTH, Card, Planes

FONTS = Path(__file__).parent / "data" / "fonts"
MARGIN = 24
FADE_FRAMES = 6
CARD_TOP, CARD_HEIGHT = 1092, 152
CAPTION_BOTTOM, CAPTION_SIZE, CAPTION_LINES = 1068, 34, 3
CACHE = 64  # rendered patches kept
INK, SOFT, ACCENT, PAPER = (24, 24, 27), (110, 110, 118), (196, 60, 44), (255, 255, 255)
NO_BREAK_AFTER = set("เแโใไ([{“‘「（")
NO_BREAK_BEFORE = set("，。！？；：、,.!?;:)]}”’」）%ๆฯ")


@dataclass(frozen=True)
class Patch:
    """A rendered box: colour planes and coverage at full and at half resolution. Even sizes and places."""

    x: int
    y: int
    luma: NDArray[np.float32]
    chroma: NDArray[np.float32]  # (2, h/2, w/2)
    cover: NDArray[np.float32]
    half_cover: NDArray[np.float32]


class Overlay:
    """Draws into I420 planes in place. Belongs to the render thread."""

    def __init__(self, label: str) -> None:
        self._label = _patch(_label(label), MARGIN, MARGIN)
        self._cache: OrderedDict[Any, Patch] = OrderedDict()
        self._card, self._caption = _Fader(), _Fader()

    def draw(
        self, planes: Planes, *, card: Card | None, caption: str, caption_language: str, t: int, progress: float = 0.0
    ) -> None:
        """Blend label, card and caption into frame ``t``. ``progress`` (0…1) of the sentence pages a long caption."""
        text = _page(caption, progress)
        for fader, key in ((self._card, card), (self._caption, (text, caption_language) if text else None)):
            for shown, strength in fader.at(key, t):
                _blend(planes, self._rendered(shown), strength)
        _blend(planes, self._label, 1.0)

    def _rendered(self, key: Any) -> Patch:
        if key not in self._cache:
            if isinstance(key, Card):
                self._cache[key] = _patch(_card(key), MARGIN, CARD_TOP)
            else:
                picture = _caption(key[0])
                self._cache[key] = _patch(picture, (WIDTH - picture.width) // 2, CAPTION_BOTTOM - picture.height)
            if len(self._cache) > CACHE:
                self._cache.popitem(last=False)
        return self._cache[key]


class _Fader:
    """Fades a changing thing in and the one before out."""

    def __init__(self) -> None:
        self._now: Any = None
        self._before: Any = None
        self._since = -FADE_FRAMES

    def at(self, key: Any, t: int) -> list[tuple[Any, float]]:
        if key != self._now:
            self._before, self._now, self._since = self._now, key, t
        share = min(1.0, (t - self._since + 1) / FADE_FRAMES)
        out = [(self._before, 1 - share)] if self._before is not None and share < 1 and self._now is None else []
        if self._now is not None:  # one text replaces another at once: two over each other cannot be read
            out.append((self._now, share if self._before is None else 1.0))
        return out


def _blend(planes: Planes, patch: Patch, strength: float) -> None:
    h, w = patch.luma.shape
    quarter = HEIGHT // 4
    y = planes[patch.y : patch.y + h, patch.x : patch.x + w]
    y[:] = y + (patch.luma - y) * (patch.cover * strength)
    u = planes[HEIGHT : HEIGHT + quarter].reshape(HEIGHT // 2, WIDTH // 2)
    v = planes[HEIGHT + quarter :].reshape(HEIGHT // 2, WIDTH // 2)
    for plane, colour in ((u, patch.chroma[0]), (v, patch.chroma[1])):
        box = plane[patch.y // 2 : (patch.y + h) // 2, patch.x // 2 : (patch.x + w) // 2]
        box[:] = box + (colour - box) * (patch.half_cover * strength)


def _patch(picture: Image.Image, x: int, y: int) -> Patch:
    """RGBA → BT.709 limited-range planes at an even place, cut to the stage."""
    x, y = x // 2 * 2, y // 2 * 2
    w, h = min(picture.width, WIDTH - x) // 2 * 2, min(picture.height, HEIGHT - y) // 2 * 2
    rgba = np.asarray(picture.crop((0, 0, w, h)), np.float32)
    r, g, b, a = (rgba[..., k] for k in range(4))
    luma = 0.2126 * r + 0.7152 * g + 0.0722 * b
    chroma = np.stack([(b - luma) / 1.8556, (r - luma) / 1.5748]) * (224 / 255) + 128
    half = chroma.reshape(2, h // 2, 2, w // 2, 2).mean((2, 4))
    cover: NDArray[np.float32] = (a / 255).astype(np.float32)
    half_cover: NDArray[np.float32] = cover.reshape(h // 2, 2, w // 2, 2).mean((1, 3)).astype(np.float32)
    return Patch(x, y, (luma * (219 / 255) + 16).astype(np.float32), half.astype(np.float32), cover, half_cover)


# -- pictures -----------------------------------------------------------------------------------------------------


def _label(text: str) -> Image.Image:
    """A pill with a dot, readable on any ground."""
    size = 28
    wide = int(_length(text, size)) + 66
    picture = Image.new("RGBA", (wide, 52))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((0, 0, wide - 1, 51), 26, fill=(18, 18, 22, 205), outline=(255, 255, 255, 120), width=2)
    pen.ellipse((20, 19, 34, 33), fill=(255, 120, 92, 255))
    _write(pen, (46, 6), text, size, PAPER)
    return picture


def _caption(text: str) -> Image.Image:
    lines = text.split("\n")
    wide = min(WIDTH - 2 * MARGIN, int(max(_length(line, CAPTION_SIZE) for line in lines)) + 56)
    step = int(CAPTION_SIZE * 1.42)
    picture = Image.new("RGBA", (wide, step * len(lines) + 28))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((0, 0, wide - 1, picture.height - 1), 20, fill=(14, 14, 18, 168))
    for row, line in enumerate(lines):
        _write(pen, ((wide - _length(line, CAPTION_SIZE)) / 2, 12 + row * step), line, CAPTION_SIZE, PAPER)
    return picture


def _card(card: Card) -> Image.Image:
    wide = WIDTH - 2 * MARGIN
    picture = Image.new("RGBA", (wide, CARD_HEIGHT))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((0, 0, wide - 1, CARD_HEIGHT - 1), 24, fill=(*PAPER, 238))
    side = CARD_HEIGHT - 28
    picture.paste(_tile(card, side), (14, 14), _rounded(side, 18))
    left, room = side + 34, wide - side - 54
    _write(pen, (left, 12), _cut(card.title, 30, room), 30, INK)
    _write(pen, (left, 52), _cut(card.price, 40, room), 40, ACCENT)
    if card.note:
        _write(pen, (left, 106), _cut(card.note, 24, room), 24, SOFT)
    return picture


def _tile(card: Card, side: int) -> Image.Image:
    """The product's picture when it is a readable local file, else its initial on a colour of its own."""
    if card.image and "://" not in card.image and Path(card.image).is_file():
        try:
            with Image.open(card.image) as found:
                if found.width * found.height <= 40_000_000:
                    return _square(found.convert("RGB"), side)
        except (OSError, ValueError, Image.DecompressionBombError):
            pass  # an unreadable picture is no reason to lose the card
    hue = sum(card.title.encode()) * 37 % 360
    tile = Image.new("HSV", (side, side), (hue * 255 // 360, 70, 205)).convert("RGB")
    pen = ImageDraw.Draw(tile)
    initial = next((c for c in card.title if c.isalnum()), "•").upper()
    _write(pen, ((side - _length(initial, 64)) / 2, side / 2 - 46), initial, 64, PAPER)
    return tile


def _square(picture: Image.Image, side: int) -> Image.Image:
    short = min(picture.size)
    x, y = (picture.width - short) // 2, (picture.height - short) // 2
    return picture.crop((x, y, x + short, y + short)).resize((side, side), Image.Resampling.LANCZOS)


def _rounded(side: int, radius: int) -> Image.Image:
    mask = Image.new("L", (side, side))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, side - 1, side - 1), radius, fill=255)
    return mask


# -- text ---------------------------------------------------------------------------------------------------------


def _script(c: str) -> str:
    point = ord(c)
    if 0x0E00 <= point <= 0x0E7F:
        return "NotoSansThai"
    if 0x0900 <= point <= 0x097F:
        return "NotoSansDevanagari"
    return "NotoSansSC" if 0x2E80 <= point <= 0xFFEF else "NotoSans"


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / f"{name}.ttf"), size)


def _runs(text: str) -> list[tuple[str, str]]:
    """(font, text): neighbours of one script together; spaces and marks stay with what they follow."""
    out: list[tuple[str, str]] = []
    for c in text:
        if unicodedata.category(c)[0] == "C":
            continue
        name = out[-1][0] if out and (c == " " or unicodedata.category(c)[0] == "M") else _script(c)
        if out and out[-1][0] == name:
            out[-1] = (name, out[-1][1] + c)
        else:
            out.append((name, c))
    return out


def _length(text: str, size: int) -> float:
    return sum(_font(name, size).getlength(part) for name, part in _runs(text))


def _write(pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, colour: tuple[int, ...]) -> None:
    x, baseline = at[0], at[1] + size * 1.07
    for name, part in _runs(text):
        font = _font(name, size)
        pen.text((x, baseline), part, font=font, fill=colour, anchor="ls")
        x += font.getlength(part)


def _cut(text: str, size: int, room: float) -> str:
    if _length(text, size) <= room:
        return text
    return text[: _fitting(text, size, room - _length("…", size))].rstrip() + "…"


def _fitting(text: str, size: int, room: float) -> int:
    """How many leading characters fit; found by halving, since a hostile title may be one word of thousands."""
    return bisect_right(range(1, len(text) + 1), room, key=lambda n: _length(text[:n], size))


@lru_cache(256)
def _font_lines(text: str) -> tuple[str, ...]:
    return tuple(wrap(text, CAPTION_SIZE, WIDTH - 2 * MARGIN - 56))


def _page(caption: str, progress: float) -> str:
    """The lines of a caption that belong on screen now."""
    lines = _font_lines(caption[:1000])
    if not lines:
        return ""
    pages = -(-len(lines) // CAPTION_LINES)
    each = -(-len(lines) // pages)
    page = min(pages - 1, int(progress * pages))
    return "\n".join(lines[page * each : (page + 1) * each])


def wrap(text: str, size: int, room: float) -> list[str]:
    """Lines of at most ``room`` pixels, broken between words, or between characters where a script has no spaces."""
    lines, line = [], ""
    for piece in _pieces(" ".join(text.split())):
        if line and _length(line + piece.rstrip(), size) > room:
            lines.append(line.rstrip())
            line = ""
        while _length(piece.rstrip(), size) > room:  # one word wider than the stage
            cut = max(1, _fitting(piece, size, room))
            lines.append(piece[:cut])
            piece = piece[cut:]
        line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    """The smallest parts that stay together: words, and Thai phrases, whose words have no spaces between them."""
    out: list[str] = []
    for c in text:
        glue = out and (
            unicodedata.category(c)[0] == "M" or c == " " or c in NO_BREAK_BEFORE or out[-1][-1] in NO_BREAK_AFTER
            or (out[-1][-1] != " " and _script(c) == _script(out[-1][-1]) != "NotoSansSC")
        )  # fmt: skip
        if glue:
            out[-1] += c
        else:
            out.append(c)
    return out
