"""Values: ids, money, references, lifecycles, principals, clocks. Immutable, and usable without a database.

This room imports `pycrm.errors` only.
"""

from pycrm.values.clock import Clock, FixedClock, system_clock
from pycrm.values.currencies import CURRENCIES, MINOR_UNITS
from pycrm.values.ids import id_from_bytes, new_id
from pycrm.values.lifecycle import Lifecycle, Move, State
from pycrm.values.money import Money, Monies
from pycrm.values.principal import Principal
from pycrm.values.refs import (
    OptRef,
    Ref,
    RefProperty,
    Refs,
    RefsProperty,
    entity_of,
    reference_slot,
    references_slot,
)

__all__ = [
    "CURRENCIES",
    "MINOR_UNITS",
    "Clock",
    "FixedClock",
    "Lifecycle",
    "Money",
    "Monies",
    "Move",
    "OptRef",
    "Principal",
    "Ref",
    "RefProperty",
    "Refs",
    "RefsProperty",
    "State",
    "entity_of",
    "id_from_bytes",
    "new_id",
    "reference_slot",
    "references_slot",
    "system_clock",
]
