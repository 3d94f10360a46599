"""What it costs to have a CRM at all."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile

from benchmarks.measure import Ratio, benchmark

ROUNDS = 9
STARTED = """
import json, time
import pycrm_visits
from pycrm import CRM, Account, Principal

def step(work):
    start = time.process_time()
    result = work()
    seconds.append(time.process_time() - start)
    return result

def first_unit():
    with crm.acting_as(Principal("boss", roles={"administrator"})) as ws:
        ws.get(Account, ws.create(Account(name="The first one")).id)

seconds = []
crm = step(lambda: CRM("sqlite://", plugins=[pycrm_visits.plugin]))
step(crm.migrate)
step(first_unit)
print(json.dumps(seconds))
"""


@benchmark("start", bar="<= 0.3", databases=())
def fresh_crm() -> Ratio:
    """CPU seconds of a fresh in-memory CRM with one plugin: made, migrated and used once, in a fresh interpreter.

    The import is over by then. No baseline: the bar is an absolute one. ``first_unit_s`` is the part of the first
    unit, which generates the code that its entity needs. Bytecode is there, as of an installed package.
    """
    with tempfile.TemporaryDirectory() as folder:
        _run(folder)
        runs = [_run(folder) for _ in range(ROUNDS)]
    crm, migrate, first_unit = (statistics.median(steps) for steps in zip(*runs, strict=True))
    return Ratio(
        figure=statistics.median(map(sum, runs)),
        beside={"crm_s": crm, "migrate_s": migrate, "first_unit_s": first_unit},
    )


def _run(bytecode: str) -> list[float]:
    """Return the seconds of each step in a fresh interpreter that keeps its bytecode in the folder *bytecode*."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", STARTED],
        env={**environment, "PYTHONPYCACHEPREFIX": bytecode},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds: list[float] = json.loads(done.stdout)
    return seconds
