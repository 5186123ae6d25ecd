"""The label is always in the picture; boxes stay inside it and apart, whatever texts and pictures come."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from renderer.media import HEIGHT, WIDTH, Card
from renderer.overlay import Overlay

TEXTS = ["Hello there", "价格是八十八元，今天下单包邮" * 10, "ราคาสองร้อยห้าสิบบาทส่งฟรีทั่วไทย" * 6, "इसकी कीमत पचास रुपये है " * 9,
         "x" * 5000,
         "{name} %s <b>\u202e\x00\n\t", "👩‍👩‍👧🔥", "a\u0301" * 300, "\u0e31\u0e49", " ", "ﷺ العربية עברית"]  # fmt: skip


def draw(overlay: Overlay, t: int, *, card: Card | None = None, caption: str = "", level: int = 16, progress: float = 0.0) -> Any:
    """Luma of a frame that was all ``level``."""
    planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    planes[:HEIGHT] = level
    overlay.draw(planes, card=card, caption=caption, caption_language="en", t=t, progress=progress)
    return planes[:HEIGHT].astype(int)


def touched(overlay: Overlay, bare: Any, **what: Any) -> Any:
    """Rows and columns that card or caption change, once faded in: (rows, columns)."""
    for t in range(100, 110):
        now = draw(overlay, t, **what)
    changed = np.abs(now - bare) > 2
    return np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))


@pytest.mark.parametrize("level", [16, 128, 235])
def test_the_label_is_always_visible(level: int) -> None:
    overlay = Overlay("AI host")
    for t, what in enumerate([{}, {"caption": "x" * 900}, {"card": Card("S", "Mug", "$1")}, {}]):
        region = draw(overlay, t, level=level, **what)[:200, :400]  # type: ignore[arg-type]
        assert (np.abs(region - level) > 60).sum() > 500, f"frame {t}"
        assert region.max() - region.min() > 100, "its letters stand out from their ground"


@pytest.mark.parametrize("text", TEXTS)
def test_card_and_caption_stay_inside_and_apart(text: str) -> None:
    bare = draw(Overlay("AI host"), 0)
    card_rows, card_columns = touched(Overlay("AI host"), bare, card=Card("S", text, text, text))
    rows, columns = touched(Overlay("AI host"), bare, caption=text)
    assert len(card_rows) and card_rows[0] > HEIGHT // 2 and card_rows[-1] < HEIGHT - 8
    assert card_columns[0] >= 8 and card_columns[-1] < WIDTH - 8
    if len(rows):
        assert rows[0] > HEIGHT // 2 and rows[-1] < card_rows[0], "the face is free, the boxes apart"
        assert columns[0] >= 8 and columns[-1] < WIDTH - 8


def test_a_long_caption_is_paged_to_its_end() -> None:
    overlay, text = Overlay("AI host"), " ".join(f"word{n}" for n in range(60))
    pages = {draw(overlay, t, caption=text, progress=t / 50).tobytes() for t in range(20, 50)}
    assert len(pages) >= 2


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, None])
def test_pictures_that_cannot_be_read_do_not_lose_the_card(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "p.png"
    Image.new("RGB", (64, 64), "red").save(path)
    path.write_bytes(path.read_bytes()[:100] if content is None else content)
    rows, _ = touched(Overlay("AI host"), draw(Overlay("AI host"), 0), card=Card("S", "Mug", "$1", image=str(path)))
    assert len(rows)
