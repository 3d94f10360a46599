"""From a column to cells: what is written of its values, as programs take it back or as people read it.

With names as headers a cell holds what the field's kind reads again: a reference as the key of what it leads to, money
as ``USD 12.50``, several values in one. With labels it holds what people call it: options, states, yes and no in their
language, references by their titles, amounts as numbers with the currency in a column of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import attrs

from pycrm.errors import Problem
from pycrm.exchange.exporting.columns import Column
from pycrm.exchange.joined import joined
from pycrm.fields.autonumber import AutonumberKind
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind
from pycrm.fields.dates import DateKind, InstantKind
from pycrm.fields.kind import Kind
from pycrm.fields.money import MoneyKind
from pycrm.fields.numbers import BooleanKind, DecimalKind, IntegerKind
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind, RefsKind, id_of
from pycrm.fields.status import StatusKind
from pycrm.fields.text import TextKind
from pycrm.schema import Entity
from pycrm.schema.labels import Labels
from pycrm.values.refs import Ref

__all__ = ["Cell", "OutColumn", "Sort", "heads_apart", "labelled", "named"]

Cell: TypeAlias = str | int | Decimal | bool | date | datetime | None
"""A datetime without time zone is one in UTC that people read; with it, programs."""
Sort: TypeAlias = Literal["text", "integer", "decimal", "boolean", "date", "instant"]
Make: TypeAlias = Callable[[Any], Cell]

_SORTS: tuple[tuple[type[Kind], Sort], ...] = (
    (BooleanKind, "boolean"),
    (IntegerKind, "integer"),
    (DecimalKind, "decimal"),
    (DateKind, "date"),
    (InstantKind, "instant"),
)
_UNIT_WORDS = {"en": ("currency", "unit"), "zh": ("币种", "单位"), "zh-TW": ("幣別", "單位")}


@attrs.frozen(eq=False)
class OutColumn:
    """One column of a file.

    Attributes:
        head: What stands above it.
        sort: Of its cells.
        column: Where its values come from.
        make: From an inside value that is there to the cell.
        has_zone: Whether its instants come with their time zone.
    """

    head: str
    sort: Sort
    column: Column
    make: Make
    has_zone: bool = True


def named(column: Column, *, with_units: bool = False) -> list[OutColumn]:
    """Return the columns of a file that a program reads again.

    Args:
        column: What they show.
        with_units: Amounts are numbers, and their currency or unit is in a column of its own.
    """
    head, kind = column.path.path.text, column.path.field.kind
    if column.is_masked:
        return [OutColumn(head, "text", column, _masked)]
    if with_units and kind.unit_part is not None:
        unit = f"{head}{kind.parts[kind.unit_part].suffix}"
        return [OutColumn(head, "decimal", column, _amount), OutColumn(unit, "text", column, _unit(kind))]
    if isinstance(kind, (RefKind, RefsKind)):
        key = _key(column.target)
        make = _keyed(key)
        return [OutColumn(f"{head}.{key}", "text", column, _each(make) if isinstance(kind, RefsKind) else make)]
    return [OutColumn(head, _sort(kind), column, _plain(kind))]


def labelled(column: Column, labels: Labels, language: str) -> list[OutColumn]:
    """Return the columns of a file that people read, in *language*."""
    kind, path = column.path.field.kind, column.path
    steps = [labels.field(hop.entity.name, hop.field, language) for hop in path.hops]
    head = " · ".join([*steps, labels.field(path.entity.name, path.field, language)])
    if column.is_masked:
        return [OutColumn(head, "text", column, _masked)]
    if kind.unit_part is not None:
        unit = _unit_head(kind, head, language)
        return [OutColumn(head, "decimal", column, _amount), OutColumn(unit, "text", column, _unit(kind))]
    if isinstance(kind, InstantKind):
        return [OutColumn(f"{head} (UTC)", "instant", column, _without_zone, has_zone=False)]
    if isinstance(kind, BooleanKind):
        return [OutColumn(head, "text", column, _yes_or_no(labels, language))]
    words = _words(column, labels, language)
    return [OutColumn(head, "text", column, words)] if words else [OutColumn(head, _sort(kind), column, _shown(kind))]


def _sort(kind: Kind) -> Sort:
    return next((sort for base, sort in _SORTS if isinstance(kind, base)), "text")


def _same(value: Any) -> Any:
    return value


def _masked(value: Any) -> Cell:
    """Return a text as it is masked; what is no text has no form in which a part of it could be shown."""
    return value if isinstance(value, str) else None


def _without_zone(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(tzinfo=None)


# As programs read it


def _plain(kind: Kind) -> Make:
    if _sort(kind) != "text":
        return _same
    if isinstance(kind, (TextKind, ChoiceKind, StatusKind, AutonumberKind)):
        return str
    if isinstance(kind, AnyRefKind):
        return _anything
    if isinstance(kind, LinkKind):
        return _each(_anything)
    return str if isinstance(kind, MoneyKind) else _spelled(kind)


def _spelled(kind: Kind) -> Make:
    """Return what writes values of any other *kind*: their text if the kind reads it again, else JSON."""

    def make(value: Any) -> str:
        data = kind.dump(value)
        if isinstance(data, str):
            return data
        if isinstance(data, (list, tuple)) and all(isinstance(each, str) for each in data):
            return joined(data)
        text = str(value)
        try:
            is_read_again = kind.parse(text) == value
        except Problem:
            is_read_again = False
        return text if is_read_again else json.dumps(data, ensure_ascii=False)

    return make


def _key(target: Entity | None) -> str:
    """Return the field by which records of *target* are told apart: a number or key that each has, else the id."""
    for field in () if target is None else target.own_fields:
        always = isinstance(field.kind, AutonumberKind) or (field.required and isinstance(field.kind, TextKind))
        if field.unique and always:
            return field.path
    return "id"


def _keyed(key: str) -> Make:
    """Return what writes references by *key*, and those to records that may not be read by their ids."""

    def make(reference: Any) -> str:
        if not isinstance(reference, Ref) or not reference.is_loaded or key == "id":
            return str(id_of(reference))
        return str(getattr(reference.record, key, None) or reference.id)

    return make


def _anything(reference: Any) -> str:
    return f"{reference.entity}:{reference.id}"


def _each(make: Make) -> Make:
    return lambda values: joined(str(make(each)) for each in values)


# As people read it


def _amount(value: Any) -> Decimal:
    amount: Decimal = value.amount
    return amount


def _unit(kind: Kind) -> Make:
    place = kind.unit_part
    assert place is not None
    return lambda value: str(kind.to_parts(value)[place])


def _unit_head(kind: Kind, label: str, language: str) -> str:
    """Return what stands above the units of amounts that are called *label*."""
    words = _UNIT_WORDS.get(language, _UNIT_WORDS["en"])
    return f"{label} ({words[not isinstance(kind, MoneyKind)]})"


def _yes_or_no(labels: Labels, language: str) -> Make:
    yes, no = labels.words("yes", "yes", language), labels.words("no", "no", language)
    return lambda value: yes if value else no


def _words(column: Column, labels: Labels, language: str) -> Make | None:
    """Return what puts options, states and titles for values; None for kinds that have none of these."""
    entity, field = column.path.entity.name, column.path.field
    match field.kind:
        case ChoiceKind() as kind:
            options = {value: labels.option(entity, field, each, language) for value, each in kind.by_value.items()}
            return lambda value: options.get(value, value)
        case MultiChoiceKind() as kind:
            several = {value: labels.option(entity, field, each, language) for value, each in kind.by_value.items()}
            return lambda values: joined(several.get(value, value) for value in values)
        case StatusKind(lifecycle=lifecycle):
            states = {name: labels.state(entity, field, state, language) for name, state in lifecycle.states.items()}
            return lambda value: states.get(value, value)
        case RefKind() | AnyRefKind():
            return _title
        case LinkKind():
            return _each(_title)
    return None


def _title(reference: Any) -> str:
    if isinstance(reference, Ref) and reference.is_loaded:
        record = reference.record
        return str(getattr(record, record.__title__, None) or reference.id)
    return str(id_of(reference))


def _shown(kind: Kind) -> Make:
    if _sort(kind) != "text":
        return _same

    def make(value: Any) -> str:
        if isinstance(value, tuple):
            return joined(map(str, value))
        data = kind.dump(value)
        return data if isinstance(data, str) and not kind.sensitive else kind.display(value)

    return make


def heads_apart(columns: Sequence[OutColumn]) -> list[OutColumn]:
    """Return *columns* with different headers: where two are called the same, each is followed by its path."""
    heads = [column.head for column in columns]
    return [
        attrs.evolve(column, head=f"{column.head} ({column.column.path.path.text})")
        if heads.count(column.head) > 1
        else column
        for column in columns
    ]
