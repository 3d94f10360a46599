"""Files of real products are read whole, without being told anything about them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from pycrm.exchange.reading import open_source

CASES = ("export-hubspot-api", "export-salesforce-api", "export-ui-headers", "retail-orders", "phone-numbers")


@pytest.mark.parametrize("name", CASES)
def test_exports_are_read_whole(case: Callable[[str], Path], name: str) -> None:
    """Every cell of every row is what the module csv reads, and nothing is doubted."""
    for path in sorted(case(name).glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            header, *wanted = csv.reader(file)

        source = open_source(path)

        (table,) = source.tables
        rows = list(table.rows())
        assert (source.encoding, source.certainty, table.columns) == ("utf-8", 1.0, tuple(header))
        assert [row.cells for row in rows] == [tuple(cells) for cells in wanted]
        assert [row for row in rows if row.problems] == []


def test_folder_of_a_product(case: Callable[[str], Path]) -> None:
    """The folder of an export is its tables, the text beside them included, as it is a file too."""
    source = open_source(case("export-hubspot-api"))

    assert {"company.csv", "contact.csv", "deal.csv", "owner.csv"} <= {table.name for table in source.tables}


def test_orders_resume_anywhere(case: Callable[[str], Path]) -> None:
    """A run that was broken off goes on with the next row."""
    (table,) = open_source(case("retail-orders") / "orders.csv").tables
    rows = list(table.rows())

    assert len(rows) == 42_481
    assert list(table.rows(after=rows[30_000].line)) == rows[30_001:]
