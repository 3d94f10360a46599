"""``pycrm roles``: which roles there are and what they may do, as tables and as TOML; changing them by a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from pycrm.cli.command import group
from pycrm.cli.complete import complete_role
from pycrm.cli.context import Settings
from pycrm.cli.output import print_json, print_table, write
from pycrm.cli.role_file import read_roles, roles_text, value_text
from pycrm.errors import UnknownNameError, nearest
from pycrm.policies.role_diff import RoleDifference, role_differences
from pycrm.policies.roles import RoleDefinition, role_data
from pycrm.workspace.roles import apply_roles, known_roles, stored_roles

__all__ = ["roles"]

DIFFERENT = 1

_FILE = click.Path(dir_okay=False, path_type=Path)


@group(invoke_without_command=True)
@click.pass_context
def roles(context: click.Context) -> None:
    """List the roles: who brings each, which is above it, and what was changed here.

    \b
    pycrm roles
    pycrm roles show salesperson
    pycrm roles export roles.toml
    """  # noqa: D301  click wants the control character
    if context.invoked_subcommand is None:
        _list(context.ensure_object(Settings))


@roles.command("list")
@click.pass_obj
def list_roles(settings: Settings) -> None:
    """List the roles: who brings each, which is above it, and what was changed here."""
    _list(settings)


@roles.command()
@click.argument("name", shell_complete=complete_role)
@click.pass_obj
def show(settings: Settings, name: str) -> None:
    """Show what the role NAME may do, as `roles export` writes it.

    \b
    pycrm roles show salesperson
    """  # noqa: D301  click wants the control character
    known = _known(settings)
    if name not in known:
        raise UnknownNameError(f"there is no role {name!r}{nearest(name, known)}", role=name)
    if settings.as_json:
        print_json({"name": name, "owner": known[name].owner, **role_data(known[name])})
    else:
        write(roles_text({name: known[name]}).rstrip())


@roles.command()
@click.argument("file", type=_FILE, required=False)
@click.pass_obj
def export(settings: Settings, file: Path | None) -> None:
    """Write all roles, as they count here, into FILE as TOML; without FILE, print them.

    \b
    pycrm roles export roles.toml
    """  # noqa: D301  click wants the control character
    known = _known(settings)
    if file is not None:
        file.write_text(roles_text(known), encoding="utf-8")
        if settings.as_json:
            print_json({"file": str(file), "roles": list(known)})
        else:
            write(settings.say("wrote {file}", file=file))
    elif settings.as_json:
        print_json({name: role_data(role) for name, role in known.items()})
    else:
        write(roles_text(known).rstrip())


@roles.command()
@click.argument("file", type=_FILE)
@click.pass_context
def diff(context: click.Context, file: Path) -> None:
    """Tell what `roles apply` would change, and end with 1 if it would change anything.

    Only the roles and entities that FILE names are looked at.

    \b
    pycrm roles diff roles.toml
    """  # noqa: D301  click wants the control character
    settings = context.ensure_object(Settings)
    found = role_differences(_known(settings), read_roles(file))
    _tell(settings, found)
    if found:
        context.exit(DIFFERENT)


@roles.command()
@click.argument("file", type=_FILE)
@click.pass_obj
def apply(settings: Settings, file: Path) -> None:
    """Make the roles as FILE has them, all or none, and tell what changed.

    Roles and entities that FILE does not name stay as they are. Kept is only what differs from the code, so that later
    releases of a plugin still count for the rest.

    \b
    pycrm roles apply roles.toml
    """  # noqa: D301  click wants the control character
    wanted = read_roles(file)
    with settings.acting() as ws:
        found = apply_roles(ws, wanted)
    _tell(settings, found)


def _known(settings: Settings) -> dict[str, RoleDefinition]:
    with settings.reading() as ws:
        return known_roles(ws._ctx)


def _list(settings: Settings) -> None:
    with settings.reading() as ws:
        known, stored = known_roles(ws._ctx), stored_roles(ws._ctx)
    if settings.as_json:
        print_json([_document(role, role.name in stored) for role in known.values()])
        return
    say, labels = settings.say, settings.crm().labels
    rows = [
        (
            role.name,
            labels.role(role.name, role.label, settings.language),
            role.owner,
            role.parent or "",
            str(len(role.grants)),
            say("changed here") if role.name in stored and role.owner != "stored" else "",
        )
        for role in known.values()
    ]
    print_table(say.each("Role", "Label", "Owner", "Below", "Entities", "State"), rows, right=[4])


def _document(role: RoleDefinition, is_stored: bool) -> dict[str, Any]:
    return {
        "name": role.name,
        "label": dict(role.label),
        "owner": role.owner,
        "parent": role.parent,
        "entities": sorted(role.grants),
        "is_changed": is_stored,
    }


def _tell(settings: Settings, found: Iterable[RoleDifference]) -> None:
    if settings.as_json:
        print_json([{"role": each.role, "path": each.path, "now": each.now, "wanted": each.wanted} for each in found])
        return
    say = settings.say
    lines = [line for each in found for line in _lines(settings, each)]
    write("\n".join(lines) or say("the roles are as in the file"))


def _lines(settings: Settings, difference: RoleDifference) -> Iterable[str]:
    if not difference.path:
        yield settings.say("{role}: new", role=difference.role)
        return
    nothing = settings.say("nothing")
    texts = [nothing if each is None else value_text(each) for each in (difference.now, difference.wanted)]
    yield f"{difference.role}: {difference.path}: {texts[0]} → {texts[1]}"
