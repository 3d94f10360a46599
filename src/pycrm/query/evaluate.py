"""Filters on records in memory, with the meaning that they have in the database.

What a filter asks beyond the record itself, the records that it refers to and that refer to it, comes from `Related`;
`Loaded` takes what ``include=`` has brought.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from pycrm.errors import QueryError
from pycrm.fields.field import Field, Place
from pycrm.fields.references import LinkKind, id_of
from pycrm.query.ast import Node, values
from pycrm.query.bind import bind
from pycrm.query.bound import (
    AllOf,
    ArithmeticTerm,
    Bound,
    CallTerm,
    FieldTest,
    HasTest,
    LinkTest,
    ListTest,
    MatchTest,
    NullTest,
    OneOf,
    Opposite,
    PathTerm,
    PeriodTest,
    Slot,
    Term,
    TermTest,
    UnderTest,
    ValueTerm,
)
from pycrm.query.paths import Hop, ResolvedPath, ToMany
from pycrm.schema import Entity, Record, Schema
from pycrm.schema.record import slot_of
from pycrm.storage.functions import computed, days_between, days_later
from pycrm.values.folding import fold, pattern_matcher
from pycrm.values.refs import Ref

__all__ = ["Evaluator", "Loaded", "Related"]

Test: TypeAlias = Callable[[Record], bool]
Read: TypeAlias = Callable[[Record], Any]

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Related(Protocol):
    """Gives the records around a record."""

    def one(self, entity: Entity, reference: UUID | Ref[Any]) -> Record:
        """Return the record of *entity* that *reference* leads to, in the bin or not."""

    def many(self, link: ToMany, record: Record) -> Sequence[Record]:
        """Return the records outside the bin that *link* leads to from *record*, its source."""


class Loaded:
    """What was loaded with the records."""

    def one(self, entity: Entity, reference: UUID | Ref[Any]) -> Record:
        """Return the loaded record.

        Raises:
            QueryError: It is not loaded.
        """
        if isinstance(reference, Ref) and reference.is_loaded:
            found: Record = reference.record
            return found
        raise QueryError(
            f"the filter asks for {entity.name} {id_of(reference)}, which is not loaded; read the record with include="
        )

    def many(self, link: ToMany, record: Record) -> Sequence[Record]:
        """Return the loaded records.

        Raises:
            NotLoadedError: They are not loaded.
        """
        if link.is_back:
            return [each for each in record.related(link.path.names[-1]) if each.deleted_at is None]
        target = link.target
        assert target is not None, "the binder refuses a condition on records of several entities"
        found = (self.one(target, each) for each in getattr(record, slot_of(link.field)))
        return [each for each in found if each.deleted_at is None]


class Evaluator:
    """A filter as a function of records: ``Evaluator(schema, entity, node).holds(record)``.

    Args:
        schema: Resolves the names.
        entity: Whose records.
        node: A settled filter.
        related: Gives the records around; what is loaded where absent.
    Raises:
        UnknownNameError: A name that leads nowhere.
        QueryError: A comparison that cannot be made, or a value that is refused.
    """

    def __init__(self, schema: Schema, entity: Entity, node: Node, related: Related | None = None) -> None:
        self._related = related or Loaded()
        self._values = values(node)
        self.holds: Test = self._test(bind(schema, entity, node))

    def _test(self, bound: Bound) -> Test:
        match bound:
            case AllOf(items):
                tests = [self._test(item) for item in items]
                return lambda record: all(test(record) for test in tests)
            case OneOf(items):
                tests = [self._test(item) for item in items]
                return lambda record: any(test(record) for test in tests)
            case Opposite(item):
                test = self._test(item)
                return lambda record: not test(record)
            case FieldTest():
                return self._field(bound)
            case ListTest(path, slot):
                return self._one_of(path, slot)
            case PeriodTest():
                return self._period(bound)
            case NullTest(term, negated):
                read = self._parts(term) if isinstance(term, ResolvedPath) else self._term(term)
                return lambda record: (read(record) is not None) is negated
            case MatchTest():
                return self._match(bound)
            case HasTest():
                return self._has(bound)
            case UnderTest():
                return self._under(bound)
            case TermTest():
                return self._compared(bound)
            case LinkTest():
                return self._linked(bound)

    def _taken(self, slot: Slot) -> list[tuple[Any, ...]]:
        value = self._values[slot.number]
        return [slot.take(each) for each in (value if slot.count is not None else (value,))]

    # Fields

    def _value(self, hops: Sequence[Hop], field: Field) -> Read:
        """Return the function from a record to what *field* holds behind *hops*; None where something is missing."""
        owner = self._owner(hops)
        read = _reader(field)

        def value(record: Record) -> Any:
            found = owner(record)
            return None if found is None else read(found)

        return value

    def _owner(self, hops: Sequence[Hop]) -> Callable[[Record], Record | None]:
        steps = [(_reader(hop.field), hop.target) for hop in hops]

        def owner(record: Record) -> Record | None:
            here = record
            for read, target in steps:
                reference = read(here)
                if reference is None:
                    return None
                here = self._related.one(target, reference)
            return here

        return owner

    def _parts(self, path: ResolvedPath) -> Callable[[Record], tuple[Any, ...] | None]:
        value, kind = self._value(path.hops, path.field), path.field.kind

        def parts(record: Record) -> tuple[Any, ...] | None:
            found = value(record)
            return None if found is None else kind.to_parts(found)

        return parts

    def _field(self, test: FieldTest) -> Test:
        read = self._parts(test.path)
        ((wanted, *others),) = self._taken(test.slot)
        compare = _COMPARE[test.operator]
        if_missing = test.operator == "!="
        is_equality = test.operator in ("=", "!=")

        def holds(record: Record) -> bool:
            parts = read(record)
            if parts is None:
                return if_missing
            if test.zero or not others:
                return compare(parts[0], wanted)
            if is_equality:
                return compare(tuple(parts), (wanted, *others))
            return list(parts[1:]) == others and compare(parts[0], wanted)

        return holds

    def _one_of(self, path: ResolvedPath, slot: Slot) -> Test:
        read = self._parts(path)
        wanted = set(self._taken(slot))
        return lambda record: (parts := read(record)) is not None and tuple(parts) in wanted

    def _period(self, test: PeriodTest) -> Test:
        read = self._term(test.term)
        ((first, last),) = self._taken(test.slot)

        def holds(record: Record) -> bool:
            moment = read(record)
            if moment is None:
                return test.operator == "!="
            match test.operator:
                case "<":
                    return bool(moment < first)
                case ">=":
                    return bool(moment >= first)
                case "<=":
                    return bool(moment <= last)
                case ">":
                    return bool(moment > last)
                case _:
                    return bool(first <= moment <= last) is (test.operator == "=")

        return holds

    def _match(self, test: MatchTest) -> Test:
        read = self._term(test.term)
        ((searched,),) = self._taken(test.slot)
        matches: Callable[[str], bool]
        if test.operator == "contains":
            matches = lambda text: searched in text  # noqa: E731 - one of three of a kind
        elif test.operator == "starts with":
            matches = lambda text: text.startswith(searched)  # noqa: E731
        else:
            matches = pattern_matcher(searched)
        return lambda record: (text := read(record)) is not None and matches(fold(text))

    def _has(self, test: HasTest) -> Test:
        value = self._value(test.path.hops, test.path.field)
        wanted = {member for (member,) in self._taken(test.slot)}
        of_ids = isinstance(test.path.field.kind, LinkKind)

        def holds(record: Record) -> bool:
            found = value(record)
            if found is None:
                return False
            members = {id_of(each) for each in found} if of_ids else set(found)
            return wanted <= members if test.every else not wanted.isdisjoint(members)

        return holds

    def _under(self, test: UnderTest) -> Test:
        reference = self._value(test.path.hops, test.path.field)
        parent = _reader(test.parent)
        wanted = {id for (id,) in self._taken(test.slot)}

        def holds(record: Record) -> bool:
            here = reference(record)
            passed: set[UUID] = set()
            while here is not None and id_of(here) not in passed:
                if id_of(here) in wanted:
                    return True
                passed.add(id_of(here))
                here = parent(self._related.one(test.entity, here))
            return False

        return holds

    def _linked(self, test: LinkTest) -> Test:
        owner = self._owner(test.link.hops)
        condition = None if test.condition is None else self._test(test.condition)

        def found(record: Record) -> bool:
            source = owner(record)
            if source is None:
                return False
            if test.link.target is None:
                return bool(getattr(source, slot_of(test.link.field)))
            many = self._related.many(test.link, source)
            if test.mode == "all":
                return condition is not None and any(not condition(each) for each in many)
            return any(condition is None or condition(each) for each in many)

        return found if test.mode == "any" else lambda record: not found(record)

    # Operands that have a sort

    def _compared(self, test: TermTest) -> Test:
        left, right = self._term(test.left), self._term(test.right)
        symbol = test.operator
        compare = _COMPARE["=" if symbol == "!=" else symbol]

        def holds(record: Record) -> bool:
            first, second = left(record), right(record)
            if first is None or second is None:
                return symbol == "!="
            if isinstance(first, tuple) or isinstance(second, tuple):
                first, second = _amounts(first, second)
                if first is None:
                    return symbol == "!="
            return compare(first, second) is (symbol != "!=")

        return holds

    def _term(self, term: Term) -> Read:
        match term:
            case PathTerm():
                return self._path_term(term)
            case ValueTerm(slot):
                (taken,) = self._taken(slot)
                value = taken if len(taken) > 1 else taken[0]
                return lambda record: value
            case CallTerm(function, arguments):
                reads = [self._term(argument) for argument in arguments]

                def called(record: Record) -> Any:
                    given = [read(record) for read in reads]
                    return None if None in given else function.python(*given)

                return called
            case ArithmeticTerm():
                return self._arithmetic(term)

    def _path_term(self, term: PathTerm) -> Read:
        parts = self._parts(term.path)
        scale = -term.places

        def read(record: Record) -> Any:
            found = parts(record)
            if found is None:
                return None
            if term.sort == "number":
                return Decimal(found[0]).scaleb(scale)
            if term.sort in ("money", "quantity"):
                return Decimal(found[0]).scaleb(scale), found[1]
            return found[0]

        return read

    def _arithmetic(self, term: ArithmeticTerm) -> Read:
        left, right = self._term(term.left), self._term(term.right)

        def result(record: Record) -> Any:
            first, second = left(record), right(record)
            if first is None or second is None:
                return None
            if "date" in (term.left.sort, term.right.sort):
                return _with_days(term, first, second)
            unit = next((each[1] for each in (first, second) if isinstance(each, tuple)), None)
            if isinstance(first, tuple) and isinstance(second, tuple) and first[1] != second[1]:
                return None
            amount = computed(term.sign, _amount(first), _amount(second))
            return amount if amount is None or term.sort == "number" else (amount, unit)

        return result


def _reader(field: Field) -> Read:
    """Return the function from a record to the slot's value of *field*; None for what is empty."""
    if field.place is Place.DOCUMENT or "." in field.path:
        path = field.path
        return lambda record: _present(record.get_document_value(path))
    slot = slot_of(field)
    return lambda record: _present(getattr(record, slot))


def _present(value: Any) -> Any:
    return None if value == () else value


def _amount(value: Any) -> Decimal:
    amount: Decimal = value[0] if isinstance(value, tuple) else value
    return amount


def _amounts(first: Any, second: Any) -> tuple[Any, Any]:
    """Return the amounts to compare; nothing where the units differ. A bare number is the zero of any unit."""
    if isinstance(first, tuple) and isinstance(second, tuple) and first[1] != second[1]:
        return None, None
    return _amount(first), _amount(second)


def _with_days(term: ArithmeticTerm, first: Any, second: Any) -> Any:
    if term.left.sort == term.right.sort:
        return days_between(first, second)
    day, days = (first, second) if term.left.sort == "date" else (second, first)
    return days_later(day, -days if term.sign == "-" else days)
