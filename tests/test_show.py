"""A whole show without a browser: recorded comments in, a recording and a journal out; and what happens when parts fail."""

import json
import sqlite3
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from agent.commands import write_wav
from renderer.media import SAMPLE_RATE
from tests.show import ROOT, live, settings
from tests.transcribe import transcribe

SECONDS = 34
QUESTIONS = ("How much is the umbrella?", "How much is the kettle?")
MOUTH = slice(400, 640), slice(240, 480)  # rows and columns in which the host's mouth moves


@dataclass
class Watched:
    """A recording, decoded."""

    times: list[float]
    luma: NDArray[np.uint8]  # (frames, 240, 240) around the mouth
    pcm: NDArray[np.int16]
    sound_start_s: float
    sound_end_s: float
    rate: Fraction


def watch(path: Path) -> Watched:
    times, luma = [], []
    with av.open(str(path)) as box:
        rate = box.streams.video[0].average_rate
        for frame in box.decode(video=0):
            times.append(float(frame.pts * frame.time_base))
            luma.append(frame.to_ndarray(format="gray")[MOUTH])
    resampler, parts, start, end = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE), [], None, 0.0
    with av.open(str(path)) as box:
        for frame in box.decode(audio=0):
            at = float(frame.pts * frame.time_base)
            start, end = at if start is None else start, at + frame.samples / frame.sample_rate
            parts += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    return Watched(times, np.stack(luma), np.concatenate(parts), start or 0.0, end, Fraction(rate or 0))


@dataclass
class Played:
    """What a show has left behind."""

    watched: Watched
    rows: dict[str, list[dict[str, Any]]]
    log: str
    status: int


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("played")
    chat = [{"at": 2 + 8 * i, "platform": "test", "user": f"Viewer{i}", "id": f"c{i}", "text": text}
            for i, text in enumerate(QUESTIONS)]  # fmt: skip
    with live(folder, "--seconds", str(SECONDS), "--record", str(folder / "out.mp4"), chat=chat) as show:
        status = show.wait(240)
    yield Played(watch(folder / "out.mp4"), journal(show.data), "\n".join(show.lines), status)


def journal(data: Path) -> dict[str, list[dict[str, Any]]]:
    with sqlite3.connect(data / "journal.sqlite") as db:
        db.row_factory = sqlite3.Row
        out = {name: [dict(row) for row in db.execute(f"SELECT * FROM {name}")] for name in ("comments", "turns", "said")}
    db.close()
    return out


def test_the_show_ends_by_itself(played: Played) -> None:
    assert played.status == 0, played.log


def test_picture_and_sound_start_and_end_together(played: Played) -> None:
    watched = played.watched
    assert watched.rate == 25 and len(watched.times) == SECONDS * 25
    assert np.allclose(np.diff(watched.times), 0.04, atol=1e-3)
    assert watched.times[0] == pytest.approx(watched.sound_start_s, abs=1e-3)
    assert watched.times[-1] + 0.04 == pytest.approx(watched.sound_end_s, abs=0.04)


def test_every_question_is_answered_and_the_words_are_on_the_air(played: Played) -> None:
    assert [row["decision"] for row in played.rows["comments"]] == ["answered", "answered"]
    answers = [row for row in played.rows["said"] if row["kind"] == "answer" and row["end_pts"]]
    heard = " ".join(transcribe(played.watched.pcm[row["start_pts"] : row["end_pts"]]) for row in answers)
    assert "28" in heard and "47" in heard and "brella" in heard.lower() and "kettle" in heard.lower()
    facts = {fact["sku"] for turn in played.rows["turns"] for fact in json.loads(turn["facts"])}
    assert facts == {"TER-UMB", "OSP-KET-1"}


