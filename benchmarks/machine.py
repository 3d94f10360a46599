"""What the figures depend on: the machine, its disk's fsync, and how durably each database commits."""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
import time
from typing import Any

import sqlalchemy as sa

from tools.runs import commit

_SYNCHRONOUS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}


def describe() -> dict[str, Any]:
    """Return what identifies a run: commit, versions, processors and the median fsync of a small file."""
    return {
        "commit": commit(),
        "python": platform.python_version(),
        "sqlalchemy": sa.__version__,
        "processors": os.cpu_count(),
        "fsync_ms": round(fsync_seconds() * 1000, 3),
    }


def fsync_seconds(rounds: int = 21) -> float:
    """Return the median time to write one page and fsync it, in the folder where the databases lie."""
    with tempfile.TemporaryFile(buffering=0) as file:
        times: list[float] = []
        for _ in range(rounds):
            start = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def database_settings(url: str) -> dict[str, str]:
    """Return version and sync mode of a database."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                version = connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()
                mode = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
                return {"version": str(version), "synchronous": _SYNCHRONOUS[int(mode)]}
            names = {"version": "server_version", "synchronous_commit": "synchronous_commit", "fsync": "fsync"}
            return {
                key: str(connection.exec_driver_sql(f"SHOW {setting}").scalar_one()) for key, setting in names.items()
            }
    finally:
        engine.dispose()
