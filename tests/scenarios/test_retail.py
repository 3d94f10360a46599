"""A wholesaler's month of orders is loaded by the example, as a user runs it, and every figure comes back."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LOADER = Path(__file__).parents[2] / "examples" / "retail" / "load.py"

EXPECTED = {
    "lines": 42_481,
    "invoices": 2_025,
    "customers": 948,
    "products": 2_822,
    "total": "748957.02",
    "kept": {"lines": 26_157, "invoices": 1_400, "customers": 885, "amount": "572713.89"},
}
LARGEST_MARKETS = {
    "United Kingdom": "498661.85",
    "Germany": "15241.14",
    "France": "9616.31",
    "EIRE": "8813.88",
    "Netherlands": "8784.48",
    "Japan": "7705.07",
}


def load(folder: Path, path: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Run the example in *folder*; return its exit code and what it printed."""
    command = [sys.executable, "-W", "error", str(LOADER), str(path), "--json", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


@pytest.mark.slow
def test_every_figure_comes_back_to_the_penny(case: Callable[[str], Path], database_url: str, tmp_path: Path) -> None:
    """The first run accepts every line, the second skips every one, and the CRM's own figures equal the file's."""
    orders = case("retail-orders") / "orders.csv"

    first_code, first = load(tmp_path, orders, "--database", database_url)
    second_code, second = load(tmp_path, orders, "--database", database_url, "--report", "lines.csv")

    assert (first_code, second_code) == (0, 0)
    assert {name: first[name] for name in EXPECTED} == EXPECTED
    assert dict(list(first["markets"].items())[:6]) == LARGEST_MARKETS
    assert (first["accepted"], first["skipped"], first["refused"]) == (42_481, 0, 0)
    assert (second["accepted"], second["skipped"], second["refused"]) == (0, 42_481, 0)
    assert {name: second[name] for name in EXPECTED} == EXPECTED
    with (tmp_path / "lines.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file))) == 1 + 42_481


def test_bad_lines_are_reported_and_the_rest_goes_in(tmp_path: Path) -> None:
    """A line that cannot be taken is listed with its number and the reason; no good line is lost."""
    path = tmp_path / "orders.csv"
    path.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "1,A,Pen,2,2022-12-01T08:26:00,1.50,7.0,France\n"
        "1,B,Ink,two,2022-12-01T08:26:00,1.50,7.0,France\n"
        "1,a,,3,2022-12-01T08:26:00,1.50,7.0,France\n"
        f"1,C,{'x' * 2000},3,2022-12-01T08:26:00,1.50,7.0,France\n"
        "2,A,Pen,2,soon,1.50,7.0,France\n",
        encoding="utf-8",
    )

    code, result = load(tmp_path, path, "--report", "lines.csv")

    assert code == 1
    assert (result["accepted"], result["skipped"], result["refused"]) == (2, 0, 3)
    assert (result["products"], result["invoices"], result["total"]) == (3, 1, "7.50")
    with (tmp_path / "lines.csv").open(encoding="utf-8", newline="") as file:
        _, quantity, name, date = csv.reader(file)
    assert quantity == ["3", "refused", "Quantity: 'two' is no number"]
    assert name[:2] == ["5", "refused"]
    assert "name: " in name[2]
    assert date == ["6", "refused", "InvoiceDate: Invalid isoformat string: 'soon'"]
    assert (tmp_path / "retail.db").exists()
