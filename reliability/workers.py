"""Work that checks do in processes of their own, and the way to start, to kill and to wait for them.

The processes are forks of a server that has imported pycrm and opened nothing, so that one starts in milliseconds and
shares nothing with the check but the database and a pipe.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import attrs

from pycrm import CRM, Principal

ADMINISTRATOR = Principal("check", roles={"administrator"})
PATIENCE = 600

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    [
        "pycrm",
        "pycrm.builtin.sales",
        "pycrm.builtin.activities",
        "pycrm.storage.migrator",
        "alembic.operations",
        "sqlalchemy.dialects.sqlite",
        "sqlalchemy.dialects.postgresql.psycopg",
        "psycopg",
    ]
)


@contextmanager
def migrated(url: str) -> Iterator[CRM]:
    """Open a CRM of the built-in plugins on the empty database at *url*, for the block."""
    with opened(url) as crm:
        crm.migrate()
        yield crm


@contextmanager
def opened(url: str) -> Iterator[CRM]:
    """Open a CRM of the built-in plugins on the migrated database at *url*, for the block."""
    crm = CRM(url, plugins=[])
    try:
        yield crm
    finally:
        crm.close()


@attrs.frozen(eq=False)
class Worker:
    """A running process, and our end of its pipe."""

    process: Any
    pipe: Connection

    def hear(self) -> Any:
        """Return the next thing that it says.

        Raises:
            RuntimeError: It ended, or says nothing.
        """
        try:
            if self.pipe.poll(PATIENCE):
                return self.pipe.recv()
        except EOFError:
            pass
        raise RuntimeError(f"{self.process.name} said nothing more; its error stands above")

    def rest(self) -> list[Any]:
        """Return everything that it still has said, once it has ended or is killed."""
        said = []
        while True:
            try:
                said.append(self.pipe.recv())
            except (EOFError, OSError):  # the last word may be cut off
                return said

    def join(self) -> None:
        """Wait until it has ended.

        Raises:
            RuntimeError: It goes on.
        """
        self.process.join(PATIENCE)
        if self.process.is_alive():
            raise RuntimeError(f"{self.process.name} did not end")

    def kill(self) -> None:
        """End it at once, as kill -9 does."""
        self.process.kill()
        self.process.join()


def pipes() -> tuple[Connection, Connection]:
    """Return the two ends of one more pipe, for workers that talk to each other."""
    return _processes.Pipe()


@contextmanager
def running(function: Callable[..., None], argument_lists: Sequence[Sequence[Any]]) -> Iterator[list[Worker]]:
    """Run ``function(pipe, *arguments)`` in one process per list of arguments, until the block ends.

    The block begins when each has sent ``"ready"``.
    """
    workers = []
    for arguments in argument_lists:
        ours, theirs = _processes.Pipe()
        process = _processes.Process(target=function, args=(theirs, *arguments))
        process.start()
        theirs.close()
        workers.append(Worker(process, ours))
    try:
        await_ready(workers)
        yield workers
    finally:
        for worker in workers:
            worker.kill()
            worker.process.close()
            worker.pipe.close()


def await_ready(workers: Sequence[Worker]) -> None:
    """Wait until each of *workers* says that it is ready."""
    for worker in workers:
        if (said := worker.hear()) != "ready":
            raise RuntimeError(f"{worker.process.name} said {said!r} instead of being ready")


def wait_for_go(pipe: Connection) -> None:
    """Say, in a worker, that it is ready, and wait for the check to say go."""
    pipe.send("ready")
    pipe.recv()


def go(workers: Sequence[Worker]) -> None:
    """Let waiting workers go, all at once."""
    for worker in workers:
        worker.pipe.send("go")
