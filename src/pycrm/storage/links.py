"""The rows of multi-references, all fields of all entities in one table.

Links are merged one by one: what two people add both stays, and what one removes is gone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import attrs
from sqlalchemy import ColumnElement, Text, bindparam, cast, delete, func, select

from pycrm.fields.field import Field
from pycrm.fields.kind import PartType
from pycrm.fields.references import AnyRefsKind, id_of
from pycrm.schema import Entity, Record
from pycrm.schema.record import slot_of
from pycrm.storage.bulk import BulkInsert
from pycrm.storage.codecs import CODECS
from pycrm.storage.dialect import Dialect
from pycrm.storage.per_tables import per_tables
from pycrm.storage.tables import Tables
from pycrm.storage.types import TEXT
from pycrm.storage.unit import Unit
from pycrm.storage.value_lists import ValueList
from pycrm.values.refs import Ref

__all__ = [
    "LinkChange",
    "delete_links",
    "link_name",
    "linked_fields",
    "links_sql",
    "referencing",
    "take_links",
    "write_links",
]

_NONE = "[]"  # PostgreSQL gives null
_COLUMNS = (
    ("position", PartType.INTEGER),
    ("field", PartType.TEXT),
    ("source_id", PartType.ID),
    ("target_id", PartType.ID),
)


@attrs.frozen
class LinkChange:
    """What one multi-reference of one record was and shall be, in order."""

    field: Field
    source_id: UUID
    before: tuple[UUID | Ref[Any], ...]
    after: tuple[UUID | Ref[Any], ...]


def link_name(entity: Entity, field: Field, target: str = "") -> str:
    """Return what the link table calls *field*: ``"team.members"``.

    Where it may lead to several entities, the name goes on with that of the *target*:
    ``"interaction.participants:contact"``.
    """
    name = f"{entity.name}.{field.path}"
    return f"{name}:{target}" if isinstance(field.kind, AnyRefsKind) and target else name


def links_sql(tables: Tables, record_id: ColumnElement[Any], dialect: Dialect) -> ColumnElement[str]:
    """Return the SQL of all links of the record *record_id*, as `take_links` reads them: JSON text."""
    link = tables.link.alias("link")
    if dialect.name == "sqlite":
        each = func.json_array(link.c.position, link.c.n, link.c.field, func.hex(link.c.target_id))
        found: ColumnElement[Any] = func.json_group_array(each)
    else:
        each = func.json_build_array(link.c.position, link.c.n, link.c.field, link.c.target_id)
        found = cast(func.json_agg(each), Text())
    return select(found).where(link.c.source_id == record_id).scalar_subquery()


def take_links(entity: Entity, records: Sequence[Record], texts: Sequence[str | None]) -> None:
    """Give freshly loaded *records* the ids of their multi-references, as `links_sql` gave them for each."""
    own = [(slot_of(field), link_name(entity, field)) for field in entity.own_link_fields]
    added = [(field.path, link_name(entity, field)) for field in entity.link_fields if "." in field.path]
    columns = len(entity.column_fields)
    for record, text in zip(records, texts, strict=True):
        if text is None or text == _NONE:
            continue  # the loader has left them empty
        found = _by_field(text)
        values = [found.get(name, ()) for _, name in own]
        for (slot, _), value in zip(own, values, strict=True):
            setattr(record, slot, value)
        record._loaded = (*(record._loaded or ())[:columns], *values)
        for path, name in added:
            if value := found.get(name, ()):
                record.document_values()[path] = record._stored[path] = value


def _by_field(text: str) -> dict[str, tuple[UUID | Ref[Any], ...]]:
    """Return the targets in order, by the name of their field."""
    found: dict[str, list[UUID | Ref[Any]]] = {}
    for _, _, name, target in sorted(json.loads(text)):
        field, _, entity = name.partition(":")
        id = UUID(target)
        found.setdefault(field, []).append(Ref(id, entity) if entity else id)
    return {field: tuple(targets) for field, targets in found.items()}


def write_links(unit: Unit, tables: Tables, entity: Entity, changes: Sequence[LinkChange]) -> None:
    """Bring the rows from what each change says was to what it says shall be."""
    statements = _statements(tables, unit.dialect)
    encode = CODECS[unit.dialect.name].encode(PartType.ID) or _same
    removed: list[tuple[Any, ...]] = []
    added: list[tuple[Any, ...]] = []
    moved: list[tuple[Any, ...]] = []
    for change in changes:
        source = encode(change.source_id)
        places = {id_of(each): (place, each) for place, each in enumerate(change.before)}
        for place, each in enumerate(change.after):
            was, _ = places.pop(id_of(each), (None, each))
            if was != place:
                name = link_name(entity, change.field, _entity_of(each))
                (added if was is None else moved).append((place, name, source, encode(id_of(each))))
        for id, (_, each) in places.items():
            removed.append((link_name(entity, change.field, _entity_of(each)), source, encode(id)))
    if removed:
        unit.execute_many(statements.remove, removed)
    if added:
        # What somebody else added meanwhile stays.
        statements.bulk.write_absent(unit, added)
    if moved:
        unit.execute_many(statements.move, moved)


def referencing(
    unit: Unit, tables: Tables, entity: Entity, field: Field, target: str, target_ids: Sequence[UUID]
) -> list[tuple[UUID, UUID]]:
    """Return (target, source) for each record of *entity* whose multi-reference *field* holds one of *target_ids*.

    They are ids of records of the entity *target*.
    """
    decode = CODECS[unit.dialect.name].decode(PartType.ID) or _same
    name = link_name(entity, field, target)
    return [
        (decode(target), decode(source))
        for sql, params in _statements(tables, unit.dialect).referencing.portions(target_ids)
        for target, source in unit.rows(sql, {**params, "_field": name})
    ]


def linked_fields(unit: Unit, tables: Tables, target_ids: Sequence[UUID]) -> set[str]:
    """Return the `link_name` of each multi-reference that holds one of *target_ids*."""
    portions = _statements(tables, unit.dialect).linked.portions(target_ids)
    return {name for sql, params in portions for (name,) in unit.rows(sql, params)}


def delete_links(unit: Unit, tables: Tables, ids: Sequence[UUID]) -> None:
    """Remove every link from and to *ids*, records that are to be purged."""
    statements = _statements(tables, unit.dialect)
    for statement in (statements.forget_sources, statements.forget_targets):
        for sql, params in statement.portions(ids):
            unit.execute(sql, params)


@attrs.frozen
class _Statements:
    """The compiled statements on one link table."""

    bulk: BulkInsert
    remove: str
    move: str
    referencing: ValueList
    linked: ValueList
    forget_sources: ValueList
    forget_targets: ValueList


@per_tables
def _statements(tables: Tables, dialect: Dialect) -> _Statements:
    link = tables.link
    name = dialect.sa.identifier_preparer.format_table(link)
    mark = dialect.positional
    its_row = f"WHERE field = {mark} AND source_id = {mark} AND target_id = {mark}"
    of_field = select(link.c.target_id, link.c.source_id).where(link.c.field == bindparam("_field", type_=TEXT))
    return _Statements(
        bulk=BulkInsert(dialect, link, _COLUMNS),
        remove=f"DELETE FROM {name} {its_row}",
        move=f"UPDATE {name} SET position = {mark} {its_row}",
        referencing=ValueList(dialect, link.c.target_id, of_field.where),
        linked=ValueList(dialect, link.c.target_id, select(link.c.field).distinct().where),
        forget_sources=ValueList(dialect, link.c.source_id, delete(link).where),
        forget_targets=ValueList(dialect, link.c.target_id, delete(link).where),
    )


def _entity_of(reference: UUID | Ref[Any]) -> str:
    return (reference.entity or "") if isinstance(reference, Ref) else ""


def _same(value: Any) -> Any:
    return value
