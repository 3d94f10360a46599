"""Work that checks do in processes of their own, and the way to start, to kill and to wait for them.

A worker is a function of this module or another; it runs in a fresh interpreter, so that nothing is shared with the
check but the database and what the worker prints.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pycrm import CRM, Principal

ADMINISTRATOR = Principal("check", roles={"administrator"})
ROOT = Path(__file__).resolve().parent.parent
_CALL = "import json, sys; from importlib import import_module; getattr(import_module({!r}), {!r})(*json.loads({!r}))"


@contextmanager
def migrated(url: str) -> Iterator[CRM]:
    """Open a CRM of the built-in plugins on the empty database at *url*, for the block."""
    crm = CRM(url, plugins=[])
    try:
        crm.migrate()
        yield crm
    finally:
        crm.close()


def start(function: Any, *arguments: Any) -> subprocess.Popen[str]:
    """Start *function*, which stands at the top of a module, with JSON-able *arguments* in a new interpreter."""
    call = _CALL.format(function.__module__, function.__name__, json.dumps(arguments))
    command = [sys.executable, "-W", "ignore", "-c", call]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@contextmanager
def running(function: Any, argument_lists: Sequence[Sequence[Any]]) -> Iterator[list[subprocess.Popen[str]]]:
    """Start one process per list of arguments, wait until each has said that it is ready, and end them all."""
    workers = [start(function, *arguments) for arguments in argument_lists]
    try:
        await_ready(workers)
        yield workers
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


def await_ready(workers: Sequence[subprocess.Popen[str]]) -> None:
    """Wait until each of *workers* says that it is ready.

    Raises:
        RuntimeError: One of them ended instead.
    """
    for worker in workers:
        assert worker.stdout is not None
        if (said := worker.stdout.readline()) != "ready\n":
            raise RuntimeError(f"a worker said {said!r} instead of being ready; its error stands above")


def wait_for_go() -> None:
    """Say that this worker is ready, and wait for the check to say go."""
    print("ready", flush=True)
    sys.stdin.readline()


def go(workers: Sequence[subprocess.Popen[str]]) -> None:
    """Let waiting workers go."""
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()


def results(workers: Sequence[subprocess.Popen[str]]) -> list[Any]:
    """Wait for all *workers* and return what each printed last, read as JSON.

    Raises:
        RuntimeError: A worker failed.
    """
    last = []
    for worker in workers:
        output, _ = worker.communicate(timeout=600)
        if worker.returncode:
            raise RuntimeError(f"a worker ended with {worker.returncode}: {output}")
        last.append(json.loads(output.splitlines()[-1]))
    return last
