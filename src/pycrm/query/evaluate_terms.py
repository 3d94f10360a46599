"""Operands of a filter on records in memory: fields, values, arithmetic and functions, as functions of a record.

What is behind references comes from `Related`; `Loaded` takes what ``include=`` has brought.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from pycrm.errors import MissingRateError, QueryError
from pycrm.fields.field import Field, Place
from pycrm.fields.references import id_of
from pycrm.query.ast import CONVERT
from pycrm.query.bound import ArithmeticTerm, CallTerm, ConvertTerm, PathTerm, Slot, Term, ValueTerm
from pycrm.query.paths import Hop, ResolvedPath, ToMany
from pycrm.schema import Entity, Record
from pycrm.schema.record import slot_of
from pycrm.storage.functions import computed, days_between, days_later
from pycrm.values.exchange import ExchangeRates, RateFacts, exchanged
from pycrm.values.refs import Ref

__all__ = ["Loaded", "Read", "Related", "TermsInMemory", "amount_of", "reader_of"]

Read: TypeAlias = Callable[[Record], Any]


class Related(Protocol):
    """Gives the records around a record."""

    def one(self, entity: Entity, reference: UUID | Ref[Any]) -> Record:
        """Return the record of *entity* that *reference* leads to, in the bin or not."""

    def many(self, link: ToMany, record: Record) -> Sequence[Record]:
        """Return the records outside the bin that *link* leads to from *record*, its source."""

    def rates(self) -> Iterable[RateFacts]:
        """Return the exchange rates outside the bin, in the order of their ids."""


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

    def rates(self) -> Iterable[RateFacts]:
        """Return nothing, since no record brings rates along.

        Raises:
            QueryError: Always.
        """
        raise QueryError(f"the filter asks for {CONVERT}(), and exchange rates are not loaded; give the evaluator some")


class TermsInMemory:
    """Makes the functions of operands.

    Args:
        related: Gives the records around.
        values: The values of the filter, as `ast.values` gives them.
    """

    def __init__(self, related: Related, values: Sequence[Any]) -> None:
        self.related = related
        self.values = values

    def taken(self, slot: Slot) -> list[tuple[Any, ...]]:
        """Return the parts of each value of *slot*."""
        value = self.values[slot.number]
        return [slot.take(each) for each in (value if slot.count is not None else (value,))]

    def value(self, hops: Sequence[Hop], field: Field) -> Read:
        """Return the function from a record to what *field* holds behind *hops*; None where something is missing."""
        owner = self.owner(hops)
        read = reader_of(field)

        def value(record: Record) -> Any:
            found = owner(record)
            return None if found is None else read(found)

        return value

    def owner(self, hops: Sequence[Hop]) -> Callable[[Record], Record | None]:
        """Return the function from a record to that at the end of *hops*."""
        steps = [(reader_of(hop.field), hop.target) for hop in hops]

        def owner(record: Record) -> Record | None:
            here = record
            for read, target in steps:
                reference = read(here)
                if reference is None:
                    return None
                here = self.related.one(target, reference)
            return here

        return owner

    def parts(self, path: ResolvedPath) -> Callable[[Record], tuple[Any, ...] | None]:
        """Return the function from a record to the stored parts of the field at *path*."""
        value, kind = self.value(path.hops, path.field), path.field.kind

        def parts(record: Record) -> tuple[Any, ...] | None:
            found = value(record)
            return None if found is None else kind.to_parts(found)

        return parts

    def of(self, term: Term) -> Read:
        """Return the function from a record to what *term* is there."""
        match term:
            case PathTerm():
                return self._path_term(term)
            case ValueTerm(slot):
                (taken,) = self.taken(slot)
                value = taken if len(taken) > 1 else taken[0]
                return lambda record: value
            case CallTerm(function, arguments):
                reads = [self.of(argument) for argument in arguments]

                def called(record: Record) -> Any:
                    given = [read(record) for read in reads]
                    return None if None in given else function.call(*given)

                return called
            case ConvertTerm():
                return self._convert(term)
            case ArithmeticTerm():
                return self._arithmetic(term)

    def _convert(self, term: ConvertTerm) -> Read:
        money, day = self.of(term.money), self.of(term.day)
        ((currency,),), ((base,),) = self.taken(term.currency.slot), self.taken(term.base.slot)
        rates = ExchangeRates(self.related.rates(), base or None)

        def converted(record: Record) -> Any:
            found, on = money(record), day(record)
            if found is None or found[1] == currency:
                return found
            if on is None:
                return None
            amount, unit = found
            try:
                return exchanged(amount, *rates.way(unit, currency, on)), currency
            except MissingRateError:
                return None

        return converted

    def _path_term(self, term: PathTerm) -> Read:
        parts = self.parts(term.path)
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
        left, right = self.of(term.left), self.of(term.right)

        def result(record: Record) -> Any:
            first, second = left(record), right(record)
            if first is None or second is None:
                return None
            if "date" in (term.left.sort, term.right.sort):
                return _with_days(term, first, second)
            unit = next((each[1] for each in (first, second) if isinstance(each, tuple)), None)
            if isinstance(first, tuple) and isinstance(second, tuple) and first[1] != second[1]:
                return None
            amount = computed(term.sign, amount_of(first), amount_of(second))
            return amount if amount is None or term.sort == "number" else (amount, unit)

        return result


def reader_of(field: Field) -> Read:
    """Return the function from a record to the slot's value of *field*; None for what is empty."""
    if field.place is Place.DOCUMENT or "." in field.path:
        path = field.path
        return lambda record: _present(record.get_document_value(path))
    slot = slot_of(field)
    return lambda record: _present(getattr(record, slot))


def _present(value: Any) -> Any:
    return None if value == () else value


def amount_of(value: Any) -> Decimal:
    """Return the number of what is one, or an amount with its unit."""
    amount: Decimal = value[0] if isinstance(value, tuple) else value
    return amount


def _with_days(term: ArithmeticTerm, first: Any, second: Any) -> Any:
    if term.left.sort == term.right.sort:
        return days_between(first, second)
    day, days = (first, second) if term.left.sort == "date" else (second, first)
    return days_later(day, -days if term.sign == "-" else days)
