"""Places."""

from __future__ import annotations

from typing import Any

import pytest

from pycrm.builtin.kinds import GeoPointKind
from pycrm.errors import Problem
from pycrm.values.geo import GeoPoint

QINGDAO = GeoPoint("36.0671", "120.3826")


@pytest.mark.parametrize(
    "value",
    [
        QINGDAO,
        "36.0671, 120.3826",
        (36.0671, 120.3826),
        ["36.0671", "120.3826"],
        {"latitude": 36.0671, "longitude": "120.3826"},
        {"type": "Point", "coordinates": [120.3826, 36.0671]},
    ],
)
def test_takes_points(value: Any) -> None:
    """A point is taken as text, pair, mapping, or GeoJSON, which has the longitude first."""
    assert GeoPointKind().parse(value) == QINGDAO


@pytest.mark.parametrize(
    "value",
    ["", "36.0671", "1,2,3", (91, 0), (0, 181), [1], {"latitude": 1}, {"type": "Line", "coordinates": [1]}, 5, "a,b"],
)
def test_refuses_others(value: Any) -> None:
    """What is no place on the earth is refused."""
    with pytest.raises(Problem, match=r"geo_point\.invalid"):
        GeoPointKind().parse(value)
