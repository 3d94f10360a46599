"""`check_absent`: whoever cannot read some records cannot tell a world with them from one without."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any
from uuid import UUID

import attrs

from pycrm.errors import PycrmError
from pycrm.fields.autonumber import AutonumberKind
from pycrm.schema.record import slot_of
from pycrm.testing.access.answers import Ask, Asked, Broken, answer, bound, differences
from pycrm.testing.access.facts import Facts, Row, row_of
from pycrm.testing.access.fields import DECIDING
from pycrm.testing.access.oracle import Sight
from pycrm.testing.access.places import SEARCH_GAP
from pycrm.testing.access.records import RecordMaker
from pycrm.testing.access.report import Report, check
from pycrm.testing.access.world import World
from pycrm.values.principal import Principal
from pycrm.workspace import Workspace

__all__ = ["ABSENT_GAPS", "EXCEPTIONS", "check_absent"]

ALL = 10_000
PAIRS_PER_ROLES = 40

ABSENT_GAPS = {"search ranking": SEARCH_GAP, "search": SEARCH_GAP}
"""Places where records out of reach are known to show, with the reason."""

EXCEPTIONS: Mapping[str, str] = {
    "create taken": "a value that is unique in the whole CRM is refused where anybody's record has it",
    "upsert taken": "so is one that an import finds a record by: it is told that it may not, or that it is taken",
    "next number": "numbers of one series go to everybody's records, so that gaps tell how many there are",
}
"""Places where they show on purpose, with the reason; they are asked, and differences counted."""


@attrs.frozen
class _Pair:
    """What both worlds are asked about.

    Attributes:
        entity: The name of the entity.
        id: Of a record that is out of reach in one of the worlds, and does not exist in the other.
        text: A word that it is found by, or None.
        referring: Entity, path of a reference that leads to such records, and a record of it; or None.
        taken: A unique field and the value that it has in the record, or None.
        fresh: Makes a new record for the viewer, the same at every call.
    """

    entity: str
    id: UUID
    text: str | None
    referring: tuple[str, str, Any] | None
    taken: tuple[str, Any] | None
    fresh: Any


@check
def check_absent(world: World, report: Report, count: int) -> None:
    """Add records that somebody may not read, and ask him the same with and without them.

    Args:
        world: Where; both worlds of each pair are taken back.
        report: What came of it; its cases are places, its outcome ``pairs`` the pairs.
        count: Pairs of worlds.
    """
    chance = Random(report.seed)  # noqa: S311
    maker, tried = RecordMaker(world), 0
    while report.outcomes["pairs"] < count and tried < 20 * count + 200:
        if tried % PAIRS_PER_ROLES == 0:
            world.define_roles(chance)
            world.read()
            principals = world.principals()
            sights = [world.sight(principal) for principal in principals]
        tried += 1
        number = chance.randrange(len(sights))
        _try_pair(world, report, chance, maker, principals[number], sights[number])


def _try_pair(
    world: World, report: Report, chance: Random, maker: RecordMaker, principal: Principal, sight: Sight
) -> None:
    names = [name for name in world.facts.declared if name not in DECIDING and sight.allows("read", name)]
    # Where some are out of reach, one more of them probably is.
    names = [
        name
        for name in names
        if name not in ("tag", "attachment")
        and not world.decides_elsewhere(name)
        and sum(not _is_reached(sight, row) for row in world.facts.by_entity[name])
        > len(world.facts.by_entity[name]) // 2
    ]
    if not names:
        return
    name = chance.choice(names)
    entity = world.entity(name)
    hidden = maker.draw(entity, 0.5)
    fresh = maker.draw(entity, 0.3)
    if hidden is None or fresh is None:
        return
    pair = _Pair(name, hidden.id, *_found_by(world, sight, maker, name, hidden), fresh)
    first = _answers(world, principal, pair, None)
    second = _answers(world, principal, pair, hidden)
    if second is None or first is None:
        report.outcomes["record refused by rules"] += 1
        return
    (one, _), (other, added) = first, second
    if added is None or _is_reached(world.sight(principal, world.facts.with_row(added)), added):
        report.outcomes["within reach"] += 1
        return
    report.outcomes["pairs"] += 1
    parted = differences(one, other)
    if parted and _others_changed(world, sight, hidden):
        report.outcomes["a visible record followed"] += 1
        return
    for place in one:
        report.note(place, name)
        if place in parted and place in ABSENT_GAPS:
            report.gaps[ABSENT_GAPS[place]] += 1
        elif place in parted and place in EXCEPTIONS:
            report.outcomes[f"told by {place}"] += 1
        elif place in parted:
            report.fail(place, name, f"a record out of reach shows to {principal.user}: {parted[place]}")


def _is_reached(sight: Sight, row: Row) -> bool:
    return any(sight.reaches(action, row) for action in ("read", "write", "delete"))


def _found_by(world: World, sight: Sight, maker: RecordMaker, name: str, record: Any) -> tuple[Any, Any, Any]:
    """Return a word that *record* is found by, a reference to such records, and a unique value of it."""
    entity = world.entity(name)
    texts = [getattr(record, path) for path in world.facts.declared[name].searched if "." not in path]
    words = [text for text in texts if isinstance(text, str) and len(text) == 14 and text.isalpha()]
    referring = [
        (other, path)
        for other, declared in sorted(world.facts.declared.items())
        for path, target in sorted(declared.targets.items())
        if target == name and sight.allows("create", other) and path not in ("created_by", "updated_by")
    ]
    taken = [
        (path, getattr(record, path))
        for path, field in entity.fields.items()
        if field.unique and "." not in path and getattr(record, slot_of(field), None) is not None
    ]
    drawn = [(*each, made) for each in referring[:1] if (made := maker.draw(world.entity(each[0]), 0.0)) is not None]
    return next(iter(words), None), next(iter(drawn), None), next(iter(taken), None)


def _answers(world: World, principal: Principal, pair: _Pair, hidden: Any) -> tuple[dict[str, str], Row | None] | None:
    """Return what is answered where *hidden* is written first, and its row; None if no rule lets it."""
    entity = world.entity(pair.entity)
    with world.taken_back() as ws:
        added = None
        if hidden is not None:
            try:
                ws.create(_again(world, pair.entity, hidden, hidden.id))
            except PycrmError:
                return None
            (stored,) = ws._ctx.by_ids(entity, [hidden.id])
            added = row_of(entity, stored)
        viewer = Workspace(ws._ctx, principal)
        found: dict[str, str] = {}
        for place, ask in _questions(world, pair).items():
            found[place] = _asked_apart(world, ws, viewer, ask)
        return found, added


def _questions(world: World, pair: _Pair) -> Asked:
    """Return the questions by place."""
    entity, id = world.entity(pair.entity), pair.id
    cls = entity.record_class
    by_id = f"id = '{id}'"
    questions: dict[str, Ask] = {
        "list": lambda ws: ws.list(cls, limit=ALL),
        "page": lambda ws: ws.list(cls, limit=2, order_by="created_at DESC"),
        "next page": lambda ws: ws.list(cls, limit=2, after=ws.list(cls, limit=2).next_cursor),
        "count": lambda ws: [ws.count(cls), ws.count(cls, cap=2), ws.count(cls, where=by_id)],
        "aggregate": lambda ws: ws.aggregate(
            cls, measures=["count()", "count_distinct(created_by)"], group_by="created_by"
        ),
        "iterate": lambda ws: [record.id for record in ws.iterate(cls)],
        "get": lambda ws: ws.get(cls, id),
        "get_binned": lambda ws: ws.get_binned(cls, id),
        "find": lambda ws: ws.find(cls, id=id),
        "explain": lambda ws: ws.explain(cls, by_id),
        "under": lambda ws: ws.count(cls, where=f"id UNDER '{id}'"),
        "bulk": lambda ws: ws.update_where(cls, by_id, {"created_at": None}, preview=True),
        "delete": lambda ws: ws.delete(stranger(world, ws, pair.entity, id)),
        "delete all": lambda ws: len(ws.delete_where(cls, by_id, preview=True).records),
        "visit": lambda ws: ws.note_visit(stranger(world, ws, pair.entity, id)),
        "favourite": lambda ws: ws.add_favourite(stranger(world, ws, pair.entity, id)),
        "update": lambda ws: ws.update(stranger(world, ws, pair.entity, id), version=1),
        "lock": lambda ws: ws.lock([stranger(world, ws, pair.entity, id)]),
        "restore": lambda ws: ws.restore(stranger(world, ws, pair.entity, id)),
        "purge": lambda ws: ws.purge(stranger(world, ws, pair.entity, id)),
        "durations": lambda ws: ws.state_durations(stranger(world, ws, pair.entity, id)),
        "history": lambda ws: ws.history(stranger(world, ws, pair.entity, id)),
        "why": lambda ws: str(ws.why("read", stranger(world, ws, pair.entity, id))),
        "attach": lambda ws: type(ws.attach(stranger(world, ws, pair.entity, id), "x.txt", b"x")),
        "create": lambda ws: _told(world, ws, pair, _again(world, pair.entity, pair.fresh, pair.fresh.id)),
        "next number": lambda ws: _number(world, ws, pair),
    }
    for name, way in sorted(world.facts.declared[pair.entity].back.items())[:2]:
        questions[f"include {way[0]}"] = bound(lambda ws, name: ws.list(cls, limit=ALL, include=name), name=name)
    for path, target in sorted(world.facts.declared[pair.entity].targets.items())[:3]:
        back = [
            name
            for name, (other, at) in world.facts.declared[target].back.items()
            if (other, at) == (pair.entity, path)
        ]
        if back:
            above = world.entity(target).record_class
            where = f"ANY({back[0]})"
            questions[f"any of {target}"] = bound(
                lambda ws, above, where: ws.count(above, where=where), above=above, where=where
            )
            questions[f"related of {target}"] = bound(
                lambda ws, above, back: ws.list(above, limit=ALL, include=back[0]), above=above, back=back
            )
    if pair.text is not None:
        questions["search"] = lambda ws: ws.search(str(pair.text), entities=[cls])
        questions["search ranking"] = lambda ws: ws.search(f"{pair.text} amber")
    if pair.referring is not None:
        questions["reference"] = lambda ws: _referring(world, ws, pair)
    if pair.taken is not None:
        questions["create taken"] = lambda ws: _taken(world, ws, pair)
        questions["upsert taken"] = lambda ws: _upserted(world, ws, pair)
    return questions


def _asked_apart(world: World, ws: Workspace, viewer: Workspace, ask: Ask) -> str:
    told = ""
    try:
        with ws.savepoint():
            try:
                told = answer(world, viewer, ask)
            except Broken as broken:
                told = str(broken)
            raise _Undone
    except _Undone:
        return told


class _Undone(Exception):
    """Takes a savepoint back."""


def _again(world: World, name: str, record: Any, id: UUID) -> Any:
    """Return a new record with the values of *record*, which was never stored, and this id."""
    entity = world.entity(name)
    values = {field.name: getattr(record, slot_of(field)) for field in (*entity.own_fields, *_owned(entity))}
    made = entity.record_class(id=id, **{path: value for path, value in values.items() if value is not None})
    for path, value in record.document_values().items():
        made.set_document_value(path, value)
    return made


def _owned(entity: Any) -> list[Any]:
    return [
        entity.fields[path]
        for path in ("owner", "team")
        if path in entity.fields and entity.fields[path] not in entity.own_fields
    ]


def stranger(world: World, ws: Workspace, entity: str, id: UUID) -> Any:
    """Return a record with this id as somebody holds it who has only heard of that: of another one's values."""
    known = world.entity(entity)
    (record,) = ws._ctx.by_ids(known, [world.facts.by_entity[entity][0].id], include_binned=True)
    loaded = list(record._loaded)
    loaded[known.loaded_places["id"]] = id
    object.__setattr__(record, "id", id)
    object.__setattr__(record, "_loaded", tuple(loaded))
    return record


