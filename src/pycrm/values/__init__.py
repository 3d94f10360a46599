"""Values: ids, money, quantities, places, references, lifecycles, principals, clocks.

Immutable, and usable without a database. This room imports `pycrm.errors` only.
"""

from pycrm.values.clock import Clock, FixedClock, system_clock
from pycrm.values.currencies import CURRENCIES, MINOR_UNITS
from pycrm.values.geo import GeoPoint
from pycrm.values.ids import id_from_bytes, new_id
from pycrm.values.json_data import Json
from pycrm.values.lifecycle import Lifecycle, Move, State
from pycrm.values.money import Money, Monies
from pycrm.values.principal import Principal
from pycrm.values.quantity import Quantities, Quantity
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
    "GeoPoint",
    "Json",
    "Lifecycle",
    "Money",
    "Monies",
    "Move",
    "OptRef",
    "Principal",
    "Quantities",
    "Quantity",
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
