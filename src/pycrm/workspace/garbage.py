"""Letting the garbage collector rest while many records are written.

Records on their way through the door are not garbage, yet there is enough of them to make Python's collector look
through all objects of the process several times: a sixth of the time of writing 100,000 records.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collection_paused"]

MANY = 1_000


@contextmanager
def collection_paused(count: int) -> Iterator[None]:
    """Collect no cycles during the block if it handles *count* records or more than a few; reference counts go on.

    Several threads may be in such blocks: whoever found the collector running sets it running again.
    """
    if count < MANY or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
