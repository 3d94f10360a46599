"""What changed in a record since it was loaded: one generated comparison per entity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pycrm.fields.field import Field
from pycrm.fields.references import RefKind
from pycrm.schema.entity import Entity
from pycrm.schema.generate import make_function
from pycrm.schema.record import Record, slot_of
from pycrm.values.refs import Ref

__all__ = [
    "Diff",
    "loaded_value",
    "make_capture",
    "make_diff",
    "make_remember",
    "make_take_over",
    "value_at",
    "values_of",
]

Diff = Callable[[Record], list[Field]]


def make_diff(entity: Entity) -> Diff:
    """Return ``diff(record) -> changed fields`` for loaded records, own fields first, then the document's.

    A value of another type counts as changed even where it is equal: the parser settles it.
    """
    fields = entity.column_fields
    lines = ["def diff(record):", "    changed = []", "    old = record._loaded"]
    constants: dict[str, Any] = {"Ref": Ref}
    for index, field in enumerate(fields):
        constants[f"f{index}"] = field
        now = "(v.id if type(v) is Ref else v)" if isinstance(field.kind, RefKind) else "v"
        lines += [
            f"    v = record.{slot_of(field)}",
            f"    o = old[{index}]",
            "    if v is not o:",
            f"        v = {now}",
            "        if type(v) is not type(o) or v != o:",
            f"            changed.append(f{index})",
        ]
    for index, field in enumerate(entity.own_link_fields):
        constants[f"link{index}"] = field
        constants["ids"] = _ids
        lines += [
            f"    if ids(record.{slot_of(field)}) != ids(old[{len(fields) + index}]):",
            f"        changed.append(link{index})",
        ]
    lines.append("    return changed")
    diff_own = make_function("\n".join(lines) + "\n", "diff", constants)

    def diff(record: Record) -> list[Field]:
        changed: list[Field] = diff_own(record)
        now, stored = record._document, record._stored
        if now is not None and now != stored:
            paths = [path for path in {**now, **stored} if now.get(path) != stored.get(path)]
            changed += [entity.field(path) for path in paths]
        return changed

    return diff


def make_remember(entity: Entity) -> Callable[[Record], None]:
    """Return ``remember(record)``, which takes the record's present values for the stored ones."""
    names = []
    for field in entity.column_fields:
        slot = f"record.{slot_of(field)}"
        names.append(f"({slot}.id if type({slot}) is Ref else {slot})" if isinstance(field.kind, RefKind) else slot)
    names += [f"ids(record.{slot_of(field)})" for field in entity.own_link_fields]
    source = f"""def remember(record):
    record._loaded = ({", ".join(names)},)
    document = record._document
    if document is not None:
        record._stored = dict(document)
    record._entity = entity
"""
    constants = {"Ref": Ref, "ids": _ids, "entity": entity}
    remember: Callable[[Record], None] = make_function(source, "remember", constants)
    return remember


def make_capture(entity: Entity) -> Callable[[Record], Callable[[], None]]:
    """Return ``capture(record)``, which gives a function that puts every slot back to its value of now."""
    slots = [slot_of(field) for field in (*entity.column_fields, *entity.own_link_fields)]
    slots += ["_entity", "_loaded", "_stored", "_document"]
    targets = ", ".join(f"record.{slot}" for slot in slots)
    source = f"""def capture(record):
    kept = ({targets},)
    document = record._document
    copy = dict(document) if document is not None else None
    def put_back():
        record.__class__ = record.__record_class__
        ({targets},) = kept
        record._document = copy
    return put_back
"""
    capture: Callable[[Record], Callable[[], None]] = make_function(source, "capture", {})
    return capture


def make_take_over(entity: Entity) -> Callable[[Record, Record], None]:
    """Return ``take_over(record, other)``: *record* gets the values of *other*, but remembers what it had loaded."""
    slots = [slot_of(field) for field in (*entity.column_fields, *entity.own_link_fields)]
    source = "def take_over(record, other):\n    other.document_values()\n" + "".join(
        f"    record.{slot} = other.{slot}\n" for slot in (*slots, "_document", "_stored")
    )
    take_over: Callable[[Record, Record], None] = make_function(source, "take_over", {})
    return take_over


def _ids(references: Sequence[Any] | None) -> tuple[Any, ...]:
    return tuple(each.id if isinstance(each, Ref) else each for each in references or ())


def value_at(record: Record, field: Field) -> Any:
    """Return the value of *field*: a reference as what its slot holds."""
    return record.get_document_value(field.path) if "." in field.path else getattr(record, slot_of(field))


def values_of(record: Record, fields: Sequence[Field]) -> dict[str, Any]:
    """Return path to value of *fields*."""
    return {field.path: value_at(record, field) for field in fields}


def loaded_value(entity: Entity, record: Record, field: Field) -> Any:
    """Return the value of *field* as last stored, or None for a record that is not stored yet."""
    if record._loaded is None:
        return None
    if "." in field.path:
        record.document_values()
        return record._stored.get(field.path)
    places = (*entity.column_fields, *entity.own_link_fields)
    return record._loaded[places.index(field)]
