"""``pycrm demo``: the main job of a CRM, on a made-up trading company, by real calls from an empty folder."""

from __future__ import annotations

import os
import shlex
import time
from pathlib import Path

import click

from pycrm.app import CRM
from pycrm.cli.command import command
from pycrm.cli.context import Settings
from pycrm.cli.demo_stage import Stage
from pycrm.cli.output import print_json, write
from pycrm.cli.progress import progress_of
from pycrm.cli.sources import CONFIG_FILE, SETTINGS, read_config, shown_url, write_config
from pycrm.cli.texts import Texts
from pycrm.errors import ConfigurationError, NotMigratedError

__all__ = ["demo"]

FILE = "demo.db"
URL = f"sqlite:///{FILE}"


@command()
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another company.")
@click.pass_obj
def demo(settings: Settings, seed: int) -> None:
    """Make a CRM with a trading company's data, and show it.

    The database is demo.db, made anew each time, or the empty one of --url; PYCRM_URL is not touched.
    """
    say = settings.say
    stage = Stage(say, quiet=settings.as_json)
    crm = _begin(settings)
    settings.use(crm)
    from pycrm.cli import demo_scenes  # with the generator behind it, of no use to other commands

    began = time.perf_counter()
    with progress_of(say("records"), say, shown=settings.progress) as progress:
        demo_scenes.play(crm, settings.principal, stage, seed, progress)
    seconds = time.perf_counter() - began
    kept = _keep_config(settings.options.get("url") or URL, say)
    commands = demo_scenes.next_commands(crm, settings.principal)
    stage.figures["next"] = commands
    if settings.as_json:
        print_json(stage.figures)
        return
    write(say("\nAll of this took {seconds:.1f} s. {kept} Try next, in this folder:\n", seconds=seconds, kept=kept))
    write("\n".join(f"  {shlex.join(command)}" for command in commands))


def _begin(settings: Settings) -> CRM:
    """Return a CRM on an empty database.

    Raises:
        ConfigurationError: The database of ``--url`` holds a CRM already.
    """
    url = settings.options.get("url")
    if url is None:
        for file in (FILE, f"{FILE}-wal", f"{FILE}-shm"):
            Path(file).unlink(missing_ok=True)
        return CRM(URL)
    crm = CRM(url, schema=settings.options.get("schema"))
    try:
        _ = crm.parked
    except NotMigratedError:
        return crm
    crm.close()
    raise ConfigurationError(f"{shown_url(url)} holds a CRM already; the demo wants an empty database")


def _keep_config(url: str, say: Texts) -> str:
    """Write ``pycrm.toml`` unless it names another database, and return what to say of it."""
    named, variable = read_config().get("url"), SETTINGS["url"].variable
    if named is None:
        write_config(url)
    if named not in (None, url):
        return say(
            "{file} here names {named} and stays so: add --url {url} to each command.",
            file=CONFIG_FILE,
            named=shown_url(named),
            url=shown_url(url),
        )
    if os.environ.get(variable) not in (None, "", url):
        return say("{variable} is set and goes before {file}: unset it.", variable=variable, file=CONFIG_FILE)
    return say("The database is {url}, and {file} says so.", url=shown_url(url), file=CONFIG_FILE)
