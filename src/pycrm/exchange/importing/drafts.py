"""Records on their way in: made new from a row, or loaded and changed by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from pycrm.fields.field import Field
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind, id_of
from pycrm.schema import Entity
from pycrm.schema.diff import FieldReader, value_at
from pycrm.schema.generate import make_function
from pycrm.schema.record import slot_of
from pycrm.values.refs import Ref

__all__ = ["Draft", "DraftMaker", "bare", "is_nothing"]

Values = Sequence[Any]
"""One value per mapped field; None, or an empty tuple, where a row gives none."""


@attrs.define(eq=False)
class Draft:
    """One record that rows of a batch are about.

    Attributes:
        record: As it is to be.
        is_new: Whether it is to be created.
        values: What the rows gave last, in the order of the mapped fields.
        rows: The places of its rows in the batch.
        line: Of the row that gave its values last.
        changed: Paths that rows have changed.
        before: Of a stored record, its values as they were loaded.
    """

    record: Any
    is_new: bool
    values: Values
    rows: list[int]
    line: int
    changed: set[str] = attrs.field(factory=set)
    before: tuple[Any, ...] = ()

    @property
    def is_written(self) -> bool:
        """Whether there is anything to write."""
        return self.is_new or bool(self.changed)


class DraftMaker:
    """Makes and changes the records of one entity from the values of *fields*, in their order."""

    def __init__(self, entity: Entity, fields: Sequence[Field]) -> None:
        self.entity = entity
        self.fields = tuple(fields)
        self._assign = _make_assign(self.fields)
        self._reader = FieldReader(self.fields)
        references = (RefKind, LinkKind, AnyRefKind)
        self._references = [place for place, field in enumerate(self.fields) if isinstance(field.kind, references)]

    def create(self, values: Values, row: int, line: int) -> Draft:
        """Return the draft of a new record with *values*."""
        record = self.entity.record_class()
        self._assign(record, values)
        return Draft(record, True, values, [row], line)

    def load(self, record: Any) -> Draft:
        """Return the draft of a stored record, which nothing has changed yet."""
        return Draft(record, False, [None] * len(self.fields), [], 0, before=self.read(record))

    def is_as_before(self, draft: Draft) -> bool:
        """Return whether the rows of a stored record's *draft* took back each other's changes."""
        return not draft.is_new and self.read(draft.record) == draft.before

    def change(self, draft: Draft, values: Values, row: int, line: int, places: Sequence[int]) -> list[str]:
        """Give *draft* the *values* of a row at *places*; what the row leaves empty stays.

        Returns:
            The paths of what became different.
        """
        record, different = draft.record, []
        kept = draft.values if isinstance(draft.values, list) else list(draft.values)
        for place in places:
            field, value = self.fields[place], values[place]
            if is_nothing(value):
                continue
            if bare(value_at(record, field)) != bare(value):
                if "." in field.path:
                    record.set_document_value(field.path, value)
                else:
                    setattr(record, slot_of(field), value)
                different.append(field.path)
            kept[place] = value
        draft.values, draft.line = kept, line
        draft.rows.append(row)
        draft.changed.update(different)
        return different

    def refer(self, draft: Draft, field: Field, reference: Ref[Any]) -> None:
        """Let *field* of *draft* lead to a record that is drafted, too."""
        if draft.is_new or bare(value_at(draft.record, field)) != reference.id:
            if "." in field.path:
                draft.record.set_document_value(field.path, reference)
            else:
                setattr(draft.record, slot_of(field), reference)
        kept = list(draft.values)
        kept[self.fields.index(field)] = reference
        draft.values = kept

    def read(self, record: Any) -> tuple[Any, ...]:
        """Return the values of a record, in the order of the fields, references as ids."""
        return self.compared(self._reader.read(record))

    def compared(self, values: Values) -> tuple[Any, ...]:
        """Return *values* with references as ids, so that they compare."""
        if not self._references:
            return tuple(values)
        plain = list(values)
        for place in self._references:
            plain[place] = bare(plain[place])
        return tuple(plain)


def is_nothing(value: Any) -> bool:
    """Return whether *value* is none that a field would hold."""
    return value is None or (type(value) is tuple and not value)


def bare(value: Any) -> Any:
    """Return *value* with references as ids."""
    if isinstance(value, Ref):
        return id_of(value)
    return tuple(map(bare, value)) if type(value) is tuple else value


def _make_assign(fields: Sequence[Field]) -> Callable[[Any, Values], None]:
    """Return ``assign(record, values)`` for new records, whose slots are empty."""
    lines = ["def assign(record, values):"]
    lines += [
        f"    record.{slot_of(field)} = values[{place}]" for place, field in enumerate(fields) if "." not in field.path
    ]
    outside = {place: field.path for place, field in enumerate(fields) if "." in field.path}
    if outside:
        lines.append("    document = {}")
        for place, path in outside.items():
            lines += [
                f"    v = values[{place}]",
                "    if v is not None and v != ():",
                f"        document[{path!r}] = v",
            ]
        lines += ["    if document:", "        record._document = document"]
    lines.append("    return None")
    assign: Callable[[Any, Values], None] = make_function("\n".join(lines) + "\n", "assign", {})
    return assign
