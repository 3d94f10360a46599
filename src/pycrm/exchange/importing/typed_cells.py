"""Cells that are no texts, kept and written so that they come back as what they were: numbers, days, lists."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

from pycrm.exchange.reading.json_records import DECODER

__all__ = ["packed", "read_back", "storable", "type_of", "unpacked", "written"]

_DECIMAL = "pycrm decimal"
_DATETIME = "pycrm datetime"
_DATE = "pycrm date"
_TIME = "pycrm time"
_MAKERS: dict[str, Any] = {
    _DECIMAL: Decimal,
    _DATETIME: dt.datetime.fromisoformat,
    _DATE: dt.date.fromisoformat,
    _TIME: dt.time.fromisoformat,
}


def packed(cell: Any) -> Any:
    """Return *cell* as JSON-able data, of which `unpacked` makes it again; what has no form of its own becomes text."""
    match cell:
        case None | str() | bool() | int() | float():
            return cell
        case list() | tuple():
            return [packed(each) for each in cell]
        case dict():
            return {name: packed(each) for name, each in cell.items()}
        case Decimal():
            return {_DECIMAL: str(cell)}
        case dt.datetime():
            return {_DATETIME: cell.isoformat()}
        case dt.date():
            return {_DATE: cell.isoformat()}
        case dt.time():
            return {_TIME: cell.isoformat()}
        case _:
            return str(cell)


def unpacked(data: Any) -> Any:
    """Return the cell that `packed` was given."""
    if isinstance(data, list):
        return [unpacked(each) for each in data]
    if not isinstance(data, dict):
        return data
    if len(data) == 1:
        ((name, value),) = data.items()
        if name in _MAKERS and isinstance(value, str):
            with suppress(ValueError, InvalidOperation):
                return _MAKERS[name](value)
    return {name: unpacked(each) for name, each in data.items()}


def storable(data: Any) -> Any:
    """Return JSON-able *data* with what no database stores as text written out: NUL and halves of surrogate pairs."""
    match data:
        case str():
            return data.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()
        case list() | tuple():
            return [storable(each) for each in data]
        case dict():
            return {storable(name): storable(each) for name, each in data.items()}
        case _:
            return data


def type_of(cell: Any) -> str:
    """Return the name by which `read_back` knows what *cell* was; an empty text for a text, or for nothing."""
    match cell:
        case list() | tuple() | dict() | bool() | int() | float():
            return "json"
        case Decimal():
            return "decimal"
        case dt.datetime():
            return "datetime"
        case dt.date():
            return "date"
        case dt.time():
            return "time"
        case _:
            return ""


def written(cell: Any) -> str:
    """Return *cell* as the text of a file: lists and mappings as JSON, days as ``2026-03-31``, nothing as nothing."""
    match cell:
        case None:
            return ""
        case str():
            return cell
        case list() | tuple():
            return f"[{', '.join(map(_json, cell))}]"
        case dict():
            return f"{{{', '.join(f'{_json(name)}: {_json(each)}' for name, each in cell.items())}}}"
        case bool() | int() | float():
            return json.dumps(cell)
        case Decimal():
            return f"{cell:f}"  # with an exponent it would look as if a spreadsheet had rounded it
        case dt.datetime():
            return cell.isoformat(" ")
        case dt.date() | dt.time():
            return cell.isoformat()
        case _:
            return str(cell)


def read_back(text: str, type: str) -> Any:
    """Return the cell of *type* that was `written` as *text*.

    A text that somebody has put in its place stays a text; only lists and mappings may be mended as such.
    """
    cell: Any = text
    with suppress(ValueError, InvalidOperation, RecursionError):
        match type:
            case "json":
                cell = DECODER.decode(text)
                # A fraction of its own is known as what it was: a float where it is not marked as a decimal.
                cell = float(cell) if isinstance(cell, Decimal) else cell
            case "decimal":
                cell = Decimal(text)
            case "datetime":
                cell = dt.datetime.fromisoformat(text)
            case "date":
                cell = dt.date.fromisoformat(text)
            case "time":
                cell = dt.time.fromisoformat(text)
    return cell if isinstance(cell, list | dict) or written(cell) == text else text


def _json(value: Any) -> str:
    """Return *value* as JSON in which decimals keep their digits."""
    if isinstance(value, list | tuple | dict):
        return written(value)
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)
