"""What a refused value may have meant, for people to confirm; never taken by itself."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from pycrm.errors import Problem
from pycrm.exchange.mapping.cells import check_digits, is_empty, text_of
from pycrm.exchange.mapping.transforms import BASIC
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind
from pycrm.fields.dates import DateKind, InstantKind
from pycrm.fields.field import Field
from pycrm.fields.money import MoneyKind
from pycrm.fields.numbers import BooleanKind, DecimalKind, IntegerKind
from pycrm.fields.status import StatusKind

__all__ = ["suggested"]

_READERS = (
    (DateKind, "date"),
    (InstantKind, "datetime"),
    (BooleanKind, "boolean"),
    (MoneyKind, "money"),
    (IntegerKind, "number"),
    (DecimalKind, "number"),
)


def suggested(field: Field, value: Any) -> str | None:
    """Return the text that *field* would take in the place of *value*; None where nothing is likely."""
    if is_empty(value):
        return None
    kind = field.kind
    try:
        check_digits(value)
        if isinstance(kind, ChoiceKind | MultiChoiceKind):
            return _same_word(text_of(value), kind.offered)
        if isinstance(kind, StatusKind):
            return _same_word(text_of(value), tuple(kind.lifecycle.states))
        name = next((name for cls, name in _READERS if isinstance(kind, cls)), None)
        read = value if name is None else BASIC[name].function(value)
        return None if name is None else written(kind.parse(read))
    except Problem as problem:
        found = problem.facts.get("suggested")
        return found if isinstance(found, str) else None


def written(value: Any) -> str:
    """Return a value as a file would have it."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case dt.datetime() | dt.date():
            return value.isoformat()
        case _:
            return str(value)


def _same_word(text: str, words: tuple[str, ...]) -> str | None:
    wanted = _plain(text)
    return next((word for word in words if _plain(word) == wanted and word != text), None)


def _plain(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalnum())
