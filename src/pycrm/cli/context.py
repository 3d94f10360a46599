"""Settings of one run: which database, as whom, in which language; and the CRM that they open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import attrs
import click
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from pycrm.app import CRM
from pycrm.cli.sources import CONFIG_FILE, SETTINGS, find_setting
from pycrm.cli.texts import LANGUAGES, Texts
from pycrm.errors import ConfigurationError, NotMigratedError
from pycrm.schema import Entity, Schema
from pycrm.schema.labels import Labels
from pycrm.values.principal import ADMINISTRATOR, Principal
from pycrm.workspace import Reader, Workspace

__all__ = ["DEFAULT_URL", "Settings", "global_options"]

DEFAULT_URL = "sqlite:///crm.db"


@attrs.define
class Settings:
    """What the global options say, and what follows from it. The CRM is open once a command has asked for it.

    Attributes:
        options: The options that were given, by the name of the setting.
        as_json: Print one JSON document instead of tables.
        debug: Show tracebacks.
        progress: Show how far long work has come; None where a terminal watches.
    """

    options: dict[str, str] = attrs.field(factory=dict)
    as_json: bool = False
    debug: bool = False
    progress: bool | None = None
    _crm: CRM | None = attrs.field(default=None, alias="crm")

    @property
    def principal(self) -> Principal:
        """Who acts: the user of ``--as``, who may do all."""
        return Principal(self._value("as") or "cli", roles={ADMINISTRATOR}, origin="cli")

    @property
    def language(self) -> str:
        """Of labels and texts.

        Raises:
            ConfigurationError: What asks for a language is not understood.
        """
        return self._value("language") or "en"

    @property
    def say(self) -> Texts:
        """The texts of the command line; English ones as long as the language is in doubt."""
        try:
            return Texts(self.language)
        except ConfigurationError:
            return Texts()

    @property
    def labels(self) -> Labels | None:
        """The labels of the open CRM; None before one is open."""
        return self._crm.labels if self._crm is not None else None

    def database(self) -> str:
        """Return the URL of the database.

        Raises:
            ConfigurationError: None of the three places names one; the cure is in the message.
        """
        url = self._value("url")
        if not url:
            raise ConfigurationError(
                f"no database: there is no --url, no {SETTINGS['url'].variable} and no {CONFIG_FILE} in this folder; "
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
            self._crm = CRM(url, schema=self._value("schema"))
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

    def many(self, entity: Entity) -> str:
        """Return what people call several records of *entity*: ``sales orders``."""
        if self.language == "en":
            return entity.plural.replace("_", " ")
        return self.crm().labels.entity(entity.name, self.language)

    def close(self) -> None:
        """Let go of the database."""
        if self._crm is not None:
            self._crm.close()
            self._crm = None

    def _value(self, name: str) -> str | None:
        return find_setting(name, self.options).value


C = TypeVar("C", bound=click.Command)


def _refuse_missing_file(url: str) -> None:
    """Opening a SQLite file that is not there would make an empty one, which helps nobody."""
    try:
        parsed = make_url(url if "://" in url else f"sqlite:///{url}")
    except (ArgumentError, ValueError):  # the second for a port that is no number
        return  # told better by the CRM
    file = parsed.database
    if not parsed.drivername.startswith("sqlite") or not file or file == ":memory:" or file.startswith("file:"):
        return
    if not Path(file).exists():
        raise NotMigratedError(f"there is no database file {file}; run `pycrm init`, or correct the URL {url}")


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keep a global option in the settings, from whichever side of the command it was given."""
    if value is None:
        return
    settings, name = ctx.ensure_object(Settings), str(parameter.name)
    if name in SETTINGS:
        settings.options[name] = value
    else:
        setattr(settings, name, value)


def global_options(command: C, *, hidden: bool = False) -> C:
    """Add the options that every command understands, before its name and after it."""
    options: list[tuple[tuple[str, ...], dict[str, Any]]] = [
        (("--url",), {"metavar": "URL", "help": "Database; else PYCRM_URL, else pycrm.toml in this folder."}),
        (("--schema",), {"metavar": "NAME", "help": "PostgreSQL schema that holds the tables."}),
        (("--as", "as"), {"metavar": "KEY", "help": "Act as this user (default: cli)."}),
        (
            ("--lang", "--language", "language"),
            # Before others, so that --help behind it speaks the language.
            {"type": click.Choice(LANGUAGES), "is_eager": True, "help": "Language (default: from LANG)."},
        ),
        (("--json", "as_json"), {"is_flag": True, "default": None, "help": "Print one JSON document."}),
        (
            ("--progress/--no-progress",),
            {"default": None, "help": "Show how far long work has come (default: on a terminal)."},
        ),
        (("--debug",), {"is_flag": True, "default": None, "help": "Show the traceback of an error."}),
    ]
    for names, facts in options:
        command = click.option(*names, expose_value=False, callback=_keep, hidden=hidden, **facts)(command)
    return command
