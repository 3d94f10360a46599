"""pycrm: a CRM that is an import.

These names are the promise to programs that embed pycrm; `pycrm.plugin` is the one to authors of plugins, and
`pycrm.testing` the one to tests of either. Each is imported when it is first asked for, so that a program that takes
one of them does not wait for all.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pycrm import field as field
    from pycrm.app import CRM
    from pycrm.builtin.activities import Interaction, Task, add_holidays
    from pycrm.builtin.kinds import Address, Phone
    from pycrm.builtin.parties import (
        Account,
        AccountContact,
        AccountRelation,
        Contact,
        ContactPoint,
        find_look_alikes,
        looks_like,
    )
    from pycrm.builtin.products import (
        PriceBook,
        PriceBookEntry,
        Product,
        ProductCategory,
        UnitOfMeasure,
        convert_quantity,
        find_price,
    )
    from pycrm.builtin.sales import (
        Competitor,
        Contract,
        Conversion,
        Lead,
        Opportunity,
        OpportunityContact,
        PaymentPlan,
        PaymentReceipt,
        Pipeline,
        Quote,
        QuoteLine,
        SalesOrder,
        SalesOrderLine,
        Stage,
        StageChange,
        convert_lead,
        convert_leads,
        create_quote,
        order_quote,
        revise_quote,
    )
    from pycrm.entities import (
        Attachment,
        Calendar,
        CalendarException,
        Cover,
        CustomField,
        CustomIndex,
        DutySeparation,
        ExchangeRate,
        ImportRun,
        Role,
        RoleAssignment,
        SavedView,
        Share,
        Tag,
        Team,
        User,
    )
    from pycrm.errors import (
        ArchiveError,
        CalendarError,
        ConfigurationError,
        ConflictError,
        ExportError,
        FileLostError,
        FunctionFailedError,
        HookFailedError,
        KeyReusedError,
        MissingExtraError,
        MissingRateError,
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
        QuantityError,
        QueryError,
        SchemaMismatchError,
        SideDoorError,
        StorageError,
        UnitError,
        UnitFailedError,
        UnknownNameError,
        UpgradeRefusedError,
        ValidationError,
    )
    from pycrm.exchange.archive import ArchiveReport
    from pycrm.exchange.exporting import ExportReport
    from pycrm.plugin.discovery import discover
    from pycrm.policies.matrix import AccessMatrix, AccessRow
    from pycrm.query import Condition, F
    from pycrm.search import Hit, SearchResult
    from pycrm.signals import RecordsCreated, RecordsDeleted, RecordsMoved, RecordsRestored, RecordsUpdated
    from pycrm.storage.audit import AuditEntry
    from pycrm.storage.files import FileStore
    from pycrm.values.exchange import ExchangeRates
    from pycrm.values.geo import GeoPoint
    from pycrm.values.json_data import Json
    from pycrm.values.money import Money, Monies
    from pycrm.values.principal import Principal
    from pycrm.values.quantity import Quantities, Quantity
    from pycrm.values.refs import Ref
    from pycrm.values.working_time import WorkingCalendar
    from pycrm.workspace import (
        BatchResult,
        BulkResult,
        Entries,
        FieldChange,
        FieldConversion,
        HandedOver,
        HandOver,
        HistoryEntry,
        ListView,
        Page,
        Reader,
        UndoResult,
        ViewPage,
        Why,
        Workspace,
    )

    __version__: str

__all__ = [
    "CRM",
    "AccessMatrix",
    "AccessRow",
    "Account",
    "AccountContact",
    "AccountRelation",
    "Address",
    "ArchiveError",
    "ArchiveReport",
    "Attachment",
    "AuditEntry",
    "BatchResult",
    "BulkResult",
    "Calendar",
    "CalendarError",
    "CalendarException",
    "Competitor",
    "Condition",
    "ConfigurationError",
    "ConflictError",
    "Contact",
    "ContactPoint",
    "Contract",
    "Conversion",
    "Cover",
    "CustomField",
    "CustomIndex",
    "DutySeparation",
    "Entries",
    "ExchangeRate",
    "ExchangeRates",
    "ExportError",
    "ExportReport",
    "F",
    "FieldChange",
    "FieldConversion",
    "FileLostError",
    "FileStore",
    "FunctionFailedError",
    "GeoPoint",
    "HandOver",
    "HandedOver",
    "HistoryEntry",
    "Hit",
    "HookFailedError",
    "ImportRun",
    "Interaction",
    "Json",
    "KeyReusedError",
    "Lead",
    "ListView",
    "MissingExtraError",
    "MissingRateError",
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
    "OpportunityContact",
    "Page",
    "PaymentPlan",
    "PaymentReceipt",
    "Phone",
    "Pipeline",
    "PluginError",
    "PriceBook",
    "PriceBookEntry",
    "Principal",
    "Problem",
    "Product",
    "ProductCategory",
    "PycrmError",
    "Quantities",
    "Quantity",
    "QuantityError",
    "QueryError",
    "Quote",
    "QuoteLine",
    "Reader",
    "RecordsCreated",
    "RecordsDeleted",
    "RecordsMoved",
    "RecordsRestored",
    "RecordsUpdated",
    "Ref",
    "Role",
    "RoleAssignment",
    "SalesOrder",
    "SalesOrderLine",
    "SavedView",
    "SchemaMismatchError",
    "SearchResult",
    "Share",
    "SideDoorError",
    "Stage",
    "StageChange",
    "StorageError",
    "Tag",
    "Task",
    "Team",
    "UndoResult",
    "UnitError",
    "UnitFailedError",
    "UnitOfMeasure",
    "UnknownNameError",
    "UpgradeRefusedError",
    "User",
    "ValidationError",
    "ViewPage",
    "Why",
    "WorkingCalendar",
    "Workspace",
    "add_holidays",
    "convert_lead",
    "convert_leads",
    "convert_quantity",
    "create_quote",
    "discover",
    "field",
    "find_look_alikes",
    "find_price",
    "looks_like",
    "order_quote",
    "revise_quote",
]

_NAMES = {
    "pycrm.app": "CRM",
    "pycrm.builtin.activities": "Interaction Task add_holidays",
    "pycrm.builtin.kinds": "Address Phone",
    "pycrm.builtin.parties": "Account AccountContact AccountRelation Contact ContactPoint find_look_alikes looks_like",
    "pycrm.builtin.products": (
        "PriceBook PriceBookEntry Product ProductCategory UnitOfMeasure convert_quantity find_price"
    ),
    "pycrm.builtin.sales": (
        "Competitor Contract Conversion Lead Opportunity OpportunityContact PaymentPlan PaymentReceipt Pipeline Quote "
        "QuoteLine SalesOrder SalesOrderLine Stage StageChange "
        "convert_lead convert_leads create_quote order_quote revise_quote"
    ),
    "pycrm.entities": (
        "Attachment Calendar CalendarException Cover CustomField CustomIndex DutySeparation ExchangeRate ImportRun "
        "Role RoleAssignment SavedView Share Tag Team User"
    ),
    "pycrm.errors": (
        "ArchiveError CalendarError ConfigurationError ConflictError ExportError FileLostError FunctionFailedError "
        "HookFailedError "
        "KeyReusedError MissingExtraError "
        "MissingRateError MoneyError MoveNotAllowedError "
        "NameClashError NotAllowedError NotFoundError NotLoadedError NotMigratedError PluginError Problem PycrmError "
        "QuantityError QueryError SchemaMismatchError SideDoorError StorageError UnitError UnitFailedError "
        "UnknownNameError UpgradeRefusedError ValidationError"
    ),
    "pycrm.exchange.archive": "ArchiveReport",
    "pycrm.exchange.exporting": "ExportReport",
    "pycrm.plugin.discovery": "discover",
    "pycrm.policies.matrix": "AccessMatrix AccessRow",
    "pycrm.query": "Condition F",
    "pycrm.search": "Hit SearchResult",
    "pycrm.signals": "RecordsCreated RecordsDeleted RecordsMoved RecordsRestored RecordsUpdated",
    "pycrm.values.exchange": "ExchangeRates",
    "pycrm.values.geo": "GeoPoint",
    "pycrm.values.json_data": "Json",
    "pycrm.storage.audit": "AuditEntry",
    "pycrm.storage.files": "FileStore",
    "pycrm.values.money": "Money Monies",
    "pycrm.values.principal": "Principal",
    "pycrm.values.quantity": "Quantities Quantity",
    "pycrm.values.refs": "Ref",
    "pycrm.values.working_time": "WorkingCalendar",
    "pycrm.workspace": (
        "BatchResult BulkResult Entries FieldChange FieldConversion HandOver HandedOver HistoryEntry ListView Page "
        "Reader UndoResult ViewPage Why Workspace"
    ),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


# Hidden from type checkers, to whom it would make a name of every slip.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name == "field":
            value: Any = import_module("pycrm.field")
        elif name == "__version__":
            value = import_module("importlib.metadata").version("pycrm")
        elif name in _HOMES:
            value = getattr(import_module(_HOMES[name]), name)
        else:
            raise AttributeError(f"module 'pycrm' has no attribute {name!r}")
        globals()[name] = value
        return value
