"""Files that were made to take the memory of the machine are refused, or read within bounds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reliability.check_bombs import cell_bombs, file_bombs
from reliability.hostile_files import HOSTILE

# Those that are written in a moment; the proof takes all.
QUICK = (
    "one_line_of_a_gibibyte",
    "header_of_one_name",
    "row_of_lines",
    "quote_never_closed",
    "lost_digits_everywhere",
    "long_line_in_gbk",
    "deep_lists",
    "deep_objects",
    "huge_exponent",
    "list_of_lists",
    "card_folded",
    "card_of_lines",
    "card_of_parts",
    "xlsx_far_cell",
    "xlsx_far_row",
    "xlsx_shared_text",
    "xlsx_laughs_in_sheet",
    "xlsx_path_above",
    "xlsx_encrypted",
    "ods_repeated_rows",
    "ods_far_cell",
    "xls_far_cell",
    "xls_declared_cells",
    "xls_shared_text",
    "xls_endless_chain",
)


def test_hostile_files_are_many() -> None:
    """The proof has as many cases as it promises."""
    assert len(HOSTILE) >= 60


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux measures it")
def test_hostile_files_are_bounded(tmp_path: Path) -> None:
    """Each is refused with an error that says the cure, or read, in seconds and with little memory."""
    pytest.importorskip("python_calamine")
    pytest.importorskip("olefile")
    pytest.importorskip("charset_normalizer")

    figure = file_bombs(str, 1, names=QUICK, folder=tmp_path)

    assert figure["failed"] == {}
    assert figure["passed"]
    assert figure["cases"] == len(QUICK)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux measures it")
def test_hostile_cells_are_bounded(new_database: Callable[[str], str]) -> None:
    """Long cells that a pattern is slow to refuse are refused or taken in seconds, whatever their column."""
    pytest.importorskip("phonenumbers")
    names = ("blanks", "blanks_behind_day", "digits", "phone")

    figure = cell_bombs(lambda: new_database("sqlite"), 1, names=names)

    assert figure["failed"] == {}
    assert (figure["passed"], figure["cases"]) == (True, len(names))
