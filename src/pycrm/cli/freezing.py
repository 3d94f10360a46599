"""``pycrm plugin freeze``: what a release declares, written down for the upgrades of later ones."""

from __future__ import annotations

import click

from pycrm.app import CRM
from pycrm.cli.command import group
from pycrm.cli.context import Settings
from pycrm.cli.output import print_json, write
from pycrm.errors import UnknownNameError, nearest
from pycrm.schema.releases import check_release, write_release
from pycrm.storage.migration import declared_snapshot

__all__ = ["plugin"]


@group()
def plugin() -> None:
    """Release a plugin."""


@plugin.command()
@click.argument("name")
@click.option("--check", is_flag=True, help="Write nothing; end with 8 unless the release is frozen as declared.")
@click.pass_obj
def freeze(settings: Settings, name: str, check: bool) -> None:
    """Write what plugin NAME declares into migrations/VERSION.json beside its code.

    Do it once before each release and let the build check it. A release that is frozen never changes.

    \b
    pycrm plugin freeze trade
    pycrm plugin freeze trade --check
    """  # noqa: D301  click wants the control character
    crm = CRM("sqlite://")
    owners = {owner.owner: owner for owner in crm.owners}
    if name not in owners:
        raise UnknownNameError(f"no plugin {name!r} is installed{nearest(name, owners)}", plugin=name)
    owner, declared = owners[name], declared_snapshot(crm.schema, name)
    done = (check_release if check else write_release)(name, owner.version, owner.package, declared)
    if settings.as_json:
        print_json({"plugin": name, "version": owner.version, "file": str(done)})
    else:
        say = settings.say
        write(say("{file} is as declared", file=done) if check else say("wrote {file}", file=done))
