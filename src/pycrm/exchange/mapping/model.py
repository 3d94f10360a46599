"""What a mapping is: which column of a source goes into which field of which entity, and what is done on the way."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from typing import Any, Literal, TypeAlias

import attrs

__all__ = [
    "KEPT_LINE",
    "LINE",
    "VERSION",
    "CustomField",
    "EntityMap",
    "FieldMap",
    "Mapping",
    "OnMatch",
    "OnNew",
    "OnProblem",
    "Otherwise",
]

VERSION = 1
"""Of the form of mapping files."""


LINE = "#"
"""In the place of a header the number of the line that the row begins in, where no column is called so."""

KEPT_LINE = "pycrm line"
"""The column in which rows that were given back have the line of their first source; `LINE` is that, then."""


def _plain(value: Any) -> Any:
    """Return *value* with tuples for lists, all the way down, so that equal mappings are equal however they came."""
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    return {key: _plain(each) for key, each in value.items()} if isinstance(value, dict) else value


OnMatch: TypeAlias = Literal["update", "skip", "queue"]
OnNew: TypeAlias = Literal["create", "skip", "refuse"]
OnProblem: TypeAlias = Literal["refuse", "empty", "default"]
Otherwise: TypeAlias = Literal["create", "empty", "refuse"]


@attrs.frozen
class FieldMap:
    """How one field gets its value. The steps go in the order of the attributes.

    Attributes:
        path: The field, ``"name"`` or ``"custom.region"``; with one more name a part of it, ``"address.city"``.
        columns: Headers of the source, or `LINE`; none for a field that only has a `default`.
        join: Between the texts of several columns, of which empty ones are left out.
        split: What separates the values of one cell; with it there are several values, unless `part` picks one.
        part: Which of the split values, from 1; from the end where negative. None for all.
        transforms: In their order, each as it is written: ``"trim"``, ``"date(dmy)"``.
        values: What stands for what: the cell's text to the field's value; ``"*"`` for every other text.
        default: The value where the cell is empty; None for none.
        on_problem: What becomes of a value that is refused.
        record: The alias of another record of the same row that this reference leads to.
        find: The field of the target by which a reference is looked up; ``"contact.email"`` where the reference may
            lead to several entities.
        otherwise: What becomes of a reference that is not found.
    """

    path: str
    columns: tuple[str, ...] = ()
    join: str = " "
    split: str = ""
    part: int | None = None
    transforms: tuple[str, ...] = ()
    values: MappingOf[str, Any] = attrs.field(factory=dict, converter=_plain, hash=False)
    default: Any = attrs.field(default=None, converter=_plain, hash=False)
    on_problem: OnProblem = "refuse"
    record: str = ""
    find: str = ""
    otherwise: Otherwise = "refuse"


@attrs.frozen
class EntityMap:
    """How the rows become records of one entity.

    Attributes:
        entity: Its name.
        alias: What other entities of the mapping call its record of the same row; its own name where not told.
        fields: At most one for each path.
        when: Which rows have such a record, in the filter language over the columns; empty for all.
        by: The fields that tell whether there is such a record already; empty to create one for each row.
        or_by: Other fields that tell it where those before do not find one: where a row leaves them empty, or nobody
            has what it says.
        on_match: What becomes of a row whose record is there already.
        on_new: What becomes of one whose record is not.
        update_fields: Which fields a match changes; None for all that are mapped.
        only_empty: Which of them only where they are empty: all, or these.
        newest: The column with the time of the row's last change; an older row changes nothing. Empty for none.
    """

    entity: str
    alias: str = attrs.field()
    fields: tuple[FieldMap, ...] = ()
    when: str = ""
    by: tuple[str, ...] = ()
    or_by: tuple[tuple[str, ...], ...] = ()
    on_match: OnMatch = "update"
    on_new: OnNew = "create"
    update_fields: tuple[str, ...] | None = None
    only_empty: bool | tuple[str, ...] = False
    newest: str = ""

    @alias.default
    def _alias(self) -> str:
        return self.entity

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """What tells whether there is such a record already, in the order of trying."""
        return (self.by, *self.or_by) if self.by else self.or_by


@attrs.frozen
class CustomField:
    """A custom field that the mapping needs, to be defined where it is not there yet.

    Attributes:
        entity: Its entity.
        name: Without ``custom.``.
        kind: The name of its kind.
        options: Of the kind.
        label: Language to label.
        unique: Whether no two records share a value.
    """

    entity: str
    name: str
    kind: str = "text"
    options: MappingOf[str, Any] = attrs.field(factory=dict, converter=_plain, hash=False)
    label: MappingOf[str, str] = attrs.field(factory=dict, converter=_plain, hash=False)
    unique: bool = False

    @property
    def path(self) -> str:
        """How mappings and filters name it."""
        return f"custom.{self.name}"


@attrs.frozen
class Mapping:
    """A whole mapping, as its file has it.

    Attributes:
        version: Of the file's form.
        name: For people.
        entities: In any order; `bind_mapping` puts what is referred to first.
        reading: How the source is read, as ``{"encoding": "gb18030"}``; ``time_zone`` is that of times without one.
        fingerprint: Of the headers that it was made for; see `header_fingerprint`. Empty where not known.
        acknowledge: Codes of warnings that need nobody's attention.
        custom_fields: Those that its fields need.
    """

    version: int = VERSION
    name: str = ""
    entities: tuple[EntityMap, ...] = ()
    reading: MappingOf[str, Any] = attrs.field(factory=dict, converter=_plain, hash=False)
    fingerprint: str = ""
    acknowledge: tuple[str, ...] = ()
    custom_fields: tuple[CustomField, ...] = ()
