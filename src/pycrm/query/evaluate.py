"""Filters on records in memory, with the meaning that they have in the database.

What a filter asks beyond the record itself, the records that it refers to and that refer to it, comes from `Related`;
`Loaded` takes what ``include=`` has brought.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from uuid import UUID

from pycrm.fields.references import LinkKind, id_of
from pycrm.query.ast import Node, Operand, operand_values, values
from pycrm.query.bind import bind, bind_operand
from pycrm.query.bound import (
    AllOf,
    Bound,
    FieldTest,
    HasTest,
    LinkTest,
    ListTest,
    MatchTest,
    NullTest,
    OneOf,
    Opposite,
    PeriodTest,
    Slot,
    TermTest,
    UnderTest,
)
from pycrm.query.evaluate_terms import Loaded, Related, TermsInMemory, amount_of, reader_of
from pycrm.query.judge import UnheldError, held
from pycrm.query.paths import ResolvedPath
from pycrm.schema import Entity, Record, Schema
from pycrm.schema.record import slot_of
from pycrm.values.folding import fold, pattern_matcher

__all__ = ["Evaluator", "Loaded", "Related", "computed_of"]

Test: TypeAlias = Callable[[Record], bool]

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


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
        self._terms = TermsInMemory(related or Loaded(), values(node))
        try:
            self.holds: Test = self._test(bind(schema, entity, node))
        except UnheldError:
            self.holds = self._test(bind(schema, entity, node, exact=True))

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
                read = self._terms.parts(term) if isinstance(term, ResolvedPath) else self._terms.of(term)
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

    # Fields

    def _field(self, test: FieldTest) -> Test:
        read = self._terms.parts(test.path)
        ((wanted, *others),) = self._terms.taken(test.slot)
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
        read = self._terms.parts(path)
        wanted = set(held(slot.take, self._terms.values[slot.number]))
        return lambda record: (parts := read(record)) is not None and tuple(parts) in wanted

    def _period(self, test: PeriodTest) -> Test:
        read = self._terms.of(test.term)
        ((first, last),) = self._terms.taken(test.slot)

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
        read = self._terms.of(test.term)
        ((searched,),) = self._terms.taken(test.slot)
        matches: Callable[[str], bool]
        if test.operator == "contains":
            matches = lambda text: searched in text  # noqa: E731 - one of three of a kind
        elif test.operator == "starts with":
            matches = lambda text: text.startswith(searched)  # noqa: E731
        else:
            matches = pattern_matcher(searched)
        return lambda record: (text := read(record)) is not None and matches(fold(text))

    def _has(self, test: HasTest) -> Test:
        value = self._terms.value(test.path.hops, test.path.field)
        wanted = {member for (member,) in self._terms.taken(test.slot)}
        of_ids = isinstance(test.path.field.kind, LinkKind)

        def holds(record: Record) -> bool:
            found = value(record)
            if found is None:
                return False
            members = {id_of(each) for each in found} if of_ids else set(found)
            return wanted <= members if test.every else not wanted.isdisjoint(members)

        return holds

    def _under(self, test: UnderTest) -> Test:
        reference = self._terms.value(test.path.hops, test.path.field)
        parent = reader_of(test.parent)
        wanted = {id for (id,) in self._terms.taken(test.slot)}

        def holds(record: Record) -> bool:
            here = reference(record)
            passed: set[UUID] = set()
            while here is not None and id_of(here) not in passed:
                if id_of(here) in wanted:
                    return True
                passed.add(id_of(here))
                here = parent(self._terms.related.one(test.entity, here))
            return False

        return holds

    def _linked(self, test: LinkTest) -> Test:
        owner = self._terms.owner(test.link.hops)
        condition = None if test.condition is None else self._test(test.condition)

        def found(record: Record) -> bool:
            source = owner(record)
            if source is None:
                return False
            if test.link.target is None:
                return bool(getattr(source, slot_of(test.link.field)))
            many = self._terms.related.many(test.link, source)
            if test.mode == "all":
                return condition is not None and any(not condition(each) for each in many)
            return any(condition is None or condition(each) for each in many)

        return found if test.mode == "any" else lambda record: not found(record)

    # Operands that have a sort

    def _compared(self, test: TermTest) -> Test:
        left, right = self._terms.of(test.left), self._terms.of(test.right)
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


def computed_of(
    schema: Schema, entity: Entity, operand: Operand, related: Related | None = None
) -> Callable[[Record], Any]:
    """Return the function from a record of *entity* to what *operand* is there: an order's key, or a column.

    Args:
        schema: Resolves the names.
        entity: Whose records.
        operand: A settled one.
        related: As `Evaluator` takes it.
    Returns:
        Gives a value of its sort, of money and quantities amount and unit; None for a missing one.
    """
    terms = TermsInMemory(related or Loaded(), operand_values(operand))
    return terms.of(bind_operand(schema, entity, operand))


def _amounts(first: Any, second: Any) -> tuple[Any, Any]:
    """Return the amounts to compare; nothing where the units differ. A bare number is the zero of any unit."""
    if isinstance(first, tuple) and isinstance(second, tuple) and first[1] != second[1]:
        return None, None
    return amount_of(first), amount_of(second)
