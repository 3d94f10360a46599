"""How far an import has come, while it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

import attrs

from pycrm.exchange.importing.outcome import Counts

__all__ = ["OnProgress", "Progress", "Stopwatch"]


@attrs.frozen
class Progress:
    """How far it has come, told after each batch.

    Attributes:
        counts: Of all rows so far, those before an interruption too.
        rate: Rows per second, of this process.
        of: How many rows there are, where somebody has counted them.
        seconds_left: At this rate; None where neither the rows nor the lines of the source are counted.
    """

    counts: Counts
    rate: float
    of: int | None = None
    seconds_left: float | None = None


OnProgress: TypeAlias = Callable[[Progress], object]


class Stopwatch:
    """Measures one process at work on a run."""

    def __init__(self, done: Counts, of: int | None, *, line: int = 0, lines: int | None = None) -> None:
        """Begin to measure.

        Args:
            done: What was done of the run before.
            of: How many rows there are, where somebody has counted them.
            line: Behind which this process begins.
            lines: How many the source has; rows of several lines make this more than its rows.
        """
        self._before = done.rows
        self._of = of
        self._line = line
        self._lines = lines
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        """How long it has worked."""
        return time.perf_counter() - self._start

    def progress(self, counts: Counts, line: int = 0) -> Progress:
        """Return what to tell after rows with these *counts* in all, the last of which begins at *line*."""
        rate = (counts.rows - self._before) / max(self.seconds, 1e-9)
        left = None if self._of is None or not rate else max(self._of - counts.rows, 0) / rate
        if left is None and self._lines is not None and line > self._line:
            left = self.seconds * max(self._lines - line, 0) / (line - self._line)
        return Progress(counts, rate, self._of, left)
