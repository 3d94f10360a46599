"""The doorway for authors of plugins: everything that a plugin needs, and nothing that may move.

``from pycrm.plugin import Plugin, OwnedRecord, Ref, field, Lifecycle, State, Move, Money, Workspace, …``. The core
itself does not use this module. Names leave it only after notice.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pycrm.entities import Attachment, Calendar, CalendarException, ExchangeRate, SavedView, Tag, Team, User
from pycrm.errors import (
    CalendarError,
    ConfigurationError,
    ConflictError,
    MissingExtraError,
    MissingRateError,
    MoneyError,
    NotAllowedError,
    NotFoundError,
    Problem,
    QuantityError,
    ValidationError,
    nearest,
)
from pycrm.fields.choices import Option
from pycrm.fields.declare import Common as FieldOptions
from pycrm.fields.declare import of_kind
from pycrm.fields.kind import EQUALITY, ORDERED, PRESENCE, Fit, Kind, Part, PartType
from pycrm.fields.numbers import DecimalKind, IntegerKind
from pycrm.fields.scalar import ScalarKind
from pycrm.fields.text import TextKind, take_several, take_text
from pycrm.plugin.discovery import discover
from pycrm.plugin.functions import Action, ActionCall, HookFunction
from pycrm.plugin.plugin import Plugin
from pycrm.query import F
from pycrm.schema import ChangeSet, Extension, OwnedRecord, Record
from pycrm.signals import RecordsCreated, RecordsDeleted, RecordsMoved, RecordsRestored, RecordsUpdated
from pycrm.values.currencies import CURRENCIES
from pycrm.values.exchange import ExchangeRates
from pycrm.values.geo import GeoPoint
from pycrm.values.json_data import Json
from pycrm.values.lifecycle import Lifecycle, Move, State
from pycrm.values.money import Money, Monies
from pycrm.values.principal import Principal
from pycrm.values.quantity import Quantities, Quantity
from pycrm.values.refs import OptRef, Ref, Refs
from pycrm.values.units import Unit, known_units
from pycrm.workspace import BatchResult, Page, Reader, Workspace

if TYPE_CHECKING:
    from pycrm import field
    from pycrm.storage.upgrade.rows import MigratedRow
    from pycrm.storage.upgrade.steps import Migration
    from pycrm.values.working_time import WorkingCalendar

__all__ = [
    "CURRENCIES",
    "EQUALITY",
    "ORDERED",
    "PRESENCE",
    "Action",
    "ActionCall",
    "Attachment",
    "BatchResult",
    "Calendar",
    "CalendarError",
    "CalendarException",
    "ChangeSet",
    "ConfigurationError",
    "ConflictError",
    "DecimalKind",
    "ExchangeRate",
    "ExchangeRates",
    "Extension",
    "F",
    "FieldOptions",
    "Fit",
    "GeoPoint",
    "HookFunction",
    "IntegerKind",
    "Json",
    "Kind",
    "Lifecycle",
    "MigratedRow",
    "Migration",
    "MissingExtraError",
    "MissingRateError",
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
    "Part",
    "PartType",
    "Plugin",
    "Principal",
    "Problem",
    "Quantities",
    "Quantity",
    "QuantityError",
    "Reader",
    "Record",
    "RecordsCreated",
    "RecordsDeleted",
    "RecordsMoved",
    "RecordsRestored",
    "RecordsUpdated",
    "Ref",
    "Refs",
    "SavedView",
    "ScalarKind",
    "State",
    "Tag",
    "Team",
    "TextKind",
    "Unit",
    "User",
    "ValidationError",
    "WorkingCalendar",
    "Workspace",
    "discover",
    "field",
    "known_units",
    "nearest",
    "of_kind",
    "take_several",
    "take_text",
]

# Most programs start without counting hours, and without an upgrade.
_ON_DEMAND = {
    "MigratedRow": "pycrm.storage.upgrade.rows",
    "Migration": "pycrm.storage.upgrade.steps",
    "WorkingCalendar": "pycrm.values.working_time",
}

# Hidden from type checkers, to whom it would make a name of every slip.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name == "field":  # it declares kinds of built-in plugins too, and those are imported through here
            return import_module("pycrm.field")
        if name in _ON_DEMAND:
            return getattr(import_module(_ON_DEMAND[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
