"""The history of one record: its change rows as somebody may see them, with what each field held before and after.

``ws`` is the `Reader` or `Workspace` that asks; its type is left open here, since the reader itself is made of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import attrs

from pycrm.errors import ConfigurationError, QueryError
from pycrm.fields.field import Field
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind, id_of, target_of
from pycrm.schema import Entity, Record
from pycrm.schema.diff import value_at
from pycrm.schema.sight import SeenEntity
from pycrm.storage.changes import ChangeRow, read_newest_changes
from pycrm.values.refs import Ref
from pycrm.workspace.audit import check_limit
from pycrm.workspace.reads import Reads
from pycrm.workspace.results import Entries, FieldChange, HistoryEntry
from pycrm.workspace.row_rights import not_found, require_readable

__all__ = ["history"]

PORTION = 200


def history(ws: Any, record: Record | Ref[Any], *, limit: int, after: str | None) -> Entries[HistoryEntry]:
    """Return the changes of *record*, the newest first; see `Reader.history`."""
    check_limit(limit)
    if isinstance(record, Ref) and record.entity is None:
        raise ConfigurationError(f"{record!r} does not say of which entity; give the record, or Ref(id, 'account')")
    ctx = ws._ctx
    class_or_name = record.entity if isinstance(record, Ref) else record.__record_class__
    whole = ctx.tools.schema.entity(class_or_name)
    seen: Entity = ws._readable(whole.record_class)
    require_readable(ws, seen, record.id)
    stored = ctx.by_ids(whole, [record.id], include_binned=True)
    past = _Past(whole, seen, stored[0] if stored else None, shows_gone=ws._rights is None)
    found, is_more = _page(past, _rows(ws, whole, record.id), limit, after)
    if not found and not stored and after is None:
        raise not_found(whole, record.id)
    entries = _with_titles(ws._reads, seen, [entry for entry, _ in found])
    return Entries.of(entries, str(found[-1][1]) if is_more else None)


def _rows(ws: Any, entity: Entity, id: UUID) -> Iterator[ChangeRow]:
    """Yield the change rows of a record, the newest first."""
    before: int | None = None
    while True:
        rows = read_newest_changes(ws._ctx.unit, ws._ctx.tools.tables, entity.name, id, before=before, limit=PORTION)
        yield from (row for _, row in rows)
        if len(rows) < PORTION:
            return
        before = rows[-1][0]


def _page(
    past: _Past, rows: Iterator[ChangeRow], limit: int, after: str | None
) -> tuple[list[tuple[HistoryEntry, UUID]], bool]:
    """Return entries with the batches that they are of, and whether more follow.

    A cursor names a batch, which tells nothing of what lies hidden in between.
    """
    found: list[tuple[HistoryEntry, UUID]] = []
    begins, is_passed = after is None, False
    for row in rows:
        entry = past.entry(row)
        if not begins:
            is_passed = is_passed or str(row.batch) == after
            begins = is_passed and str(row.batch) != after
        if begins and entry is not None:
            if len(found) == limit:
                return found, True
            found.append((entry, row.batch))
    if not (begins or is_passed):
        raise QueryError(f"after={after!r} is no cursor of this history; start again without it", value=after)
    return found, False


@attrs.define(eq=False)
class _Past:
    """Goes back in time with a record, change by change.

    Attributes:
        whole: The record's entity.
        seen: What the asker sees of it.
        record: As it is now; None where it was purged.
        shows_gone: Whether fields are shown that nobody declares any more, to which nobody can have a right.
    """

    whole: Entity
    seen: Entity
    record: Record | None
    shows_gone: bool
    _later: dict[str, Any] = attrs.field(factory=dict)

    def entry(self, row: ChangeRow) -> HistoryEntry | None:
        """Return *row*, the change before those asked for so far, as it may be seen; None where nothing of it may."""
        if self.record is not None and row.version > self.record.version:
            return None  # somebody has written between the two reads
        changes = [change for path in row.changed if (change := self._change(path, row)) is not None]
        if row.changed and not changes:
            return None
        return HistoryEntry(row.at, row.actor, row.kind, row.plugin, self._move(row), tuple(changes))

    def _change(self, noted: str, row: ChangeRow) -> FieldChange | None:
        path = self.whole.renamed.get(noted, noted)
        field = self.whole.fields.get(path)
        if field is None:
            return self._change_of_gone(path, row.old.get(noted))
        old, new = _inside(field, row.old.get(noted)), self._after(field)
        self._later[path] = old
        if path in self.seen.fields:
            return FieldChange(path, old, new)
        mask = self.seen.masks.get(path) if isinstance(self.seen, SeenEntity) else None
        if mask is None:
            return None
        shown = [mask(value) if isinstance(value, str) else field.kind.empty for value in (old, new)]
        return FieldChange(path, *shown)

    def _change_of_gone(self, path: str, old: Any) -> FieldChange | None:
        """Return the change of a field that nobody declares any more, as it was written down."""
        new = self._later.get(path)
        self._later[path] = old
        return FieldChange(path, old, new) if self.shows_gone else None

    def _after(self, field: Field) -> Any:
        if field.path in self._later:
            return self._later[field.path]
        return None if self.record is None else value_at(self.record, field)

    def _move(self, row: ChangeRow) -> str | None:
        """Return the move that *row* is, to whom sees the status."""
        statuses = {field.path for field in self.seen.statuses}
        changed = {self.whole.renamed.get(path, path) for path in row.changed}
        move: str | None = row.facts.get("move")
        return move if statuses & changed else None


def _inside(field: Field, dumped: Any) -> Any:
    """Return the value that was written down as *dumped*; as it stands where today's kind does not take it."""
    if dumped is None:
        return field.kind.empty
    try:
        return field.kind.parse(dumped)
    except Exception:  # noqa: BLE001 - a kind of a plugin, and a value of another age
        return dumped


def _with_titles(reads: Reads, seen: Entity, entries: Sequence[HistoryEntry]) -> list[HistoryEntry]:
    """Return *entries* with references that hold their records, those that may be read."""
    changes = [change for entry in entries for change in entry.changes]
    wanted: dict[str, set[UUID]] = {}
    for change in changes:
        for target, id in _targets(seen, change):
            wanted.setdefault(target, set()).add(id)
    if not wanted:
        return list(entries)
    found: dict[UUID, Record] = {}
    for target, ids in wanted.items():
        if target in reads.schema.entities:
            there = reads.by_ids(reads.schema.entities[target], sorted(ids), include_binned=True)
            found |= {record.id: record for record in there}
    return [
        attrs.evolve(entry, changes=tuple(_with_records(seen, change, found) for change in entry.changes))
        for entry in entries
    ]


def _targets(seen: Entity, change: FieldChange) -> Iterator[tuple[str, UUID]]:
    field = seen.fields.get(change.field)
    if field is not None and isinstance(field.kind, (RefKind, AnyRefKind, LinkKind)):
        for value in (change.old, change.new):
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, (UUID, Ref)):
                    yield target_of(field.kind, each), id_of(each)


def _with_records(seen: Entity, change: FieldChange, found: Mapping[UUID, Record]) -> FieldChange:
    field = seen.fields.get(change.field)
    if field is None or not isinstance(field.kind, (RefKind, AnyRefKind, LinkKind)):
        return change
    kind = field.kind

    def held(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(held, value))
        if not isinstance(value, (UUID, Ref)):
            return value
        id = id_of(value)
        return Ref(id, target_of(kind, value), name=change.field, record=found.get(id))

    return FieldChange(change.field, held(change.old), held(change.new))
