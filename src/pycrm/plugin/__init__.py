"""The doorway for authors of plugins: everything that a plugin needs, and nothing that may move.

``from pycrm.plugin import Plugin, OwnedRecord, Ref, field, Lifecycle, State, Move, Money, Workspace, …``. The core
itself does not use this module. Names leave it only after notice.
"""

from pycrm.entities import Tag, Team, User
from pycrm.errors import (
    ConfigurationError,
    ConflictError,
    MoneyError,
    NotAllowedError,
    NotFoundError,
    Problem,
    ValidationError,
)
from pycrm.fields import declare as field
from pycrm.fields.choices import Option
from pycrm.plugin.discovery import discover
from pycrm.plugin.functions import Action, ActionCall, HookFunction
from pycrm.plugin.plugin import Plugin
from pycrm.query import F
from pycrm.schema import ChangeSet, Extension, OwnedRecord, Record
from pycrm.signals import RecordsCreated, RecordsDeleted, RecordsMoved, RecordsRestored, RecordsUpdated
from pycrm.values.lifecycle import Lifecycle, Move, State
from pycrm.values.money import Money, Monies
from pycrm.values.principal import Principal
from pycrm.values.refs import OptRef, Ref, Refs
from pycrm.workspace import BatchResult, Page, Reader, Workspace

__all__ = [
    "Action",
    "ActionCall",
    "BatchResult",
    "ChangeSet",
    "ConfigurationError",
    "ConflictError",
    "Extension",
    "F",
    "HookFunction",
    "Lifecycle",
    "Money",
    "MoneyError",
    "Monies",
    "Move",
    "NotAllowedError",
    "NotFoundError",
    "OptRef",
    "Option",
    "OwnedRecord",
    "Page",
    "Plugin",
    "Principal",
    "Problem",
    "Reader",
    "Record",
    "RecordsCreated",
    "RecordsDeleted",
    "RecordsMoved",
    "RecordsRestored",
    "RecordsUpdated",
    "Ref",
    "Refs",
    "State",
    "Tag",
    "Team",
    "User",
    "ValidationError",
    "Workspace",
    "discover",
    "field",
]
