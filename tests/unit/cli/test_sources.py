"""Where the settings of a run come from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pycrm.cli.context import Settings
from pycrm.cli.sources import SETTINGS, find_setting, read_config, shown_url, write_config
from pycrm.errors import ConfigurationError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and nothing in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", *(setting.variable for setting in SETTINGS.values())):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "values"), [("url", "abc"), ("schema", "abc"), ("as", "abc"), ("language", ("zh", "en", "zh-TW"))]
)
def test_option_goes_before_environment_before_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, values: Sequence[str]
) -> None:
    """The nearest word counts, and its place is known."""
    setting = SETTINGS[name]
    (folder / "pycrm.toml").write_text(f'{name} = "{values[0]}"')
    from_file = find_setting(name, {})
    monkeypatch.setenv(setting.variable, values[1])
    from_environment = find_setting(name, {})
    from_option = find_setting(name, {name: values[2]})

    found = [(each.value, each.source) for each in (from_file, from_environment, from_option)]
    assert found == [(values[0], "pycrm.toml"), (values[1], setting.variable), (values[2], setting.option)]


def test_defaults_are_told_as_such() -> None:
    """Where nobody says anything, that is what is said."""
    found = {name: find_setting(name, {}) for name in SETTINGS}

    assert (found["as"].value, found["as"].source) == ("cli", "default")
    assert (found["url"].value, found["url"].source) == (None, "")


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


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://mei:secret@localhost/crm",
        "postgresql://localhost/crm?user=mei&password=secret",
        "postgresql://localhost/crm?sslpassword=secret",
        "postgresql://mei:secret@localhost:port/crm",
    ],
)
def test_password_is_not_shown(url: str) -> None:
    """It would end up in logs, wherever in the URL it stands."""
    shown = shown_url(url)

    assert "secret" not in shown
    assert "***" in shown
    assert "crm" in shown


@pytest.mark.parametrize(
    ("name", "value", "language"),
    [
        ("LANG", "zh_CN.UTF-8", "zh"),
        ("LANG", "zh_HK.UTF-8", "zh-TW"),
        ("LANG", "de_DE@euro", "en"),
        ("LC_ALL", "zh_TW", "zh-TW"),
        ("LANG", "C", "en"),
    ],
)
def test_language_is_that_of_environment(monkeypatch: pytest.MonkeyPatch, name: str, value: str, language: str) -> None:
    """English stands in for languages that have no texts."""
    monkeypatch.setenv(name, value)

    assert Settings().language == language


def test_unknown_language_is_refused_where_it_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sets our own variable means it; errors are told in English then."""
    monkeypatch.setenv("PYCRM_LANG", "fr")

    with pytest.raises(ConfigurationError, match="PYCRM_LANG asks for the language 'fr'"):
        _ = Settings().language
    assert Settings().say.language == "en"
