"""Commands on the database as a whole: ``init`` and ``migrate``."""

from __future__ import annotations

import os
from pathlib import Path

import click
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from pycrm.cli.context import CONFIG_FILE, DEFAULT_URL, ENVIRONMENT, Settings, read_config, shown_url
from pycrm.cli.output import print_json, write
from pycrm.errors import ConfigurationError

__all__ = ["init", "migrate", "write_config"]


@click.command()
@click.pass_obj
def init(settings: Settings) -> None:
    """Begin a CRM here: pycrm.toml and the database.

    The database is --url, else PYCRM_URL, else sqlite:///crm.db. Running it again changes nothing.

    \b
    pycrm init
    pycrm init --url postgresql://crm@localhost/crm
    """  # noqa: D301  click wants the control character
    config = read_config()
    url = settings.url or os.environ.get(ENVIRONMENT) or config.get("url") or DEFAULT_URL
    if config.get("url") not in (None, url):
        raise ConfigurationError(
            f"{CONFIG_FILE} in this folder names {shown_url(config['url'])} already; delete it to begin another CRM "
            f"with {shown_url(url)}"
        )
    settings.url = url
    done = settings.crm(create=True).migrate()
    is_new = "url" not in config
    if is_new:
        write_config(url, settings.schema)
    if settings.as_json:
        print_json({"url": shown_url(url), "config": CONFIG_FILE, "done": done})
    else:
        _tell(done)
        write(f"{'wrote' if is_new else 'kept'} {CONFIG_FILE}: {shown_url(url)}")


@click.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Create what is missing in the database.

    That is all of it for a new one, and what a newly installed plugin brings. Running it again changes nothing.
    """
    done = settings.crm(create=True).migrate()
    if settings.as_json:
        print_json({"done": done})
    else:
        _tell(done)


def write_config(url: str, schema: str | None = None) -> None:
    """Write ``pycrm.toml`` into the current folder; with a password in it, for the owner's eyes only."""
    path = Path(CONFIG_FILE)
    lines = ["# The CRM of this folder, for the command line.", f"url = {_toml(url)}"]
    if schema:
        lines.append(f"schema = {_toml(schema)}")
    path.touch(mode=0o600 if _has_password(url) else 0o666)
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _tell(done: list[str]) -> None:
    write("\n".join(done) if done else "the database is up to date")


def _toml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _has_password(url: str) -> bool:
    try:
        return make_url(url).password is not None
    except ArgumentError:
        return False
