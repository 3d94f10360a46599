"""Where the settings of a run come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from pycrm.cli.context import Settings, read_config, shown_url, usual_language
from pycrm.cli.database import write_config
from pycrm.errors import ConfigurationError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and nothing in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("PYCRM_URL", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_option_goes_before_environment_before_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest word counts."""
    write_config("sqlite:///file.db")
    from_file = Settings().database()
    monkeypatch.setenv("PYCRM_URL", "sqlite:///environment.db")
    from_environment = Settings().database()

    assert from_file == "sqlite:///file.db"
    assert from_environment == "sqlite:///environment.db"
    assert Settings(url="sqlite:///option.db").database() == "sqlite:///option.db"


def test_no_database_names_cure() -> None:
    """All three places and the cure are named."""
    with pytest.raises(ConfigurationError, match=r"--url, no PYCRM_URL and no pycrm\.toml.*pycrm init"):
        Settings().database()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("url = ", "cannot be read"),
        ('uri = "x"', "did you mean 'url'"),
        ("url = 3", "quotation marks"),
        ("\xff", "cannot"),
    ],
)
def test_bad_file_is_refused(folder: Path, text: str, told: str) -> None:
    """What is wrong with the file is said."""
    (folder / "pycrm.toml").write_bytes(text.encode("latin-1"))

    with pytest.raises(ConfigurationError, match=told):
        read_config()


def test_config_comes_back_as_written() -> None:
    """Quotes and backslashes survive the file."""
    write_config('sqlite:///a"b\\c.db', "tenant")

    assert read_config() == {"url": 'sqlite:///a"b\\c.db', "schema": "tenant"}


def test_file_with_password_is_private(folder: Path) -> None:
    """A password in the file is for its owner."""
    write_config("postgresql://mei:secret@localhost/crm")

    assert (folder / "pycrm.toml").stat().st_mode & 0o077 == 0


def test_password_is_not_shown() -> None:
    """It would end up in logs."""
    assert "secret" not in shown_url("postgresql://mei:secret@localhost/crm")


@pytest.mark.parametrize(
    ("name", "value", "language"),
    [("LANG", "zh_CN.UTF-8", "zh"), ("LANG", "de_DE.UTF-8", "en"), ("LC_ALL", "zh_TW", "zh"), ("LANG", "C", "en")],
)
def test_language_is_that_of_environment(monkeypatch: pytest.MonkeyPatch, name: str, value: str, language: str) -> None:
    """English stands in for languages that have no labels."""
    monkeypatch.setenv(name, value)

    assert usual_language() == language
