"""Ids: layout, order and independence."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID, SafeUUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.values import ids
from pycrm.values.ids import id_from_bytes, new_id


def test_new_id_layout() -> None:
    """An id is a UUIDv7: milliseconds first, then version and variant."""
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000

    assert (made.version, made.variant, made.is_safe) == (7, RFC_4122, SafeUUID.unknown)
    assert before <= made.int >> 80 <= after + 1


def test_new_ids_ascend() -> None:
    """Ids of one process ascend, within a millisecond too."""
    made = [new_id() for _ in range(20_000)]

    assert made == sorted(set(made))


def test_clock_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is set back does not make ids descend."""
    first = new_id()
    monkeypatch.setattr(ids, "_nanoseconds", lambda: 0)

    assert new_id() > first


def test_full_counter_borrows_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    """A counter that overflows goes on in the next millisecond."""
    state = ids._State()
    state.last = (5 << 42) | (2**42 - 1)
    monkeypatch.setattr(ids, "_state", state)
    monkeypatch.setattr(ids, "_nanoseconds", lambda: 5_000_000)

    made = new_id()

    assert (made.int >> 80, made.version, made.variant) == (6, 7, RFC_4122)


def test_new_ids_differ_between_threads() -> None:
    """Threads never get the same id."""
    with ThreadPoolExecutor(4) as pool:
        made = [made for batch in pool.map(lambda _: [new_id() for _ in range(2_000)], range(8)) for made in batch]

    assert len(set(made)) == 16_000


def test_reset_forgets_tails() -> None:
    """What a forked child does first leaves it no random number of its parent's."""
    state = ids._State()
    state.refill()
    state.reset()

    assert (state.last, next(state.tails, None), state.lock.locked()) == (0, None, False)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is a matter of POSIX")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_child_differs() -> None:
    """A forked child makes other ids than its parent."""
    new_id()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, b"".join(new_id().bytes for _ in range(50)))
        finally:  # whatever happens, the child must not go on with the tests
            os._exit(0)
    os.waitpid(child, 0)
    data = os.read(reading, 800)
    os.close(reading)
    os.close(writing)
    theirs = {id_from_bytes(data[start : start + 16]).int & (2**32 - 1) for start in range(0, 800, 16)}

    assert len(theirs) == 50
    assert not theirs & {new_id().int & (2**32 - 1) for _ in range(50)}


@given(st.binary(min_size=16, max_size=16))
def test_id_from_bytes(data: bytes) -> None:
    """The fast way makes the UUID that the constructor makes."""
    made = id_from_bytes(data)

    assert made == UUID(bytes=data)
    assert (made.bytes, str(made), hash(made)) == (data, str(UUID(bytes=data)), hash(UUID(bytes=data)))


def test_id_from_bytes_is_complete() -> None:
    """An id made the fast way can be copied, compared and printed like any other."""
    plain = uuid4()
    made = id_from_bytes(plain.bytes)

    assert (made.is_safe, repr(made), type(made)) == (SafeUUID.unknown, repr(plain), UUID)
