"""Cells as they were read, on their way to a field: what is empty, what became of digits, what a kind wants to see."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pycrm.errors import Problem
from pycrm.fields.dates import DateKind, InstantKind
from pycrm.fields.field import Field
from pycrm.fields.kind import Kind
from pycrm.fields.text import TextKind

__all__ = ["is_empty", "make_taker", "text_of", "wants_text"]

EXACT_FLOAT = 2**53  # beyond it a float skips whole numbers, so nobody knows which one was meant
SPREADSHEET_DIGITS = 11  # the longest whole number that a spreadsheet shows without an exponent

_scientific = re.compile(r"[+-]?\d(?:\.\d+)?[Ee]\+(\d{1,3})").fullmatch


def is_empty(cell: Any) -> bool:
    """Return whether there is nothing in *cell*, or nothing but white space of whatever width."""
    if isinstance(cell, str):
        return not cell or cell.isspace()
    return cell is None or (isinstance(cell, list | tuple | dict) and not cell)


def text_of(cell: Any) -> str:
    """Return *cell* as somebody would have written it into a text file.

    Raises:
        Problem: It is a number that has lost digits.
    """
    if isinstance(cell, str):
        return cell
    match cell:
        case bool():
            return "true" if cell else "false"
        case float():
            check_digits(cell)
            return str(int(cell)) if cell.is_integer() else repr(cell)
        case Decimal():
            return f"{cell:f}"
        case dt.datetime():
            return cell.isoformat(" ")
        case dt.date() | dt.time():
            return cell.isoformat()
        case list() | tuple() | dict():
            return json.dumps(cell, ensure_ascii=False, default=str)
        case _:
            return str(cell)


def check_digits(cell: Any) -> None:
    """Refuse a number of which a spreadsheet kept only the first digits: an id, a code, a phone number.

    Raises:
        Problem: It is one.
    """
    if isinstance(cell, str):
        if "+" not in cell:  # nearly all of them
            return
        found = _scientific(cell.strip())
        lossy = found is not None and int(found[1]) >= SPREADSHEET_DIGITS
    else:
        lossy = isinstance(cell, float) and abs(cell) >= EXACT_FLOAT and cell not in (float("inf"), float("-inf"))
    if lossy:
        raise Problem(
            "import.lost_digits",
            message="has lost digits: a spreadsheet has rounded a long number; format the column as text in the "
            "original and export it again",
            value=cell,
        )


def wants_text(kind: Kind) -> bool:
    """Return whether values of *kind* begin as one text, so that numbers and days are to be written out for it."""
    return issubclass(kind.python_type, str)


def make_taker(field: Field, zone: ZoneInfo | None = None) -> Callable[[Any], Any]:
    """Return the function from a cell, or from what transforms made of it, to the inside value of *field*.

    What is empty becomes the kind's empty. White space alone is empty, too, except where the field keeps text to the
    character. The function raises the kind's `Problem`, or one about lost digits.

    Args:
        field: The field.
        zone: The time zone of times that come without one; None to refuse them.
    """
    kind = field.kind
    parse, empty = kind.parse, kind.empty
    keeps_blanks = isinstance(kind, TextKind)
    adapt = _adapter(kind, zone)
    texts = wants_text(kind)

    def take(cell: Any) -> Any:
        if cell is None or cell == "" or (not keeps_blanks and is_empty(cell)):
            return empty
        if type(cell) is str and "+" not in cell and (texts or adapt is None):
            return parse(cell)  # nearly all of them
        check_digits(cell)
        return parse(cell if adapt is None else adapt(cell))

    return take


def _adapter(kind: Kind, zone: ZoneInfo | None) -> Callable[[Any], Any] | None:
    if wants_text(kind):
        return text_of
    if kind.empty == ():
        return _several
    if isinstance(kind, DateKind):
        return _day
    if isinstance(kind, InstantKind):
        return lambda cell: _moment(cell, zone)
    return _structured if _may_be_structured(kind) else None


def _may_be_structured(kind: Kind) -> bool:
    """Return whether exports write values of *kind* as JSON: those of several parts, but no amounts, which are text."""
    schema = kind.json_schema()
    return kind.unit_part is None and any(
        not form or form.get("type") == "object" for form in schema.get("oneOf", [schema])
    )


def _structured(cell: Any) -> Any:
    """Return what a text says that is JSON; any other cell as it is."""
    if isinstance(cell, str) and cell[:1] in ("{", "["):
        with suppress(ValueError, RecursionError):
            return json.loads(cell)
    return cell


def _several(cell: Any) -> Any:
    """Return the one value of a cell as one of several."""
    return cell if isinstance(cell, (list, tuple, set, frozenset)) else [cell]


def _day(cell: Any) -> Any:
    """Return the day of what a workbook keeps as midnight."""
    is_midnight = isinstance(cell, dt.datetime) and cell.tzinfo is None and cell.time() == dt.time()
    return cell.date() if is_midnight else cell


def _moment(cell: Any, zone: ZoneInfo | None) -> Any:
    """Return *cell* with the time zone, where it is a time that lacks one."""
    if zone is None:
        return cell
    moment = cell
    if isinstance(cell, str):
        try:
            moment = dt.datetime.fromisoformat(cell.strip())
        except ValueError:
            return cell
    elif isinstance(cell, dt.date) and not isinstance(cell, dt.datetime):
        moment = dt.datetime.combine(cell, dt.time())
    if isinstance(moment, dt.datetime) and moment.tzinfo is None:
        return moment.replace(tzinfo=zone).astimezone(dt.UTC)
    return cell
