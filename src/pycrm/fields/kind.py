"""What a field kind is: how values of one sort are judged, stored, shown and asked for.

A kind is an immutable value with options (`TextKind(max_length=200)`). It never sees `None`: absence is the field's
matter. A value passes through four forms::

    outside (str, int, JSON)  --parse-->  inside (Money, date …)  --to_parts-->  parts (one scalar per stored column)
    outside                   <--dump---  inside                  <--from_parts--  parts

Parts are plain Python scalars of the sorts in `PartType`; how a database driver wants them is the storage room's
matter. A part whose suffix is empty is never missing while the field has a value.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, ClassVar

import attrs


class PartType(Enum):
    """The sort of one stored scalar, and the Python type that a part of it has."""

    TEXT = "text"  # str
    INTEGER = "integer"  # int, 64 bits signed
    BOOLEAN = "boolean"  # bool
    DATE = "date"  # datetime.date
    INSTANT = "instant"  # datetime.datetime, aware, UTC
    ID = "id"  # uuid.UUID
    JSON = "json"  # list of str


@attrs.frozen
class Part:
    """One stored scalar: the column is named field name + suffix, and so is the key in the document."""

    type: PartType
    suffix: str = ""


EQUALITY = frozenset({"=", "!=", "in", "is null"})
ORDERED = EQUALITY | {"<", "<=", ">", ">="}
PRESENCE = frozenset({"is null"})


@attrs.frozen
class Kind:
    """Base of all field kinds. Subclasses are frozen attrs classes whose attributes are the kind's options.

    Attributes:
        name: The kind's word in text, snapshots and custom-field rows.
        python_type: The type of an inside value.
        parts: What is stored; most kinds have one part.
        operators: Which comparisons a filter may use.
        sortable: Whether it can be a sort key or a group.
        summable: Whether ``sum()`` may be asked of it.
        empty: What a record's slot holds where there is no value: None, or ``()`` for kinds of several values.
            It is stored as an absent part; loaders put it back.
    """

    name: ClassVar[str]
    python_type: ClassVar[type]
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.TEXT),)
    operators: ClassVar[frozenset[str]] = ORDERED
    sortable: ClassVar[bool] = True
    summable: ClassVar[bool] = False
    empty: ClassVar[Any] = None

    def parse(self, value: Any) -> Any:
        """Return the inside value for *value* from outside; an inside value comes back equal.

        Raises:
            Problem: Without record and field, with ``value=`` among its facts.
        """
        raise NotImplementedError

    def dump(self, value: Any) -> Any:
        """Return *value* as JSON-able data for the border; `parse` takes it back."""
        return value

    def to_parts(self, value: Any) -> tuple[Any, ...]:
        """Return the parts of an inside value, in the order of `parts`."""
        return (value,)

    def from_parts(self, *parts: Any) -> Any:
        """Return the inside value; the inverse of `to_parts`."""
        return parts[0]

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of a dumped value."""
        raise NotImplementedError

    def parse_source(self, value: str) -> str | None:
        """Return a Python expression that is true when the variable *value* needs no `parse`, or None.

        A speed-up for hot kinds: where the expression is true, `parse(value)` must return an equal value.
        A property test holds it to that. The names in `SOURCE_NAMES` may be used.
        """
        return None

    def load_source(self, *parts: str) -> str | None:
        """Return a Python expression equal to ``from_parts(*parts)``, or None to have it called.

        ``"{0}"``-style formatting is not applied; *parts* are variable names.
        """
        return None

    def dump_source(self, value: str) -> tuple[str, ...] | None:
        """Return one Python expression per part, together equal to ``to_parts(value)``, or None to have it called."""
        return None

    def options(self) -> dict[str, Any]:
        """Return the options as JSON-able data; ``type(kind).from_options`` takes them back."""
        return {
            attribute.name: list(value) if isinstance(value := getattr(self, attribute.name), tuple) else value
            for attribute in attrs.fields(type(self))
            if getattr(self, attribute.name) != attribute.default
        }

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> Kind:
        """Return the kind that `options` described; lists become tuples."""
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in options.items()})
