"""The border: outside data in, by marshmallow, and the description of what comes out. One generic field asks the kind.

Whoever takes nothing from outside does not need this module, which waits for marshmallow; `dump` writes without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import marshmallow

from pycrm.errors import Problem, ValidationError
from pycrm.fields.field import Field
from pycrm.schema.diff import value_at
from pycrm.schema.dump import dump_value
from pycrm.schema.entity import Entity

__all__ = ["KindField", "border_schema", "json_schema", "load_values"]


class ProblemText(str):
    """The sentence of a `Problem` among marshmallow's messages, which remembers what it tells of."""

    __slots__ = ("problem",)

    problem: Problem

    @classmethod
    def of(cls, problem: Problem) -> ProblemText:
        """Return the sentence of *problem*."""
        text = cls(problem.message)
        text.problem = problem
        return text


class KindField(marshmallow.fields.Field[Any]):
    """A marshmallow field that parses and dumps by a field kind; its errors are the kind's own `Problem`."""

    def __init__(self, field: Field, **options: Any) -> None:
        super().__init__(required=False, allow_none=True, **options)
        self.kind = field.kind

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return self.kind.parse(value)
        except Problem as problem:
            raise marshmallow.ValidationError(ProblemText.of(problem)) from problem

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return dump_value(value, self.kind)


class BorderSchema(marshmallow.Schema):
    """The schema of one entity. Outside, fields go by their paths; marshmallow itself would take the dots apart."""

    fields_by_name: ClassVar[Mapping[str, Field]]

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        return value_at(obj, self.fields_by_name[attr])

    @marshmallow.post_load
    def _by_path(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {self.fields_by_name[name].path: value for name, value in data.items()}


def border_schema(entity: Entity) -> marshmallow.Schema:
    """Return the marshmallow schema of *entity*: every field by path, read-only ones for output only.

    ``load`` takes a mapping from outside and gives inside values by path; unknown names are errors.
    """
    named = {f"field{number}": field for number, field in enumerate(entity.fields.values())}
    fields: dict[str, marshmallow.fields.Field[Any]] = {
        name: KindField(field, data_key=field.path, dump_only=_is_output(field), metadata={"kind": field.kind.name})
        for name, field in named.items()
    }
    schema: Any = BorderSchema.from_dict(fields, name=f"{entity.record_class.__name__}Schema")
    schema.fields_by_name = named
    made: marshmallow.Schema = schema()
    return made


def _is_output(field: Field) -> bool:
    # An id may be made outside, as when records are entered offline.
    return (field.read_only and field.path != "id") or field.retired or field.parked


def load_values(entity: Entity, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return inside values by path for *data* from outside.

    Values of fields that are for output only pass as they are: whether they change anything is the door's to judge,
    so that what was dumped can come back whole.

    Raises:
        UnknownNameError: A name that is no field of *entity*, with the nearest names.
        ValidationError: With every problem.
    """
    output = {path: value for path, value in data.items() if _is_output(entity.field(path))}
    taken = {path: value for path, value in data.items() if path not in output}
    try:
        loaded: dict[str, Any] = border_schema(entity).load(taken)
    except marshmallow.ValidationError as error:
        raise ValidationError(list(_problems(error)), entity=entity.name) from error
    return {path: loaded.get(path, output.get(path)) for path in data}


def _problems(error: marshmallow.ValidationError) -> Iterator[Problem]:
    for path, texts in error.messages_dict.items():
        for text in texts:
            assert isinstance(text, ProblemText)  # names were judged before, so only kinds have spoken
            text.problem.field = path
            yield text.problem


def json_schema(entity: Entity) -> Mapping[str, Any]:
    """Return the JSON Schema of *entity*'s dumped form."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": entity.name,
        "type": "object",
        "properties": {path: field.kind.json_schema() for path, field in entity.fields.items()},
        "required": [path for path, field in entity.fields.items() if field.required],
    }
