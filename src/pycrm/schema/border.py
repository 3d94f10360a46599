"""The border: outside data in, inside data out, by marshmallow. One generic field asks the kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias
from weakref import WeakKeyDictionary

import marshmallow

from pycrm.errors import Problem, ValidationError
from pycrm.fields.dates import InstantKind
from pycrm.fields.field import Field
from pycrm.fields.kind import Kind
from pycrm.schema.diff import value_at
from pycrm.schema.entity import Entity
from pycrm.schema.generate import make_function
from pycrm.schema.record import Record, slot_of
from pycrm.values.refs import Ref

__all__ = ["KindField", "border_schema", "dump_record", "dump_records", "dump_value", "json_schema", "load_values"]


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


def dump_value(value: Any, kind: Any) -> Any:
    """Return *value* as JSON-able data; a reference as its id."""
    if value is None:
        return None
    if isinstance(value, Ref) and kind.name == "ref":
        return str(value.id)
    return kind.dump(value)


def dump_record(entity: Entity, record: Record) -> dict[str, Any]:
    """Return all of *record*'s fields by path as JSON-able data."""
    return dump_records(entity, [record])[0]


def dump_records(entity: Entity, records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return `dump_record` of each of *records*."""
    dump = _dumps.get(entity)
    if dump is None:
        dump = _dumps[entity] = _make_dump(entity)
    return dump(records)


_Dump: TypeAlias = Callable[[Sequence[Record]], list[dict[str, Any]]]
_dumps: WeakKeyDictionary[Entity, _Dump] = WeakKeyDictionary()


def _make_dump(entity: Entity) -> _Dump:
    """Return `dump_records` for *entity*: one function that asks only kinds which change a value.

    What neighbours share, such as their owner or the moment of an import, is dumped once.
    """
    constants: dict[str, Any] = {}
    before, body, values = [], [], []
    for number, (path, field) in enumerate(entity.fields.items()):
        kind = field.kind
        constants[f"empty{number}"] = kind.empty
        value = f"document.get({path!r}, empty{number})" if "." in path else f"record.{slot_of(field)}"
        if type(kind).dump is not Kind.dump:
            constants[f"dump{number}"] = kind.dump
            if kind.empty is None:
                before.append(f"k{number} = e{number} = None")
                body += [
                    f"if (v := {value}) {'!=' if isinstance(kind, InstantKind) else 'is not'} k{number}:",
                    f"    k{number} = v",
                    f"    e{number} = None if v is None else dump{number}(v)",
                ]
                value = f"e{number}"
            else:  # a list, which must be each record's own
                value = f"dump{number}({value} or empty{number})"
        values.append(f"{path!r}: {value}")
    source = _DUMP.format(before="\n    ".join(before), body="\n        ".join(body), values=f"{{{', '.join(values)}}}")
    dump: _Dump = make_function(source, "dump_records", constants)
    return dump


_DUMP = """\
def dump_records(records):
    dumped = []
    {before}
    for record in records:
        document = record.document_values()
        {body}
        dumped.append({values})
    return dumped
"""


def json_schema(entity: Entity) -> Mapping[str, Any]:
    """Return the JSON Schema of *entity*'s dumped form."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": entity.name,
        "type": "object",
        "properties": {path: field.kind.json_schema() for path, field in entity.fields.items()},
        "required": [path for path, field in entity.fields.items() if field.required],
    }
