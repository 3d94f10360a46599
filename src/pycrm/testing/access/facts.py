"""A world as plain Python sees it: what is declared of each entity, and every row, without anything that decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

import attrs

from pycrm.fields.field import Field
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind, RefsKind
from pycrm.schema import Entity, Record, Schema
from pycrm.schema.diff import value_at
from pycrm.values.refs import Ref

__all__ = ["Declared", "Facts", "Row", "declared_of", "led_to", "plain_value", "row_of"]


@attrs.frozen
class Declared:
    """What is declared of an entity, as far as rights depend on it.

    Attributes:
        name: Of the entity.
        paths: Its fields.
        open_paths: Fields that are open where no role speaks of them.
        part_of: The path of the reference whose target's rights it follows, and the entities that it may lead to; None
            where it has rights of its own.
        targets: By path of a single reference, the entity that it leads to.
        links: By path of a multi-reference to one entity, that entity.
        back: By name of a way back, the entity and the path that it comes from.
        searched: Paths of the fields that search looks at.
    """

    name: str
    paths: frozenset[str]
    open_paths: frozenset[str]
    part_of: tuple[str, frozenset[str]] | None
    targets: Mapping[str, str]
    links: Mapping[str, str]
    back: Mapping[str, tuple[str, str]]
    searched: tuple[str, ...]


@attrs.frozen(eq=False)
class Row:
    """One record.

    Attributes:
        entity: The name of its entity.
        id: Its id.
        values: Inside values by path; of a reference the id, of one to any entity its name and the id.
        is_binned: Whether it is in the bin.
    """

    entity: str
    id: UUID
    values: Mapping[str, Any]
    is_binned: bool = False

    def __getitem__(self, path: str) -> Any:
        return self.values.get(path)

    @property
    def owner(self) -> UUID | None:
        """Whose it is: its owner's, or of what has none its maker's; a user is his own."""
        if self.entity == "user":
            return self.id
        owner: UUID | None = self.values["owner" if "owner" in self.values else "created_by"]
        return owner


class Facts:
    """All rows of a world, and the declarations.

    Attributes:
        declared: By entity name.
        rows: By id.
    """

    def __init__(self, declared: Mapping[str, Declared], rows: Iterable[Row]) -> None:
        self.declared = declared
        self.rows: dict[UUID, Row] = {row.id: row for row in rows}

    @cached_property
    def by_entity(self) -> dict[str, list[Row]]:
        """The rows of each entity, those in the bin too."""
        found: dict[str, list[Row]] = {name: [] for name in self.declared}
        for row in self.rows.values():
            found[row.entity].append(row)
        return found

    @cached_property
    def referring(self) -> dict[tuple[str, str, UUID], list[Row]]:
        """The rows outside the bin that refer to one: by their entity, the path, and the id referred to."""
        found: dict[tuple[str, str, UUID], list[Row]] = {}
        for row in self.rows.values():
            for path, value in row.values.items() if not row.is_binned else ():
                target = value[1] if isinstance(value, tuple) and len(value) == 2 else value
                if isinstance(target, UUID):
                    found.setdefault((row.entity, path, target), []).append(row)
        return found

    def outside_bin(self, entity: str) -> list[Row]:
        """Return the rows of *entity* that are not in the bin."""
        return [row for row in self.by_entity[entity] if not row.is_binned]

    def with_row(self, row: Row) -> Facts:
        """Return these facts with *row* in the place of what has its id."""
        return Facts(self.declared, {**self.rows, row.id: row}.values())


def declared_of(schema: Schema) -> dict[str, Declared]:
    """Return what *schema* declares of each entity whose code is there."""
    return {name: _declared(entity, schema) for name, entity in schema.entities.items() if not entity.parked}


def _declared(entity: Entity, schema: Schema) -> Declared:
    fields = entity.fields
    references = {path: field.kind for path, field in fields.items() if isinstance(field.kind, RefKind)}
    return Declared(
        name=entity.name,
        paths=frozenset(fields),
        open_paths=frozenset(path for path, field in fields.items() if _is_open(path, field)),
        part_of=next((_whole(entity, field, schema) for field in fields.values() if _decides(field)), None),
        targets={path: str(kind.target) for path, kind in references.items() if str(kind.target) in schema.entities},
        links={path: str(field.kind.target) for path, field in fields.items() if isinstance(field.kind, RefsKind)},
        back={name: (way.entity, way.field) for name, way in entity.back.items()},
        searched=tuple(path for path, field in fields.items() if field.searchable),
    )


def _decides(field: Field) -> bool:
    return isinstance(field.kind, (RefKind, AnyRefKind)) and field.kind.rights_from


def _whole(entity: Entity, field: Field, schema: Schema) -> tuple[str, frozenset[str]]:
    kind = field.kind
    if isinstance(kind, RefKind):
        return field.path, frozenset({str(kind.target)} & schema.entities.keys())
    # What is about a record of its own entity follows nothing.
    assert isinstance(kind, AnyRefKind)
    return field.path, frozenset(name for name in schema.entities if kind.may_lead_to(name) and name != entity.name)


def _is_open(path: str, field: Field) -> bool:
    """Whether a field is read without a role that names it: an entity's own, unless its kind is sensitive."""
    return field.open or not ("." in path or field.kind.sensitive)


def row_of(entity: Entity, record: Record) -> Row:
    """Return *record*, read by somebody who sees all of it, as a row."""
    values = {path: plain_value(field, value_at(record, field)) for path, field in entity.fields.items()}
    return Row(entity.name, record.id, values, is_binned=record.deleted_at is not None)


def plain_value(field: Field, value: Any) -> Any:
    """Return an inside value of *field* as `Row.values` holds it."""
    if value is None:
        return None
    if isinstance(field.kind, LinkKind):
        each: Sequence[Any] = value
        return frozenset(_plain_reference(one, with_entity=not isinstance(field.kind, RefsKind)) for one in each)
    if isinstance(field.kind, (RefKind, AnyRefKind)):
        return _plain_reference(value, with_entity=isinstance(field.kind, AnyRefKind))
    return value


def _plain_reference(value: Any, *, with_entity: bool) -> Any:
    id = value.id if isinstance(value, Ref) else value
    return (value.entity, id) if with_entity else id


def led_to(value: Any) -> list[UUID]:
    """Return the ids that a reference of a row leads to."""
    values = value if isinstance(value, frozenset) else [] if value is None else [value]
    return [each[1] if isinstance(each, tuple) else each for each in values]
