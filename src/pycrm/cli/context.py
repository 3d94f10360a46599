"""Settings of one run: which database, as whom, in which language; and the CRM that they open.

The database is what ``--url`` says, else ``PYCRM_URL``, else ``pycrm.toml`` in the current folder.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import click
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from pycrm.app import CRM
from pycrm.errors import ConfigurationError, NotMigratedError, nearest
from pycrm.schema import Record, Schema
from pycrm.schema.labels import Labels
from pycrm.values.principal import ADMINISTRATOR, Principal
from pycrm.workspace import Reader, Workspace

__all__ = ["CONFIG_FILE", "DEFAULT_URL", "ENVIRONMENT", "Settings", "global_options", "read_config", "shown_url"]

CONFIG_FILE = "pycrm.toml"
ENVIRONMENT = "PYCRM_URL"
DEFAULT_URL = "sqlite:///crm.db"
LANGUAGES = ("en", "zh")
_KEYS = ("url", "schema")


def usual_language() -> str:
    """Return the language of the environment, English where it is none of ours."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"


@attrs.define
class Settings:
    """What the global options say. `crm` is open once a command has asked for it.

    Attributes:
        url: The database from ``--url``.
        schema: The PostgreSQL schema from ``--schema``.
        user: Key of the acting user.
        language: Of labels.
        as_json: Print one JSON document instead of tables.
        debug: Show tracebacks.
    """

    url: str | None = None
    schema: str | None = None
    user: str = "cli"
    language: str = attrs.field(factory=usual_language)
    as_json: bool = False
    debug: bool = False
    _crm: CRM | None = attrs.field(default=None, alias="crm")

    @property
    def principal(self) -> Principal:
        """Who acts: the user of ``--as``, who may do all."""
        return Principal(self.user, roles={ADMINISTRATOR}, origin="cli")

    @property
    def labels(self) -> Labels | None:
        """The labels of the open CRM; None before one is open."""
        return self._crm.labels if self._crm is not None else None

    def database(self) -> str:
        """Return the URL of the database.

        Raises:
            ConfigurationError: None of the three places names one; the cure is in the message.
        """
        url = self.url or os.environ.get(ENVIRONMENT) or read_config().get("url")
        if not url:
            raise ConfigurationError(
                f"no database: there is no --url, no {ENVIRONMENT} and no {CONFIG_FILE} in this folder; "
                "run `pycrm init` to begin one here"
            )
        return url

    def crm(self, *, create: bool = False) -> CRM:
        """Return the CRM, opened on first use.

        Args:
            create: A SQLite file that is not there is fine: it is about to be made.
        Raises:
            ConfigurationError: The settings name no usable database.
            NotMigratedError: The SQLite file does not exist.
        """
        if self._crm is None:
            url = self.database()
            if not create:
                _refuse_missing_file(url)
            self._crm = CRM(url, schema=self.schema or read_config().get("schema"))
        return self._crm

    def use(self, crm: CRM) -> None:
        """Take *crm* for the one of this run."""
        self._crm = crm

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Open a unit that reads, as the user of ``--as``."""
        with self.crm().reading_as(self.principal) as ws:
            yield ws

    @contextmanager
    def acting(self) -> Iterator[Workspace]:
        """Open a unit that writes, as the user of ``--as``."""
        with self.crm().acting_as(self.principal) as ws:
            yield ws

    def stored_schema(self) -> Schema:
        """Return the schema with what the database adds to the code: custom fields and parked plugins."""
        crm = self.crm()
        _ = crm.parked  # asks the database
        return crm.schema

    def record_class(self, entity: str) -> type[Record]:
        """Return the record class of *entity*.

        Raises:
            UnknownNameError: There is no such entity; the nearest names are given.
        """
        return self.stored_schema().entity(entity).record_class

    def close(self) -> None:
        """Let go of the database."""
        if self._crm is not None:
            self._crm.close()
            self._crm = None


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
        if key not in _KEYS:
            raise ConfigurationError(f"{CONFIG_FILE}: unknown key {key!r}{nearest(key, _KEYS)}; it knows url, schema")
        if not isinstance(value, str):
            raise ConfigurationError(f"{CONFIG_FILE}: {key} is {value!r}; write a text in quotation marks")
    return config


def shown_url(url: str) -> str:
    """Return *url* with its password hidden."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url


def _refuse_missing_file(url: str) -> None:
    """Opening a SQLite file that is not there would make an empty one, which helps nobody."""
    try:
        parsed = make_url(url if "://" in url else f"sqlite:///{url}")
    except ArgumentError:
        return  # told better by the CRM
    file = parsed.database
    if not parsed.drivername.startswith("sqlite") or not file or file == ":memory:" or file.startswith("file:"):
        return
    if not Path(file).exists():
        raise NotMigratedError(f"there is no database file {file}; run `pycrm init`, or correct the URL {url}")


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keep a global option in the settings, from whichever side of the command it was given."""
    if value is not None:
        setattr(ctx.ensure_object(Settings), str(parameter.name), value)


def global_options(command: Any, *, hidden: bool = False) -> Any:
    """Add the options that every command understands, before its name and after it."""
    options: list[tuple[tuple[str, ...], dict[str, Any]]] = [
        (("--url",), {"metavar": "URL", "help": f"Database; else {ENVIRONMENT}, else {CONFIG_FILE} in this folder."}),
        (("--schema",), {"metavar": "NAME", "help": "PostgreSQL schema that holds the tables."}),
        (("--as", "user"), {"metavar": "KEY", "help": "Act as this user (default: cli)."}),
        (("--language",), {"type": click.Choice(LANGUAGES), "help": "Language of labels (default: from LANG)."}),
        (("--json", "as_json"), {"is_flag": True, "default": None, "help": "Print one JSON document."}),
        (("--debug",), {"is_flag": True, "default": None, "help": "Show the traceback of an error."}),
    ]
    for names, facts in reversed(options):
        command = click.option(*names, expose_value=False, callback=_keep, hidden=hidden, **facts)(command)
    return command
