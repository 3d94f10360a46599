"""What a benchmark is made of: the decorator that names it, the `Ratio` that it returns, and pairs measured in turn."""

from __future__ import annotations

import operator
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import attrs

Clock = Callable[[], float]
CPU: Clock = time.process_time
WALL: Clock = time.perf_counter

_COMPARE = {"<=": operator.le, ">=": operator.ge}


@attrs.frozen
class Ratio:
    """What was measured.

    Attributes:
        figure: Ours, in *unit*; of several rounds the median.
        baseline: The same work without us, in the same unit; None where the bar is an absolute one.
        unit: Such as ``"s"`` or ``"rows/s"``.
        of_pairs: The median ratio of interleaved pairs, which a drifting machine disturbs less than two medians.
        beside: Further figures of the same run that no bar is held against, by a name that says their unit.
    """

    figure: float
    baseline: float | None = None
    unit: str = "s"
    of_pairs: float | None = None
    beside: Mapping[str, float] = attrs.field(factory=dict)

    @property
    def judged(self) -> float:
        """What the bar is held against: the ratio, or the figure itself where there is no baseline."""
        if self.of_pairs is not None:
            return self.of_pairs
        return self.figure / self.baseline if self.baseline else self.figure


@attrs.frozen
class Benchmark:
    """A named measurement with its bar, as ``"<= 2.0"``, run once per database with the URL of one.

    Attributes:
        data: Fills the empty database, which those with the same data then share; None where it stays empty.
    """

    name: str
    bar: str
    databases: tuple[str, ...]
    function: Callable[..., Ratio]
    data: Callable[[str], None] | None = None

    def is_met(self, result: Ratio) -> bool:
        """Whether *result* keeps to the bar."""
        compare, limit = self.bar.split()
        return bool(_COMPARE[compare](result.judged, float(limit)))


BENCHMARKS: dict[str, Benchmark] = {}


def benchmark(
    name: str,
    *,
    bar: str,
    databases: tuple[str, ...] = ("sqlite", "postgresql"),
    data: Callable[[str], None] | None = None,
) -> Callable[[Callable[..., Ratio]], Callable[..., Ratio]]:
    """Register a function under *name*.

    Args:
        name: Short and unique, as the command line takes it.
        bar: ``"<= 2.0"`` or ``">= 80000"``, held against `Ratio.judged`.
        databases: Where it runs; the function then takes the URL of an empty database.  Without any it takes nothing.
        data: Fills that database first; all benchmarks with the same one run in the same database.
    """

    def register(function: Callable[..., Ratio]) -> Callable[..., Ratio]:
        if name in BENCHMARKS:
            raise ValueError(f"two benchmarks are named {name!r}")
        BENCHMARKS[name] = Benchmark(name, bar, databases, function, data)
        return function

    return register


def pairs(
    ours: Callable[[], Any], baseline: Callable[[], Any], *, rounds: int = 15, clock: Clock = CPU, per: int = 1
) -> Ratio:
    """Run both in turn, *rounds* times after a warm-up, and return the seconds of each and the median of the ratios.

    Args:
        ours: The work through pycrm.
        baseline: The same work without it.
        rounds: How many pairs; which of the two goes first alternates.
        clock: `CPU` counts this process only, `WALL` the database's share too.
        per: How many items one call works on; the seconds are divided by it.
    """
    ours(), baseline()
    timed: list[tuple[float, float]] = []
    for turn in range(rounds):
        if turn % 2:
            theirs, own = seconds(baseline, clock), seconds(ours, clock)
        else:
            own, theirs = seconds(ours, clock), seconds(baseline, clock)
        timed.append((own, theirs))
    return from_pairs(timed, per=per)


def from_pairs(timed: list[tuple[float, float]], *, per: int = 1, unit: str = "s") -> Ratio:
    """Return the medians of measured pairs (ours, baseline) and the median of their ratios."""
    return Ratio(
        figure=statistics.median(own for own, _ in timed) / per,
        baseline=statistics.median(theirs for _, theirs in timed) / per,
        unit=unit,
        of_pairs=statistics.median(own / theirs for own, theirs in timed),
    )


def seconds(work: Callable[[], Any], clock: Clock = CPU) -> float:
    """Return how long one call takes by *clock*."""
    start = clock()
    work()
    return clock() - start
