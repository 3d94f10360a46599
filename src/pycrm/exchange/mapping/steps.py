"""The steps of one field, from its cells to the value that its kind judges: join, split, transforms, values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import attrs

from pycrm.errors import Problem
from pycrm.exchange.joined import SEPARATOR, parted
from pycrm.exchange.mapping.arguments import ColumnRef
from pycrm.exchange.mapping.cells import is_empty, text_of
from pycrm.exchange.mapping.model import FieldMap
from pycrm.schema.transforms import Transform

__all__ = ["BoundStep", "Steps", "default_column", "fold"]

OTHERS = "*"
_braced = re.compile(r"\{([^{}]+)\}").fullmatch


@attrs.frozen
class BoundStep:
    """A transform with its arguments: texts, and columns that are looked up in the row."""

    transform: Transform
    arguments: tuple[str | ColumnRef, ...] = ()

    def apply(self, value: Any, arguments: Sequence[Any]) -> Any:
        """Return what becomes of *value*, or of each of several, with *arguments* that are texts by now.

        Raises:
            Problem: It cannot be read.
        """
        if isinstance(value, list):
            return [made for each in value if not is_empty(made := self.call(each, arguments))]
        return self.call(value, arguments)

    def call(self, value: Any, arguments: Sequence[Any]) -> Any:
        """Return what becomes of one *value* with *arguments* that are texts by now.

        Raises:
            Problem: It cannot be read, or the transform itself failed.
        """
        try:
            return self.transform.function(value, *arguments)
        except Problem:
            raise
        except Exception as error:
            raise Problem(
                "import.transform_failed",
                message="made the transform {transform} fail: {told}; repair it",
                transform=self.transform.name,
                told=f"{type(error).__name__}: {error}",
                value=value,
            ) from error


class Steps:
    """The steps of *field* as a function of the cells of its columns, and then of those that its arguments name.

    Args:
        field: What the mapping says.
        steps: Its transforms.
        columns: All columns, those of the field first.
    """

    def __init__(self, field: FieldMap, steps: Sequence[BoundStep], columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._field = field
        self.steps = tuple(steps)
        self._values = dict(field.values)
        self._folded = {fold(text): value for text, value in field.values.items()}
        self._own = len(field.columns)
        places = {column: place for place, column in enumerate(self.columns)}
        self._default = places.get(default_column(field))
        self._arguments = [
            [places[each.column] if isinstance(each, ColumnRef) else each for each in step.arguments] for step in steps
        ]

    @property
    def is_chain(self) -> bool:
        """Whether they are transforms of one cell and nothing else."""
        field = self._field
        return self._own == 1 == len(self.columns) and not (field.split or field.values or field.join != " ")

    @property
    def gives(self) -> str:
        """The kind whose inside values they make of whatever is not empty; an empty text for none."""
        is_last = self._own == 1 and not self._field.split and not self._values and self._default is None
        return self.steps[-1].transform.gives if self.steps and is_last else ""

    @property
    def are_none(self) -> bool:
        """Whether a cell is already the value."""
        return self.is_chain and not self.steps and self._field.default is None

    def __call__(self, cells: Sequence[Any]) -> Any:
        """Return the value that *cells* make.

        Raises:
            Problem: A transform refuses it.
        """
        field = self._field
        joins = self._own != 1 or (field.join != " " and isinstance(cells[0], list | tuple))
        value = self._joined(cells[: self._own]) if joins else cells[0]
        if field.split and not is_empty(value):
            value = self._parts(value)
        for step, arguments in zip(self.steps, self._arguments, strict=True):
            if is_empty(value):
                break
            value = step.apply(value, [text_of(cells[each] or "") if type(each) is int else each for each in arguments])
        if self._values and not is_empty(value):
            value = self._translated(value)
        return cells[self._default] if self._default is not None and is_empty(value) else value

    def _joined(self, cells: Sequence[Any]) -> str | None:
        members = (each for cell in cells for each in (cell if isinstance(cell, list | tuple) else (cell,)))
        return self._field.join.join(text_of(each) for each in members if not is_empty(each)) or None

    def _parts(self, value: Any) -> Any:
        members = value if isinstance(value, list | tuple) else _split(text_of(value), self._field.split)
        parts = [
            part for each in members if (part := each.strip() if isinstance(each, str) else each) not in ("", None)
        ]
        if self._field.part is None:
            return parts
        place = self._field.part - 1 if self._field.part > 0 else self._field.part
        return parts[place] if -len(parts) <= place < len(parts) else None

    def _translated(self, value: Any) -> Any:
        if isinstance(value, list):
            return [made for each in value if not is_empty(made := self._translated(each))]
        text = text_of(value)
        if text in self._values:
            return self._values[text]
        return self._folded.get(fold(text), self._values.get(OTHERS, value))


def _split(text: str, separator: str) -> Sequence[str]:
    """Return the parts of *text*; what exports join by semicolons comes apart as it was, quotes and all."""
    return parted(text) if separator == SEPARATOR else text.split(separator)


def default_column(field: FieldMap) -> str:
    """Return the column that stands in for empty ones of *field*, as ``default = "{Email}"`` says; else nothing."""
    found = _braced(field.default) if isinstance(field.default, str) else None
    return found[1] if found else ""


def fold(text: str) -> str:
    """Return *text* as values of mappings are compared: without regard to case, width and white space around."""
    return unicodedata.normalize("NFKC", text).strip().casefold()
