"""Columns that no field is for: the custom field that would keep what they hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pycrm.errors import Problem
from pycrm.exchange.mapping.arguments import read_step
from pycrm.exchange.mapping.headers import slug
from pycrm.exchange.mapping.model import CustomField, FieldMap
from pycrm.exchange.mapping.suggesting.forms import date_orders
from pycrm.exchange.mapping.suggesting.sample import Column
from pycrm.exchange.mapping.transforms import BASIC
from pycrm.fields.text import USUAL_LENGTH

__all__ = ["custom_field_for"]

MOSTLY = 0.7  # of a column, to be one of days; the others are told of row by row
MANY_DIGITS = 15  # what a spreadsheet keeps of a number; longer ones are ids
_integer = re.compile(r"-?(?:0|[1-9]\d*)").fullmatch
_decimal = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d{1,6})?").fullmatch
_email = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+").fullmatch
_url = re.compile(r"https?://\S+").fullmatch
_whole = re.compile(r"\d+\.0").fullmatch
_words = frozenset({"true", "false", "yes", "no", "y", "n", "是", "否"})


def custom_field_for(entity: str, column: Column, taken: Iterable[str]) -> tuple[CustomField, FieldMap]:
    """Return a custom field of *entity* that takes what *column* holds, and how the column goes into it.

    Args:
        entity: Its name.
        column: With the cells of the sample.
        taken: Names of its custom fields, those about to be defined too.
    """
    name = slug(column.name, taken)
    kind, options, transforms = _kind_of(column)
    field = CustomField(entity, name, kind, options, {"en": column.name, "zh": column.name})
    return field, FieldMap(field.path, (column.name,), transforms=transforms)


def _kind_of(column: Column) -> tuple[str, dict[str, int], tuple[str, ...]]:
    """Return kind, its options, and the transforms to it."""
    texts = column.texts
    for kind, transforms, fits in _kinds():
        if texts and all(map(fits, texts)):
            return kind, {}, transforms
    for told in ("", *(f"({told})" for told, _ in date_orders(column))):
        step = read_step(f"date{told}")
        days = [text for text in texts if ":" not in text and _reads("date", text, *step.arguments)]
        written = [text for text in days if not text.isdecimal()]
        if texts and len(days) >= MOSTLY * len(texts) and len(written) > len(days) / 2:
            return "date", {}, (f"date{told}",)
    if texts and all(map(_whole, texts)):
        return "text", {}, ("whole_number",)
    longest = max(map(len, texts), default=0)
    if longest > USUAL_LENGTH or any("\n" in text for text in texts):
        return "long_text", {}, ()
    return "text", {}, ()


def _kinds() -> Iterator[tuple[str, tuple[str, ...], Callable[[str], object]]]:
    yield "boolean", ("boolean",), lambda text: text.casefold() in _words
    yield "integer", (), lambda text: _integer(text) and len(text) <= MANY_DIGITS
    yield "decimal", (), lambda text: _decimal(text) and len(text) <= MANY_DIGITS
    yield "datetime", ("datetime(UTC)",), lambda text: ":" in text and _reads("datetime", text)
    yield "email", (), _email
    yield "url", (), _url


def _reads(name: str, text: str, *told: Any) -> bool:
    if text.isdecimal() and "serial" not in told:
        return False
    try:
        BASIC[name].function(text, *told)
    except Problem:
        return False
    return True
