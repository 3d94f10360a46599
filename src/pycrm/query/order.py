"""The order of a page and the ranges after a row in it.

The order is made total by ``id`` as the last key; missing values are smallest, text goes by code point. After a row
with the keys ``(v1, v2)`` come the rows with ``k1 = v1 AND k2 > v2``, then those with ``k1 > v1``; descending, those
where the key is missing come last, as a range of their own. The ranges are disjoint and in order.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, Literal, TypeAlias

import attrs
from sqlalchemy import ColumnElement, UnaryExpression, bindparam

from pycrm.fields.kind import PartType
from pycrm.query.ast import Path
from pycrm.query.bound import Term
from pycrm.query.cursor import CursorSeal
from pycrm.query.driver import DriverPart
from pycrm.query.paths import ResolvedPath

__all__ = ["Bounds", "Key", "Order", "bounds_after", "bounds_clauses", "bounds_from_start", "bounds_params"]

ID = Path(("id",))

Bound: TypeAlias = Literal["=", "absent", "missing", "present", "<", ">"]
Bounds: TypeAlias = tuple[Bound, ...]
"""One range: how it confines the first keys. The others are free.

``"absent"`` is ``"missing"`` where that is decided by `Key.reference` alone; there, ``"missing"`` is the range of all
other cases, so that one of the two is empty.
"""


@attrs.frozen
class Key:
    """One stored part of a sort key.

    Attributes:
        source: The field, or what is computed.
        part: Which of its parts; of money the currency is one key and the amount the next.
        driver: How the part travels.
        descending: Largest first.
        nullable: It may be missing.
        position: Where its value is in a row of the page.
        reference: The column of the reference that it lies behind, if the database sees to it that this leads to a
            record, and every such record may be read. If none of those lacks the key, it is missing just where the
            reference is, which an index may tell.
    """

    source: ResolvedPath | Term
    part: int
    driver: DriverPart
    descending: bool
    nullable: bool
    position: int
    reference: str | None = None

    @property
    def path(self) -> ResolvedPath | None:
        """The field; None of what is computed."""
        return self.source if isinstance(self.source, ResolvedPath) else None

    @property
    def is_id(self) -> bool:
        """Whether it is the id, which is never missing."""
        return self.path is not None and self.path.path == ID


@attrs.frozen
class Order:
    """A total order of one entity's records.

    Attributes:
        entity: The entity's name.
        text: The order as text, in one spelling.
        keys: The parts to sort by; the last is the id.
        width: How many columns make a record. Keys that are not among them stand behind them in a row.
        shape: The structure of what is sorted by, without its values.
        values: These values, in the order of reading.
    """

    entity: str
    text: str
    keys: tuple[Key, ...]
    width: int
    shape: Hashable
    values: tuple[Any, ...] = ()

    @property
    def types(self) -> list[PartType]:
        """The sorts of scalar that the keys are."""
        return [key.driver.type for key in self.keys]

    @property
    def is_led(self) -> bool:
        """Whether it begins behind a reference."""
        path = self.keys[0].path
        return path is not None and bool(path.hops)

    def write(self, row: Sequence[Any], seal: CursorSeal) -> str:
        """Return the cursor that continues after *row* of a page, signed by *seal*."""
        values = [key.driver.decode(row[key.position]) for key in self.keys]
        return seal.write(self.entity, self.text, self.types, values)

    def read(self, cursor: str, seal: CursorSeal) -> list[Any]:
        """Return the key values that *cursor* holds, if *seal* is that of its list.

        Raises:
            QueryError: It was changed, belongs to another list, or to an older schema that does not fit.
        """
        return seal.read(cursor, self.entity, self.text, self.types)

    def by(
        self, expressions: Sequence[ColumnElement[Any]], bounds: Bounds, *, spell_nulls: bool
    ) -> list[UnaryExpression[Any]]:
        """Return the ORDER BY of a range; keys that it fixes to one value are left out.

        Args:
            expressions: The SQL of each key.
            bounds: The range.
            spell_nulls: Say where missing values go, for a database that does not take them as smallest.
        """
        # To PostgreSQL a missing value is no fixed one: it would sort what an index has in order already.
        fixing = ("=",) if spell_nulls else ("=", "absent", "missing")
        bound_of = dict(enumerate(bounds))
        free = [
            (key, expression)
            for at, (key, expression) in enumerate(zip(self.keys, expressions, strict=True))
            if bound_of.get(at) not in fixing
        ]
        # The id is never missing, and indexes have it as it comes.
        return [_directed(expression, key.descending, spell_nulls and not key.is_id) for key, expression in free]


def bounds_from_start(keys: Sequence[Key]) -> tuple[Bounds, ...]:
    """Return the ranges that together hold everything, in order.

    One, but for an order that begins behind a reference: there the records that have the key and those that lack it
    are asked for apart, because only then a database can walk the referenced table's index.
    """
    if keys[0].path is None or not keys[0].path.hops:
        return ((),)
    missing = _parted(keys, ("missing",))
    return (("present",), *missing) if keys[0].descending else (*missing, ("present",))


def _parted(keys: Sequence[Key], bounds: Bounds) -> tuple[Bounds, ...]:
    """Return the ranges that *bounds* is asked for as, one of them empty."""
    return (("absent", *bounds[1:]), bounds) if bounds[0] == "missing" and keys[0].reference else (bounds,)


def bounds_after(keys: Sequence[Key], values: Sequence[Any]) -> Iterator[Bounds]:
    """Yield the ranges that together hold what comes after a row with these key *values*, in order."""
    for at in reversed(range(len(keys))):
        fixed: Bounds = tuple("missing" if value is None else "=" for value in values[:at])
        missing = values[at] is None
        if not keys[at].descending:
            yield from _parted(keys, (*fixed, "present" if missing else ">"))
        elif not missing:
            yield from _parted(keys, (*fixed, "<"))
            if keys[at].nullable:
                yield from _parted(keys, (*fixed, "missing"))


def bounds_clauses(expressions: Sequence[ColumnElement[Any]], bounds: Bounds) -> list[ColumnElement[bool]]:
    """Return the conditions of a range, with the value of key number *n* as parameter ``a<n>``."""
    return [_clause(expressions[at], bound, at) for at, bound in enumerate(bounds)]


def bounds_params(keys: Sequence[Key], values: Sequence[Any], bounds: Bounds) -> dict[str, Any]:
    """Return the parameters of `bounds_clauses`."""
    return {f"a{at}": keys[at].driver.encode(values[at]) for at, bound in enumerate(bounds) if bound in ("=", "<", ">")}


def _clause(expression: ColumnElement[Any], bound: Bound, at: int) -> ColumnElement[bool]:
    value = bindparam(f"a{at}", type_=expression.type)
    match bound:
        case "absent" | "missing":
            return expression.is_(None)
        case "present":
            return expression.is_not(None)
        case "=":
            return expression == value
        case "<":
            return expression < value
        case ">":
            return expression > value


def _directed(expression: ColumnElement[Any], descending: bool, spell_nulls: bool) -> UnaryExpression[Any]:
    directed = expression.desc() if descending else expression.asc()
    if not spell_nulls:
        return directed
    return directed.nulls_last() if descending else directed.nulls_first()
