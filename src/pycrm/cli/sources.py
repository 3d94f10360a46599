"""Where a setting of the command line comes from: an option, an environment variable, ``pycrm.toml``, or nowhere."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote_plus

import attrs
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from pycrm.cli.texts import LANGUAGES, language_of
from pycrm.errors import ConfigurationError, nearest

__all__ = [
    "CONFIG_FILE",
    "SETTINGS",
    "Found",
    "Setting",
    "find_setting",
    "read_config",
    "shown_url",
    "write_config",
]

CONFIG_FILE = "pycrm.toml"
DEFAULT = "default"
HIDDEN = "***"
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
_PASSWORD = re.compile(r"(?<=:)[^:/@]+(?=@)")


@attrs.frozen
class Setting:
    """One setting.

    Attributes:
        name: Its key in ``pycrm.toml``.
        option: The option of the command line.
        variable: The environment variable.
        usual: What counts where none of the three says anything.
    """

    name: str
    option: str
    variable: str
    usual: str | None = None


SETTINGS: Mapping[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting("url", "--url", "PYCRM_URL"),
        Setting("schema", "--schema", "PYCRM_SCHEMA"),
        Setting("as", "--as", "PYCRM_AS", "cli"),
        Setting("language", "--lang", "PYCRM_LANG", "en"),
    )
}
"""The settings by name; the first place that says something counts, in the order option, variable, file."""


@attrs.frozen
class Found:
    """The value of a setting, and the place that said it."""

    value: str | None
    source: str


def find_setting(name: str, options: Mapping[str, str]) -> Found:
    """Return what the setting *name* is.

    Args:
        name: One of `SETTINGS`.
        options: What the command line gave, by name.
    Raises:
        ConfigurationError: ``pycrm.toml`` cannot be read, or a language is none of ours.
    """
    found = _find(SETTINGS[name], options)
    if name == "language" and found.value is not None:
        return _judge_language(found)
    return found


def _find(setting: Setting, options: Mapping[str, str]) -> Found:
    if given := options.get(setting.name):
        return Found(given, setting.option)
    if given := os.environ.get(setting.variable):
        return Found(given, setting.variable)
    if given := read_config().get(setting.name):
        return Found(given, CONFIG_FILE)
    if setting.name == "language":
        return _language_of_environment(setting)
    return Found(setting.usual, DEFAULT if setting.usual is not None else "")


def _language_of_environment(setting: Setting) -> Found:
    """Return the language of the locale; English stands in for those that have no texts here."""
    variable = next((name for name in _LOCALE if os.environ.get(name)), None)
    language = language_of(os.environ[variable]) if variable else None
    return Found(language, str(variable)) if language else Found(setting.usual, DEFAULT)


def _judge_language(found: Found) -> Found:
    language = language_of(found.value or "")
    if language is None:
        known = ", ".join(LANGUAGES)
        raise ConfigurationError(f"{found.source} asks for the language {found.value!r}; there are {known}")
    return attrs.evolve(found, value=language)


def read_config() -> Mapping[str, str]:
    """Return what ``pycrm.toml`` in the current folder says; nothing where there is none.

    Raises:
        ConfigurationError: It cannot be read, or says something that is not understood.
    """
    path = Path(CONFIG_FILE)
    if not path.is_file():
        return {}
    try:
        config = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{CONFIG_FILE} cannot be read: {error}; repair or delete it") from error
    for key, value in config.items():
        if key not in SETTINGS:
            known = ", ".join(SETTINGS)
            raise ConfigurationError(f"{CONFIG_FILE}: unknown key {key!r}{nearest(key, SETTINGS)}; it knows {known}")
        if not isinstance(value, str):
            raise ConfigurationError(f"{CONFIG_FILE}: {key} is {value!r}; write a text in quotation marks")
    return config


def write_config(url: str, schema: str | None = None) -> None:
    """Write ``pycrm.toml`` into the current folder; with a password in it, for the owner's eyes only."""
    path = Path(CONFIG_FILE)
    lines = ["# The CRM of this folder, for the command line.", f"url = {_toml(url)}"]
    if schema:
        lines.append(f"schema = {_toml(schema)}")
    path.touch(mode=0o600 if _has_password(url) else 0o666)
    path.write_text("\n".join(lines) + "\n", "utf-8")


def shown_url(url: str) -> str:
    """Return *url* with its passwords hidden."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the second for a port that is no number
        return _PASSWORD.sub(HIDDEN, url)
    hidden = parsed.update_query_dict({key: HIDDEN for key in parsed.query if "password" in key})
    return hidden.render_as_string(hide_password=True).replace(quote_plus(HIDDEN), HIDDEN)


def _toml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _has_password(url: str) -> bool:
    try:
        return make_url(url).password is not None
    except (ArgumentError, ValueError):  # the second for a port that is no number
        return False
