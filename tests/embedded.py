"""Hosts that embed a CRM, run as a user runs them: a server in a process of its own, asked over HTTP."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.conftest import ROOT, absent

from pycrm import CRM, Account, Principal

if TYPE_CHECKING:
    import httpx

EXAMPLES = ROOT / "examples"
ORDER = {"reference": "W-1", "total": "120.50", "customer": "Rhein Import", "country": "DE"}
READER = Principal("test", roles={"administrator"})
START_SECONDS = 60

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what does not differ by database: hosts start slowly."""


def copy_of(example: str, folder: Path, *needs: str) -> Path:
    """Return a copy of *example* in *folder*, to run it there; without the packages that it *needs* skip the test."""
    if missing := [name for name in needs if find_spec(name) is None]:
        absent(f"examples/{example}: {', '.join(missing)} not installed; install the dependency group `examples`")
    return shutil.copytree(EXAMPLES / example, folder / example, ignore=shutil.ignore_patterns("__pycache__", "*.db"))


def run(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    """Run Python with *arguments* in *folder*, warnings being errors, and return what it printed."""
    command = [sys.executable, "-W", "error", *arguments]
    done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@contextmanager
def serving(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[httpx.Client]:
    """Run a server in *folder*, ``{port}`` in its *arguments* being a free one, and give a client that talks to it."""
    import httpx

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # A server that is told to stop leaves its own socket to the end of the process.
    warnings = ["-W", "error", "-W", "ignore:unclosed <socket:ResourceWarning"]
    command = [sys.executable, *warnings, *(part.format(port=port) for part in arguments)]
    log = folder / "server.log"
    with log.open("w", encoding="utf-8") as file:
        server = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environment}, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
            wait_for(server, port, log)
            yield client
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    assert "Traceback" not in log.read_text("utf-8"), log.read_text("utf-8")


def wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return as soon as the server listens."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the server does not listen:\n{log.read_text('utf-8')}")


def accounts(database: str) -> list[str]:
    """Return the names of the accounts that are committed, as another process sees them."""
    crm = CRM(database, plugins=[])
    with crm.reading_as(READER) as reader:
        names = [account.name for account in reader.list(Account, order_by="number")]
    crm.close()
    return names


def check_both_or_neither(shop: httpx.Client, database: str) -> None:
    """A request that writes the host's row and our record keeps both, or on an error of either side none."""
    taken = shop.post("/orders", json=ORDER)
    assert (taken.status_code, taken.json()) == (201, {"reference": "W-1", "account": "ACC-000001"})
    assert shop.get("/orders/W-1").json() == {"total": "120.50", "customer": "Rhein Import"}
    assert accounts(database) == ["Rhein Import"]

    # The host's own table refuses its row after the CRM has written.
    again = shop.post("/orders", json=ORDER | {"customer": "Elbe Handel"})
    assert (again.status_code, again.json()) == (409, {"detail": "there is an order with this reference"})
    assert accounts(database) == ["Rhein Import"]

    # The CRM refuses its record.
    refused = shop.post("/orders", json=ORDER | {"reference": "W-2", "customer": ""})
    assert refused.status_code == 422
    assert [(each["field"], each["code"]) for each in refused.json()["problems"]] == [("name", "field.required")]
    assert shop.get("/orders/W-2").status_code == 404
    assert accounts(database) == ["Rhein Import"]

    # The next request finds a clean connection.
    assert shop.post("/orders", json=ORDER | {"reference": "W-3"}).status_code == 201
    assert accounts(database) == ["Rhein Import", "Rhein Import"]
