"""Files that an export of a CRM with names has written: their headers are paths, so that nothing needs guessing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pycrm.exchange.joined import SEPARATOR
from pycrm.exchange.mapping.model import EntityMap, FieldMap, Mapping
from pycrm.exchange.mapping.suggesting.suggestion import ColumnSuggestion, Suggestion
from pycrm.fields.references import RefKind, RefsKind
from pycrm.schema import Entity, Record, Schema

__all__ = ["of_own_export"]

# An export without chosen columns has them; of others only a path with a dot is no everyday word.
_SIGNS = {"id", "created_at", "updated_at"}


def of_own_export(
    columns: Sequence[str], schema: Schema, entity: str | None, name: str, fingerprint: str
) -> Suggestion | None:
    """Return the mapping that reads an export again; None where *columns* are not those of one.

    Args:
        columns: The headers.
        schema: Of the CRM.
        entity: What the rows are; the first whose paths they are where not told.
        name: Of the mapping.
        fingerprint: Of the headers.
    """
    if not _SIGNS.issubset(columns) and not any("." in column for column in columns):
        return None
    for each in schema.entities.values() if entity is None else [schema.entity(entity)]:
        fields = [_field(schema, each, column) for column in columns]
        if not each.parked and all(field is not None for field in fields):
            return _suggestion(each, columns, [field for field in fields if field is not None], name, fingerprint)
    return None


def _field(schema: Schema, entity: Entity, column: str) -> FieldMap | None:
    """Return how *column* gets into a field of *entity*; None where it is no path of it."""
    if column in entity.fields:
        several = entity.fields[column].kind.empty == ()
        return FieldMap(column, (column,), split=SEPARATOR if several else "")
    path, _, key = column.rpartition(".")
    field = entity.fields.get(path)
    if field is None or not isinstance(field.kind, RefKind | RefsKind):
        return None
    target = schema.entities.get(str(field.kind.target))
    found = None if target is None else target.fields.get(key)
    if found is None or not (found.unique or key == "id"):
        return None
    find = "" if key == "id" else key  # ids need no looking up
    return FieldMap(path, (column,), split=SEPARATOR if isinstance(field.kind, RefsKind) else "", find=find)


def _suggestion(
    entity: Entity, columns: Sequence[str], fields: Sequence[FieldMap], name: str, fingerprint: str
) -> Suggestion:
    told = [
        ColumnSuggestion(column, entity.name, field.path, 1.0, "its path")
        if _is_written(entity, field)
        else ColumnSuggestion(column, "", "", 1.0, "written by the CRM itself")
        for column, field in zip(columns, fields, strict=True)
    ]
    written = tuple(field for field in fields if _is_written(entity, field))
    map = EntityMap(entity.name, fields=written, by=_key(entity, {field.path for field in written}))
    return Suggestion(Mapping(name=name, entities=(map,), fingerprint=fingerprint), tuple(told), "headers")


def _is_written(entity: Entity, field: FieldMap) -> bool:
    return field.path not in Record.__declared_fields__ and not entity.fields[field.path].read_only


def _key(entity: Entity, paths: Iterable[str]) -> tuple[str, ...]:
    """Return the unique fields by which records are found again, as few as there are."""
    keys = [tuple(field.path for field in key) for key in entity.unique_keys]
    return min((key for key in keys if set(key) <= set(paths)), key=len, default=())
