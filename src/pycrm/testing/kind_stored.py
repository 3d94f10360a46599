"""What holds for every field kind in a database, in a column and in a custom field alike."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from pycrm.errors import QueryError, ValidationError
from pycrm.fields.kind import ORDERED
from pycrm.query import F
from pycrm.query.ast import Compare, In, IsNull, Path
from pycrm.query.builder import Condition
from pycrm.query.sorts import kind_sort
from pycrm.schema.diff import value_at
from pycrm.testing.kind_case import Checks, KindCase, plain, require, same
from pycrm.testing.kind_database import TESTER, KindDatabase

__all__ = ["STORED_CHECKS"]

check: Checks[KindDatabase] = Checks()
STORED_CHECKS = check.all

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@check
def stored_values_are_read_back(case: KindCase, database: KindDatabase) -> None:
    """A value is read by another unit as it was written, of the same type."""
    for path in database.paths(case):
        with database.crm.reading_as(TESTER) as reader:
            read = [value for _, value in database.stored(reader, path)]
        for value, found in zip(case.values, read, strict=False):
            require(_alike(case, found, value), case, value, f"{path} was read as {found!r}")


@check
def another_process_reads_them_too(case: KindCase, database: KindDatabase) -> None:
    """Who opens the database anew finds the kind by its stored name and options, and the same values."""
    for path in database.paths(case):
        with database.other.reading_as(TESTER) as reader:
            read = [value for _, value in database.stored(reader, path)]
            kind = database.other.schema.entity(database.entity).fields[path].kind
        require(kind == case.kind, case, kind, f"is the kind of {path} there")
        for value, found in zip(case.values, read, strict=False):
            require(_alike(case, found, value), case, value, f"{path} was read as {found!r}")


@check
def good_values_are_written_as_given(case: KindCase, database: KindDatabase) -> None:
    """What a kind takes from outside, the door takes."""
    for path in database.paths(case):
        with database.crm.acting_as(TESTER) as ws:
            for value in case.good:
                made = ws.create(database.new(path, value))
                found = value_at(ws.get(database.entity, made.id), database.field(path))
                require(_alike(case, found, case.kind.parse(value)), case, value, f"{path} was read as {found!r}")


@check
def values_change_and_go(case: KindCase, database: KindDatabase) -> None:
    """A value is replaced by another one, and emptied, and nothing is written where nothing changed."""
    first, second, *_ = case.values
    for path in database.paths(case) if case.kind.name != "status" else ():
        with database.crm.acting_as(TESTER) as ws:
            made = ws.create(database.new(path, first))
            version = ws.update(made, **{path: first}).version
            require(version == made.version == 1, case, first, f"{path} counts as changed by the same value")
            changed = ws.update(ws.get(database.entity, made.id), **{path: second})
            found = value_at(ws.get(database.entity, changed.id), database.field(path))
            require(_alike(case, found, second), case, second, f"{path} was read as {found!r} after an update")
            if case.kind.name != "autonumber":
                ws.update(ws.get(database.entity, made.id), **{path: None})
                found = value_at(ws.get(database.entity, made.id), database.field(path))
                require(found == case.kind.empty, case, found, f"{path} was emptied")


@check
def bad_values_are_refused_by_the_door(case: KindCase, database: KindDatabase) -> None:
    """A bad value is the problem of its field, with the code of the kind, and the unit goes on."""
    for path in database.paths(case):
        for value in case.bad:
            with database.crm.acting_as(TESTER) as ws:
                try:
                    ws.create(database.new(path, value))
                except ValidationError as error:
                    fields = {problem.field for problem in error.problems}
                    require(fields == {path}, case, value, f"is a problem of {fields}, not of {path}")
                else:
                    require(False, case, value, f"{path} took it")
                ws.create(database.new(path, case.values[0]))


def _filter_check(symbol: str, name: str) -> None:
    def filtered(case: KindCase, database: KindDatabase) -> None:
        for path in database.paths(case):
            with database.crm.reading_as(TESTER) as reader:
                stored = database.stored(reader, path)
                for node, wanted in _questions(case, symbol, path, stored):
                    where = (F.name == "specimen") & Condition(node)
                    try:
                        found = {record.id for record in reader.list(database.entity, where=where, limit=1_000)}
                    except QueryError as error:
                        require(symbol not in case.kind.operators, case, node, f"is not answered: {error}")
                        return
                    require(symbol in case.kind.operators, case, node, "is answered, though not among its operators")
                    require(found == wanted, case, node, f"finds {len(found)} records, not {len(wanted)}")

    filtered.__name__ = name
    filtered.__doc__ = f"A filter by `{symbol}` finds the records that a comparison in Python finds, or is refused."
    check(filtered)


for _symbol, _name in (
    ("=", "filters_by_equality"),
    ("!=", "filters_by_inequality"),
    ("in", "filters_by_several_values"),
    ("<", "filters_by_less"),
    ("<=", "filters_by_at_most"),
    (">", "filters_by_more"),
    (">=", "filters_by_at_least"),
    ("is null", "filters_by_presence"),
):
    _filter_check(_symbol, _name)


def _questions(case: KindCase, symbol: str, path: str, stored: list[tuple[Any, Any]]) -> Iterator[tuple[Any, set[Any]]]:
    """Yield filters of one sort, each with the ids of the records that it should find."""
    at = Path(tuple(path.split(".")))
    kind = case.kind
    present = {id: value for id, value in stored if value is not None and value != kind.empty}
    everybody = {id for id, _ in stored}
    if symbol == "is null":
        yield IsNull(at), everybody - present.keys()
        yield IsNull(at, negated=True), set(present)
        return
    values = list(present.values())
    if symbol == "in":
        for some in (values[:1], values[:2], values):
            yield In(at, tuple(some)), {id for id, value in present.items() if any(same(kind, value, x) for x in some)}
        return
    for value in values:
        equal = {id for id, other in present.items() if same(kind, other, value)}
        if symbol in ("=", "!="):
            yield Compare(symbol, at, value), equal if symbol == "=" else everybody - equal  # type: ignore[arg-type]
        else:
            wanted = {id for id, other in present.items() if _is_ordered(case, symbol, other, value)}
            yield Compare(symbol, at, value), wanted  # type: ignore[arg-type]


def _is_ordered(case: KindCase, symbol: str, one: Any, other: Any) -> bool:
    if symbol not in case.kind.operators:
        return False
    first, second = case.kind.to_parts(one), case.kind.to_parts(other)
    return first[1:] == second[1:] and _COMPARE[symbol](first[0], second[0])


@check
def pages_are_in_order(case: KindCase, database: KindDatabase) -> None:
    """Sorted pages of one record each, up and down, give all records in the order of the parts, missing ones first."""
    for path in database.paths(case):
        with database.crm.reading_as(TESTER) as reader:
            stored = [value for _, value in database.stored(reader, path)]
            for direction in ("", " DESC"):
                try:
                    found = _paged(database, reader, path, f"{path}{direction}")
                except QueryError as error:
                    require(not case.kind.sortable, case, path, f"cannot be sorted by: {error}")
                    continue
                require(case.kind.sortable, case, path, "is sorted by, though not sortable")
                wanted = sorted((_key(case, value) for value in stored), reverse=bool(direction))
                keys = [_key(case, value) for value in found]
                require(keys == wanted, case, keys, f"is the order by {path}{direction}, not {wanted}")


def _paged(database: KindDatabase, reader: Any, path: str, order_by: str) -> list[Any]:
    found, cursor = [], None
    while True:
        page = reader.list(database.entity, where=F.name == "specimen", order_by=order_by, limit=1, after=cursor)
        found += [value_at(record, database.field(path)) for record in page]
        cursor = page.next_cursor
        if cursor is None:
            return found


def _key(case: KindCase, value: Any) -> tuple[Any, ...]:
    if value is None or value == case.kind.empty:
        return (False,)
    return (True, *((part is not None, part) for part in reversed(case.kind.to_parts(value))))


@check
def groups_count_equal_values(case: KindCase, database: KindDatabase) -> None:
    """Grouped by the field, records of equal values are counted together; or the group is refused."""
    for path in database.paths(case):
        with database.crm.reading_as(TESTER) as reader:
            stored = [value for _, value in database.stored(reader, path)]
            try:
                groups = reader.aggregate(
                    database.entity, measures=["count()"], group_by=path, where=F.name == "specimen"
                )
            except QueryError as error:
                can = case.kind.sortable and case.kind.unit_part is None
                require(not can, case, path, f"cannot be grouped by: {error}")
                continue
            found = {_key(case, group[path]): group["count()"] for group in groups}
            require(found == Counter(_key(case, value) for value in stored), case, found, f"are the groups by {path}")


@check
def sums_are_exact(case: KindCase, database: KindDatabase) -> None:
    """A sum over the records is the sum of the values, per unit where there are units; or it is refused."""
    kind = case.kind
    for path in database.paths(case):
        with database.crm.reading_as(TESTER) as reader:
            sums: dict[Any, int] = {}
            most = 0
            for _, value in database.stored(reader, path) if kind.summable else ():
                if value is not None:
                    parts = kind.to_parts(value)
                    unit = None if kind.unit_part is None else parts[kind.unit_part]
                    sums[unit] = sums.get(unit, 0) + parts[0]
                    most += abs(parts[0])
            if most >= 2**63:
                continue  # as far as SQLite adds, whatever the order of the rows
            try:
                (answer,) = reader.aggregate(database.entity, measures=[f"sum({path})"], where=F.name == "specimen")
            except QueryError as error:
                require(not kind.summable, case, path, f"cannot be summed: {error}")
                continue
            require(answer[f"sum({path})"] == kind.total(sums), case, answer, f"is not {kind.total(sums)!r}")


@check
def refused_comparisons_say_so(case: KindCase, database: KindDatabase) -> None:
    """A filter by what the kind does not take is a `QueryError`, or compares numbers as such; no database fails."""
    for path in database.paths(case):
        at = Path(tuple(path.split(".")))
        with database.crm.reading_as(TESTER) as reader:
            stored = database.stored(reader, path)
        for symbol in sorted((ORDERED - {"in", "is null"}) & case.kind.operators):
            for value in case.bad:
                where = (F.name == "specimen") & Condition(Compare(symbol, at, value))  # type: ignore[arg-type]
                with database.crm.reading_as(TESTER) as reader:
                    try:
                        found = {record.id for record in reader.list(database.entity, where=where, limit=1_000)}
                    except QueryError:
                        continue
                # A retired option is refused in records and may be asked for; zero is compared in any unit.
                wanted = _beside_number(symbol, stored, value) if kind_sort(case.kind) == "number" else set()
                right = value == 0 or found == wanted
                require(right, case, value, f"{path} {symbol} finds {len(found)} records, not {len(wanted)}")


def _beside_number(symbol: str, stored: list[tuple[Any, Any]], value: Any) -> set[Any]:
    """Return which of the *stored* numbers compare so with *value*, a number that the field cannot hold."""
    if symbol in ("=", "!="):
        return {id for id, _ in stored if symbol == "!="}
    return {id for id, other in stored if other is not None and _COMPARE[symbol](other, value)}


def _alike(case: KindCase, found: Any, value: Any) -> bool:
    if value == case.kind.empty or value is None or found is None:
        return bool(found == value)
    return same(case.kind, found, value) and (type(found) is type(value) or plain(found) == plain(value))
