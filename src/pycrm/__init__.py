"""pycrm: a CRM that is an import.

These names are the promise to programs that embed pycrm; `pycrm.plugin` is the one to authors of plugins, and
`pycrm.testing` the one to tests of either. The nouns of the built-in plugins are imported when they are asked for.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

from pycrm.app import CRM
from pycrm.entities import CustomField, Tag, Team, User
from pycrm.errors import (
    ConfigurationError,
    ConflictError,
    HookFailedError,
    MissingExtraError,
    MoneyError,
    MoveNotAllowedError,
    NameClashError,
    NotAllowedError,
    NotFoundError,
    NotLoadedError,
    NotMigratedError,
    PluginError,
    Problem,
    PycrmError,
    QueryError,
    SchemaMismatchError,
    StorageError,
    UnitError,
    UnitFailedError,
    UnknownNameError,
    ValidationError,
)
from pycrm.fields import declare as field
from pycrm.plugin.discovery import discover
from pycrm.query import F
from pycrm.signals import RecordsCreated, RecordsDeleted, RecordsMoved, RecordsRestored, RecordsUpdated
from pycrm.values.money import Money, Monies
from pycrm.values.principal import Principal
from pycrm.values.refs import Ref
from pycrm.workspace import BatchResult, Page, Reader, Workspace

if TYPE_CHECKING:
    from pycrm.builtin.activities import Interaction, Task
    from pycrm.builtin.parties import Account, AccountContact, Contact
    from pycrm.builtin.products import Product
    from pycrm.builtin.sales import Opportunity, Pipeline, SalesOrder, SalesOrderLine, Stage

__version__ = _version("pycrm")

__all__ = [
    "CRM",
    "Account",
    "AccountContact",
    "BatchResult",
    "ConfigurationError",
    "ConflictError",
    "Contact",
    "CustomField",
    "F",
    "HookFailedError",
    "Interaction",
    "MissingExtraError",
    "Money",
    "MoneyError",
    "Monies",
    "MoveNotAllowedError",
    "NameClashError",
    "NotAllowedError",
    "NotFoundError",
    "NotLoadedError",
    "NotMigratedError",
    "Opportunity",
    "Page",
    "Pipeline",
    "PluginError",
    "Principal",
    "Problem",
    "Product",
    "PycrmError",
    "QueryError",
    "Reader",
    "RecordsCreated",
    "RecordsDeleted",
    "RecordsMoved",
    "RecordsRestored",
    "RecordsUpdated",
    "Ref",
    "SalesOrder",
    "SalesOrderLine",
    "SchemaMismatchError",
    "Stage",
    "StorageError",
    "Tag",
    "Task",
    "Team",
    "UnitError",
    "UnitFailedError",
    "UnknownNameError",
    "User",
    "ValidationError",
    "Workspace",
    "discover",
    "field",
]

_NOUNS = {
    "Account": "parties",
    "AccountContact": "parties",
    "Contact": "parties",
    "Interaction": "activities",
    "Opportunity": "sales",
    "Pipeline": "sales",
    "Product": "products",
    "SalesOrder": "sales",
    "SalesOrderLine": "sales",
    "Stage": "sales",
    "Task": "activities",
}


def __getattr__(name: str) -> Any:
    if name in _NOUNS:
        return getattr(import_module(f"pycrm.builtin.{_NOUNS[name]}"), name)
    raise AttributeError(f"module 'pycrm' has no attribute {name!r}")
