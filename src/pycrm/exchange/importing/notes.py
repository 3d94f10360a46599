"""What is told of rows that came to nothing, or were left as they are."""

from __future__ import annotations

from collections.abc import Sequence

from pycrm.errors import Problem
from pycrm.fields.field import Field

__all__ = [
    "column_unused",
    "disagree",
    "exists",
    "failed",
    "is_new",
    "left_empty",
    "new_left",
    "not_wanted",
    "older",
    "queued",
    "several",
]


def failed(error: Exception) -> Problem:
    """Return what to say where a plugin failed on a row."""
    return Problem("import.failed", message="could not be written: {told}", told=str(error))


def is_new(entity: str) -> Problem:
    """Return what refuses a new record that the mapping does not want."""
    return Problem(
        "import.new_refused",
        message="is a new {entity}, and the mapping takes only those that are there; create it first",
        entity=entity,
    )


def exists(entity: str) -> Problem:
    """Return what to note where a record stays as it is."""
    return Problem("import.exists", level="note", message="{entity} is there already and stays as it is", entity=entity)


def queued(entity: str) -> Problem:
    """Return what to note where somebody has to decide."""
    return Problem(
        "import.queued", level="note", message="{entity} is there already; somebody has to decide", entity=entity
    )


def older(entity: str) -> Problem:
    """Return what to note where the record is newer than the row."""
    return Problem("import.older", level="note", message="{entity} was changed later than the row", entity=entity)


def new_left(entity: str) -> Problem:
    """Return what to note where a new record is left out."""
    return Problem("import.new_left", level="note", message="{entity} is new and left out", entity=entity)


def left_empty(entity: str, field: str, key: object) -> Problem:
    """Return what to note where a reference stays empty: no *entity* has *key* in *field*."""
    return Problem(
        "import.left_empty",
        level="note",
        message="leads to no {entity} with this {key}, and is left empty",
        entity=entity,
        key=field,
        value=key,
    )


def column_unused(line: int, column: str, value: str) -> Problem:
    """Return what to note of a *value* that no field takes."""
    return Problem(
        "import.column_unused",
        level="note",
        message="has values that no field of the mapping takes",
        line=line,
        column=column,
        value=value,
    )


def not_wanted() -> Problem:
    """Return what to note where a row meets no condition, so that no entity takes a record of it."""
    return Problem("import.not_wanted", level="note", message="meets no condition of the mapping")


def disagree(
    entity: str, found_by: Sequence[str], fields: Sequence[Field], key: Sequence[object], stored: Sequence[object]
) -> Problem:
    """Return what refuses a row of which one key finds a record and another says that it is a different one.

    Args:
        entity: Of the record.
        found_by: The key that found it.
        fields: Of the key that differs.
        key: What the row has in them.
        stored: What the record has.
    """
    return Problem(
        "import.keys_disagree",
        message="is another {entity} by {key} than by {found_by}, where {key} is {stored}; mend one of them",
        entity=entity,
        key=", ".join(field.path for field in fields),
        found_by=", ".join(found_by),
        value=", ".join(str(field.shown(each)) for field, each in zip(fields, key, strict=True)),
        stored=", ".join(str(field.shown(each)) for field, each in zip(fields, stored, strict=True)),
    )


def several(entity: str, key: Sequence[object], count: int) -> Problem:
    """Return what refuses a row whose key several records have."""
    return Problem(
        "import.ambiguous_match",
        message="is the key of {count} records of {entity}; merge them, or match by more fields",
        count=count,
        entity=entity,
        value=", ".join(str(part) for part in key),
    )
