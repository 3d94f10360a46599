"""What a filter is once it is read: small immutable nodes, compared and hashed by their structure.

The Python builder makes them today; whatever else reads filters makes the same nodes. A node knows nothing of
entities, fields or SQL.
"""

from __future__ import annotations

from collections.abc import Hashable
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import attrs

__all__ = ["And", "Compare", "In", "IsNull", "Node", "Operator", "Path", "bucket", "is_bare_zero", "shape", "values"]

Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]

LARGEST_BUCKET = 512


@attrs.frozen
class Path:
    """A dotted name: ``("account", "custom", "market")``."""

    names: tuple[str, ...]

    @property
    def text(self) -> str:
        """The path as people write it."""
        return ".".join(self.names)


@attrs.frozen
class Compare:
    """``amount > 1000``. With a missing value every comparison is false but ``!=``, which is true."""

    operator: Operator
    path: Path
    value: Any


@attrs.frozen
class In:
    """``custom.region IN (…)``; with no values it is false."""

    path: Path
    values: tuple[Any, ...]


@attrs.frozen
class IsNull:
    """``close_on IS NULL``, or ``IS NOT NULL`` when *negated*."""

    path: Path
    negated: bool = False


@attrs.frozen
class And:
    """All of *items*; with none it is true."""

    items: tuple[Node, ...]


Node: TypeAlias = Compare | In | IsNull | And


def shape(node: Node) -> Hashable:
    """Return the structure of *node* without its values: nodes of one shape share one SQL statement.

    Of an ``IN`` the size of its `bucket` counts, not the number of values. Whether a value is a bare zero belongs to
    the shape, because money compares with zero in any currency and with everything else in one; so do quantities.
    """
    match node:
        case Compare(operator, path, value):
            return (operator, path.names, is_bare_zero(value))
        case In(path, listed):
            return ("in", path.names, bucket(len(listed)))
        case IsNull(path, negated):
            return ("is null", path.names, negated)
        case And(items):
            return ("and", *map(shape, items))


def values(node: Node) -> list[Any]:
    """Return the values of *node* in the order of reading: one per comparison, one tuple per ``IN``."""
    match node:
        case Compare(value=value):
            return [value]
        case In(values=listed):
            return [listed]
        case IsNull():
            return []
        case And(items):
            return [value for item in items for value in values(item)]


def bucket(count: int) -> int:
    """Return how many places an ``IN`` list of *count* values gets: a power of two to 512, then multiples of 512."""
    if count <= LARGEST_BUCKET:
        return 1 << (count - 1).bit_length() if count else 0
    return -(-count // LARGEST_BUCKET) * LARGEST_BUCKET


def is_bare_zero(value: object) -> bool:
    """Return whether *value* is the number 0 without a currency."""
    return type(value) in (int, Decimal) and not value