def test_sentences_follow_each_other_and_none_is_cut_short(played: Played) -> None:
    said = sorted(played.rows["said"], key=lambda row: row["start_pts"])
    done = [row for row in said if row["end_pts"] is not None]
    assert len(said) - len(done) <= 1, "only the last sentence may be cut, by the end of the show"
    assert all(a["end_pts"] <= b["start_pts"] for a, b in zip(done, said[1:], strict=False))
    pitch = [row["text"] for row in said if row["kind"] == "pitch"]
    assert pitch and len(set(pitch)) == len(pitch)


def test_times_of_each_stage_are_on_record(played: Played) -> None:
    for turn in played.rows["turns"]:
        ms = json.loads(turn["ms"])
        parts = sum(ms[name] for name in ("wait_chosen", "retrieve", "words", "voice", "queue", "wait_stage", "lead"))
        assert ms["comment_to_voice"] == pytest.approx(parts, abs=1) and min(ms.values()) >= 0


def test_a_model_that_cannot_be_reached_leaves_the_host_answering(tmp_path: Path) -> None:
    config = settings(llm={"phrase": "always", "base_url": "http://127.0.0.1:9/v1", "model": "none", "timeout_s": 2.0})
    chat = [{"at": 1, "platform": "test", "user": "a", "id": "1", "text": "is the moss throw in stock?"}]
    with live(tmp_path, "--seconds", "14", config=config, chat=chat) as show:
        assert show.wait(240) == 0, show.lines
    rows = journal(show.data)
    assert [row["decision"] for row in rows["comments"]] == ["answered"]
    assert rows["turns"][0]["source"] == "plain" and "sold out" in rows["turns"][0]["spoken"]
    warned = [line for line in show.lines if "llm." in line]
    assert warned and "cannot be reached" in warned[0]


def test_a_show_that_is_told_to_end_leaves_a_whole_recording(tmp_path: Path) -> None:
    with live(tmp_path, "--record", str(tmp_path / "out.mp4")) as show:
        assert show.url
        until = time.monotonic() + 60
        while not (rows := journal(show.data)["said"]) and time.monotonic() < until:
            time.sleep(0.2)
        assert rows, "nothing was said"
        show.process.terminate()
        assert show.wait(60) == 143, show.lines
    watched = watch(tmp_path / "out.mp4")
    assert len(watched.times) > 10 and watched.times[-1] + 0.04 == pytest.approx(watched.sound_end_s, abs=0.04)
    assert not any("Traceback" in line for line in show.lines)


def test_a_busy_port_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with live(tmp_path / "one") as first:
        port = first.url.rsplit(":", 1)[1].strip("/")
        with live(tmp_path / "two", "--port", port) as second:
            assert second.wait(120) == 2
    told = [line for line in second.lines if line.startswith("hawker:")]
    assert len(told) == 1 and port in told[0] and "--port" in told[0]
    assert not any("Traceback" in line for line in second.lines)


def test_lips_move_in_speech_and_rest_in_silence(tmp_path: Path) -> None:
    """Drawn from a recording, not live: what a loaded machine leaves out would be judged otherwise."""
    hawker("say", "The kettle boils one litre of water in four minutes.", "-o", tmp_path / "a.wav",
           "--timings", tmp_path / "a.json")  # fmt: skip
    with wave.open(str(tmp_path / "a.wav")) as file:
        speech = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    pause = np.zeros(2 * SAMPLE_RATE, np.int16)
    write_wav(tmp_path / "b.wav", np.concatenate([speech, pause]))
    hawker("avatar", "render", "mei", "--audio", tmp_path / "b.wav", "--timings", tmp_path / "a.json",
           "-o", tmp_path / "b.mp4")  # fmt: skip
    watched = watch(tmp_path / "b.mp4")
    change = np.abs(np.diff(watched.luma.astype(np.int16), axis=0)).mean((1, 2))
    talking, still = change[: len(speech) // 960 - 6], change[len(speech) // 960 + 4 :]
    assert talking.mean() > 2 * still.mean(), "the head moves in both; the mouth only in one"


def hawker(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "agent", *map(str, arguments)], check=True, cwd=ROOT, capture_output=True)
