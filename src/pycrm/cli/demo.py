"""``pycrm demo``: the main job of a CRM, on a made-up trading company, by real calls from an empty folder."""

from __future__ import annotations

import os
import shlex
import time
from pathlib import Path

import click

from pycrm.app import CRM
from pycrm.cli.context import CONFIG_FILE, ENVIRONMENT, Settings, read_config, shown_url
from pycrm.cli.database import write_config
from pycrm.cli.demo_stage import Stage
from pycrm.cli.output import print_json, write
from pycrm.errors import ConfigurationError, NotMigratedError

__all__ = ["demo"]

FILE = "demo.db"
URL = f"sqlite:///{FILE}"


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another company.")
@click.pass_obj
def demo(settings: Settings, seed: int) -> None:
    """Make a CRM with a trading company's data, and show it.

    The database is demo.db, made anew each time, or the empty one of --url; PYCRM_URL is not touched.
    """
    stage = Stage(quiet=settings.as_json)
    crm = _begin(settings)
    settings.use(crm)
    from pycrm.cli import demo_scenes  # with the generator behind it, of no use to other commands

    began = time.perf_counter()
    demo_scenes.play(crm, settings.principal, stage, seed)
    seconds = time.perf_counter() - began
    kept = _keep_config(settings.url or URL)
    commands = demo_scenes.next_commands(crm, settings.principal)
    stage.figures["next"] = commands
    if settings.as_json:
        print_json(stage.figures)
        return
    write(f"\nAll of this took {seconds:.1f} s. {kept} Try next, in this folder:\n")
    write("\n".join(f"  {shlex.join(command)}" for command in commands))


def _begin(settings: Settings) -> CRM:
    """Return a CRM on an empty database.

    Raises:
        ConfigurationError: The database of ``--url`` holds a CRM already.
    """
    if settings.url is None:
        for file in (FILE, f"{FILE}-wal", f"{FILE}-shm"):
            Path(file).unlink(missing_ok=True)
        return CRM(URL)
    crm = CRM(settings.url, schema=settings.schema)
    try:
        _ = crm.parked
    except NotMigratedError:
        return crm
    crm.close()
    raise ConfigurationError(f"{shown_url(settings.url)} holds a CRM already; the demo wants an empty database")


def _keep_config(url: str) -> str:
    """Write ``pycrm.toml`` unless it names another database, and return what to say of it."""
    named = read_config().get("url")
    if named is None:
        write_config(url)
    if named not in (None, url):
        return f"{CONFIG_FILE} here names {shown_url(named)} and stays so: add --url {shown_url(url)} to each command."
    if os.environ.get(ENVIRONMENT) not in (None, "", url):
        return f"{ENVIRONMENT} is set and goes before {CONFIG_FILE}: unset it."
    return f"The database is {shown_url(url)}, and {CONFIG_FILE} says so."
