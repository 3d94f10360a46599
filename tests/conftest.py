"""What every test may ask for: an empty database on each engine, and the public cases."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent
CASES = Path(os.environ.get("PYCRM_TEST_DATA") or ROOT.parent / "shared" / "data")
DATABASES = (os.environ.get("PYCRM_TEST_DATABASES") or "sqlite,postgresql").split(",")


def pytest_configure(config: pytest.Config) -> None:
    """Start the one PostgreSQL server before pytest-xdist starts its workers, which find it in their environment."""
    if config.getoption("numprocesses", None) and "postgresql" in DATABASES and (url := _server_url()):
        os.environ["PYCRM_TEST_POSTGRES_URL"] = url


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line per reason how many tests were skipped."""
    reasons = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", ()))
    for reason, count in reasons.items():
        terminalreporter.write_line(f"SKIPPED [{count}] {reason.removeprefix('Skipped: ')}")


def _server_url() -> str | None:
    # Imported on use: the tests of a low room need nothing of the rooms above it.
    from pycrm.testing import postgres

    return postgres.postgres_url()


def absent(reason: str) -> NoReturn:
    """Skip the test, or fail it where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The URL of a PostgreSQL server's own database, to create further databases from."""
    if "postgresql" not in DATABASES:
        pytest.skip("PostgreSQL is left out by PYCRM_TEST_DATABASES")
    if not (url := _server_url()):
        absent("PostgreSQL: set PYCRM_TEST_POSTGRES_URL, or install the server's binaries (initdb, postgres)")
    return url


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """A function that makes one more empty database of the named engine and returns its URL."""
    numbers = itertools.count(1)
    with contextlib.ExitStack() as stack:

        def make(engine: str) -> str:
            if engine == "sqlite":
                return f"sqlite:///{tmp_path / f'crm-{next(numbers)}.db'}"
            request.getfixturevalue("postgres_url")
            from pycrm.testing import postgres

            url = stack.enter_context(postgres.fresh_database())
            return url.replace("postgresql://", "postgresql+psycopg://", 1)  # the driver, for a bare create_engine

        yield make


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> str:
    """The URL of an empty database; the test runs once per engine."""
    return new_database(request.param)


@pytest.fixture
def case() -> Callable[[str], Path]:
    """A function that returns the folder of a public case, as ``case("retail-orders")``."""

    def find(name: str) -> Path:
        if not (folder := CASES / name).is_dir():
            absent(f"public case {name!r} is not in {CASES}; set PYCRM_TEST_DATA")
        return folder

    return find
