"""What the runners of benchmarks and of reliability checks share: empty databases, and what identifies a run."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from pycrm.testing import postgres

ROOT = Path(__file__).resolve().parent.parent
ENGINES = ("sqlite", "postgresql")


@contextlib.contextmanager
def engines(choice: str) -> Iterator[list[str]]:
    """Yield the engines that *choice* (one of them, or ``"both"``) names and that are there, saying what is not.

    A PostgreSQL server that has to be started for it waits for the disk, as one in use does.
    """
    chosen = list(ENGINES) if choice == "both" else [choice]
    with contextlib.ExitStack() as stack:
        if "postgresql" in chosen and postgres.ENVIRONMENT not in os.environ:
            if postgres.find_binaries():
                os.environ[postgres.ENVIRONMENT] = stack.enter_context(postgres.running_server(fsync=True))
            else:
                print(f"postgresql is left out: set {postgres.ENVIRONMENT}, or install the server's binaries")
                chosen.remove("postgresql")
        yield chosen


@contextlib.contextmanager
def databases(engine: str) -> Iterator[Callable[[], str]]:
    """Yield a factory of URLs of empty databases of *engine*, and remove them all afterwards."""
    with contextlib.ExitStack() as stack:
        if engine == "sqlite":
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pycrm-")))
            numbers = itertools.count(1)
            yield lambda: f"sqlite:///{folder / f'crm-{next(numbers)}.db'}"
        else:
            yield lambda: with_driver(stack.enter_context(postgres.fresh_database()))


def with_driver(url: str) -> str:
    """Return a PostgreSQL URL that names psycopg, which SQLAlchemy 2.0 does not take by itself."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def commit() -> str:
    """Return the commit of the checkout, with ``+`` where files differ from it."""
    command = ["git", "describe", "--always", "--dirty=+", "--abbrev=12"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip() or "none"


def now() -> str:
    """Return this second, UTC, as ISO text."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
