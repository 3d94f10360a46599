"""Commands on plugins: ``plugins``, ``plugins hooks`` and ``plugins lint``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs
import click

from pycrm.app import CRM
from pycrm.cli.command import group
from pycrm.cli.context import Settings
from pycrm.cli.errors import ExitCode
from pycrm.cli.output import print_json, print_table, write
from pycrm.errors import ConfigurationError, NotMigratedError, UnknownNameError, nearest
from pycrm.plugin.discovery import discover
from pycrm.plugin.lint import find_side_doors

__all__ = ["plugins"]


@group(invoke_without_command=True)
@click.pass_context
def plugins(context: click.Context) -> None:
    """List plugins, active and parked ones.

    A parked plugin is one that the database knows and whose code is missing; its data is kept.
    """
    if context.invoked_subcommand is None:
        _list_plugins(context.ensure_object(Settings))


@plugins.command()
@click.pass_obj
def hooks(settings: Settings) -> None:
    """List the hook functions in the order in which they are asked, with calls and time in this process."""
    listing = _any_crm(settings).hooks.listing()
    rows: list[dict[str, Any]] = [
        {
            "order": number,
            "hook": function.hook,
            "entity": entity,
            "function": function.name,
            "calls": timing.calls,
            "milliseconds": round(timing.seconds * 1000, 3),
        }
        for number, (function, entity, timing) in enumerate(listing, start=1)
    ]
    if settings.as_json:
        print_json(rows)
    else:
        head = settings.say.each("Order", "Hook", "Entity", "Function", "Calls", "Time (ms)")
        print_table(head, [tuple(map(str, row.values())) for row in rows], right=[0, 4, 5])


@plugins.command()
@click.argument("place", metavar="PATH|NAME")
@click.pass_obj
def lint(settings: Settings, place: str) -> int:
    """Find what reaches past the door in a plugin's code: engines, drivers, and what is pycrm's own.

    PATH is a file or a folder, NAME an installed plugin. Tests are passed over. It reads the code and runs none, for a
    review: what somebody hides well it does not find. The exit code is 8 when it finds something, else 0.

    \b
    pycrm plugins lint plugins/pycrm-visits
    pycrm plugins lint visits --json
    """  # noqa: D301  click wants the control character
    found = find_side_doors(place if Path(place).exists() else _code_of(place))
    if settings.as_json:
        print_json([attrs.asdict(each) for each in found])
    else:
        for each in found:
            write(str(each))
        write(settings.say("side doors: {count}", count=len(found)))
    return ExitCode.PLUGIN if found else ExitCode.OK


def _code_of(name: str) -> Path:
    """Return the folder or file of an installed plugin's code."""
    plugins = {each.name: each for each in discover()}
    if name not in plugins:
        raise UnknownNameError(
            f"{name!r} is neither a path nor an installed plugin{nearest(name, plugins)}", plugin=name
        )
    found = find_spec(plugins[name].package or plugins[name].module)
    if found is None or found.origin is None:
        raise ConfigurationError(f"the code of plugin {name!r} is in no file; give its path", plugin=name)
    return Path(found.origin).parent if found.submodule_search_locations else Path(found.origin)


def _list_plugins(settings: Settings) -> None:
    parked, note = _of_database(settings)
    crm = _any_crm(settings)
    rows = [(plugin.name, plugin.version, "active", _is_builtin(plugin)) for plugin in crm.plugins]
    rows += [(name, version, "parked", False) for name, version in parked.items()]
    if settings.as_json:
        left = {name: list(crm.left_by(name)) for name in parked}
        print_json(
            [
                {"name": name, "version": version, "state": state, **({"kept": left[name]} if name in left else {})}
                for name, version, state, _ in rows
            ]
        )
        return
    say = settings.say
    states = {"active": say("active"), "parked": say("parked")}
    origins = {True: say("built in"), False: say("installed")}
    missing = {name: say("not installed; kept: {names}", names=", ".join(crm.left_by(name))) for name in parked}
    print_table(
        [*say.each("Plugin", "Version", "State"), ""],
        [
            (name, version, states[state], missing[name] if state == "parked" else origins[builtin])
            for name, version, state, builtin in rows
        ],
    )
    if note:
        write(say("note: {told}", told=note))


def _of_database(settings: Settings) -> tuple[dict[str, str], str]:
    """Return the parked plugins, and a sentence where the database cannot be asked for them."""
    say = settings.say
    try:
        return dict(settings.crm().parked), ""
    except NotMigratedError as error:
        return {}, str(error)
    except ConfigurationError:
        if "url" in settings.options:
            raise
        return {}, say("no database here, so nothing is known of parked plugins; run `pycrm init` to begin one")


def _any_crm(settings: Settings) -> CRM:
    """Return the CRM of the settings, or without a database one in memory: what is installed is the same."""
    try:
        return settings.crm()
    except (ConfigurationError, NotMigratedError):
        return CRM("sqlite://")


def _is_builtin(plugin: Any) -> bool:
    return bool(plugin.package) and plugin.package.startswith("pycrm.builtin.")
