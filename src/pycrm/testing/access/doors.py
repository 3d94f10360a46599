"""Every door of a CRM: each public method, with the checks that ask it, or the reason why it shows nothing.

A door that is not in the table makes `check_closed` fail: whoever adds one has to say what proves it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pycrm.app import CRM
from pycrm.workspace import Reader, Workspace

__all__ = ["DOORS", "DOOR_CLASSES", "ID_PARAMETERS", "id_parameters", "undeclared_doors", "undeclared_ids"]

DOOR_CLASSES: Sequence[type] = (Reader, Workspace, CRM)

_READ = "check_rows, check_fields, check_absent"
_WRITE = "check_writes"
_DEFINES = "takes the right define_fields, which check_closed asks for; it shows declarations, no records"
_HOST = "is the host's own, who holds the database anyway; it opens nothing for a principal"

DOORS: Mapping[str, str] = {
    # Reader
    "Reader.principal": "says who asks",
    "Reader.now": "tells the time",
    "Reader.get": _READ,
    "Reader.find": _READ,
    "Reader.list": _READ,
    "Reader.iterate": _READ,
    "Reader.count": _READ,
    "Reader.aggregate": _READ,
    "Reader.explain": _READ,
    "Reader.search": _READ,
    "Reader.fields": "check_rows, check_fields",
    "Reader.indexes": "check_rows, check_fields",
    "Reader.moves": "reads nothing: it tells of the record that the caller holds",
    "Reader.state_durations": "check_rows, check_absent",
    "Reader.history": "check_rows, check_fields, check_absent",
    "Reader.audit": "check_closed: it takes the role administrator, or the right audit",
    "Reader.why": "check_fields, check_absent, check_ids: it tells of records that may be read, and of no hidden field",
    "Reader.owned_by": "check_rows",
    "Reader.views": "check_rows, check_fields",
    "Reader.view": "check_rows",
    "Reader.list_view": "check_rows",
    "Reader.group_view": "check_rows",
    "Reader.recent": "check_rows, check_fields",
    "Reader.favourites": "check_rows, check_fields",
    "Reader.open_attachment": "check_rows, check_ids",
    "Reader.include": "check_rows, check_fields",
    # Workspace
    "Workspace.create": "check_writes, check_absent, check_ids",
    "Workspace.create_many": "check_writes (create is one of it)",
    "Workspace.update": "check_writes, check_fields",
    "Workspace.update_many": _WRITE,
    "Workspace.upsert_many": "check_writes, check_absent",
    "Workspace.delete": _WRITE,
    "Workspace.delete_many": "check_writes (delete is one of it)",
    "Workspace.update_where": "check_writes, check_fields",
    "Workspace.delete_where": _WRITE,
    "Workspace.undo": "check_writes, check_ids",
    "Workspace.restore": _WRITE,
    "Workspace.purge": _WRITE,
    "Workspace.get_binned": "check_rows, check_absent",
    "Workspace.move": "writes as update does, and takes the move's own right: check_closed",
    "Workspace.run": "check_closed: it takes the action's own right; what the action does are calls of these doors",
    "Workspace.attach": "check_writes, check_absent",
    "Workspace.hand_over": "check_writes",
    "Workspace.unmask": "check_closed: it takes the right unmask",
    "Workspace.elevated": "check_closed: it takes rights that are named and leaves a trace",
    "Workspace.note_visit": "check_writes, check_absent",
    "Workspace.add_favourite": "check_writes, check_absent",
    "Workspace.remove_favourite": "takes a bookmark of the user's own away, whatever it is of, and tells nothing",
    "Workspace.lock": "check_writes, check_fields",
    "Workspace.announce": "check_closed: it takes the role administrator or a plugin",
    "Workspace.savepoint": "limits errors; what is done inside are calls of these doors",
    "Workspace.define_field": _DEFINES,
    "Workspace.relabel_field": _DEFINES,
    "Workspace.add_options": _DEFINES,
    "Workspace.retire_options": _DEFINES,
    "Workspace.convert_field": _DEFINES,
    "Workspace.undo_convert_field": _DEFINES,
    "Workspace.retire_field": _DEFINES,
    "Workspace.revive_field": _DEFINES,
    "Workspace.define_index": _DEFINES,
    "Workspace.drop_index": _DEFINES,
    "Workspace.define_role": "check_promotion, check_closed",
    # CRM
    "CRM.acting_as": "check_closed: it opens for a principal only",
    "CRM.reading_as": "check_closed: it opens for a principal only",
    "CRM.run": "check_closed: it opens for a principal only",
    "CRM.run_async": "is run in a thread",
    "CRM.promote_field": "check_closed: it takes the right define_fields",
    "CRM.demote_field": "check_closed: it takes the right define_fields",
    "CRM.export": "reads by pages of Reader.list, for a principal who has the right export, too",
    "CRM.archive": "takes the role administrator",
    "CRM.unarchive": "takes the role administrator",
    "CRM.imports": "opens units for a principal: it matches as Reader.list reads, and writes as create_many and "
    "update_many do; who may read a run of it may read its rows",
    "CRM.on": "listeners are the host's code, who holds the database anyway; facts carry ids, no values",
    "CRM.announce": "delivers what units have announced to listeners of the host",
    **{
        f"CRM.{name}": _HOST
        for name in (
            *(
                "apply_indexes",
                "borrow",
                "close",
                "column_grants",
                "entities",
                "examine",
                "index_waiting",
                "labels",
                "left_by",
                "migrate",
            ),
            *("owners", "owns_table", "parked", "rebuild_search", "remove_unused_files", "schema", "table"),
            *("unused_files", "access_matrix", "remove_idempotency_keys"),
        )
    },
}
"""``Class.method`` to the checks that ask it, or why it needs none."""

ID_PARAMETERS: Mapping[str, str] = {
    "Reader.get(id)": "foreign",
    "Reader.history(record)": "foreign",
    "Reader.state_durations(record)": "foreign",
    "Reader.why(record)": "foreign",
    "Reader.audit(record)": "asks for the right audit first: check_closed",
    "Reader.moves(record)": "reads nothing",
    "Reader.view(view)": "foreign",
    "Reader.list_view(view)": "foreign",
    "Reader.group_view(view)": "foreign",
    "Reader.open_attachment(attachment)": "foreign",
    "Reader.include(records)": "loads what leads from records that the caller holds, by what may be read: check_rows",
    "Workspace.get_binned(id)": "foreign",
    "Workspace.undo(handle)": "foreign",
    "Workspace.restore(record)": "foreign",
    "Workspace.purge(record)": "foreign",
    "Workspace.delete(record)": "foreign",
    "Workspace.delete_many(records)": "foreign",
    "Workspace.update(record)": "foreign",
    "Workspace.update_many(records)": "foreign",
    "Workspace.move(record)": "foreign",
    "Workspace.lock(records)": "foreign",
    "Workspace.attach(record)": "foreign",
    "Workspace.unmask(record)": "foreign",
    "Workspace.hand_over(records)": "writes as update does: check_writes",
    "Workspace.hand_over(team)": "a reference, re-checked as any: check_ids",
    "Workspace.note_visit(record)": "foreign",
    "Workspace.add_favourite(record)": "foreign",
    "Workspace.remove_favourite(record)": "takes a bookmark of the user's own away",
    "Workspace.create(record)": "references: check_ids gives foreign ids in each of them",
    "Workspace.create_many(records)": "references: check_ids gives foreign ids in each of them",
    "Workspace.upsert_many(records)": "finds by unique values; what is found is written as by update: check_writes",
}
"""Each parameter that takes an id or a record: ``"foreign"`` where `check_ids` gives it foreign ones, or the reason."""


def undeclared_doors(classes: Sequence[type] = DOOR_CLASSES) -> list[str]:
    """Return the public methods and properties of *classes* that `DOORS` does not speak of."""
    return [f"{cls.__name__}.{name}" for cls, name, _ in _public(classes) if not _known(cls, name)]


def id_parameters(classes: Sequence[type] = DOOR_CLASSES) -> list[str]:
    """Return the parameters of *classes*' methods that take ids, or records, which are ids with values."""
    found = []
    for cls, name, member in _public(classes):
        if cls is CRM or not inspect.isfunction(member):
            continue
        for parameter in inspect.signature(member).parameters.values():
            text = str(parameter.annotation)
            is_record = text in ("E", "Record", "Sequence[E]", "Sequence[Record]", "Wanted") or "Ref[" in text
            if (is_record or "UUID" in text or parameter.name == "id") and "type[" not in text:
                found.append(f"{cls.__name__}.{name}({parameter.name})")
    return found


def undeclared_ids(classes: Sequence[type] = DOOR_CLASSES) -> list[str]:
    """Return the parameters for ids that `ID_PARAMETERS` does not speak of."""
    known = {each.partition(".")[2] for each in ID_PARAMETERS}
    return [each for each in id_parameters(classes) if each.partition(".")[2] not in known]


def _known(cls: type, name: str) -> bool:
    return any(f"{base.__name__}.{name}" in DOORS for base in cls.__mro__)


def _public(classes: Sequence[type]) -> Iterator[tuple[type, str, Any]]:
    """Yield the public members that each class brings itself, or has from a class that is no door."""
    for cls in classes:
        inherited = {name for base in classes if base is not cls and issubclass(cls, base) for name in dir(base)}
        for name in dir(cls):
            member = inspect.getattr_static(cls, name)
            is_door = callable(member) or isinstance(member, (property, staticmethod, classmethod))
            if not name.startswith("_") and is_door and (name not in inherited or name in vars(cls)):
                yield cls, name, member
