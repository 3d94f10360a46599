"""Fields: the basic kinds, one file per family, the `Field` that puts one into an entity, and how it is declared.

Imports `pycrm.values` and `pycrm.errors` only. Users meet the module `declare` as ``from pycrm import field``.
"""

from pycrm.fields.autonumber import AutonumberKind
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind, Option
from pycrm.fields.dates import DateKind, InstantKind
from pycrm.fields.field import Field, Place
from pycrm.fields.identifier import IdKind
from pycrm.fields.kind import Kind, Part, PartType
from pycrm.fields.money import MoneyKind
from pycrm.fields.names import check_name, english_label
from pycrm.fields.numbers import BooleanKind, DecimalKind, IntegerKind
from pycrm.fields.references import AnyRefKind, AnyRefsKind, RefKind, RefsKind
from pycrm.fields.registry import KINDS, SOURCE_NAMES, kind_from
from pycrm.fields.status import StatusKind
from pycrm.fields.tags import TagsKind
from pycrm.fields.text import LongTextKind, TextKind

__all__ = [
    "KINDS",
    "SOURCE_NAMES",
    "AnyRefKind",
    "AnyRefsKind",
    "AutonumberKind",
    "BooleanKind",
    "ChoiceKind",
    "DateKind",
    "DecimalKind",
    "Field",
    "IdKind",
    "InstantKind",
    "IntegerKind",
    "Kind",
    "LongTextKind",
    "MoneyKind",
    "MultiChoiceKind",
    "Option",
    "Part",
    "PartType",
    "Place",
    "RefKind",
    "RefsKind",
    "StatusKind",
    "TagsKind",
    "TextKind",
    "check_name",
    "english_label",
    "kind_from",
]
