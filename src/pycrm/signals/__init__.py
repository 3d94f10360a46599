"""Facts that get announced after commit, and the bus that tells them. Imports nothing of pycrm."""

from pycrm.signals.bus import SignalBus
from pycrm.signals.records import RecordsCreated, RecordsDeleted, RecordsMoved, RecordsRestored, RecordsUpdated

__all__ = ["RecordsCreated", "RecordsDeleted", "RecordsMoved", "RecordsRestored", "RecordsUpdated", "SignalBus"]
