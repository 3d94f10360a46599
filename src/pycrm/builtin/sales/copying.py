"""Carrying values from one record to another: to the next revision, or to what a record becomes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from pycrm.plugin import Record, Workspace

__all__ = ["copied", "shared_custom"]

E = TypeVar("E", bound=Record)


def copied(ws: Workspace, record: E, *, leaving: Collection[str] = (), **values: Any) -> E:
    """Return a new record with all of *record* that a caller may give, plugins' and custom fields too; not yet written.

    Args:
        ws: The door.
        record: A stored record.
        leaving: Fields to leave empty.
        values: Other values for some fields.
    """
    made: Any = record.__record_class__(**values)
    for path, known in ws.fields(record.__record_class__).items():
        if known.read_only or known.retired or known.parked or path in leaving or path in values:
            continue
        if "." in path:
            made.set_document_value(path, record.get_document_value(path))
        else:
            setattr(made, path, getattr(record, path))
    copy: E = made
    return copy


def shared_custom(ws: Workspace, record: Record, target: type[Record]) -> dict[str, Any]:
    """Return the custom values of *record* whose fields *target* has as well, under the same name and of one kind."""
    ours, theirs = ws.fields(record.__record_class__), ws.fields(target)
    shared = {}
    for name, value in record.custom.items():
        field = theirs.get(f"custom.{name}")
        if field is not None and not field.retired and field.kind == ours[f"custom.{name}"].kind:
            shared[name] = value
    return shared
