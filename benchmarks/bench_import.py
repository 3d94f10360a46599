"""What `import pycrm` costs on top of its five libraries."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from benchmarks.measure import Ratio, benchmark, from_pairs

LIBRARIES = "attrs, blinker, marshmallow, pluggy, sqlalchemy"
TIMED = "import time; start = time.process_time(); import {}; print(time.process_time() - start)"


@benchmark("import", bar="<= 1.3", databases=())
def import_pycrm() -> Ratio:
    """CPU seconds of the import statement alone, each in a fresh interpreter, byte code compiled beforehand."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def cpu_seconds(names: str) -> float:
            done = subprocess.run(
                [sys.executable, "-c", TIMED.format(names)], env=environment, capture_output=True, text=True, check=True
            )
            return float(done.stdout)

        cpu_seconds("pycrm"), cpu_seconds(LIBRARIES)
        return from_pairs([(cpu_seconds("pycrm"), cpu_seconds(LIBRARIES)) for _ in range(15)])
