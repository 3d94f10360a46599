"""What is computed as a key of an order: the SQL of its parts, and how they travel.

On SQLite a number that is computed is the text of a decimal; a collation of ours compares such texts.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, case

from pycrm.errors import QueryError
from pycrm.fields.kind import PartType
from pycrm.query.bound import Term
from pycrm.query.conditions import Conditions
from pycrm.query.driver import DriverPart
from pycrm.query.order import Key
from pycrm.query.paths import ResolvedPath
from pycrm.query.scope import Scope
from pycrm.query.terms import Terms
from pycrm.query.text import OrderKey
from pycrm.storage.codecs import CODECS
from pycrm.storage.dialect import Dialect
from pycrm.storage.functions import NUMBER_COLLATION, Sort

__all__ = ["FIRST_SLOT", "key_sql", "term_keys"]

FIRST_SLOT = 1_000_000
"""The number of an order's first value, beyond those that a filter has."""

_PARTS: dict[Sort, tuple[PartType, ...]] = {
    # A number that is computed has more digits than an integer holds; a cursor keeps them as text.
    "number": (PartType.TEXT,),
    "text": (PartType.TEXT,),
    "boolean": (PartType.BOOLEAN,),
    "date": (PartType.DATE,),
    "instant": (PartType.INSTANT,),
    "money": (PartType.TEXT, PartType.TEXT),
    "quantity": (PartType.TEXT, PartType.TEXT),
}
_AMOUNTS = ("number", "money", "quantity")


def term_keys(term: Term, order_key: OrderKey, dialect: Dialect, beside: int) -> list[Key]:
    """Return the keys of *term*; its parts stand in a row from *beside* on.

    Raises:
        QueryError: It has no order.
    """
    types = _PARTS.get(term.sort)
    if types is None:
        raise QueryError(f"order_by {order_key.text}: a computed {term.sort} has no order")
    parts = reversed(range(len(types)))  # what tells amounts apart comes before them
    return [
        Key(term, part, _driver(term.sort, part, types[part], dialect), order_key.descending, True, beside + number)
        for number, part in enumerate(parts)
    ]


def key_sql(scope: Scope, conditions: Conditions, key: Key) -> ColumnElement[Any]:
    """Return the SQL of *key*; what its values need is noted in *conditions*."""
    source = key.source
    if isinstance(source, ResolvedPath):
        return scope.parts(source)[key.part]
    parts = Terms(scope, conditions.fill).of(source)
    part: ColumnElement[Any] = parts[key.part]
    if key.part:
        # An amount may be missing where its unit is not.
        return case((parts[0].is_not(None), part))
    is_sqlite = scope.dialect.name == "sqlite"
    if source.sort in _AMOUNTS:
        return part.collate(NUMBER_COLLATION) if is_sqlite else part
    return part.collate("C") if source.sort == "text" and not is_sqlite else part


def _driver(sort: Sort, part: int, part_type: PartType, dialect: Dialect) -> DriverPart:
    if sort in _AMOUNTS and not part:
        encode: Callable[[Any], Any] = _same if dialect.name == "sqlite" else Decimal
        return DriverPart(part_type, encode, _digits)
    codec = CODECS[dialect.name]
    return DriverPart(part_type, codec.encode(part_type) or _same, codec.decode(part_type) or _same)


def _digits(number: Any) -> str:
    return number if isinstance(number, str) else format(number, "f")


def _same(value: Any) -> Any:
    return value
