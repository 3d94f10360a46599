"""`check_writes`: nobody writes what is out of his reach before or after, and who is refused leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID

import attrs

from pycrm.errors import NotAllowedError, NotFoundError, Problem, PycrmError, UnitError, ValidationError
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind
from pycrm.schema.diff import value_at
from pycrm.testing.access.absent import stranger
from pycrm.testing.access.facts import Row, led_to, plain_value, row_of
from pycrm.testing.access.fields import DECIDING
from pycrm.testing.access.oracle import Sight
from pycrm.testing.access.records import RecordMaker
from pycrm.testing.access.report import Report, check
from pycrm.testing.access.world import World
from pycrm.values.principal import Principal
from pycrm.values.refs import Ref
from pycrm.workspace import Workspace

__all__ = ["WRITING", "Attempt", "check_writes"]

WRITES_PER_ROLES = 400
REFUSALS_PER_DUMP = 50
_REFUSED = (NotAllowedError, NotFoundError)


@attrs.frozen
class Attempt:
    """One writing call of one principal.

    Attributes:
        world: Where.
        chance: Where it is drawn from.
        maker: Makes records and values.
        sight: What the principal reaches before it.
        entity: The name of the entity.
        row: What it writes; None where it creates.
        given: The changes that it makes.
    """

    world: World
    chance: Random
    maker: RecordMaker
    sight: Sight
    entity: str
    row: Row | None
    given: dict[str, Any] = attrs.field(factory=dict)

    @property
    def cls(self) -> type[Any]:
        """The record class."""
        return self.world.entity(self.entity).record_class

    def held(self, ws: Workspace) -> Any:
        """Return the record as he holds it: whole, as a program may that has it from somebody else."""
        assert self.row is not None
        (record,) = ws._ctx.by_ids(self.world.entity(self.entity), [self.row.id], include_binned=True)
        return record

    def changes(self) -> dict[str, Any]:
        """Return new values of one or two fields; of references, and of the owner, more often than of others."""
        fields = self.world.entity(self.entity).fields
        offered = [path for path, each in fields.items() if not each.read_only and not each.retired and "." not in path]
        offered = [path for path in offered if path not in ("id", "version", "deleted_at")]
        leading = [path for path in offered if isinstance(fields[path].kind, (RefKind, AnyRefKind, LinkKind))]
        paths = {self.chance.choice(leading if leading and self.chance.random() < 0.5 else offered)}
        found = {path: self._value(path) for path in sorted(paths)}
        self.given.update((path, value) for path, value in found.items() if value is not None)
        return dict(self.given)

    def is_within_reach(self, verb: str) -> bool:
        """Return whether plain Python sees nothing against it, what rules of the entity say apart."""
        sight, row = self.sight, self.row
        if row is None or row.is_binned or verb not in ("update", "update_many", "lock", "delete"):
            return False
        if verb == "delete":
            return sight.reaches("delete", row) and sight.reads(row)
        fields = self.world.entity(self.entity).fields
        try:
            values = {path: plain_value(fields[path], fields[path].kind.parse(v)) for path, v in self.given.items()}
        except Problem:
            return False
        after = Row(row.entity, row.id, {**row.values, **values})
        targets = [id for path, value in values.items() if _leads(fields[path]) for id in led_to(value)]
        return (
            all(sight.right(self.entity, path) == "write" for path in values)
            and all(sight.row(id) is not None and not sight.row(id).is_binned for id in targets)  # type: ignore[union-attr]
            and all(sight.reaches("write", state) and sight.reads(state) for state in (row, after))
        )

    def _value(self, path: str) -> Any:
        if path == "owner":
            return self.chance.choice(self.world.users).id
        if path == "team":
            return self.chance.choice(self.world.teams).id
        entity = self.world.entity(self.entity)
        return self.maker.value(entity, entity.fields[path])


@check
def check_writes(world: World, report: Report, count: int) -> None:
    """Write at random, as everybody, and hold what is let through and what is refused against plain Python.

    Every call is made in a unit of its own, which is taken back where it succeeds. After refusals, which are carried
    on with, the whole database is what it was.

    Args:
        world: Where.
        report: What came of it; its outcomes are ``written``, ``refused`` and ``unfit``.
        count: Calls.
    """
    chance = Random(report.seed)  # noqa: S311
    maker, refused, before = RecordMaker(world), 0, ""
    while report.cases < count:
        if report.cases % WRITES_PER_ROLES == 0 or not before:
            if before and before != dump(world):
                report.fail("dump", "all", "refused calls have left something behind")
            world.define_roles(chance)
            world.read()
            principals = world.principals()
            sights, before = [world.sight(principal) for principal in principals], dump(world)
        number = chance.randrange(len(principals))
        is_refused = _try(world, report, chance, maker, principals[number], sights[number])
        refused += is_refused
        if is_refused and refused % REFUSALS_PER_DUMP == 0 and before != dump(world):
            report.fail("dump", "all", "refused calls have left something behind")
    if before != dump(world):
        report.fail("dump", "all", "refused calls have left something behind")


def _try(
    world: World, report: Report, chance: Random, maker: RecordMaker, principal: Principal, sight: Sight
) -> bool:
    verb = chance.choice(sorted(WRITING))
    names = [name for name, rows in world.facts.by_entity.items() if rows and name not in DECIDING and name != "tag"]
    entity = chance.choice(names)
    row = chance.choice(world.facts.by_entity[entity])
    attempt = Attempt(world, chance, maker, sight, entity, None if verb == "create" else row)
    with world.taken_back(principal) as ws:
        try:
            due = WRITING[verb](attempt, ws)
        except (*_REFUSED, ValidationError, PycrmError) as error:
            return _judge_refusal(report, attempt, verb, principal, error)
        report.note(verb, entity, "written")
        if due is not None:
            report.fail(verb, entity, f"of {principal.user} is let through, but {due}")
    return False


def _judge_refusal(report: Report, attempt: Attempt, verb: str, principal: Principal, error: PycrmError) -> bool:
    """Note what became of a call that raised; return whether it was for want of a right."""
    if isinstance(error, UnitError):
        report.fail(verb, attempt.entity, f"of {principal.user}: {error}")
    codes = {each.code for each in getattr(error, "problems", ())}
    facts = error.facts
    if isinstance(error, _REFUSED) and facts.get("entity") == attempt.entity and facts.get("action") in (None, "write", "delete") and attempt.is_within_reach(verb):
        report.fail(verb, attempt.entity, f"of {principal.user} is refused, {attempt.given}: {error}")
    is_refused = isinstance(error, _REFUSED) or bool(codes & {"ref.unknown", "access.not_allowed", "record.not_found"})
    report.note(verb, attempt.entity, "refused" if is_refused else "unfit")
    return is_refused


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


def _leads(field: Any) -> bool:
    return isinstance(field.kind, (RefKind, AnyRefKind, LinkKind))


def _is_given(record: Any, field: Any) -> bool:
    return not field.read_only and value_at(record, field) not in (None, field.kind.empty)


def _ids(field: Any, value: Any) -> list[UUID]:
    if value is None or not isinstance(field.kind, (RefKind, AnyRefKind, LinkKind)):
        return []
    each = value if isinstance(field.kind, LinkKind) else (value,)
    return [one.id if isinstance(one, Ref) else one for one in each]


def dump(world: World) -> str:
    """Return a digest of every row of every table of the CRM."""
    digest = sha256()
    with world.crm.reading_as(world.root) as reader:
        unit, tables = reader._ctx.unit, reader._ctx.tools.tables
        for table in sorted(tables.metadata.tables.values(), key=lambda table: table.name):
            if table.name.endswith("_audit"):
                continue  # a refusal leaves its trace
            quoted = f'"{table.schema}"."{table.name}"' if table.schema else f'"{table.name}"'
            rows = unit.rows(f"SELECT * FROM {quoted}", {})  # noqa: S608 - names of our own tables
            digest.update(repr((table.name, sorted(map(repr, rows)))).encode())
    return digest.hexdigest()
