"""The trail of one unit: what was refused in it, and what somebody was let do or see beyond his rights.

Entries are kept until the unit ends and then written in its transaction, before the commit. A refusal mostly ends in
an exception, and the unit with it; what a unit could not write itself is written after it, in a unit of its own.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

import attrs

from pycrm.errors import ConfigurationError, PycrmError, UnitError
from pycrm.storage.audit import AuditEntry, write_audit
from pycrm.storage.tables import Tables
from pycrm.storage.unit import Unit

__all__ = ["Trail", "TrailKeeper", "read_reason"]

MOST_DENIALS = 100
"""So many refusals of one unit have entries of their own; the others are counted in one more."""
MOST_WAITING = 10_000
LONGEST_REASON = 2_000
PAUSE_S = 1.0

_log = logging.getLogger("pycrm.audit")


def read_reason(reason: object) -> str:
    """Return *reason* without blanks around it.

    Raises:
        ConfigurationError: It is empty, too long, or no text that a database keeps.
    """
    told = reason.strip() if isinstance(reason, str) else ""
    if not told or len(told) > LONGEST_REASON or "\0" in told or any("\ud800" <= each <= "\udfff" for each in told):
        raise ConfigurationError(
            f"reason={reason!r}: say in 1 to {LONGEST_REASON} characters why; it is what the audit trail tells",
            value=reason,
        )
    return told


@attrs.define(eq=False)
class Trail:
    """What one unit has to tell.

    Attributes:
        is_settled: Whether the unit wrote it itself; that stays so if it commits.
    """

    is_settled: bool = False
    _entries: list[AuditEntry] = attrs.field(factory=list)
    _last_denial: AuditEntry | None = None
    _further_denials: int = 0
    _denials: int = 0

    def note(self, entry: AuditEntry) -> None:
        """Keep *entry*; of refusals only so many."""
        if entry.kind == "denied":
            self._denials += 1
            if self._denials > MOST_DENIALS:
                self._last_denial, self._further_denials = entry, self._further_denials + 1
                return
        self._entries.append(entry)

    def settle(self, unit: Unit, tables: Tables) -> None:
        """Write everything in *unit*, which is about to commit, if it writes anyway, or must for more than refusals.

        Raises:
            StorageError: The database failed, and what was let through is not to stay without a trace.
        """
        entries = self._all()
        must = any(entry.kind != "denied" for entry in entries)
        if not entries or not (unit.is_writing or must) or not _is_usable(unit):
            return
        try:
            with unit.savepoint():
                write_audit(unit, tables, entries)
        except PycrmError:
            if must:
                raise
            return  # they are tried again after the unit
        self.is_settled = True

    def left(self, unit: Unit) -> list[AuditEntry]:
        """Return what *unit*, which has ended, did not write, or wrote and took back."""
        if not self._entries or (self.is_settled and unit.is_committed):
            return []
        if unit.is_committed:
            return self._all()
        # Who was shown something has seen it, whatever became of the unit.
        return [
            entry if entry.kind == "denied" else attrs.evolve(entry, facts={**entry.facts, "rolled_back": True})
            for entry in self._all()
        ]

    def _all(self) -> list[AuditEntry]:
        if self._last_denial is None:
            return self._entries
        further = attrs.evolve(
            self._last_denial,
            entity=None,
            record_id=None,
            action=None,
            fields=(),
            reason=None,
            facts={"more": self._further_denials},
        )
        return [*self._entries, further]


def _is_usable(unit: Unit) -> bool:
    try:
        unit.check_usable()
    except UnitError:
        return False
    return True


class TrailKeeper:
    """Writes what units could not write themselves, and never raises: a refusal stays the refusal that it is.

    What cannot be written now, as while somebody holds SQLite's write lock, is kept and written with what comes next.
    Threads may share it.

    Args:
        open_unit: Opens a unit of our own that does not wait long.
        tables: Gives the tables.
    """

    def __init__(self, open_unit: Callable[[], Unit], tables: Callable[[], Tables]) -> None:
        self._open_unit = open_unit
        self._tables = tables
        self._lock = threading.Lock()
        self._waiting: list[AuditEntry] = []
        self._not_before = 0.0

    def keep(self, entries: Sequence[AuditEntry], *, is_free: bool) -> None:
        """Write *entries*, and those that wait.

        Args:
            entries: What a unit has left, perhaps nothing.
            is_free: That unit has just let go of the write lock. Else, where others held it, some time passes first.
        """
        if not entries and not self._waiting:
            return
        with self._lock:
            self._waiting += entries
            lost = max(len(self._waiting) - MOST_WAITING, 0)
            del self._waiting[:lost]
        if lost:
            _log.error("%d audit entries are lost: the database has not taken them for too long", lost)
        if is_free or time.monotonic() >= self._not_before:
            self.write()

    def keep_within(self, entries: Sequence[AuditEntry], open_unit: Callable[[], Unit]) -> None:
        """Write *entries* in the transaction of a host, which a unit of *open_unit* joins."""
        try:
            with open_unit() as unit:
                write_audit(unit, self._tables(), entries)
        except Exception:  # noqa: BLE001 - logged; the error on its way out is what counts
            _log.exception("audit entries could not be written in the host's transaction: %s", list(entries))

    def write(self) -> None:
        """Write what waits, if the database takes it now."""
        with self._lock:
            taken, self._waiting = self._waiting, []
        if not taken:
            return
        try:
            with self._open_unit() as unit:
                write_audit(unit, self._tables(), taken)
        except Exception as error:  # noqa: BLE001 - logged and tried again
            with self._lock:
                self._waiting[:0] = taken
                self._not_before = time.monotonic() + PAUSE_S
            _log.warning("%d audit entries wait to be written: %s", len(taken), error)
