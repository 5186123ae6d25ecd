"""One file configures a show; wrong settings are refused with the line."""

from pathlib import Path

import pytest

from agent.config import Config, ConfigError, data_dir, load

ROOT = Path(__file__).resolve().parent.parent


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "show.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_projects_own_file_is_valid_and_its_files_exist() -> None:
    config = load(ROOT / "hawker.toml")
    assert config.catalogue.files and all(path.is_file() for path in config.catalogue.files)


def test_paths_count_from_the_file(tmp_path: Path) -> None:
    config = load(write(tmp_path, '[catalogue]\nfiles = ["a/b.csv"]'))
    assert config.catalogue.files == (tmp_path / "a/b.csv",)


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(None) == Config()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[host]\nname = 'A'\n\n[page]\nport = 99999", ["line 5", "page.port", "65535"]),
        ("[show]\nlanguage = 'English'", ["line 2", "show.language"]),
        ("[show]\ntitel = 'x'", ["line 2", "show.titel", "not permitted"]),
        ("[shop]\nx = 1", ["line 1", "shop"]),
        ("[llm]\nphrase = 'sometimes'", ["line 2", "llm.phrase"]),
        ("[host]\nlabel = ''", ["line 2", "host.label"]),
        ("title = ", ["not valid TOML"]),
    ],
)
def test_wrong_settings_name_the_line(tmp_path: Path, text: str, told: list[str]) -> None:
    with pytest.raises(ConfigError) as error:
        load(write(tmp_path, text))
    for part in told:
        assert part in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file; copy hawker\.toml"):
        load(tmp_path / "none.toml")


def test_data_goes_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAWKER_DATA", str(tmp_path / "deep" / "data"))
    assert data_dir() == tmp_path / "deep" / "data" and data_dir().is_dir()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HAWKER_DATA", str(tmp_path / "file" / "data"))
    with pytest.raises(ConfigError, match="set HAWKER_DATA"):
        data_dir()
