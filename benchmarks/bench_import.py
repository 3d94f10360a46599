"""What `import pycrm` costs, against its five libraries."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
    statements = (PYCRM, LIBRARIES, WITH_CRM)
    with _interpreter() as run:
        for statement in statements:
            run(TIMED.format(statement))
        rounds = [tuple(float(run(TIMED.format(statement))) for statement in statements) for _ in range(15)]
    ratio = from_pairs([(ours, libraries) for ours, libraries, _ in rounds])
    with_crm = statistics.median(opened / libraries for _, libraries, opened in rounds)
    return attrs.evolve(ratio, beside={"ratio with CRM": with_crm})


EVERYTHING = """
import re, time
from pathlib import Path
start = time.process_time()
import pycrm, pycrm.plugin
for name in pycrm.__all__:
    getattr(pycrm, name)
pycrm.CRM("sqlite://", plugins=[])
seconds = time.process_time() - start
print(seconds, int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024)
"""


@benchmark("import_everything", bar="<= 0.5", databases=())
def import_everything() -> Ratio:
    """CPU seconds to import every public name and to assemble a CRM on SQLite, as `import` measures its statement.

    ``peak_mib`` is the most memory that such a process has had; 65 is the bar that we set ourselves. Linux's ``VmHWM``
    is read, for ``ru_maxrss`` begins with that of the parent process.
    """
    with _interpreter() as run:
        run(EVERYTHING)
        runs = [tuple(map(float, run(EVERYTHING).split())) for _ in range(15)]
    cpu, memory = (statistics.median(figures) for figures in zip(*runs, strict=True))
    return Ratio(figure=cpu, beside={"peak_mib": memory})


@contextmanager
def _interpreter() -> Iterator[Callable[[str], str]]:
    """Yield a function that runs code in a fresh interpreter and returns its output; all share one folder of byte code.

    As of an installed package, whatever the environment says of writing it.
    """
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def run(code: str) -> str:
            command = [sys.executable, "-c", code]
            return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

        yield run
