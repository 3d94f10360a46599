"""Exports that no spreadsheet runs and that lose nothing, in short; the long form is in `reliability`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reliability.check_export import exports_keep_text, formulas_neutral


def test_no_cell_is_live(new_database: Callable[[str], str], case: Callable[[str], Path]) -> None:
    """Payloads of every shape, in every place of CSV and XLSX, begin no formula and read as what was stored."""
    case("security-csv-formula")

    figure = formulas_neutral(lambda: new_database("sqlite"), 1, count=60)

    assert figure["passed"], figure
    assert figure["live_cells"] == 0


def test_nasty_strings_come_back(new_database: Callable[[str], str], case: Callable[[str], Path]) -> None:
    """All public strings come back from every format and encoding, by other programs' readers."""
    case("nasty-strings")

    figure = exports_keep_text(lambda: new_database("sqlite"), 1, generated=100)

    assert figure["passed"], figure
