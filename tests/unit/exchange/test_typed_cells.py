"""Cells that are no texts, kept and written so that they come back as what they were."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from pycrm.exchange.importing.typed_cells import packed, read_back, type_of, unpacked, written

CELLS = [
    "text",
    "[1]",
    "1.50",
    1,
    1.5,
    5.0,
    1e300,
    True,
    Decimal("1.50"),
    Decimal("1E+20"),
    ["x; y", "=z", None, [1, Decimal("1.50")]],
    {"a": [True, {"b": Decimal("1E+2")}]},
    [],
    dt.date(2026, 3, 31),
    dt.datetime(2026, 3, 31, 8, 0, 0, 5),
    dt.datetime(2026, 3, 31, tzinfo=dt.UTC),
    dt.time(8, 30),
]


@pytest.mark.parametrize("cell", CELLS, ids=repr)
def test_as_it_was(cell: Any) -> None:
    """A cell comes back from the database and from a file of text as the same value of the same type."""
    kept, fed = unpacked(json.loads(json.dumps(packed(cell)))), read_back(written(cell), type_of(cell))

    assert (kept, type(kept)) == (cell, type(cell))
    assert (fed, type(fed)) == (cell, type(cell))


@pytest.mark.parametrize(
    ("before", "text"),
    [(1, "001"), (1.5, "1.50"), (True, "yes"), (Decimal(1), "1 200"), (dt.date(2026, 3, 31), "20260331"), ([1], "[1")],
)
def test_another_text(before: Any, text: str) -> None:
    """What somebody has written in the place of a cell is a text, to the character."""
    assert read_back(text, type_of(before)) == text


def test_mended_list() -> None:
    """A list may be mended as a list."""
    assert read_back('["x","z"]', type_of(["x", "y"])) == ["x", "z"]


def test_without_a_form() -> None:
    """What has no form of its own is kept as text."""
    assert packed(dt.timedelta(days=1)) == "1 day, 0:00:00"
