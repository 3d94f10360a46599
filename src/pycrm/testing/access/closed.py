"""`check_closed`: what nobody has declared, nobody gets: doors, principals, entities, fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pycrm.errors import ConfigurationError, NotAllowedError, PycrmError
from pycrm.fields import declare as field
from pycrm.testing.access.answers import bound
from pycrm.testing.access.doors import DOOR_CLASSES, undeclared_doors, undeclared_ids
from pycrm.testing.access.report import Report, check
from pycrm.testing.access.world import World
from pycrm.values.principal import Principal
from pycrm.workspace import Workspace

__all__ = ["check_closed"]

_NO_PRINCIPALS: Sequence[Any] = (None, "mei", "administrator", {"user": "mei"}, Principal, object())


@check
def check_closed(world: World, report: Report, count: int, *, classes: Sequence[type] = DOOR_CLASSES) -> None:
    """Ask every door without a principal, without a role, and for what no role names.

    Args:
        world: Where.
        report: What came of it.
        count: Not needed: all is asked once.
        classes: Whose public methods are doors.
    """
    for door in (*undeclared_doors(classes), *undeclared_ids(classes)):
        report.fail(door, "all", "is a door that no check speaks of; say in pycrm.testing.access.doors what proves it")
    _without_principal(world, report)
    nobody = _unassigned(world)
    for who in (Principal(nobody), Principal.anonymous(), Principal(nobody, roles={"no such role"})):
        for name in world.facts.declared:
            _without_role(world, report, who, name)
        _without_entity(world, report, who)
    _new_fields(world, report)


def _without_principal(world: World, report: Report) -> None:
    for given in _NO_PRINCIPALS:
        for name, ask in _opening(world, given).items():
            try:
                ask()
            except (ConfigurationError, TypeError):
                report.note(name, "no principal", "refused")
            else:
                report.fail(name, "all", f"opens for {given!r}, which is no principal")


def _opening(world: World, given: Any) -> Mapping[str, Callable[[], Any]]:
    crm, cls = world.crm, world.entity("user").record_class

    def opened(door: Any) -> None:
        with door(given) as ws:
            ws.count(cls)

    return {
        "CRM.acting_as": lambda: opened(crm.acting_as),
        "CRM.reading_as": lambda: opened(crm.reading_as),
        "CRM.run": lambda: crm.run(given, lambda ws: ws.count(cls)),
        "CRM.promote_field": lambda: crm.promote_field(given, cls, "x"),
        "CRM.demote_field": lambda: crm.demote_field(given, cls, "x"),
    }


def _without_role(world: World, report: Report, who: Principal, name: str) -> None:
    """Every call about an entity, by somebody who has no role that names it."""
    _refused(world, report, who, name, _calls(world, name))


def _refused(
    world: World, report: Report, who: Principal, name: str, calls: Mapping[str, Callable[[Workspace], Any]]
) -> None:
    """Note which of *calls* are answered; one that is refused leaves the unit as it was."""
    with world.taken_back(who) as ws:
        for verb, ask in calls.items():
            try:
                ask(ws)
            except NotAllowedError:
                report.note(verb, name, "refused")
            except PycrmError as error:
                report.fail(verb, name, f"tells {who.user!r}, who has no role: {type(error).__name__}: {error}")
            else:
                report.fail(verb, name, f"answers {who.user!r}, who has no role")


def _calls(world: World, name: str) -> Mapping[str, Callable[[Workspace], Any]]:
    entity, rows = world.entity(name), world.facts.by_entity[name]
    cls = entity.record_class
    calls: dict[str, Callable[[Workspace], Any]] = {
        "list": lambda ws: ws.list(cls),
        "iterate": lambda ws: list(ws.iterate(cls)),
        "count": lambda ws: ws.count(cls),
        "aggregate": lambda ws: ws.aggregate(cls, measures=["count()"]),
        "explain": lambda ws: ws.explain(cls, "id IS NULL"),
        "search": lambda ws: ws.search("amber", entities=[cls]),
        "find": lambda ws: ws.find(cls, id=None),
        "fields": lambda ws: ws.fields(cls),
        "indexes": lambda ws: ws.indexes(cls),
        "views": lambda ws: ws.views(cls),
        "recent": lambda ws: ws.recent(cls),
        "favourites": lambda ws: ws.favourites(cls),
        "get": lambda ws: ws.get(cls, "0197a000-0000-7000-8000-000000000000"),
        "get_binned": lambda ws: ws.get_binned(cls, "0197a000-0000-7000-8000-000000000000"),
        "update_where": lambda ws: ws.update_where(cls, "id IS NULL", {"created_at": None}),
        "delete_where": lambda ws: ws.delete_where(cls, "id IS NULL"),
        "define_field": lambda ws: ws.define_field(cls, "mine", field.text()),
        "relabel_field": lambda ws: ws.relabel_field(cls, "mine", label={"en": "Mine"}),
        "retire_field": lambda ws: ws.retire_field(cls, "mine"),
        "convert_field": lambda ws: ws.convert_field(cls, "mine", field.text(), dry_run=True),
        "define_index": lambda ws: ws.define_index(cls, "created_at"),
        "drop_index": lambda ws: ws.drop_index(cls, "created_at"),
        "create": lambda ws: ws.create(_some(world, name)),
    }
    if rows:
        for verb in ("update", "delete", "restore", "purge", "moves", "state_durations", "history", "attach"):
            calls[verb] = bound(lambda ws, verb: _of_record(ws, world, name, verb), verb=verb)
    return calls


def _some(world: World, name: str) -> Any:
    made = world.maker.draw(world.entity(name), 0.0)
    if made is None:
        raise NotAllowedError("nothing to make", action="create", entity=name, user="")
    return made


def _of_record(ws: Workspace, world: World, name: str, verb: str) -> Any:
    row = world.facts.by_entity[name][0]
    (record,) = ws._ctx.by_ids(world.entity(name), [row.id], include_binned=True)
    if verb == "attach":
        return ws.attach(record, "x.txt", b"x")
    return getattr(ws, verb)(record)


def _without_entity(world: World, report: Report, who: Principal) -> None:
    """Calls that are about no entity."""
    calls: dict[str, Callable[[Workspace], Any]] = {
        "search all": lambda ws: ws.search("amber"),
        "undo": lambda ws: ws.undo("0197a000-0000-7000-8000-000000000000"),
        "announce": lambda ws: ws.announce(object()),
        "define_role": lambda ws: ws.define_role("mine", {"rights": {}}),
        "audit": lambda ws: ws.audit(),
        "owned_by": lambda ws: ws.owned_by("w1"),
        "hand_over": lambda ws: ws.hand_over("w1", "w2", reason="check"),
        "open_attachment": lambda ws: ws.open_attachment("0197a000-0000-7000-8000-000000000000"),
    }
    _refused(world, report, who, "all", calls)


def _new_fields(world: World, report: Report) -> None:
    """A field that is defined a moment ago is nobody's, unless it is open."""
    readers = {"reader": {"rights": {name: {"read": "all", "write": "all"} for name in world.facts.declared}}}
    world.define_roles(world.chance, readers)
    who = Principal(_unassigned(world), roles={"reader"})
    for name in world.facts.declared:
        cls = world.entity(name).record_class
        try:
            with world.taken_back() as root:
                root.define_field(cls, "new_and_closed", field.text())
                root.define_field(cls, "new_and_open", field.text(), open=True)
                offered = set(Workspace(root._ctx, who).fields(cls))
                if "custom.new_and_closed" in offered or "custom.new_and_open" not in offered:
                    report.fail("fields", name, "a new field is offered though no role names it, or an open one is not")
                report.note("new field", name)
        except ConfigurationError:
            report.note("new field", name, "entities without custom fields")


def _unassigned(world: World) -> str:
    """Return the key of somebody who has no role but those of his principal."""
    given = {row["user"] for row in world.facts.by_entity["role_assignment"]}
    return next(str(user.key) for user in world.users if user.id not in given)
