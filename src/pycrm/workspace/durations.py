"""How long a record was in each state of its lifecycle, read from its change rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import attrs

from pycrm.errors import ConfigurationError, NotFoundError, nearest
from pycrm.fields.field import Field
from pycrm.schema import Entity, Record
from pycrm.schema.diff import value_at
from pycrm.storage.changes import ChangeRow, read_changes
from pycrm.workspace.context import UnitContext
from pycrm.workspace.reads import Reads

__all__ = ["state_durations"]


def state_durations(
    ctx: UnitContext, reads: Reads, entity: Entity, record: Record, path: str | None
) -> dict[str, timedelta]:
    """Return how long *record* was in each state so far; see `Reader.state_durations`."""
    field = _status(entity, path)
    stored = reads.by_ids(entity, [record.id], include_binned=True)
    if not stored:
        raise NotFoundError(f"{entity.name} {record.id} is gone", entity=entity.name, id=record.id)
    rows = read_changes(ctx.unit, ctx.tools.tables, entity.name, record.id)
    # Somebody may have moved the record between the two reads.
    return _sum_up(field, (row for row in rows if row.version <= stored[0].version), stored[0], ctx.services.clock())


def _status(entity: Entity, path: str | None) -> Field:
    known = {field.path: field for field in entity.statuses}
    if path is None and len(known) == 1:
        return next(iter(known.values()))
    if path in known:
        return known[path]
    if not known:
        raise ConfigurationError(f"{entity.name} has no lifecycle, so that nothing lasts", entity=entity.name)
    raise ConfigurationError(
        f"{entity.name} has the lifecycles {', '.join(known)}; name one of them{nearest(path or '', known)}",
        entity=entity.name,
        field=path,
    )


@attrs.define
class _Watch:
    """Runs while a record is out of the bin."""

    running_since: datetime | None = None
    shown: timedelta = timedelta()

    def go(self, at: datetime) -> None:
        """Start at *at*."""
        self.running_since = at

    def stop(self, at: datetime) -> None:
        """Stop at *at*; the time of a process whose clock was behind is none."""
        if self.running_since is not None:
            self.shown += max(at - self.running_since, timedelta())
        self.running_since = None

    def take(self, at: datetime) -> timedelta:
        """Return what it shows at *at* and go on from nothing, where it was running."""
        was_running = self.running_since is not None
        self.stop(at)
        taken, self.shown = self.shown, timedelta()
        if was_running:
            self.go(at)
        return taken


def _sum_up(field: Field, rows: Iterable[ChangeRow], record: Record, now: datetime) -> dict[str, timedelta]:
    durations: dict[str, timedelta] = {}
    watch = _Watch()

    def add(state: str | None, at: datetime) -> None:
        taken = watch.take(at)
        if state is not None:  # the field may be younger than the record
            durations[state] = durations.get(state, timedelta()) + taken

    for row in rows:
        if row.kind in ("create", "restore"):
            watch.go(row.at)
        elif row.kind == "delete":
            watch.stop(row.at)
        elif field.path in row.changed:
            add(row.old.get(field.path), row.at)
    add(value_at(record, field), now)
    return durations
