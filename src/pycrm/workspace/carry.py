"""Carrying values of one kind over to another, as they are or by their text, and finding them in documents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pycrm.errors import Problem
from pycrm.fields.field import Field
from pycrm.fields.kind import Kind
from pycrm.schema.document import decode_part, encode_part

__all__ = ["absent", "carried", "is_same", "members", "stored_value"]

_split = re.compile(r"\s*[,，;；、]\s*").split


def carried(value: Any, old: Kind, new: Kind) -> Any:
    """Return the value of the kind *new* that means what *value* means, an inside value of *old*.

    Tried are the value itself, its dumped form, and the text in which people read it; what is several values on one
    side only is taken apart or put together.

    Raises:
        Problem: None of these is taken; it is what *new* says of the dumped form.
    """
    first: Problem | None = None
    for candidate in _candidates(value, old, new):
        try:
            # By way of its parts, so that it is as it will be read: with a currency's own digits, for one.
            made = new.from_parts(*new.to_parts(new.parse(candidate)))
        except Problem as problem:
            first = first or problem
        else:
            if made != new.empty:
                return made
            # As a list without anything is of several choices.
            first = first or Problem("convert.empty", message="would be no value at all; give the record one by hand")
    assert first is not None
    raise first


def is_same(one: Any, other: Any, kind: Kind) -> bool:
    """Return whether two inside values of *kind* are stored alike."""
    return bool(kind.to_parts(one) == kind.to_parts(other))


def _candidates(value: Any, old: Kind, new: Kind) -> Iterator[Any]:
    dumped = old.dump(value)
    text = _text(value, dumped, old)
    if new.empty == () and not isinstance(dumped, list):
        yield [text]
        yield _split(text)
        return
    yield dumped
    yield value
    yield text


def _text(value: Any, dumped: Any, kind: Kind) -> str:
    match dumped:
        case str():
            return dumped
        case bool():
            return "true" if dumped else "false"
        case int() | float():
            return str(dumped)
        case [*texts] if all(isinstance(each, str) for each in texts):
            return ", ".join(texts)
    return kind.display(value)


def stored_value(field: Field, data: Mapping[str, Any]) -> Any:
    """Return the value of *field* in the document *data*, or None."""
    if data.get(field.part_names[0]) is None:
        return None
    parts = zip(field.kind.parts, field.part_names, strict=True)
    return field.kind.from_parts(*(decode_part(part.type, data.get(name)) for part, name in parts))


def members(field: Field, value: Any) -> dict[str, Any]:
    """Return the keys of a document that store *value*; none for a missing one."""
    if value is None or value == field.kind.empty:
        return {}
    stored = zip(field.part_names, field.kind.parts, field.kind.to_parts(value), strict=True)
    return {name: encode_part(part.type, scalar) for name, part, scalar in stored if scalar is not None}


def absent(field: Field) -> dict[str, Any]:
    """Return the keys of a document that store *field*, each to be removed."""
    return dict.fromkeys(field.part_names)
