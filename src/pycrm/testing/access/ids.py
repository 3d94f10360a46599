"""`check_ids`: an id that somebody gives is judged by what he may read, wherever it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

from pycrm.fields.references import AnyRefKind, LinkKind, RefKind
from pycrm.testing.access.absent import stranger
from pycrm.testing.access.answers import answer
from pycrm.testing.access.facts import Row
from pycrm.testing.access.oracle import Sight
from pycrm.testing.access.report import Report, check
from pycrm.testing.access.world import World
from pycrm.values.ids import new_id
from pycrm.values.principal import Principal
from pycrm.workspace import Workspace

__all__ = ["check_ids"]

IDS_PER_ROLES = 500
_ASIDE = ("custom_field", "custom_index")


@check
def check_ids(world: World, report: Report, count: int) -> None:
    """Give ids of records that are out of reach to every parameter and every reference that takes ids.

    The answer must be the one that an id gets which no record has.

    Args:
        world: Where.
        report: What came of it.
        count: Foreign ids.
    """
    chance = Random(report.seed)  # noqa: S311
    while report.cases < count:
        world.define_roles(chance)
        world.read()
        for principal in world.principals():
            sight, before = world.sight(principal), report.cases
            while report.cases < min(before + IDS_PER_ROLES // 10, count):
                if not _give(world, report, chance, principal, sight):
                    break


def _give(world: World, report: Report, chance: Random, principal: Principal, sight: Sight) -> bool:
    """Give one foreign id in all ways; return False where the principal has none to give."""
    foreign = [row for row in world.facts.rows.values() if row.entity not in _ASIDE and _is_foreign(sight, row)]
    if not foreign:
        return False
    row, unknown = chance.choice(foreign), new_id()
    ways = {**_parameters(world, row.entity), **_references(world, chance, sight, row)}
    for way, give in ways.items():
        told = []
        for id in (row.id, unknown):
            with world.taken_back(principal) as ws:
                said = answer(world, ws, partial(_given, give, id))
            # Another reference of the record may lead there, too.
            told.append(said.replace(str(row.id), "ID").replace(str(unknown), "ID"))
        report.note(way, row.entity)
        if told[0] != told[1]:
            report.fail(
                way,
                row.entity,
                f"{principal.user} gives a foreign id: {told[0][:200]}; an unknown one: {told[1][:200]}",
            )
    return True


def _given(give: Callable[[Workspace, UUID], Any], id: UUID, ws: Workspace) -> Any:
    return give(ws, id)


def _is_foreign(sight: Sight, row: Row) -> bool:
    # His own id is no secret to anybody, and what he writes carries it.
    return row.id != sight.me and not any(sight.reaches(action, row) for action in ("read", "write", "delete"))


def _parameters(world: World, entity: str) -> Mapping[str, Callable[[Workspace, UUID], Any]]:
    """Return what takes the id of a record, or a record, which somebody may have heard of only."""
    cls = world.entity(entity).record_class

    def held(ws: Workspace, given: UUID) -> Any:
        return stranger(world, ws, entity, given)

    found: dict[str, Callable[[Workspace, UUID], Any]] = {
        "get": lambda ws, given: ws.get(cls, given),
        "get_binned": lambda ws, given: ws.get_binned(cls, given),
        "restore": lambda ws, given: ws.restore(held(ws, given)),
        "purge": lambda ws, given: ws.purge(held(ws, given)),
        "delete": lambda ws, given: ws.delete(held(ws, given)),
        "delete_many": lambda ws, given: ws.delete_many([held(ws, given)]),
        "update": lambda ws, given: ws.update(held(ws, given), version=1),
        "update_many": lambda ws, given: ws.update_many([held(ws, given)]),
        "lock": lambda ws, given: ws.lock([held(ws, given)]),
        "attach": lambda ws, given: type(ws.attach(held(ws, given), "x.txt", b"x")),
        "unmask": lambda ws, given: ws.unmask(held(ws, given), "id", reason="check"),
        "note_visit": lambda ws, given: ws.note_visit(held(ws, given)),
        "add_favourite": lambda ws, given: ws.add_favourite(held(ws, given)),
        "state_durations": lambda ws, given: ws.state_durations(held(ws, given)),
        "history": lambda ws, given: ws.history(held(ws, given)),
        "why": lambda ws, given: str(ws.why("read", held(ws, given))),
        "undo": lambda ws, given: ws.undo(given),
    }
    if entity == "saved_view":
        found |= {
            "view": lambda ws, given: ws.view(given),
            "list_view": lambda ws, given: ws.list_view(given),
            "group_view": lambda ws, given: ws.group_view(given),
        }
    if entity == "attachment":
        found["open_attachment"] = lambda ws, given: type(ws.open_attachment(given))
    if world.entity(entity).statuses:
        found["move"] = lambda ws, given: _moved(ws, held(ws, given))
    return found


def _moved(ws: Workspace, record: Any) -> Any:
    moves = ws.moves(record)
    return ws.move(record, moves[0].name) if moves else None


def _references(world: World, chance: Random, sight: Sight, row: Row) -> Mapping[str, Callable[[Workspace, UUID], Any]]:
    """Return one reference that may lead to such a record, in a new record and in one that may be changed."""
    leading = [
        (name, path)
        for name, declared in world.facts.declared.items()
        for path, field in world.entity(name).fields.items()
        if _leads_to(field.kind, row.entity) and not field.read_only and sight.allows("create", name)
    ]
    if not leading:
        return {}
    name, path = chance.choice(sorted(leading))
    drawn = world.maker.draw(world.entity(name), 0.0)
    if drawn is None:
        return {}
    is_any = (
        isinstance(world.entity(name).fields[path].kind, AnyRefKind)
        or "any_refs" in world.entity(name).fields[path].kind.name
    )
    is_many = isinstance(world.entity(name).fields[path].kind, LinkKind)

    def give(ws: Workspace, id: UUID) -> Any:
        value: Any = f"{row.entity}:{id}" if is_any else id
        record = _copy(drawn)
        if "." in path:
            record.set_document_value(path, [value] if is_many else value)
        else:
            setattr(record, path, [value] if is_many else value)
        ws.create(record)
        return "created"

    return {f"create {name}.{path}": give}


def _copy(record: Any) -> Any:
    return copy(record)  # one that was written once is stored


def _leads_to(kind: Any, entity: str) -> bool:
    if isinstance(kind, RefKind):
        return str(kind.target) == entity
    if isinstance(kind, AnyRefKind):
        return kind.may_lead_to(entity)
    targets = getattr(kind, "targets", (getattr(kind, "target", ""),))
    return isinstance(kind, LinkKind) and ("*" in targets or entity in targets)
