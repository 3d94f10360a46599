"""``pycrm hand-over``: giving what somebody owns to somebody else, and seeing who has left and still owns something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from pycrm.cli.command import command
from pycrm.cli.complete import complete_entity
from pycrm.cli.context import Settings
from pycrm.cli.output import print_json, print_table, write
from pycrm.cli.texts import Misuse
from pycrm.entities import User
from pycrm.query import F
from pycrm.workspace import HandOver, Reader

__all__ = ["hand_over"]


@command("hand-over")
@click.argument("giver", metavar="[FROM]", required=False)
@click.argument("taker", metavar="[TO]", required=False)
@click.option("--entity", metavar="ENTITY", multiple=True, shell_complete=complete_entity, help="Only this entity.")
@click.option("--where", metavar="FILTER", help="Only records of the one --entity that FILTER selects.")
@click.option("--reason", metavar="TEXT", help="Why, for the audit trail.")
@click.option("--limit", type=click.IntRange(min=1), default=10_000, show_default=True, help="Records at most, each.")
@click.option("--preview", is_flag=True, help="Only show what would be done.")
@click.pass_obj
def hand_over(
    settings: Settings,
    giver: str | None,
    taker: str | None,
    entity: Sequence[str],
    where: str | None,
    reason: str | None,
    limit: int,
    preview: bool,
) -> None:
    """Make the user TO the owner of what the user FROM owns; open tasks of FROM become those of TO.

    With FROM alone it shows what he owns; without both, who is not active any more and still owns something.

    \b
    pycrm hand-over
    pycrm hand-over mei bo --reason "has left" --preview
    pycrm hand-over mei bo --entity account --reason "new region"
    """  # noqa: D301  click wants the control character
    if giver is None or taker is None:
        with settings.reading() as ws:
            owned = {key: ws.owned_by(key) for key in ([giver] if giver else _departed(ws))}
        _tell_owned(settings, owned)
        return
    if not reason:
        raise Misuse("say why: --reason TEXT")
    with settings.acting() as ws:
        done = ws.hand_over(
            giver, taker, entities=entity or None, where=where, reason=reason, limit=limit, preview=preview
        )
    _tell(settings, done)


def _departed(ws: Reader) -> list[str]:
    """Return the keys of those who are not active."""
    return [user.key for user in ws.iterate(User, where=F.is_active == False, order_by="key")]  # noqa: E712


def _tell_owned(settings: Settings, owned: Mapping[str, Mapping[str, int]]) -> None:
    if settings.as_json:
        print_json({user: dict(counts) for user, counts in owned.items()})
        return
    rows = [(user, entity, str(count)) for user, counts in owned.items() for entity, count in counts.items()]
    if rows:
        print_table(settings.say.each("User", "Entity", "Records"), rows, right=[2])
    else:
        write(settings.say("nothing is owned"))


def _tell(settings: Settings, done: HandOver) -> None:
    if settings.as_json:
        moved = [
            {
                "entity": each.entity,
                "field": each.field,
                "count": each.count,
                "refused": [{"id": one.record.id, "problems": list(map(str, one.problems))} for one in each.refused],
                "handle": each.handle,
            }
            for each in done.moved
        ]
        print_json({"from": done.from_user, "to": done.to_user, "moved": moved, "left": dict(done.left)})
        return
    say = settings.say
    rows = [
        (each.entity, each.field, str(each.count), str(len(each.refused)), str(each.handle or ""))
        for each in done.moved
    ]
    if not rows:
        write(say("nothing to hand over"))
        return
    print_table(say.each("Entity", "Field", "Records", "Refused", "Undo by"), rows, right=[2, 3])
    for each in done.moved:
        for one in each.refused:
            write(f"{each.entity} {one.record.id}: {'; '.join(map(str, one.problems))}")
