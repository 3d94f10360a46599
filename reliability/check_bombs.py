"""No file takes the memory or the time of the machine that reads it."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pycrm.errors import ReadError
from reliability.checks import NewDatabase, check
from reliability.hostile_files import HOSTILE
from reliability.workers import running, wait_for_go

MOST_SECONDS = 5.0
MOST_BYTES = 256 << 20
# Behind these the system ends the process, so that a failed proof does not take the machine with it.
_ALLOWED_SECONDS = 60
_ALLOWED_BYTES = 4 << 30


@check("file_bombs", promise=31)
def file_bombs(
    new_database: NewDatabase, seed: int, *, names: Collection[str] = tuple(HOSTILE), folder: Path | None = None
) -> Mapping[str, Any]:
    """Read each hostile file in a process of its own; every one must be refused or read within bounds.

    Seconds are those of the processor, so that a machine with other work gives the same verdict.
    """
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        results = dict(_results(Path(scratch), names))
    failed = {name: said for name, said in results.items() if not is_bounded(said)}
    outcomes = [str(said["outcome"]) for said in results.values()]
    return {
        "passed": not failed,
        "cases": len(results),
        "refused": outcomes.count("refused"),
        "read": outcomes.count("read"),
        "most_seconds": max(float(said["seconds"]) for said in results.values()),
        "most_mib": max(int(said["bytes"]) for said in results.values()) >> 20,
        "failed": failed,
    }


def is_bounded(said: Mapping[str, Any]) -> bool:
    """Whether a file was refused with an error of ours or read, within the bounds."""
    return said["outcome"] in {"refused", "read"} and said["seconds"] <= MOST_SECONDS and said["bytes"] <= MOST_BYTES


def _results(folder: Path, names: Collection[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name in names:
        path = folder / name
        HOSTILE[name](path)
        with running(read_in_bounds, [(str(path),)]) as (worker,):
            worker.pipe.send("go")
            try:
                yield name, worker.hear()
            except RuntimeError:
                yield name, {"outcome": "died", "seconds": _ALLOWED_SECONDS, "bytes": _ALLOWED_BYTES}
        path.unlink()


def read_in_bounds(pipe: Connection, path: str) -> None:
    """Read the file at *path* to its end, in a process of its own, and say what came of it."""
    import charset_normalizer  # noqa: F401 - what is loaded once is no cost of a file
    import olefile  # type: ignore[import-untyped] # noqa: F401
    import python_calamine  # noqa: F401

    from pycrm.exchange.reading import open_source

    resource.setrlimit(resource.RLIMIT_CPU, (_ALLOWED_SECONDS, _ALLOWED_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_ALLOWED_BYTES, _ALLOWED_BYTES))
    before = _peak_bytes()
    wait_for_go(pipe)
    start = time.process_time()
    told, count = "", 0
    try:
        for table in open_source(path).tables:
            for _ in table.rows():
                count += 1
        outcome = "read"
    except ReadError as error:
        outcome, told = "refused", str(error)
    except (Exception, MemoryError) as error:  # noqa: BLE001 - whatever it is, it is the result
        outcome, told = type(error).__name__, str(error)[:200]
    pipe.send(
        {
            "outcome": outcome,
            "told": told,
            "rows": count,
            "seconds": round(time.process_time() - start, 2),
            "bytes": _peak_bytes() - before,
        }
    )


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
