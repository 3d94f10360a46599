"""Finding a record by what people type: its id, a number or code of its own, or its title."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pycrm.errors import NotFoundError, QueryError
from pycrm.fields.autonumber import AutonumberKind
from pycrm.fields.field import Field
from pycrm.fields.references import AnyRefKind, AnyRefsKind, RefKind, RefsKind
from pycrm.fields.text import TextKind
from pycrm.query import F
from pycrm.schema import Entity, Record, Schema
from pycrm.values.refs import Ref
from pycrm.workspace import Reader

__all__ = ["find_record", "reference_of"]


def find_record(ws: Reader, schema: Schema, entity: Entity, text: str, *, include: str = "") -> Record:
    """Return the record of *entity* that *text* means.

    Unique fields are asked first (number, code, key), the title last; text is compared exactly.

    Raises:
        NotFoundError: There is none outside the bin.
        QueryError: The title is that of several records; their ids are listed.
    """
    if (id := _as_id(text)) is not None:
        return ws.get(entity.record_class, id, include=include)
    names = _naming_fields(entity)
    for field in names:
        found = ws.list(entity.record_class, where=F[field.path] == text, limit=6, include=include)
        if len(found) == 1:
            return found[0]
        if found:
            ids = "\n".join(f"  {record.id}" for record in found[:5])
            more = "\n  …" if len(found) > 5 else ""
            raise QueryError(f"several {entity.plural} have {field.path} {text!r}; use an id:\n{ids}{more}")
    tried = ", ".join(["id", *(field.path for field in names)])
    raise NotFoundError(f"no {entity.name} {text!r}: none has it as {tried}", entity=entity.name, id=text)


def reference_of(ws: Reader, schema: Schema, field: Field, value: Any) -> Any:
    """Return *value* with the records that it names by number or title as references.

    Args:
        ws: Where they are looked up.
        schema: Of the CRM.
        field: The reference field; values of other fields come back as they are.
        value: From outside: a text, or a list of texts for a multi-reference; of a field that takes any entity,
            ``"account:ACC-000001"``.
    """
    if isinstance(field.kind, RefsKind) and isinstance(value, list | tuple):
        target = schema.entity(str(field.kind.target))
        return [_reference(ws, schema, target, each) for each in value]
    if isinstance(field.kind, RefKind):
        return _reference(ws, schema, schema.entity(str(field.kind.target)), value)
    if isinstance(field.kind, AnyRefsKind) and isinstance(value, list | tuple):
        return [_any_reference(ws, schema, each) for each in value]
    return _any_reference(ws, schema, value) if isinstance(field.kind, AnyRefKind) else value


def _any_reference(ws: Reader, schema: Schema, value: Any) -> Any:
    if not isinstance(value, str) or ":" not in value:
        return value
    name, _, text = value.partition(":")
    return _reference(ws, schema, schema.entity(name), text)


def _reference(ws: Reader, schema: Schema, target: Entity, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    id = _as_id(value)
    return Ref(id if id is not None else find_record(ws, schema, target, value).id, target.name)


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _naming_fields(entity: Entity) -> list[Field]:
    """Return the fields whose value names a record: unique ones, then the title."""
    unique = [
        field for field in entity.own_fields if field.unique and isinstance(field.kind, (TextKind, AutonumberKind))
    ]
    title = entity.fields[entity.title]
    by_text = isinstance(title.kind, (TextKind, AutonumberKind)) and title not in unique
    return [*unique, title] if by_text else unique
