"""Commands on the database as a whole: ``init`` and ``migrate``."""

from __future__ import annotations

import click

from pycrm.cli.command import command
from pycrm.cli.context import DEFAULT_URL, Settings
from pycrm.cli.output import print_json, write
from pycrm.cli.sources import CONFIG_FILE, find_setting, read_config, shown_url, write_config
from pycrm.cli.texts import Texts
from pycrm.errors import ConfigurationError

__all__ = ["init", "migrate"]


@command()
@click.pass_obj
def init(settings: Settings) -> None:
    """Begin a CRM here: pycrm.toml and the database.

    The database is --url, else PYCRM_URL, else sqlite:///crm.db. Running it again changes nothing.

    \b
    pycrm init
    pycrm init --url postgresql://crm@localhost/crm
    """  # noqa: D301  click wants the control character
    config = read_config()
    url = find_setting("url", settings.options).value or DEFAULT_URL
    if config.get("url") not in (None, url):
        raise ConfigurationError(
            f"{CONFIG_FILE} in this folder names {shown_url(config['url'])} already; delete it to begin another CRM "
            f"with {shown_url(url)}"
        )
    settings.options["url"] = url
    done = settings.crm(create=True).migrate()
    is_new = "url" not in config
    if is_new:
        write_config(url, find_setting("schema", settings.options).value)
    if settings.as_json:
        print_json({"url": shown_url(url), "config": CONFIG_FILE, "done": done})
    else:
        say = settings.say
        _tell(done, say)
        write(f"{say('wrote') if is_new else say('kept')} {CONFIG_FILE}: {shown_url(url)}")


@command()
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--no-backup", is_flag=True, help="Do not copy a SQLite file before it changes.")
@click.pass_obj
def migrate(settings: Settings, dry_run: bool, no_backup: bool) -> None:
    """Bring the database to what the installed code declares.

    A new one is made; what newly installed plugins bring is added; older releases are upgraded. What stands against it
    is listed before anything changes. Running it again changes nothing.
    """
    done = settings.crm(create=not dry_run).migrate(dry_run=dry_run, backup=not no_backup)
    if settings.as_json:
        print_json({"done": [] if dry_run else done, "planned": done if dry_run else []})
    else:
        if dry_run and done:
            write(settings.say("to be done:"))
        _tell(done, settings.say)


def _tell(done: list[str], say: Texts) -> None:
    write("\n".join(done) if done else say("the database is up to date"))
