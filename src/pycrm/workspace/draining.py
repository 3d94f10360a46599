"""Working off a queue portion by portion, where that pays by two threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

__all__ = ["drain"]

HELPED_FROM = 2_000
"""A first part that is smaller was the last one, or so small that a thread would cost more than it does."""

_log = logging.getLogger("pycrm.search")


def drain(portion: Callable[[], int], *, is_helped: bool, on_progress: Callable[[int], object] | None = None) -> int:
    """Call *portion* until it has done nothing and return how much it did altogether.

    Args:
        portion: Does the next part and returns how much that was.
        is_helped: If there is much to do a second thread calls *portion* too, until nothing is left or it fails: what
            it then gave back is done, or fails, here.
        on_progress: Called in this thread, after each part that was done in it, with how much was done so far.
    """
    done = _Done()
    helper = _Helper(portion, done) if is_helped else None
    try:
        while count := portion():
            done.add(count)
            if helper is not None and not helper.is_begun and count >= HELPED_FROM:
                helper.start()
            if on_progress is not None:
                on_progress(done.count)
    finally:
        if helper is not None:
            helper.finish()
    if helper is not None and helper.has_failed:
        done.add(drain(portion, is_helped=False))
    return done.count


class _Done:
    """How much was done, by whichever thread."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        with self._lock:
            self.count += count


class _Helper(threading.Thread):
    """The second thread.

    Attributes:
        has_failed: What it did last was given back.
    """

    def __init__(self, portion: Callable[[], int], done: _Done) -> None:
        super().__init__(name="pycrm search index", daemon=True)
        self._portion = portion
        self._done = done
        self._is_asked_to_end = False
        self.has_failed = False

    @property
    def is_begun(self) -> bool:
        """Whether it was started."""
        return self.ident is not None

    def run(self) -> None:
        try:
            while not self._is_asked_to_end and (count := self._portion()):
                self._done.add(count)
        except Exception:  # noqa: BLE001 - its part waits again, for the thread that started this one
            self.has_failed = True
            _log.warning("the second thread that indexes has failed; the first goes on alone", exc_info=True)

    def finish(self) -> None:
        """Let the part end that is being done and no further one begin."""
        self._is_asked_to_end = True
        if self.is_begun:
            self.join()
