"""How far long work has come: one line on standard error with rate and time left, where somebody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

import attrs

from pycrm.cli.table import width
from pycrm.cli.texts import Texts

__all__ = ["Progress", "progress_of"]

SECONDS_BETWEEN = {True: 0.1, False: 5.0}
"""Of two lines, on a terminal, where one takes the other's place, and elsewhere, where they add up."""


@attrs.define
class Progress:
    """Work that is going on. Called with how much of it is done: ``progress(200, 6000)``.

    Attributes:
        what: What is counted, as ``"records"``.
        say: The texts in the user's language.
        stream: Where it is shown; None for nowhere.
        clock: Seconds that only go forward.
    """

    what: str
    say: Texts
    stream: TextIO | None
    clock: Callable[[], float] = time.perf_counter
    _began: float | None = None
    _done_before: int = 0
    _shown_at: float = float("-inf")
    _shown: str = ""
    _waiting: str = ""

    def __call__(self, done: int, total: int | None, seconds_left: float | None = None) -> None:
        """Show that *done* of *total* is done, unless something was shown a moment ago; the last is always shown.

        Args:
            done: How much.
            total: Of how much; None where nobody knows.
            seconds_left: Where they are known by something else than *total*.
        """
        if self.stream is None:
            return
        now = self.clock()
        if self._began is None:
            self._began, self._done_before = now, done
        line = self._line(done, total, now - self._began, seconds_left)
        if now - self._shown_at >= SECONDS_BETWEEN[self.stream.isatty()] or done == total:
            self._shown_at = now
            self._show(line)
        else:
            self._waiting = line

    def clear(self) -> None:
        """Leave a terminal's line to what comes next; elsewhere show how far it came at last."""
        if self.stream is None:
            return
        if not self.stream.isatty() and self._waiting:
            self._show(self._waiting)
        elif self._shown and self.stream.isatty():
            self._show("")

    def _line(self, done: int, total: int | None, seconds: float, seconds_left: float | None) -> str:
        say, facts = self.say, {"what": self.what, "done": done}
        rate = (done - self._done_before) / seconds if seconds else 0
        if total is None:
            if not rate:
                return say("{what}: {done:,}", **facts)
            if seconds_left is None:
                return say("{what}: {done:,}, {rate:,.0f} per second", **facts, rate=rate)
            left = _minutes(seconds_left)
            return say("{what}: {done:,}, {rate:,.0f} per second, {left} left", **facts, rate=rate, left=left)
        if not rate:
            return say("{what}: {done:,} of {total:,}", **facts, total=total)
        left = _minutes((total - done) / rate)
        return say(
            "{what}: {done:,} of {total:,}, {rate:,.0f} per second, {left} left",
            **facts,
            total=total,
            rate=rate,
            left=left,
        )

    def _show(self, line: str) -> None:
        assert self.stream is not None
        if self.stream.isatty():
            self.stream.write(f"\r{' ' * width(self._shown)}\r{line}")
        else:
            self.stream.write(f"{line}\n")
        self.stream.flush()
        self._shown, self._waiting = line, ""


@contextmanager
def progress_of(what: str, say: Texts, *, shown: bool | None) -> Iterator[Progress]:
    """Give the progress of the block's work.

    Args:
        what: What is counted.
        say: The texts in the user's language.
        shown: Whether to show it; None for where standard error is a terminal.
    """
    progress = Progress(what, say, sys.stderr if shown or (shown is None and sys.stderr.isatty()) else None)
    try:
        yield progress
    finally:
        progress.clear()


def _minutes(seconds: float) -> str:
    """Return ``0:07``, ``12:30`` or ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
