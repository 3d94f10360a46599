"""Nodes and their shape."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pycrm.query.ast import And, bucket, shape, values
from pycrm.query.builder import F, node_of


def _node(condition: object) -> And:
    node = node_of(condition)  # type: ignore[arg-type]
    assert node is not None
    return node  # type: ignore[return-value]


def test_equal_filters_are_equal_nodes() -> None:
    """Nodes compare and hash by structure."""
    first, second = _node((F.a == 1) & F.b.in_([2])), _node((F.a == 1) & F.b.in_([2]))

    assert first == second
    assert hash(first) == hash(second)


def test_shape_leaves_values_out() -> None:
    """Filters that differ in values only share a shape, and so a statement."""
    assert shape(_node((F.a == 1) & (F.b < "x"))) == shape(_node((F.a == 2) & (F.b < "y")))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (F.a == 1, F.a != 1),
        (F.a == 1, F.b == 1),
        (F.a == 1, F.a.in_([1])),
        (F.a.is_null(), F.a.is_not_null()),
        (F.amount > 5, F.amount > 0),
        (F.amount > 5, F.amount > Decimal("0.00")),
        ((F.a == 1) & (F.b == 1), (F.b == 1) & (F.a == 1)),
    ],
)
def test_shape_tells_structure_apart(one: object, other: object) -> None:
    """Operator, path, order and a bare zero are structure."""
    assert shape(_node(one)) != shape(_node(other))


def test_shape_of_lists_goes_by_bucket() -> None:
    """So that the number of values does not multiply statements."""
    assert shape(_node(F.a.in_(range(5)))) == shape(_node(F.a.in_(range(8))))
    assert shape(_node(F.a.in_(range(8)))) != shape(_node(F.a.in_(range(9))))


@pytest.mark.parametrize(
    ("count", "size"),
    [(0, 0), (1, 1), (2, 2), (3, 4), (9, 16), (512, 512), (513, 1024), (1025, 1536), (20_000, 20_480)],
)
def test_bucket_holds_count(count: int, size: int) -> None:
    """Powers of two up to 512, then multiples of it."""
    assert bucket(count) == size


def test_values_come_in_reading_order() -> None:
    """One per comparison, one tuple per list, none for a null test."""
    assert values(_node((F.a == 1) & F.b.is_null() & F.c.in_([2, 3]) & (F.d > 4))) == [1, (2, 3), 4]
