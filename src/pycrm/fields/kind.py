"""What a field kind is: how values of one sort are judged, stored, shown and asked for.

A kind is an immutable value with options (`TextKind(max_length=200)`). It never sees `None`: absence is the field's
matter. A value passes through four forms::

    outside (str, int, JSON)  --parse-->  inside (Money, date …)  --to_parts-->  parts (one scalar per stored column)
    outside                   <--dump---  inside                  <--from_parts--  parts

Parts are plain Python scalars of the sorts in `PartType`; how a database driver wants them is the storage room's
matter. A part whose suffix is empty is never missing while the field has a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, ClassVar, Literal

import attrs


class PartType(Enum):
    """The sort of one stored scalar, and the Python type that a part of it has."""

    TEXT = "text"  # str
    INTEGER = "integer"  # int, 64 bits signed
    BOOLEAN = "boolean"  # bool
    DATE = "date"  # datetime.date
    INSTANT = "instant"  # datetime.datetime, aware, UTC
    ID = "id"  # uuid.UUID
    JSON = "json"  # what JSON holds at its top: list, dict, str, int, float or bool, never None


@attrs.frozen
class Part:
    """One stored scalar: the column is named field name + suffix, and so is the key in the document."""

    type: PartType
    suffix: str = ""


class Fit(Enum):
    """Which of the values stored under one kind another one takes over as they are; see `Kind.fit`."""

    ALL = "all"
    SOME = "some"  # those that its `parse` gives back with the same parts
    NONE = "none"


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
        unit_part: The number of the part that says in what the first one is measured, as the currency of money does:
            amounts of different units are neither added up nor put in order, and zero is zero in each.
        empty: What a record's slot holds where there is no value: None, or ``()`` for kinds of several values.
            It is stored as an absent part; loaders put it back.
        replaces: Names of other kinds whose stored values this one reads as they are: `from_parts` takes them, with
            None for parts that they lack. A field may change from one of those to this kind in an upgrade.
        source_names: What the kind's ``…_source`` methods name beside builtins and `SOURCE_NAMES`. Each name begins
            with the kind's own, a dot written as ``_``, and ``_``: ``trade_hs_code_table``. All kinds of one entity
            share a namespace.
        search_form: ``"phone"`` where search finds values by the digits that they begin or end with, else ``"text"``.
    """

    name: ClassVar[str]
    python_type: ClassVar[type]
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.TEXT),)
    operators: ClassVar[frozenset[str]] = ORDERED
    sortable: ClassVar[bool] = True
    summable: ClassVar[bool] = False
    unit_part: ClassVar[int | None] = None
    empty: ClassVar[Any] = None
    replaces: ClassVar[frozenset[str]] = frozenset()
    source_names: ClassVar[Mapping[str, Any]] = {}
    search_form: ClassVar[Literal["text", "phone"]] = "text"

    @property
    def sensitive(self) -> bool:
        """Whether values are shown masked, for they are nobody's business who merely reads over a shoulder."""
        return False

    def parse(self, value: Any) -> Any:
        """Return the inside value for *value* from outside; an inside value comes back equal.

        Raises:
            Problem: Without record and field, with ``value=`` among its facts.
        """
        raise NotImplementedError

    def dump(self, value: Any) -> Any:
        """Return *value* as JSON-able data for the border; `parse` takes it back."""
        return value

    def display(self, value: Any) -> str:
        """Return *value* as people read it; a `sensitive` one masked. Nothing takes it back."""
        return str(value)

    def search_text(self, value: Any) -> str:
        """Return the text by which search finds *value*: as people read it, and nothing of a `sensitive` one."""
        return "" if self.sensitive else self.display(value)

    def to_parts(self, value: Any) -> tuple[Any, ...]:
        """Return the parts of an inside value, in the order of `parts`."""
        return (value,)

    def from_parts(self, *parts: Any) -> Any:
        """Return the inside value; the inverse of `to_parts`."""
        return parts[0]

    def total(self, sums: Mapping[Any, int]) -> Any:
        """Return what ``sum()`` answers, for the sums of the first part by unit; those without unit under None."""
        return self.from_parts(sums.get(None, 0))

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of a dumped value."""
        raise NotImplementedError

    def parse_source(self, value: str) -> str | None:
        """Return a Python expression that is true when the variable *value* needs no `parse`, or None.

        A speed-up for hot kinds: where the expression is true, `parse(value)` must return an equal value.
        A property test holds it to that. The names in `SOURCE_NAMES` and in `source_names` may be used.
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

    def fit(self, old: Kind) -> Fit:
        """Say which values stored under *old* may stay as they are when a field changes to this kind in an upgrade.

        Asked where all parts of *old* are among ours. Of the same kind with other options, none may unless the kind
        says otherwise here; of a kind that is named in `replaces`, all may, what `parse` would refuse included.
        """
        if old.name == self.name:
            return Fit.ALL if old.options() == self.options() else Fit.NONE
        return Fit.ALL if old.name in self.replaces else Fit.NONE

    def keeping(self, old: Kind) -> Kind:
        """Return this kind with what records that were stored under *old* still need, such as retired options."""
        return self

    def options(self) -> dict[str, Any]:
        """Return the options as JSON-able data; ``type(kind).from_options`` takes them back."""
        return {
            attribute.name: list(value) if isinstance(value := getattr(self, attribute.name), tuple) else value
            for attribute in attrs.fields(type(self))
            if attribute.init and getattr(self, attribute.name) != attribute.default
        }

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> Kind:
        """Return the kind that `options` described; lists become tuples."""
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in options.items()})
