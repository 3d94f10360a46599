"""What every test may ask for: an empty database on each engine, and the public cases."""

from __future__ import annotations

import atexit
import contextlib
import gc
import itertools
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from tests.templates import Templates

    from pycrm.plugin import Plugin

ROOT = Path(__file__).resolve().parent.parent
CASES = Path(os.environ.get("PYCRM_TEST_DATA") or ROOT.parent / "shared" / "data")
DATABASES = (os.environ.get("PYCRM_TEST_DATABASES") or "sqlite,postgresql").split(",")
# Databases of tests survive nothing, and on a disk a third of the time goes into waiting for it.
MEMORY = Path("/dev/shm")
MEMORY_BYTES = 4 << 30


def pytest_configure(config: pytest.Config) -> None:
    """Find a place for files and start the one PostgreSQL server there.

    Before pytest-xdist starts its workers, which find both in their environment.
    """
    if "TMPDIR" not in os.environ and _has_room(MEMORY):
        _put_files_into(tempfile.mkdtemp(prefix="pycrm-tests-", dir=MEMORY))
    if config.getoption("numprocesses", None) and "postgresql" in DATABASES and (url := _server_url()):
        os.environ["PYCRM_TEST_POSTGRES_URL"] = url


def pytest_collection_finish() -> None:
    """Let the garbage collector look less often, and past what stays: it took a fifth of the time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line per reason how many tests were skipped."""
    reasons = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", ()))
    for reason, count in reasons.items():
        terminalreporter.write_line(f"SKIPPED [{count}] {reason.removeprefix('Skipped: ')}")


def _has_room(folder: Path) -> bool:
    """Whether tests can keep their files in *folder*, and run programs there."""
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize >= MEMORY_BYTES and not found.f_flag & os.ST_NOEXEC


def _put_files_into(folder: str) -> None:
    """Make *folder* the one for temporary files of this process and its children, until it ends."""
    Path(folder).chmod(0o711)  # root's PostgreSQL runs as somebody else
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    owner = os.getpid()
    # Registered before the server's own end, so that it runs after that; and not in a forked child.
    atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True) if os.getpid() == owner else None)


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


@pytest.fixture(scope="session")
def templates(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Templates]:
    """The migrated databases of this test process."""
    from tests.templates import Templates

    with contextlib.ExitStack() as stack:
        server = lambda: str(request.getfixturevalue("postgres_url"))  # noqa: E731 - asked only where it is needed
        yield Templates(tmp_path_factory.mktemp("templates"), server, stack)


@pytest.fixture
def migrated(templates: Templates, tmp_path: Path) -> Callable[..., str]:
    """A function that returns the URL of a migrated database: ``migrated("sqlite", [lab])``; one per test."""

    def make(engine: str, plugins: Sequence[Plugin] = ()) -> str:
        return (
            templates.sqlite(plugins, tmp_path / "migrated.db") if engine == "sqlite" else templates.postgresql(plugins)
        )

    return make


@pytest.fixture
def case() -> Callable[[str], Path]:
    """A function that returns the folder of a public case, as ``case("retail-orders")``."""

    def find(name: str) -> Path:
        if not (folder := CASES / name).is_dir():
            absent(f"public case {name!r} is not in {CASES}; set PYCRM_TEST_DATA")
        return folder

    return find
