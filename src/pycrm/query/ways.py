"""In which way records under a rule are looked for; whatever the way, the same are found.

A database does not know how many records somebody may read, and the extremes want opposite plans: few are all looked
up and then sorted, whatever else is asked; of many, a walk in the order that is asked for soon meets enough, and an
index on the rule is of no use. In between it depends on what else is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from pycrm.fields.field import Field
from pycrm.fields.references import AnyRefKind, RefKind
from pycrm.query.bound import AllOf, Bound, FieldTest, ListTest

__all__ = ["FEW", "SOME", "HowMany", "Readable", "Way", "way"]

FEW, SOME = 5_000, 50_000

Readable: TypeAlias = Literal["few", "some", "many"]
"""How many records of an entity somebody may read: at most `FEW`, at most `SOME`, or more."""

HowMany: TypeAlias = Callable[[bool], Readable | None]
"""Says how many it is, None where that is all; asked with False it may call some many."""

Way: TypeAlias = Literal["gather", "walk"]


def way(readable: Readable | None, test: Bound | None, *, is_led: bool, has_statistics: bool) -> Way | None:
    """Return how to look for the records; None leaves it to the database.

    Args:
        readable: How many may be read, if that is known.
        test: What else is asked of them.
        is_led: Their order begins behind a reference, so that a walk would go along what that leads to.
        has_statistics: The database knows how often which values occur.
    """
    match readable:
        case None:
            return None
        case "few":
            return "gather"
        case "some":
            if test is None:
                return "gather" if is_led else "walk"
            return None if has_statistics or _is_narrow(test) else "gather"
        case "many":
            return "walk" if test is None or _is_narrow(test) else None


def _is_narrow(test: Bound) -> bool:
    """Return whether an index finds what *test* asks for."""
    items = test.items if isinstance(test, AllOf) else (test,)
    equal = (
        item for item in items if isinstance(item, ListTest) or (isinstance(item, FieldTest) and item.operator == "=")
    )
    return any(_is_indexed(item.path.hops[0].field if item.path.hops else item.path.field) for item in equal)


def _is_indexed(field: Field) -> bool:
    return field.indexed or field.unique or isinstance(field.kind, (RefKind, AnyRefKind))
