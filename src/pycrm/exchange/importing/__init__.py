"""Imports with proof: rows are checked, matched and applied in batches; each batch is compared with what is stored."""

from pycrm.exchange.importing.imports import Imports
from pycrm.exchange.importing.outcome import Counts, Outcome
from pycrm.exchange.importing.plan import ImportPlan
from pycrm.exchange.importing.progress import Progress
from pycrm.exchange.importing.proof import ColumnTotal, EntityProof, Proof
from pycrm.exchange.importing.result import ImportResult, Left
from pycrm.exchange.importing.set_aside import SetAside
from pycrm.exchange.importing.undoing import ImportUndone

__all__ = [
    "ColumnTotal",
    "Counts",
    "EntityProof",
    "ImportPlan",
    "ImportResult",
    "ImportUndone",
    "Imports",
    "Left",
    "Outcome",
    "Progress",
    "Proof",
    "SetAside",
]
