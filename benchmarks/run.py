"""Run the benchmarks, print a table and write `bench.json`; end with 1 if a bar is missed.

``python -m benchmarks.run --only import,get --database sqlite``
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.measure import BENCHMARKS, Benchmark, Ratio
from tools.runs import ENGINES, databases, engines, now

HERE = Path(__file__).resolve().parent
HEADINGS = ("name", "database", "figure", "baseline", "unit", "ratio", "bar", "met")
COLUMNS = "{name:<28} {database:<11} {figure:>12} {baseline:>12} {unit:<8} {ratio:>8}  {bar:<10} {met}"


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for and return the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", default="", help="names, or beginnings of names, with commas between them")
    parser.add_argument("--database", default="both", choices=[*ENGINES, "both"])
    parser.add_argument("--output", type=Path, default=HERE.parent / "bench.json")
    options = parser.parse_args(arguments)

    for path in sorted(HERE.glob("bench_*.py")):
        importlib.import_module(f"benchmarks.{path.stem}")
    wanted = tuple(options.only.split(","))
    chosen = [bench for bench in BENCHMARKS.values() if bench.name.startswith(wanted)]
    report: dict[str, Any] = {"when": now(), "machine": machine.describe(), "databases": {}, "results": []}
    print(f"fsync of 4 kB: {report['machine']['fsync_ms']} ms")
    with engines(options.database) as available:
        for engine in available:
            with databases(engine) as new_database:
                settings = report["databases"][engine] = machine.database_settings(new_database())
            print(engine, ", ".join(f"{key} {value}" for key, value in settings.items()))
        print(COLUMNS.format(**{key: key for key in HEADINGS}))
        for bench in chosen:
            if bench.data is None:
                report["results"].extend(_run(bench, available))
        for engine in available:
            report["results"].extend(_run_on_data(chosen, engine))
    options.output.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return 0 if all(result["met"] for result in report["results"]) else 1


def _run(bench: Benchmark, available: Iterable[str]) -> Iterator[dict[str, Any]]:
    if not bench.databases:
        yield _row(bench, "-", bench.function())
    for engine in available:
        if engine in bench.databases:
            with databases(engine) as new_database:
                yield _row(bench, engine, bench.function(new_database()))


def _run_on_data(chosen: Iterable[Benchmark], engine: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of those benchmarks that share data, all of one data in one database."""
    by_data: dict[Callable[[str], None], list[Benchmark]] = {}
    for bench in chosen:
        if bench.data is not None and engine in bench.databases:
            by_data.setdefault(bench.data, []).append(bench)
    for fill, benches in by_data.items():
        with databases(engine) as new_database:
            url = new_database()
            fill(url)
            for bench in benches:
                yield _row(bench, engine, bench.function(url))


def _row(bench: Benchmark, database: str, result: Ratio) -> dict[str, Any]:
    ratio = result.judged if result.baseline else None
    row = {
        "name": bench.name,
        "database": database,
        "figure": result.figure,
        "baseline": result.baseline,
        "unit": result.unit,
        "ratio": ratio,
        "bar": bench.bar,
        "met": bench.is_met(result),
        "beside": dict(result.beside),
    }
    shown = {key: "-" if value is None else value for key, value in row.items()}
    numbers = {key: f"{row[key]:.4g}" for key in ("figure", "baseline", "ratio") if row[key] is not None}
    print(COLUMNS.format(**{**shown, **numbers, "met": "yes" if row["met"] else "NO"}), flush=True)
    if result.beside:
        print(" " * 4 + ", ".join(f"{key} {value:.4g}" for key, value in result.beside.items()), flush=True)
    return row


if __name__ == "__main__":
    sys.exit(main())
