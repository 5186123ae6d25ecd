"""The command line: what a person can put right is told in one line, with exit status 2 and no traceback."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from agent.__main__ import main
from renderer.avatar.pack import builtin

ROOT = Path(__file__).resolve().parent.parent
HEADER = "Handle,Title,Variant SKU,Variant Price\n"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder and a working folder of the test's own."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("HAWKER_DATA", str(folder))
    monkeypatch.chdir(tmp_path)
    yield folder
    structlog.reset_defaults()


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The one line a command fails with."""
    assert main(list(argv)) == 2
    out, err = capsys.readouterr()
    told = [line for line in err.splitlines() if line.startswith("hawker:")]
    assert len(told) == 1 and err.splitlines()[-1] == told[0], err
    assert "Traceback" not in err and out == ""
    return told[0]


def config(tmp_path: Path, text: str) -> str:
    path = tmp_path / "show.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_failure_is_one_line_and_status_2_in_a_real_process(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "agent", "ask", "hi", "--config", str(tmp_path / "none.toml")],
        capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == f"hawker: {tmp_path}/none.toml: no such file; copy hawker.toml from the project and edit it\n"


def test_a_broken_configuration_names_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "not valid TOML" in refused(capsys, "live", "--config", config(tmp_path, "[show"))
    assert "line 2" in refused(capsys, "ask", "x", "--config", config(tmp_path, "[page]\nport = -1"))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("none.csv", None, "no such file"),
        ("empty.csv", b"", "empty; export the catalogue again"),
        ("other.csv", b"a,b\n1,2\n", "no column for title and price"),
        ("binary.csv", bytes(range(256)) * 40, "not a text file"),
        ("header.csv", HEADER.encode(), "no product in it"),
        ("table.ods", b"x", "unknown format .ods; hawker reads CSV"),
        ("empty.md", b"", "empty; export"),
    ],
)
def test_a_catalogue_file_that_cannot_be_used(
    name: str, content: bytes | None, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert told in refused(capsys, "ingest", name)
    assert told in refused(capsys, "ask", "x", "--config", config(tmp_path, f'[catalogue]\nfiles = ["{name}"]'))


def test_an_empty_catalogue_says_how_to_fill_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert "run `hawker ingest FILE`" in refused(capsys, "ask", "how much?")


@pytest.mark.parametrize("database", ["catalogue.sqlite"])
def test_a_broken_catalogue_database(data: Path, database: str, capsys: pytest.CaptureFixture[str]) -> None:
    (data / database).write_bytes(b"this is no database, whatever its name says" * 99)
    assert "move it away and ingest again" in refused(capsys, "ask", "how much?")


def test_a_data_folder_that_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HAWKER_DATA", str(tmp_path / "file" / "x"))
    assert "set HAWKER_DATA" in refused(capsys, "ask", "x")


def test_an_unknown_avatar_and_a_damaged_one(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, "live", "--config", config(tmp_path, '[host]\navatar = "nobody"'))
    assert 'no avatar is called "nobody"; installed: mei' in told
    pack = data / "avatars" / "hurt"
    shutil.copytree(builtin() / "mei", pack)
    weights = pack / "net.safetensors"
    damaged = bytearray(weights.read_bytes())
    damaged[-1] ^= 1
    weights.write_bytes(damaged)
    told = refused(capsys, "avatar", "render", "hurt", "--audio", "none.wav", "-o", "out.mp4")
    assert "checksum differs" in told
    assert main(["avatar", "list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["mei"]["ok"] and "checksum" in rows["hurt"]["problem"]


def test_unknown_voices_and_languages_and_silent_texts(capsys: pytest.CaptureFixture[str]) -> None:
    assert 'no voice is called "x/y"; there are' in refused(capsys, "say", "hi", "-o", "a.wav", "--voice", "x/y")
    assert "installed languages:" in refused(capsys, "say", "hi", "-o", "a.wav", "--lang", "tlh")
    assert "nothing to say" in refused(capsys, "say", "...", "-o", "a.wav")


def test_outputs_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be written" in refused(capsys, "say", "Hi.", "-o", "no/such/folder/a.wav")
    assert "cannot be written" in refused(capsys, "say", "Hi.", "-o", "a.wav", "--timings", "no/such/folder/t.json")
    assert main(["say", "Hello there.", "-o", "a.wav", "--timings", "t.json", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["voice"] == "hibari/heart" and 0.5 < row["duration_s"] < 3
    assert json.loads((tmp_path / "t.json").read_text())["phonemes"]
    (tmp_path / "file").write_text("")
    told = refused(capsys, "avatar", "render", "mei", "--audio", "a.wav", "-o", "file/x.mp4")
    assert "cannot be recorded to" in told


def test_recordings_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "noise.wav").write_bytes(b"RIFFnothing of the kind")
    assert "none.wav" in refused(capsys, "avatar", "render", "mei", "--audio", "none.wav", "-o", "o.mp4")
    assert "noise.wav" in refused(capsys, "avatar", "render", "mei", "--audio", "noise.wav", "-o", "o.mp4")
    assert "none.jsonl" in refused(capsys, "live", "--chat", "none.jsonl")


def test_a_broken_journal_is_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from agent.journal import Journal, JournalError

    (data / "journal.sqlite").write_bytes(b"no database " * 200)
    with pytest.raises(JournalError, match="move it away"):
        Journal(data / "journal.sqlite", title="", config="", catalogue_version=0, began="")


def test_a_question_is_answered_from_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.csv").write_text(f"{HEADER}mug,Blue Mug,MUG-1,12.50\nbad,Bad,B-1,abc\n", encoding="utf-8")
    assert main(["ingest", "p.csv", "--currency", "EUR", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)["files"][0]
    assert report["added"] == 1 and report["rejected"][0]["line"] == 3
    assert main(["ask", "how much is the blue mug?", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert "€12.50" in row["answer"] and row["verdict"]["ok"] and row["facts"][0]["source"] == "p.csv:2"


def test_an_offer_is_changed_by_hand_and_outlasts_the_next_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.csv").write_text(f"{HEADER}mug,Blue Mug,MUG-1,12.50\n", encoding="utf-8")
    show = config(tmp_path, '[catalogue]\nfiles = ["p.csv"]')
    assert main(["ingest", "p.csv"]) == 0 and capsys.readouterr()
    assert main(["offer", "MUG-1", "--price", "9.90", "--stock", "3"]) == 0
    assert capsys.readouterr().out == "MUG-1 Blue Mug: 9.90 USD, 3 in stock (catalogue version 2)\n"
    assert main(["ask", "how much is the blue mug?", "--config", show]) == 0
    assert "$9.90" in capsys.readouterr().out, "the configuration's file says nothing new"
    assert main(["offer", "MUG-1", "--stock", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["offers"][0]["stock"] == 0
    assert 'no variant has the SKU "NONE"' in refused(capsys, "offer", "NONE", "--stock", "1")
    assert "such as" in refused(capsys, "offer", "MUG-1", "--price", "9,90")
    assert "give a price, a stock or both" in refused(capsys, "offer", "MUG-1")
