"""The ways to write, each returning why it should have been refused where it was not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from pycrm.errors import ValidationError
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind
from pycrm.schema.diff import value_at
from pycrm.testing.access.absent import stranger
from pycrm.testing.access.attempt import Attempt
from pycrm.testing.access.facts import row_of
from pycrm.values.refs import Ref
from pycrm.workspace import Workspace

__all__ = ["WRITING"]


# What may be done: each returns why it should have been refused, or None


def _create(attempt: Attempt, ws: Workspace) -> str | None:
    entity = attempt.world.entity(attempt.entity)
    record = attempt.maker.draw(entity, 0.2)
    if record is None:
        raise ValidationError([], entity=attempt.entity)
    given = {path: field for path, field in entity.fields.items() if _is_given(record, field)}
    ws.create(record)
    (stored,) = ws._ctx.by_ids(entity, [record.id])
    led_to = [(path, id) for path, field in given.items() for id in _ids(field, value_at(stored, field))]
    return _wrong(attempt, ws, record.id, "create", "create", list(given), led_to)


def _update(attempt: Attempt, ws: Workspace) -> str | None:
    return _changed(attempt, ws, lambda record, changes: ws.update(record, **changes))


def _update_many(attempt: Attempt, ws: Workspace) -> str | None:
    def change(record: Any, changes: dict[str, Any]) -> Any:
        for path, value in changes.items():
            setattr(record, path, value)
        result = ws.update_many([record], on_problem="refuse")
        return None if result.refused else record

    return _changed(attempt, ws, change)


def _update_where(attempt: Attempt, ws: Workspace) -> str | None:
    def change(record: Any, changes: dict[str, Any]) -> Any:
        return record if ws.update_where(attempt.cls, f"id = '{record.id}'", changes).records else None

    return _changed(attempt, ws, change)


def _undo(attempt: Attempt, ws: Workspace) -> str | None:
    """Undoing changes of anybody takes the right to make them."""

    def change(record: Any, changes: dict[str, Any]) -> Any:
        done = Workspace(ws._ctx, attempt.world.root).update_where(attempt.cls, f"id = '{record.id}'", changes)
        return record if done.handle is not None and ws.undo(done.handle).records else None

    return _changed(attempt, ws, change)


def _changed(attempt: Attempt, ws: Workspace, change: Callable[[Any, dict[str, Any]], Any]) -> str | None:
    row, changes = attempt.row, attempt.changes()
    assert row is not None
    record, entity = attempt.held(ws), attempt.world.entity(attempt.entity)
    before = record.version
    if change(record, changes) is None:
        return None
    (stored,) = ws._ctx.by_ids(entity, [row.id], include_binned=True)
    if stored.version == before:
        return None
    now = row_of(entity, stored)
    paths = [path for path in changes if now[path] != row[path]]
    led_to = [(path, id) for path in paths for id in _ids(entity.fields[path], value_at(stored, entity.fields[path]))]
    if not attempt.sight.reaches("write", row):
        return f"{row.id} was out of reach before"
    return _wrong(attempt, ws, row.id, "write", "write", paths, led_to)


def _upsert(attempt: Attempt, ws: Workspace) -> str | None:
    """An import writes what it finds by a unique value."""
    entity = attempt.world.entity(attempt.entity)
    unique = [path for path, field in entity.fields.items() if field.unique and "." not in path and not field.read_only]
    if not unique or attempt.row is None or attempt.row[unique[0]] is None or attempt.row.is_binned:
        return None
    given = attempt.maker.draw(entity, 0.0)
    if given is None:
        return None
    setattr(given, unique[0], attempt.row[unique[0]])
    done = ws.upsert_many(attempt.cls, [given], by=[unique[0]])
    for record in done.updated:
        if not attempt.sight.reaches("write", attempt.row):
            return f"{record.id} was out of reach before"
    return None


def _delete(attempt: Attempt, ws: Workspace) -> str | None:
    ws.delete(attempt.held(ws))
    return _was_out(attempt)


def _delete_where(attempt: Attempt, ws: Workspace) -> str | None:
    assert attempt.row is not None
    done = ws.delete_where(attempt.cls, f"id = '{attempt.row.id}'")
    return _was_out(attempt) if done.records else None


def _restore(attempt: Attempt, ws: Workspace) -> str | None:
    ws.restore(attempt.held(ws))
    return _was_out(attempt)


def _purge(attempt: Attempt, ws: Workspace) -> str | None:
    ws.purge(attempt.held(ws))
    return _was_out(attempt)


def _lock(attempt: Attempt, ws: Workspace) -> str | None:
    assert attempt.row is not None
    ws.lock([attempt.held(ws)])
    return None if attempt.sight.reaches("write", attempt.row) else f"{attempt.row.id} is out of reach"


def _attach(attempt: Attempt, ws: Workspace) -> str | None:
    assert attempt.row is not None
    made = ws.attach(attempt.held(ws), "x.txt", b"x")
    (stored,) = ws._ctx.by_ids(attempt.world.entity("attachment"), [made.id])
    if not attempt.sight.reaches("create", row_of(attempt.world.entity("attachment"), stored)):
        return f"{attempt.row.id} is out of reach"
    return None


def _hand_over(attempt: Attempt, ws: Workspace) -> str | None:
    """Give one record of somebody to somebody else."""
    row, users = attempt.row, {user.id: user for user in attempt.world.users}
    assert row is not None
    if "owner" not in row.values or row["owner"] not in users or row.is_binned:
        return None
    other = attempt.chance.choice([user for user in attempt.world.users if user.id != row["owner"]])
    ws.hand_over(users[row["owner"]].key, other.key, reason="check", records=[attempt.held(ws)])
    if attempt.held(ws).version == row["version"]:
        return None
    if not attempt.sight.reaches("write", row):
        return f"{row.id} was out of reach before"
    return _wrong(attempt, ws, row.id, "write", "write", ["owner"], [("owner", other.id)])


def _visit(attempt: Attempt, ws: Workspace) -> str | None:
    assert attempt.row is not None
    ws.note_visit(attempt.held(ws))
    ws.add_favourite(attempt.held(ws))
    is_there = attempt.sight.reads(attempt.row) and not attempt.row.is_binned
    return None if is_there else f"{attempt.row.id} is out of reach"


def _unheard(attempt: Attempt, ws: Workspace) -> str | None:
    """What nobody has written cannot be changed, whoever says that he holds it."""
    record = stranger(attempt.world, ws, attempt.entity, UUID(int=1))
    ws.update(record, **attempt.changes())
    return "there is no such record" if ws._ctx.by_ids(attempt.world.entity(attempt.entity), [UUID(int=1)]) else None


WRITING: dict[str, Callable[[Attempt, Workspace], str | None]] = {
    "create": _create,
    "update": _update,
    "update_many": _update_many,
    "update_where": _update_where,
    "upsert_many": _upsert,
    "undo": _undo,
    "delete": _delete,
    "delete_where": _delete_where,
    "restore": _restore,
    "purge": _purge,
    "lock": _lock,
    "attach": _attach,
    "hand_over": _hand_over,
    "note_visit": _visit,
    "unheard of": _unheard,
}
"""The ways to write, by the call that each is made by."""


# What plain Python says of it


def _wrong(
    attempt: Attempt, ws: Workspace, id: UUID, action: str, right: str, paths: list[str], led_to: list[tuple[str, UUID]]
) -> str | None:
    """Return why a record that has been written should not have become what it is."""
    entity = attempt.world.entity(attempt.entity)
    (stored,) = ws._ctx.by_ids(entity, [id], include_binned=True)
    if not attempt.sight.reaches(action, row_of(entity, stored)):
        return f"{id} is out of reach now"
    for path in paths:
        if attempt.sight.right(attempt.entity, path) != "write" and not _may_default(attempt, path):
            return f"{path} may not be written"
    for path, target in led_to:
        if attempt.sight.row(target) is None and target not in (id, attempt.sight.me):
            return f"{path} leads to {target}, which is out of reach"
    return None


def _may_default(attempt: Attempt, path: str) -> bool:
    """Whether the field has a value without anybody giving one."""
    field = attempt.world.entity(attempt.entity).fields[path]
    return field.read_only or (attempt.row is None and field.default is not None)


def _was_out(attempt: Attempt) -> str | None:
    assert attempt.row is not None
    return None if attempt.sight.reaches("delete", attempt.row) else f"{attempt.row.id} is out of reach"


def _is_given(record: Any, field: Any) -> bool:
    return not field.read_only and value_at(record, field) not in (None, field.kind.empty)


def _ids(field: Any, value: Any) -> list[UUID]:
    if value is None or not isinstance(field.kind, (RefKind, AnyRefKind, LinkKind)):
        return []
    each = value if isinstance(field.kind, LinkKind) else (value,)
    return [one.id if isinstance(one, Ref) else one for one in each]
