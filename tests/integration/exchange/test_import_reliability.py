"""Short forms of the long proofs of imports."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.conftest import DATABASES

from reliability.check_import import import_killed, import_says_what_it_did, import_server_stopped
from reliability.check_import_any import import_of_any_file


@pytest.mark.slow
@pytest.mark.parametrize("engine", DATABASES)
def test_killed(engine: str, new_database: Callable[[str], str]) -> None:
    """An import that is killed again and again ends as if nothing had been."""
    figure = import_killed(lambda: new_database(engine), 1, rows=2_000, kills=4, batch_size=200, seconds=0.8)

    assert figure["passed"], figure


@pytest.mark.slow
@pytest.mark.skipif("postgresql" not in DATABASES, reason="SQLite has no server")
def test_server_stopped(new_database: Callable[[str], str]) -> None:
    """The server crashes; nothing that was acknowledged is lost, and nothing is doubled."""
    figure = import_server_stopped(lambda: new_database("postgresql"), 1, rows=2_000, stops=2, batch_size=200)

    assert (figure["passed"], figure["strikes"]) == (True, 2), figure


@pytest.mark.parametrize("engine", DATABASES)
def test_says_what_it_did(engine: str, new_database: Callable[[str], str]) -> None:
    """Counts, totals, refusals and undoing hold for dirty files."""
    figure = import_says_what_it_did(lambda: new_database(engine), 1, files=3, rows=60)

    assert figure["passed"], figure


@pytest.mark.parametrize("engine", DATABASES)
def test_any_file(engine: str, new_database: Callable[[str], str]) -> None:
    """Files that nobody would write go through every step, or are refused as none that can be read."""
    figure = import_of_any_file(lambda: new_database(engine), 1, files=12, rows=12)

    assert figure["passed"], figure
