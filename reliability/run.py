"""Run the long proofs and append each result to `reliability.json`; end with 1 if a proof fails.

``python -m reliability.run --checks no_lost_update --database sqlite --seed 1``
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import random
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from reliability.checks import CHECKS, Check
from tools.runs import ENGINES, commit, databases, engines, now

HERE = Path(__file__).resolve().parent


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for and return the exit code."""
    parser = argparse.ArgumentParser(prog="reliability", description=__doc__)
    parser.add_argument("--checks", default="", help="names with commas between them; without it all")
    parser.add_argument("--database", default="both", choices=[*ENGINES, "both"])
    parser.add_argument("--seed", type=int, default=None, help="repeats a run; without it one is drawn and noted")
    parser.add_argument("--output", type=Path, default=HERE.parent / "reliability.json")
    options = parser.parse_args(arguments)

    for path in sorted(HERE.glob("check_*.py")):
        importlib.import_module(f"reliability.{path.stem}")
    names = options.checks.split(",") if options.checks else list(CHECKS)
    if unknown := set(names) - set(CHECKS):
        parser.error(f"no such check: {', '.join(sorted(unknown))}; there are: {', '.join(CHECKS)}")
    seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    with engines(options.database) as available:
        chosen = [(CHECKS[name], engine) for name in names for engine in available]
        results = [_run(check, engine, seed, options.output) for check, engine in chosen]
    return 0 if all(results) else 1


def _run(check: Check, engine: str, seed: int, output: Path) -> bool:
    start = time.perf_counter()
    with databases(engine) as new_database:
        version = _server_version(new_database())
        figure = dict(check.function(new_database, seed))
    entry = {
        "check": check.name,
        "promise": check.promise,
        "database": engine,
        "figure": figure,
        "seed": seed,
        "commit": commit(),
        "when": now(),
        "seconds": round(time.perf_counter() - start, 1),
        "python": platform.python_version(),
        "sqlite" if engine == "sqlite" else "postgresql": version,
    }
    append(output, entry)
    numbers = ", ".join(f"{key} {value}" for key, value in figure.items() if key != "passed")
    verdict = "passed" if figure["passed"] else "FAILED"
    print(f"{verdict}  {check.name} on {engine} in {entry['seconds']} s (seed {seed}): {numbers}", flush=True)
    return bool(figure["passed"])


def append(output: Path, entry: dict[str, Any]) -> None:
    """Add one entry to the JSON list in *output*, which is never seen half written."""
    entries = json.loads(output.read_text("utf-8")) if output.exists() else []
    scratch = output.with_suffix(".tmp")
    scratch.write_text(json.dumps([*entries, entry], indent=2, ensure_ascii=False) + "\n", "utf-8")
    scratch.replace(output)


def _server_version(url: str) -> str:
    if url.startswith("sqlite"):
        return sqlite3.sqlite_version
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            return str(connection.exec_driver_sql("SHOW server_version").scalar_one())
    finally:
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
