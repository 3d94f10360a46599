"""The basic kinds by name, and the names that their source may use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from pycrm.errors import ConfigurationError, nearest
from pycrm.fields.autonumber import AutonumberKind
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind
from pycrm.fields.dates import DateKind, InstantKind
from pycrm.fields.identifier import IdKind
from pycrm.fields.kind import Kind
from pycrm.fields.money import MoneyKind, load_money
from pycrm.fields.numbers import BooleanKind, DecimalKind, IntegerKind, from_scaled
from pycrm.fields.references import AnyRefKind, RefKind, RefsKind
from pycrm.fields.status import StatusKind
from pycrm.fields.tags import TagsKind
from pycrm.fields.text import LongTextKind, TextKind
from pycrm.values.money import EXACT, Money
from pycrm.values.refs import Ref

_BASIC: tuple[type[Kind], ...] = (
    TextKind,
    LongTextKind,
    IntegerKind,
    DecimalKind,
    BooleanKind,
    DateKind,
    InstantKind,
    ChoiceKind,
    MultiChoiceKind,
    MoneyKind,
    RefKind,
    RefsKind,
    AnyRefKind,
    AutonumberKind,
    TagsKind,
    StatusKind,
    IdKind,
)

KINDS: Final[Mapping[str, type[Kind]]] = MappingProxyType({kind.name: kind for kind in _BASIC})
"""The basic kinds by name."""

SOURCE_NAMES: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "Decimal": Decimal,
        "Money": Money,
        "Ref": Ref,
        "UTC": dt.UTC,
        "UUID": UUID,
        "date": dt.date,
        "datetime": dt.datetime,
        "from_scaled": from_scaled,
        "load_money": load_money,
        "scaleb": EXACT.scaleb,
    }
)
"""The names that a kind's ``parse_source``, ``load_source`` and ``dump_source`` may use beside builtins."""


def kind_from(name: str, options: Mapping[str, Any], kinds: Mapping[str, type[Kind]] = KINDS) -> Kind:
    """Return the kind called *name* with *options*, as a snapshot or a custom-field row keeps them.

    Raises:
        ConfigurationError: No such kind, which may be one of an absent plugin's, or options that it does not take.
    """
    if name not in kinds:
        raise ConfigurationError(
            f"no field kind is called {name!r}; install the plugin that brings it{nearest(name, kinds)}", kind=name
        )
    try:
        return kinds[name].from_options(dict(options))
    except TypeError as error:
        raise ConfigurationError(f"field kind {name!r} does not take {dict(options)!r}: {error}", kind=name) from error
