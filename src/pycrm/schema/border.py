"""The border: outside data in, inside data out, by marshmallow. One generic field asks the kind, so both sides agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow

from pycrm.errors import Problem
from pycrm.fields.field import Field
from pycrm.schema.diff import value_at
from pycrm.schema.entity import Entity
from pycrm.schema.record import Record
from pycrm.values.refs import Ref

__all__ = ["KindField", "border_schema", "dump_record", "dump_value", "json_schema"]


class KindField(marshmallow.fields.Field[Any]):
    """A marshmallow field that parses and dumps by a field kind; its errors are the kind's own `Problem`."""

    def __init__(self, field: Field, **options: Any) -> None:
        super().__init__(required=False, allow_none=True, **options)
        self.kind = field.kind

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return self.kind.parse(value)
        except Problem as problem:
            raise marshmallow.ValidationError(problem.message) from problem

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return dump_value(value, self.kind)


def border_schema(entity: Entity) -> marshmallow.Schema:
    """Return the marshmallow schema of *entity*: every field by path, read-only ones for output only.

    ``load`` takes a mapping from outside and gives inside values by path; unknown names are errors.
    """
    fields: dict[str, marshmallow.fields.Field[Any]] = {
        path: KindField(field, dump_only=field.read_only or field.retired, metadata={"kind": field.kind.name})
        for path, field in entity.fields.items()
    }
    return marshmallow.Schema.from_dict(fields, name=f"{entity.record_class.__name__}Schema")()


def dump_value(value: Any, kind: Any) -> Any:
    """Return *value* as JSON-able data; a reference as its id."""
    if value is None:
        return None
    if isinstance(value, Ref) and kind.name == "ref":
        return str(value.id)
    return kind.dump(value)


def dump_record(entity: Entity, record: Record) -> dict[str, Any]:
    """Return all of *record*'s fields by path as JSON-able data."""
    return {path: dump_value(value_at(record, field), field.kind) for path, field in entity.fields.items()}


def json_schema(entity: Entity) -> Mapping[str, Any]:
    """Return the JSON Schema of *entity*'s dumped form."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": entity.name,
        "type": "object",
        "properties": {path: field.kind.json_schema() for path, field in entity.fields.items()},
        "required": [path for path, field in entity.fields.items() if field.required],
    }
