"""The records that a filter names by their ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from pycrm.fields.identifier import IdKind
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind
from pycrm.query.ast import Compare, In, Linked, Node, Path, children
from pycrm.query.paths import ResolvedPath, resolve, resolve_link
from pycrm.schema import Entity, Schema
from pycrm.values.refs import Ref

__all__ = ["id_in", "mentioned"]


def mentioned(schema: Schema, entity: Entity, node: Node) -> dict[str, set[UUID]]:
    """Return the ids that *node*, a filter on *entity*, compares references and ids with, by the entity they are of.

    Raises:
        UnknownNameError: A name that leads nowhere.
        QueryError: A name that cannot be followed.
    """
    found: dict[str, set[UUID]] = {}
    for name, id in _pairs(schema, entity, node):
        found.setdefault(name, set()).add(id)
    return found


def id_in(value: Any) -> UUID | None:
    """Return the id that *value* is or has: an id or its text, a record, a reference; None for anything else."""
    found = getattr(value, "id", value)
    if isinstance(found, str):
        try:
            return UUID(found)
        except ValueError:
            return None
    return found if isinstance(found, UUID) else None


def _pairs(schema: Schema, entity: Entity, node: Node) -> Iterator[tuple[str, UUID]]:
    match node:
        case Compare(left=Path() as left, right=tuple() as values) | In(Path() as left, values):
            yield from _ids(resolve(schema, entity, left), values)
        case Compare(left=Path() as left, right=value) if not isinstance(value, Path):
            yield from _ids(resolve(schema, entity, left), (value,))
        case Linked(link=link):
            target = resolve_link(schema, entity, link).target
            for child in children(node) if target is not None else ():
                yield from _pairs(schema, target or entity, child)
        case _:
            for child in children(node):
                yield from _pairs(schema, entity, child)


def _ids(path: ResolvedPath, values: tuple[Any, ...]) -> Iterator[tuple[str, UUID]]:
    kind = path.field.kind
    if not isinstance(kind, RefKind | AnyRefKind | LinkKind | IdKind):
        return
    target = path.entity.name if path.field.path == "id" else getattr(kind, "target", None)
    for value in values:
        id = id_in(value)
        name = value.entity if isinstance(value, Ref) and value.entity else target
        if id is not None and isinstance(name, str):
            yield name, id
