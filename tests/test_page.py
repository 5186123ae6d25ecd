"""The whole way in a real browser: a viewer types a question and sees and hears it answered."""

import re
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.show import Show, live

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"]  # fmt: skip
PATIENCE_MS = 60_000

# What the browser itself decoded: frames, their size and times, and the energy of the sound.
STATS = """async () => {
  const video = document.getElementById("video");
  if (!window.ears) {
    const context = new AudioContext();
    await context.resume();
    const tap = context.createAnalyser();
    context.createMediaStreamSource(video.srcObject).connect(tap);
    window.ears = { tap, samples: new Float32Array(tap.fftSize) };
  }
  let loudest = 0;
  for (let i = 0; i < 40; i++) {
    await new Promise((done) => setTimeout(done, 25));
    window.ears.tap.getFloatTimeDomainData(window.ears.samples);
    loudest = Math.max(loudest, ...window.ears.samples.map(Math.abs));
  }
  return { loudest, width: video.videoWidth, height: video.videoHeight,
           frames: video.getVideoPlaybackQuality().totalVideoFrames };
}"""
SNAPSHOT = """() => {
  const video = document.getElementById("video"), canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0);
  return Array.from(pen.getImageData(24, 24, 160, 48).data);
}"""


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    with live(tmp_path_factory.mktemp("show")) as running:
        yield running


@pytest.fixture(scope="module")
def page(show: Show) -> Iterator[Page]:
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1180, "height": 860})
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page.goto(show.url)
        page.locator("#veil").wait_for(state="hidden")
        yield page
        browser.close()


def stats(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(STATS)
    return found


def ask(page: Page, text: str, name: str = "") -> None:
    if name:
        page.fill("#name", name)
    page.fill("#text", text)
    page.press("#text", "Enter")


def said(show: Show, kind: str) -> list[tuple[str, str]]:
    """(turn, text) of what has been heard of one kind."""
    with sqlite3.connect(show.data / "journal.sqlite") as db:
        rows = db.execute("SELECT turn, text FROM said WHERE kind = ? ORDER BY start_pts", (kind,)).fetchall()
    db.close()
    return rows


def test_the_host_is_seen_and_heard(page: Page) -> None:
    before = stats(page)
    after = stats(page)
    assert (after["width"], after["height"]) == (720, 1280)
    assert after["frames"] > before["frames"] + 10, "the picture stands still"
    assert max(before["loudest"], after["loudest"]) > 0.02, "nothing is heard"
    assert page.locator("#live").inner_text() == "Live"


def test_the_label_is_on_the_picture(page: Page) -> None:
    pixels = np.array(page.evaluate(SNAPSHOT)).reshape(48, 160, 4)[..., :3]
    dark, light = (pixels.max(2) < 90).mean(), (pixels.min(2) > 200).mean()
    assert dark > 0.3 and light > 0.05, "no label: white letters on a dark pill"


def test_a_question_is_answered_in_the_chat_and_aloud(page: Page, show: Show) -> None:
    ask(page, "How much is the umbrella?", name="Nora")
    reply = page.locator("#chat li.host").last
    expect(reply).to_contain_text("$28.00")
    expect(reply.locator("b")).to_contain_text("Nora")
    expect(page.locator("#chat li.viewer").first).to_contain_text("How much is the umbrella?")
    assert any("Tern Umbrella" in text and "$28.00" in text for _, text in said(show, "answer"))


def test_an_answer_in_the_askers_language(page: Page) -> None:
    ask(page, "水壶是什么材质的？")
    expect(page.locator("#chat li.host").last).to_contain_text("Osprey Kettle的材质")


def test_the_pitch_goes_on_after_the_answers(page: Page, show: Show) -> None:
    count = len(said(show, "pitch"))
    until = time.monotonic() + PATIENCE_MS / 1000
    while len(said(show, "pitch")) <= count and time.monotonic() < until:
        time.sleep(0.2)
    texts = [text for _, text in said(show, "pitch")]
    assert len(texts) > count
    assert len(set(texts)) == len(texts), "a line of the pitch was said twice"


def test_markup_in_a_comment_stays_text(page: Page) -> None:
    ask(page, "<img src=x onerror='document.title=\"owned\"'> how much is the kettle?", name="<b>Eve</b>")
    expect(page.locator("#chat li.viewer").last).to_contain_text("<img src=x")
    expect(page.locator("#chat li.host").last).to_contain_text("$47.50")
    assert "owned" not in page.title()
    assert page.locator("#chat img").count() == 0


def test_a_phone_sees_the_host_and_the_chat_without_scrolling_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    try:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        box = page.locator("#text").bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
    finally:
        page.set_viewport_size({"width": 1180, "height": 860})


def test_the_page_loads_nothing_from_elsewhere(page: Page, show: Show) -> None:
    urls = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert urls and all(url.startswith(show.url) for url in urls)
    assert not re.search(r"https?://(?!127\.0\.0\.1)", page.content())


def test_journal_has_every_comments_way(page: Page, show: Show) -> None:
    ask(page, "🔥🔥🔥")
    expect(page.locator("#chat li.viewer").last).to_contain_text("🔥")
    time.sleep(0.5)  # the journal writes in a thread of its own
    with sqlite3.connect(Path(show.data) / "journal.sqlite") as db:
        rows = dict(db.execute("SELECT text, decision || ': ' || reason FROM comments"))
        facts = [row for (row,) in db.execute("SELECT facts FROM turns WHERE question LIKE '%umbrella%'")]
    db.close()
    assert rows["🔥🔥🔥"] == "ignored: no words"
    assert rows["How much is the umbrella?"].startswith("answered")
    assert "TER-UMB" in facts[0]
