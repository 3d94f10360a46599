"""Points on the earth."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.values.geo import GeoPoint

points = st.builds(GeoPoint, st.floats(-90, 90), st.floats(-180, 180))


@given(points)
def test_round_trips(point: GeoPoint) -> None:
    """Scaled coordinates, pickling and `repr` give the point back."""
    assert GeoPoint._make(*point.scaled) == point
    assert pickle.loads(pickle.dumps(point)) == copy.copy(point) == eval(repr(point)) == point
    assert hash(GeoPoint._make(*point.scaled)) == hash(point)


def test_rounds_to_seven_digits() -> None:
    """More digits than a receiver knows are rounded half to even, whatever the thread's context."""
    with localcontext(prec=2):
        point = GeoPoint(36.06714285714, "120.00000005")

    assert (point.latitude, point.longitude) == (Decimal("36.0671429"), Decimal(120))
    assert str(point) == "36.0671429, 120"


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(90.1, 0), (0, -180.5), ("x", 0), (float("nan"), 0), (0, "1e999999")]
)
def test_refuses_others(latitude: Any, longitude: Any) -> None:
    """What is no place on the earth is refused."""
    with pytest.raises(ValueError, match=r"itude"):
        GeoPoint(latitude, longitude)


def test_refuses_other_types() -> None:
    """A truth value is no number of degrees."""
    with pytest.raises(TypeError, match="latitude True"):
        GeoPoint(True, 0)
    assert GeoPoint(0, 0) != (0, 0)
