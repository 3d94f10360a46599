"""What `import pycrm` costs, against its five libraries."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile

import attrs

from benchmarks.measure import Ratio, benchmark, from_pairs

LIBRARIES = "import attrs, blinker, marshmallow, pluggy, sqlalchemy"
PYCRM = "import pycrm"
# Names are imported when they are asked for; this is what a program pays that opens a CRM.
WITH_CRM = "from pycrm import CRM"
TIMED = "import time; start = time.process_time(); {}; print(time.process_time() - start)"


@benchmark("import", bar="<= 1.3", databases=())
def import_pycrm() -> Ratio:
    """CPU seconds of the import statement alone, each in a fresh interpreter, byte code compiled beforehand."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def cpu_seconds(statement: str) -> float:
            done = subprocess.run(
                [sys.executable, "-c", TIMED.format(statement)],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
            return float(done.stdout)

        statements = (PYCRM, LIBRARIES, WITH_CRM)
        for statement in statements:
            cpu_seconds(statement)
        rounds = [tuple(map(cpu_seconds, statements)) for _ in range(15)]
    ratio = from_pairs([(ours, libraries) for ours, libraries, _ in rounds])
    with_crm = statistics.median(opened / libraries for _, libraries, opened in rounds)
    return attrs.evolve(ratio, beside={"ratio with CRM": with_crm})


EVERYTHING = """
import resource, time
start = time.process_time()
import pycrm, pycrm.plugin
for name in pycrm.__all__:
    getattr(pycrm, name)
pycrm.CRM("sqlite://", plugins=[])
print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@benchmark("import_everything", bar="<= 0.5", databases=())
def import_everything() -> Ratio:
    """CPU seconds to import every public name and to assemble a CRM on SQLite, in a fresh interpreter.

    ``peak_mib`` is the most memory that such a process has had; 65 is the bar that we set ourselves.
    """
    runs = []
    for _ in range(9):
        done = subprocess.run([sys.executable, "-c", EVERYTHING], capture_output=True, text=True, check=True)
        runs.append(tuple(map(float, done.stdout.split())))
    cpu, memory = (statistics.median(figures) for figures in zip(*runs, strict=True))
    return Ratio(figure=cpu, beside={"peak_mib": memory})
