"""The one door: reads, writes, moves and actions, for one principal in one unit of work.

One file per verb; `batch`, `judge` and `finish` are the path that every write takes. It states the ports that the
floors above fulfil in `ports`. Imports query, storage, schema and the floors below.
"""

from pycrm.workspace.page import Page
from pycrm.workspace.ports import Call, WriteHooks
from pycrm.workspace.reader import Reader
from pycrm.workspace.results import (
    BatchResult,
    BulkResult,
    Entries,
    FieldChange,
    FieldConversion,
    HandedOver,
    HandOver,
    HistoryEntry,
    Misfit,
    NotUndone,
    Refused,
    UndoResult,
)
from pycrm.workspace.services import Services
from pycrm.workspace.tools import SchemaTools
from pycrm.workspace.views import ListView, ViewPage
from pycrm.workspace.why import Why
from pycrm.workspace.workspace import Workspace

__all__ = [
    "BatchResult",
    "BulkResult",
    "Call",
    "Entries",
    "FieldChange",
    "FieldConversion",
    "HandOver",
    "HandedOver",
    "HistoryEntry",
    "ListView",
    "Misfit",
    "NotUndone",
    "Page",
    "Reader",
    "Refused",
    "SchemaTools",
    "Services",
    "UndoResult",
    "ViewPage",
    "Why",
    "Workspace",
    "WriteHooks",
]
