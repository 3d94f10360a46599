"""Which rows a mapping takes: a condition in the filter language, where the columns of the source are the fields.

A header that is one word of letters, digits and underscores, Chinese ones too, stands as it is; any other, and one that
is a word of the language, in double quotes: ``"Lead Status" = 'Open' AND Quantity > 0``. A column is a number, a day or
a truth value where the condition compares or computes with one, and text everywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from types import MappingProxyType
from typing import Any
from uuid import UUID

import attrs

from pycrm.errors import Problem, QueryError, UnknownNameError, nearest
from pycrm.exchange.mapping.cells import is_empty, text_of
from pycrm.exchange.mapping.transforms import BASIC
from pycrm.fields.dates import DateKind
from pycrm.fields.field import Field, Place
from pycrm.fields.kind import Kind
from pycrm.fields.numbers import BooleanKind, DecimalKind
from pycrm.fields.text import MAX_TEXT, TextKind
from pycrm.query.ast import Arithmetic, Call, Node, Operand, Path, children, operands, sort_of
from pycrm.query.evaluate import Evaluator
from pycrm.query.reading import read_filter
from pycrm.query.settle import settle
from pycrm.schema import Entity, Record, Schema

__all__ = ["Condition", "compile_condition", "written_column"]

_name = re.compile(r"[^\W\d]\w*").fullmatch
_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "text": TextKind(max_length=MAX_TEXT),
        "number": DecimalKind(),
        "date": DateKind(),
        "boolean": BooleanKind(),
    }
)
_READS = MappingProxyType({"number": "number", "date": "date", "boolean": "boolean"})
_NUMERIC_FUNCTIONS = frozenset({"ABS", "ROUND"})
_DATE_FUNCTIONS = frozenset({"YEAR", "QUARTER", "MONTH", "DAY", "WEEKDAY"})


@attrs.frozen
class Condition:
    """A condition made ready for rows.

    Attributes:
        text: As it was written.
        columns: The headers that it asks for.
        holds: From the cells of these columns, in this order, to whether it holds; raises `Problem` where a cell is
            not what the condition compares it with.
    """

    text: str
    columns: tuple[str, ...]
    holds: Callable[[Sequence[Any]], bool]


NOBODY = UUID(int=0)


@attrs.frozen
class _Asker:
    """Nobody asks here; only the day counts."""

    today: date
    zone: tzinfo = UTC
    zone_name: str = "UTC"
    fiscal_start: int = 1
    base_currency: str = ""
    me: UUID = NOBODY
    teams: tuple[UUID, ...] = ()
    attributes: Mapping[str, Any] = MappingProxyType({})


class _RowRecord:
    """What the evaluator sees of a row."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def get_document_value(self, path: str) -> Any:
        return self._values[path]


def compile_condition(text: str, columns: Sequence[str], schema: Schema, today: date | None = None) -> Condition:
    """Return the condition *text* over *columns*.

    Args:
        text: In the filter language.
        columns: The headers of the source.
        schema: Whose functions the condition may use.
        today: What relative dates count from; the day in UTC where not given.
    Raises:
        Problem: It cannot be read, names no column, or compares what cannot be compared.
    """
    try:
        node = settle(read_filter(text), _Asker(today or datetime.now(UTC).date()))
        sorts = _sorts(node)
        if unknown := [name for name in sorts if name not in columns]:
            raise Problem(
                "mapping.unknown_column",
                message="the source has no column {value!r}{hint}",
                value=unknown[0],
                hint=nearest(unknown[0], columns),
            )
        entity = Entity("row", "core", Record, {name: _field(name, sort) for name, sort in sorts.items()})
        evaluator = Evaluator(attrs.evolve(schema, entities={"row": entity}), entity, node)
    except (QueryError, UnknownNameError) as error:
        raise Problem(
            "mapping.bad_condition", message="cannot be asked of a row: {told}", told=str(error), value=text
        ) from error
    return Condition(text, tuple(sorts), _test(evaluator, sorts))


def written_column(header: str) -> str:
    """Return *header* as a condition names its column."""
    # Words of the language are ASCII, so any other identifier is none of them.
    plain = _name(header) and not header.isascii()
    return header if plain else '"' + header.replace('"', '""') + '"'


def _test(evaluator: Evaluator, sorts: Mapping[str, str]) -> Callable[[Sequence[Any]], bool]:
    readers = [(name, _reader(name, sort)) for name, sort in sorts.items()]

    def holds(cells: Sequence[Any]) -> bool:
        values = {name: read(cell) for (name, read), cell in zip(readers, cells, strict=True)}
        return evaluator.holds(_RowRecord(values))  # type: ignore[arg-type]

    return holds


def _field(name: str, sort: str) -> Field:
    return Field(_KINDS[sort], name=name, path=name, owner="core", place=Place.DOCUMENT)


def _reader(name: str, sort: str) -> Callable[[Any], Any]:
    """Return the function from a cell of column *name* to the value that is compared; None for an empty one."""
    kind = _KINDS[sort]
    transform = BASIC[_READS[sort]].function if sort in _READS else text_of

    def read(cell: Any) -> Any:
        if is_empty(cell):
            return None
        try:
            value = transform(cell)
            return None if value is None else kind.parse(value)
        except Problem as problem:
            raise Problem(
                "import.condition_unread",
                message="cannot be compared in the condition of {column}: {told}",
                column=name,
                told=problem.message,
                value=cell,
            ) from problem

    return read


def _sorts(node: Node) -> dict[str, str]:
    """Return the columns of *node* in the order of reading, each with the sort that it is compared as."""
    sorts: dict[str, str] = {}
    for name, sort in _uses(node):
        known = sorts.get(name, "text")
        if sort != "text" and known not in ("text", sort):
            raise QueryError(f"{name!r} is compared with a {known} and with a {sort}; compare it with one of them")
        sorts[name] = sort if sort != "text" else known
    return sorts


def _uses(node: Node) -> Iterator[tuple[str, str]]:
    for child in children(node):
        yield from _uses(child)
    compared = operands(node)
    sort = next((sort for sort in map(_sort, compared) if sort != "text"), "text")
    for operand in compared:
        yield from _operand_uses(operand, sort)


def _sort(operand: Operand) -> str:
    """Return what comparing with *operand* makes of a column."""
    match operand:
        case Arithmetic():
            return "number"
        case Call(function):
            return "number" if function in _NUMERIC_FUNCTIONS else "text"
        case Path():
            return "text"
    found = {"period": "date"}.get(sort_of(operand), sort_of(operand))
    return found if found in _KINDS else "text"


def _operand_uses(operand: Operand, sort: str) -> Iterator[tuple[str, str]]:
    match operand:
        case Path():
            yield operand.text, sort
        case Arithmetic(left=left, right=right):
            yield from _operand_uses(left, "number")
            yield from _operand_uses(right, "number")
        case Call(function, arguments):
            inner = "number" if function in _NUMERIC_FUNCTIONS else "date" if function in _DATE_FUNCTIONS else "text"
            for argument in arguments:
                yield from _operand_uses(argument, inner)
