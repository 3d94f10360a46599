"""What changed in a record since it was loaded: one generated comparison per entity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

from pycrm.fields.field import Field
from pycrm.fields.references import AnyRefsKind, RefKind
from pycrm.schema.entity import Entity
from pycrm.schema.generate import make_function
from pycrm.schema.record import Record, slot_of
from pycrm.values.refs import Ref

__all__ = [
    "Diff",
    "FieldReader",
    "Kept",
    "loaded_value",
    "make_diff",
    "make_keep",
    "make_put_back",
    "make_remember",
    "make_take_over",
    "reader_of",
    "value_at",
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
            paths = [path for path in {**now, **stored} if _bare(now.get(path)) != _bare(stored.get(path))]
            changed += [entity.field(path) for path in paths]
        return changed

    return diff


def make_remember(entity: Entity) -> Callable[[Record], None]:
    """Return ``remember(record)``, which takes the record's present values for the stored ones."""
    names = []
    for field in entity.column_fields:
        slot = f"record.{slot_of(field)}"
        names.append(f"({slot}.id if type({slot}) is Ref else {slot})" if isinstance(field.kind, RefKind) else slot)
    names += [
        f"{'refs' if isinstance(field.kind, AnyRefsKind) else 'ids'}(record.{slot_of(field)})"
        for field in entity.own_link_fields
    ]
    source = f"""def remember(record):
    record._loaded = ({", ".join(names)},)
    document = record._document
    if document is not None:
        record._stored = dict(document)
    record._entity = entity
"""
    constants = {"Ref": Ref, "ids": _ids, "refs": _refs, "entity": entity}
    remember: Callable[[Record], None] = make_function(source, "remember", constants)
    return remember


Kept = tuple[Any, ...]


def make_keep(entity: Entity) -> Callable[[Record], Kept]:
    """Return ``keep(record)``, which gives the present value of every slot, for `make_put_back`."""
    source = f"""def keep(record):
    document = record._document
    return ({_all_slots(entity)}, dict(document) if document is not None else None)
"""
    keep: Callable[[Record], Kept] = make_function(source, "keep", {})
    return keep


def make_put_back(entity: Entity) -> Callable[[Record, Kept], None]:
    """Return ``put_back(record, kept)``, which gives every slot the value that it had when it was kept."""
    source = f"""def put_back(record, kept):
    record.__class__ = record.__record_class__
    ({_all_slots(entity)}, document) = kept
    record._document = dict(document) if document is not None else None
"""
    put_back: Callable[[Record, Kept], None] = make_function(source, "put_back", {})
    return put_back


def _all_slots(entity: Entity) -> str:
    fields = [slot_of(field) for field in (*entity.column_fields, *entity.own_link_fields)]
    return ", ".join(f"record.{slot}" for slot in (*fields, "_entity", "_loaded", "_stored"))


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


def _bare(value: Any) -> Any:
    """Return *value* of a document with references as ids, as they are stored; ``include=`` makes Refs of them."""
    if type(value) is tuple:
        return tuple(map(_bare, value))
    return value.id if type(value) is Ref else value


def _refs(references: Sequence[Ref[Any]]) -> tuple[Ref[Any], ...]:
    """Return *references*, each with its entity, without the records that may be at hand."""
    return tuple(Ref(each.id, each.entity) for each in references or ())


def value_at(record: Record, field: Field) -> Any:
    """Return the value of *field*: a reference as what its slot holds."""
    return record.get_document_value(field.path) if "." in field.path else getattr(record, slot_of(field))


def reader_of(field: Field) -> Callable[[Record], Any]:
    """Return `value_at` for many records of one *field*."""
    path = field.path
    return (lambda record: record.get_document_value(path)) if "." in path else attrgetter(slot_of(field))


class FieldReader:
    """Reads the same fields of many records: what `value_at` gives for each of *fields*, by one generated function."""

    __slots__ = ("_empty", "fields", "read")

    fields: tuple[Field, ...]
    read: Callable[[Record], tuple[Any, ...]]

    def __init__(self, fields: Iterable[Field]) -> None:
        self.fields = tuple(fields)
        self._empty = tuple(field.kind.empty for field in self.fields)
        sources = [_read_source(field) for field in self.fields]
        lines = ["def read(record):", f"    return ({''.join(f'{source}, ' for source in sources)})", ""]
        if any(source.startswith("document.") for source in sources):
            lines.insert(1, "    document = record.document_values()")
        self.read = make_function("\n".join(lines), "read", {})

    def given(self, record: Record) -> list[tuple[Field, Any]]:
        """Return the fields of *record* that have a value, with it."""
        values = self.read(record)
        if values == self._empty:
            return []
        return [
            (field, value)
            for field, value in zip(self.fields, values, strict=True)
            if value is not None and value != field.kind.empty
        ]


def _read_source(field: Field) -> str:
    """Return the expression of *field*'s value in the variable *record*, whose document's values are *document*."""
    if "." not in field.path:
        return f"record.{slot_of(field)}"
    way = "document.get" if field.kind.empty is None else "record.get_document_value"
    return f"{way}({field.path!r})"


def loaded_value(entity: Entity, record: Record, field: Field) -> Any:
    """Return the value of *field* as last stored, or None for a record that is not stored yet."""
    if record._loaded is None:
        return None
    if "." in field.path:
        record.document_values()
        return record._stored.get(field.path)
    return record._loaded[entity.loaded_places[field.path]]