def _told(world: World, ws: Workspace, pair: _Pair, record: Any) -> Any:
    """Create *record* and return what came of it, numbers apart."""
    ws.create(record)
    entity = world.entity(pair.entity)
    numbers = {path for path, field in entity.fields.items() if isinstance(field.kind, AutonumberKind)}
    return {path: value for path, value in row_of(entity, record).values.items() if path not in numbers}


def _number(world: World, ws: Workspace, pair: _Pair) -> Any:
    record = _again(world, pair.entity, pair.fresh, pair.fresh.id)
    ws.create(record)
    fields = world.entity(pair.entity).fields
    return [getattr(record, path) for path, field in fields.items() if isinstance(field.kind, AutonumberKind)]


def _referring(world: World, ws: Workspace, pair: _Pair) -> Any:
    """Create a record that refers to what is out of reach."""
    assert pair.referring is not None
    name, path, drawn = pair.referring
    record = _again(world, name, drawn, drawn.id)
    if "." in path:
        record.set_document_value(path, pair.id)
    else:
        setattr(record, path, pair.id)
    ws.create(record)
    return name


def _taken(world: World, ws: Workspace, pair: _Pair) -> Any:
    assert pair.taken is not None
    record = _again(world, pair.entity, pair.fresh, pair.fresh.id)
    setattr(record, *pair.taken)
    ws.create(record)


def _upserted(world: World, ws: Workspace, pair: _Pair) -> Any:
    assert pair.taken is not None
    record = _again(world, pair.entity, pair.fresh, pair.fresh.id)
    setattr(record, *pair.taken)
    result = ws.upsert_many(type(record), [record], by=[pair.taken[0]])
    return len(result.created), len(result.updated)


def _others_changed(world: World, sight: Sight, hidden: Any) -> bool:
    """Return whether writing the record changes one that may be read, as a total that a hook keeps."""
    name = world.crm.schema.entity_of(hidden).name
    with world.taken_back() as ws:
        ws.create(_again(world, name, hidden, hidden.id))
        after = world.rows_in(ws)
        return _seen_rows(sight, after, hidden.id) != _seen_rows(sight, world.facts, hidden.id)


def _seen_rows(sight: Sight, facts: Facts, without: UUID) -> dict[UUID, Mapping[str, Any]]:
    return {id: row.values for id, row in facts.rows.items() if id != without and sight.reads(row)}
