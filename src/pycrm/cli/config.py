"""``pycrm config``: which setting has which value, and who says so."""

from __future__ import annotations

import click

from pycrm.cli.command import group
from pycrm.cli.context import Settings
from pycrm.cli.output import print_json, print_table
from pycrm.cli.sources import SETTINGS, Found, find_setting, shown_url
from pycrm.cli.texts import sentence

__all__ = ["config"]

DEFAULT, NOWHERE = sentence("default"), sentence("nowhere")


@group(invoke_without_command=True)
@click.pass_context
def config(context: click.Context) -> None:
    """Show where the settings come from."""
    if context.invoked_subcommand is None:
        _show(context.ensure_object(Settings))


@config.command()
@click.pass_obj
def show(settings: Settings) -> None:
    """Show each setting, and the place that says it; passwords are hidden.

    The first of these counts: the option, the environment variable, pycrm.toml in the current folder.
    """
    _show(settings)


def _show(settings: Settings) -> None:
    found = {name: _hidden(name, find_setting(name, settings.options)) for name in SETTINGS}
    if settings.as_json:
        print_json({name: {"value": each.value, "from": each.source} for name, each in found.items()})
        return
    say = settings.say
    sources = {"default": say(DEFAULT), "": say(NOWHERE)}
    rows = [
        (name, each.value or "", sources.get(each.source, each.source), SETTINGS[name].option, SETTINGS[name].variable)
        for name, each in found.items()
    ]
    print_table(say.each("Setting", "Value", "From", "Option", "Variable"), rows)


def _hidden(name: str, found: Found) -> Found:
    return Found(shown_url(found.value), found.source) if name == "url" and found.value else found
