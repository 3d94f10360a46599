"""No file, no cell and no question takes the memory or the time of the machine that reads it."""

from __future__ import annotations

import csv
import resource
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pycrm import Account
from pycrm.errors import PycrmError, ReadError
from pycrm.exchange.mapping import read_mapping_text
from reliability.checks import NewDatabase, check
from reliability.hostile_files import HOSTILE, HOSTILE_CELLS
from reliability.hostile_questions import QUESTIONS
from reliability.workers import ADMINISTRATOR, Worker, migrated, opened, running, wait_for_go

MOST_SECONDS = 5.0
MOST_BYTES = 256 << 20
# Behind these the system ends the process, so that a failed proof does not take the machine with it.
_ALLOWED_SECONDS = 60
_ALLOWED_BYTES = 4 << 30

CELL_COLUMNS = (
    "Name",
    "Email",
    "Phone",
    "手机",
    "Amount",
    "Date",
    "Website",
    "Country",
    "Tags",
    "Owner",
    "No",
    "Staff",
)
CELL_MAPPING = """
version = 1
[[entity]]
entity = "account"
[entity.fields]
name = { column = "Name", transforms = ["collapse"], on_problem = "default", default = "none" }
phone = { column = "Phone", on_problem = "empty" }
website = { column = "Website", on_problem = "empty" }
annual_revenue = { column = "Amount", transforms = ["money(CNY)"], on_problem = "empty" }
employee_count = { column = "Staff", transforms = ["number('1,234.5')"], on_problem = "empty" }
country = { column = "Country", transforms = ["country"], on_problem = "empty" }
tags = { column = "Tags", split = ";", on_problem = "empty" }
owner = { column = "Owner", find = "name", otherwise = "empty" }
[[entity]]
entity = "contact"
[entity.fields]
name = { column = "Name", on_problem = "default", default = "none" }
given_name = { column = "Name", transforms = ["split_name(given)"], on_problem = "empty" }
email = { column = "Email", on_problem = "empty" }
birth_on = { column = "Date", transforms = ["date(dmy)"], on_problem = "empty" }
mobile = { column = "手机", transforms = ["phone(CN)"], on_problem = "empty" }
"""


@check("file_bombs", promise=31)
def file_bombs(
    new_database: NewDatabase, seed: int, *, names: Collection[str] = tuple(HOSTILE), folder: Path | None = None
) -> Mapping[str, Any]:
    """Read each hostile file in a process of its own; every one must be refused or read within bounds.

    Seconds are those of the processor, so that a machine with other work gives the same verdict.
    """
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        results = dict(_results(Path(scratch), names))
    return _figure(results)


@check("cell_bombs", promise=31)
def cell_bombs(
    new_database: NewDatabase, seed: int, *, names: Collection[str] = tuple(HOSTILE_CELLS)
) -> Mapping[str, Any]:
    """Propose a mapping for each hostile cell, and plan its import, in a process of its own, within bounds.

    The cell stands in every column of the file, so that every sort of field and transform meets it.
    """
    results = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            path = Path(scratch, f"{name}.csv")
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([CELL_COLUMNS, [HOSTILE_CELLS[name]] * len(CELL_COLUMNS)])
            url = new_database()
            with migrated(url):
                pass
            with running(plan_in_bounds, [(url, str(path))]) as (worker,):
                results[name] = _heard(worker)
    return _figure(results)


@check("question_bombs", promise=31)
def question_bombs(
    new_database: NewDatabase, seed: int, *, names: Collection[str] = tuple(QUESTIONS)
) -> Mapping[str, Any]:
    """Ask each hostile question in a process of its own; every one must be refused or answered within bounds.

    What the question itself takes counts as well.
    """
    url = new_database()
    with migrated(url) as crm, crm.acting_as(ADMINISTRATOR) as ws:
        ws.create_many([Account(name=f"海晨 {n}", description="a" * 2_000, employee_count=n) for n in range(200)])
    results = {}
    for name in names:
        with running(ask_in_bounds, [(url, name)]) as (worker,):
            results[name] = _heard(worker)
    return _figure(results)


def _figure(results: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
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
            yield name, _heard(worker)
        path.unlink()


def _heard(worker: Worker) -> Mapping[str, Any]:
    """Let *worker* go, and return what it says; that it died, if it says nothing."""
    worker.pipe.send("go")
    try:
        said: Mapping[str, Any] = worker.hear()
    except RuntimeError:
        return {"outcome": "died", "seconds": _ALLOWED_SECONDS, "bytes": _ALLOWED_BYTES}
    return said


def read_in_bounds(pipe: Connection, path: str) -> None:
    """Read the file at *path* to its end, in a process of its own, and say what came of it."""
    import charset_normalizer  # noqa: F401 - what is loaded once is no cost of a file
    import olefile  # type: ignore[import-untyped] # noqa: F401
    import python_calamine  # noqa: F401

    from pycrm.exchange.reading import open_source

    def read() -> int:
        return sum(1 for table in open_source(path).tables for _ in table.rows())

    _tell(pipe, read, ReadError)


def plan_in_bounds(pipe: Connection, url: str, path: str) -> None:
    """Propose a mapping for the file at *path* and plan with another one, in a process of its own; say what came."""
    import phonenumbers  # noqa: F401 - what is loaded once is no cost of a file

    mapping = read_mapping_text(CELL_MAPPING)
    with opened(url) as crm:

        def work() -> int:
            crm.imports.suggest(ADMINISTRATOR, path, currency="CNY")
            return crm.imports.plan(ADMINISTRATOR, path, mapping).counts.rows

        _tell(pipe, work, PycrmError)


def ask_in_bounds(pipe: Connection, url: str, name: str) -> None:
    """Ask the question *name* of the CRM at *url*, in a process of its own, and say what came of it."""
    with opened(url) as crm, crm.reading_as(ADMINISTRATOR) as reader:
        reader.count(Account, where="name = 'x'")  # what is worked out once is no cost of a question
        list(reader.search("x"))
        _tell(pipe, lambda: QUESTIONS[name](reader), PycrmError)


def _tell(pipe: Connection, work: Callable[[], Any], refusal: type[Exception]) -> None:
    """Do *work* within what is allowed at most, once the check says go, and say what came of it."""
    resource.setrlimit(resource.RLIMIT_CPU, (_ALLOWED_SECONDS, _ALLOWED_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_ALLOWED_BYTES, _ALLOWED_BYTES))
    before = _peak_bytes()
    wait_for_go(pipe)
    start = time.process_time()
    told = ""
    try:
        told = str(work())[:200]
        outcome = "read"
    except refusal as error:
        outcome, told = "refused", str(error)[:200]
    except (Exception, MemoryError) as error:  # noqa: BLE001 - whatever it is, it is the result
        outcome, told = type(error).__name__, str(error)[:200]
    pipe.send(
        {
            "outcome": outcome,
            "told": told,
            "seconds": round(time.process_time() - start, 2),
            "bytes": _peak_bytes() - before,
        }
    )


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
