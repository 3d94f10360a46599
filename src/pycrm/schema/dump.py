"""Inside data out: values and whole records as JSON-able data, by one generated function per entity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from pycrm.fields.dates import DateKind, InstantKind
from pycrm.fields.kind import Kind
from pycrm.fields.numbers import DecimalKind
from pycrm.schema.entity import Entity
from pycrm.schema.generate import make_function
from pycrm.schema.record import Record, slot_of
from pycrm.values.refs import Ref

__all__ = ["dump_record", "dump_records", "dump_value"]


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

# Equal values of these come out the same, and to compare two takes a fraction of the time of writing one. Of other
# kinds only a value that is the very same object is known to come out the same.
_SAME_IF_EQUAL = (DateKind.dump, InstantKind.dump, DecimalKind.dump)


def _make_dump(entity: Entity) -> _Dump:
    """Return `dump_records` for *entity*: one function that asks only kinds which change a value.

    What neighbours share, such as their owner or the moment of an import, is dumped once.
    """
    constants: dict[str, Any] = {}
    before, body, values = [], [], []
    if any("." in path for path in entity.fields):
        body.append("document = record.document_values()")
    for number, (path, field) in enumerate(entity.fields.items()):
        kind = field.kind
        constants[f"empty{number}"] = kind.empty
        value = f"document.get({path!r}, empty{number})" if "." in path else f"record.{slot_of(field)}"
        if type(kind).dump is not Kind.dump:
            constants[f"dump{number}"] = kind.dump
            if kind.empty is not None:  # a list, which must be each record's own
                value = f"dump{number}({value} or empty{number})"
            else:
                before.append(f"k{number} = e{number} = None")
                body += [
                    f"if (v := {value}) {'!=' if type(kind).dump in _SAME_IF_EQUAL else 'is not'} k{number}:",
                    f"    k{number} = v",
                    f"    e{number} = None if v is None else dump{number}(v)",
                ]
                value = f"e{number}"
        values.append(f"{path!r}: {value}")
    source = _DUMP.format(before="\n    ".join(before), body="\n        ".join(body), values=f"{{{', '.join(values)}}}")
    dump: _Dump = make_function(source, "dump_records", constants)
    return dump


_DUMP = """\
def dump_records(records):
    dumped = []
    {before}
    for record in records:
        {body}
        dumped.append({values})
    return dumped
"""
