"""What users write as ``field=value``: assignments for `create` and `update`, conditions for ``--where``."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, cast

from pycrm.cli.find import reference_of
from pycrm.cli.texts import Misuse
from pycrm.errors import QueryError
from pycrm.fields.field import Field
from pycrm.fields.references import LinkKind
from pycrm.fields.text import TextKind
from pycrm.query import F
from pycrm.query.ast import Compare, Operator
from pycrm.query.builder import Condition
from pycrm.query.paths import resolve
from pycrm.query.text import read_path
from pycrm.schema import Entity, Schema
from pycrm.workspace import Reader

__all__ = [
    "ASSIGNMENT",
    "CONDITION",
    "IN",
    "NULL",
    "condition_of",
    "outside_values",
    "read_json",
    "split_assignments",
    "value_of",
]

ASSIGNMENT = re.compile(r"(?P<path>[^\W\d][\w.]*)(?P<sign>:?=)(?P<text>.*)", re.DOTALL)
# A space before the sign asks for one after it; any further one belongs to the value, for text is never stripped.
CONDITION = re.compile(
    r"(?P<path>[^\W\d][\w.]*)(?P<space> ?)(?P<sign>!=|<=|>=|:=|=|<|>)(?P=space)(?P<text>.*)", re.DOTALL
)
NULL = re.compile(r"(?P<path>[^\W\d][\w.]*) +is +(?P<negated>not +)?null", re.IGNORECASE)
IN = re.compile(r"(?P<path>[^\W\d][\w.]*) +in +(?P<texts>.+)", re.IGNORECASE | re.DOTALL)


def split_assignments(words: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return path to sign and text of ``path=text`` and ``path:=json``.

    Raises:
        Misuse: A word that is no assignment, or a field that is given twice.
    """
    given: dict[str, tuple[str, str]] = {}
    for word in words:
        found = ASSIGNMENT.fullmatch(word)
        if found is None:
            raise Misuse("{word!r} is no assignment; write field=value, or field:=JSON", word=word)
        if found["path"] in given:
            raise Misuse(
                "{field} is given twice; several values of one field go in one, as tags=a,b", field=found["path"]
            )
        given[found["path"]] = found["sign"], found["text"]
    return given


def read_json(text: str | bytes, what: str, *, exact: bool = True) -> Any:
    """Return the value of a JSON text; numbers with a point stay exact, as text, unless they are to be numbers.

    Raises:
        Misuse: It is no JSON; the place is named.
    """
    try:
        return json.loads(text, parse_float=str if exact else float)
    except ValueError as error:
        raise Misuse("{what} is no JSON: {error}", what=what, error=error) from error


def value_of(field: Field, text: str) -> Any:
    """Return what *text* says for *field*, still from outside: the field's kind has not judged it.

    The empty text is a value of text fields and clears all others. Several values are parted by commas.
    """
    if isinstance(field.kind, TextKind):
        return text
    if not text:
        return field.kind.empty
    if field.kind.empty == () or isinstance(field.kind, LinkKind):
        return [part.strip() for part in text.split(",")]
    return text


def outside_values(entity: Entity, words: Sequence[str]) -> dict[str, Any]:
    """Return the assignments *words* as values by path, still from outside; names are judged by whoever takes them."""
    values: dict[str, Any] = {}
    for path, (sign, text) in split_assignments(words).items():
        field = entity.fields.get(path)
        if sign == ":=":
            values[path] = read_json(text, path, exact=field is None or field.kind.name != "json")
        else:
            values[path] = text if field is None else value_of(field, text)
    return values


def condition_of(ws: Reader, schema: Schema, entity: Entity, word: str) -> Condition:
    """Return the filter that ``FIELD=VALUE``, ``FIELD in A,B`` or ``FIELD is null`` means.

    Raises:
        Misuse: It is none of these.
        UnknownNameError: A path that leads nowhere.
    """
    if found := NULL.fullmatch(word):
        path = F[found["path"]]
        return path.is_not_null() if found["negated"] else path.is_null()
    if found := IN.fullmatch(word):
        field = _field_at(schema, entity, found["path"])
        return F[found["path"]].in_([reference_of(ws, schema, field, each) for each in found["texts"].split(",")])
    if not (found := CONDITION.fullmatch(word)):
        raise Misuse(
            "--where {word!r} is no condition; write FIELD=VALUE (or != < <= > >=), 'FIELD in A,B' or 'FIELD is null'",
            word=word,
        )
    field = _field_at(schema, entity, found["path"])
    text = found["text"]
    value = read_json(text, word) if found["sign"] == ":=" else text
    sign = "=" if found["sign"] == ":=" else found["sign"]
    if value is None or (value == "" and not isinstance(field.kind, TextKind)):
        return _presence(found["path"], sign)
    return _compared(found["path"], sign, reference_of(ws, schema, field, value))


def _presence(path: str, sign: str) -> Condition:
    if sign == "=":
        return F[path].is_null()
    if sign == "!=":
        return F[path].is_not_null()
    raise QueryError(f"{path} {sign} nothing: only = and != ask for a missing value")


def _compared(path: str, sign: str, value: Any) -> Condition:
    return Condition(Compare(cast("Operator", sign), read_path(path), value))


def _field_at(schema: Schema, entity: Entity, path: str) -> Field:
    return resolve(schema, entity, read_path(path)).field
