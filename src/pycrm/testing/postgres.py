"""The PostgreSQL that tests use: the one named by ``PYCRM_TEST_POSTGRES_URL``, or a throw-away server.

The throw-away server runs from the installed binaries in a temporary folder, listens on a Unix socket there, trusts
everybody who can reach it, and is gone with the process that started it. PostgreSQL refuses to run as root, so a root
process runs it as the user ``postgres``.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from pycrm.errors import MissingExtraError, StorageError

ENVIRONMENT = "PYCRM_TEST_POSTGRES_URL"
START_SECONDS = 60
_ROOT_RUNS_AS = "postgres"


@cache
def postgres_url() -> str | None:
    """Return the URL of a server to make databases on, or None where there is neither a URL nor binaries.

    A server that has to be started is started once per process, without fsync, and stopped at exit. Processes that
    are to share it get this URL in the environment variable.
    """
    if url := os.environ.get(ENVIRONMENT):
        return url
    if find_binaries() is None:
        return None
    stack = ExitStack()
    url = stack.enter_context(running_server(fsync=False))
    starter = os.getpid()
    atexit.register(lambda: stack.close() if os.getpid() == starter else None)  # not in a forked child
    return url


def find_binaries() -> Path | None:
    """Return the folder with ``initdb`` and ``postgres``: on the PATH, or the newest that Debian installed."""
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    newest_first = sorted(installed, key=lambda folder: (len(folder.parent.name), folder.parent.name), reverse=True)
    on_path = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    for folder in [*on_path, *newest_first]:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    return None


class Server:
    """A throw-away server in a folder of its own.

    Attributes:
        url: Of its database ``postgres``.
    """

    def __init__(self, folder: Path, binaries: Path, *, fsync: bool) -> None:
        self.url = f"postgresql://postgres@/postgres?host={folder}"
        self._folder = folder
        self._as_user = _as_user(folder)
        data = folder / "data"
        _run_initdb(binaries, data, self._as_user)
        self._command: list[str | Path] = [binaries / "postgres", "-D", data, "-k", folder, *_settings(fsync)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers.

        Raises:
            StorageError: It does not; its last words are in the message.
        """
        log = self._folder / "log"
        with log.open("ab") as file:
            # The words are our own: folders that were looked up, and settings from the table below.
            process = subprocess.Popen(self._command, stdout=file, stderr=file, **self._as_user)  # noqa: S603
        self._process = process
        _wait_for(process, self.url, log)

    def stop(self, *, immediately: bool = False) -> None:
        """End its sessions and stop it; *immediately* as a crash would, so that it has to recover at the next start."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGQUIT if immediately else signal.SIGINT)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


@contextmanager
def new_server(*, fsync: bool = True) -> Iterator[Server]:
    """Start a throw-away server for the block, which may stop and start it.

    Args:
        fsync: Whether a commit waits for the disk. Leave it on to measure; tests that survive no power cut need not.
    Raises:
        StorageError: There are no binaries, or the server does not start.
    """
    binaries = find_binaries()
    if binaries is None:
        raise StorageError(f"no PostgreSQL is installed; install its server, or set {ENVIRONMENT}")
    folder = Path(tempfile.mkdtemp(prefix="pycrm-pg-"))
    try:
        server = Server(folder, binaries, fsync=fsync)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_server(*, fsync: bool = True) -> Iterator[str]:
    """Run a throw-away server for the block and give the URL of its database ``postgres``; see `new_server`."""
    with new_server(fsync=fsync) as server:
        yield server.url


@contextmanager
def fresh_database(url: str | None = None) -> Iterator[str]:
    """Create an empty database with a name of its own for the block, give its URL, and drop it at the end.

    Args:
        url: The server; by default the one of `postgres_url`.
    Raises:
        StorageError: There is no server.
    """
    server = url or postgres_url()
    if server is None:
        raise StorageError(f"there is no PostgreSQL to test with; install its server, or set {ENVIRONMENT}")
    name = f"pycrm_{uuid.uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _as_user(folder: Path) -> dict[str, Any]:
    """Return the arguments of `subprocess` that make a child run as somebody who may run a server in *folder*."""
    arguments: dict[str, Any] = {"cwd": folder, "start_new_session": True}  # Ctrl-C is for the tests, not for it
    if os.geteuid() == 0:
        try:
            shutil.chown(folder, _ROOT_RUNS_AS, _ROOT_RUNS_AS)
        except LookupError as error:
            raise StorageError(f"PostgreSQL does not run as root, and there is no user {_ROOT_RUNS_AS!r}") from error
        arguments |= {"user": _ROOT_RUNS_AS, "group": _ROOT_RUNS_AS, "extra_groups": []}
    return arguments


def _run_initdb(binaries: Path, data: Path, as_user: dict[str, Any]) -> None:
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
    command: list[str | Path] = [binaries / "initdb", "-D", data, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **as_user)  # noqa: S603
    if done.returncode:
        raise StorageError(f"initdb failed: {done.stderr.strip()}")


def _settings(fsync: bool) -> list[str]:
    settings = {"listen_addresses": "", "max_connections": "200"}
    if not fsync:
        settings |= {"fsync": "off", "full_page_writes": "off"}
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    psycopg = _psycopg()
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > until:
                raise StorageError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}") from error
            time.sleep(0.05)
        else:
            return


def _administer(url: str, statement: str) -> None:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with _psycopg().connect(plain, autocommit=True) as connection:
        connection.execute(statement)


def _psycopg() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise MissingExtraError(
            "PostgreSQL needs psycopg; run `pip install 'pycrm[postgresql]'`", extra="postgresql"
        ) from error
    return psycopg
