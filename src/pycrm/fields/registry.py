"""The basic kinds by name, the names that generated source may use, and what is asked of a kind that comes in."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from pycrm.errors import ConfigurationError, nearest
from pycrm.fields.attachment import AttachmentKind
from pycrm.fields.autonumber import AutonumberKind
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind
from pycrm.fields.dates import DateKind, InstantKind
from pycrm.fields.identifier import IdKind
from pycrm.fields.kind import ORDERED, Kind
from pycrm.fields.money import MoneyKind, load_money
from pycrm.fields.numbers import BooleanKind, DecimalKind, IntegerKind, from_scaled
from pycrm.fields.references import AnyRefKind, AnyRefsKind, LinkKind, RefKind, RefsKind
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
    AnyRefsKind,
    AttachmentKind,
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
"""The names that every kind's ``parse_source``, ``load_source`` and ``dump_source`` may use beside builtins."""

_word = re.compile(r"(?:[a-z][a-z0-9_]*\.)?[a-z][a-z0-9_]*").fullmatch
_suffix = re.compile(r"(?:_[a-z0-9]+)+").fullmatch


def source_names(kinds: Iterable[Kind]) -> dict[str, Any]:
    """Return the names that source generated for fields of these *kinds* may use."""
    names = dict(SOURCE_NAMES)
    for kind in kinds:
        names.update(kind.source_names)
    return names


def check_kind_class(cls: Any) -> None:
    """Refuse a class that cannot be a field kind.

    Raises:
        ConfigurationError: It says what is missing or wrong.
    """
    shown = getattr(cls, "__qualname__", repr(cls))
    for reason in _objections(cls):
        raise ConfigurationError(f"{shown} cannot be a field kind: {reason}", kind=getattr(cls, "name", shown))


def _objections(cls: Any) -> Iterable[str]:
    if not (isinstance(cls, type) and issubclass(cls, Kind)):
        yield "it does not derive from Kind"
        return
    if issubclass(cls, (RefKind, LinkKind, AnyRefKind)):
        yield "references are the kernel's own matter; declare field.ref"
    if "__attrs_attrs__" not in vars(cls):
        yield "it is no attrs class of its own; decorate it with @attrs.frozen"
    if not _word(str(getattr(cls, "name", ""))):
        yield "its `name` is no word in lower case, or two with a dot between"
    if not isinstance(getattr(cls, "python_type", None), type):
        yield "its `python_type` is no type"
    suffixes = [part.suffix for part in cls.parts]
    if suffixes[:1] != [""] or len(set(suffixes)) < len(suffixes) or not all(map(_suffix, suffixes[1:])):
        yield "its `parts` need the suffix '' first, then different ones such as '_currency'"
    if not cls.operators <= ORDERED:
        yield f"its `operators` are not among {', '.join(sorted(ORDERED))}"
    for method in ("parse", "json_schema"):
        if getattr(cls, method) is getattr(Kind, method):
            yield f"it has no method `{method}`"
    for base in cls.__mro__:
        prefix = str(getattr(base, "name", "")).replace(".", "_") + "_"
        for name in vars(base).get("source_names", {}):
            if not (name.isidentifier() and name.startswith(prefix)):
                yield f"the name {name!r} among `source_names` does not begin with {prefix!r}"


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
