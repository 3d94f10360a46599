"""The garbage collector rests while many records are written."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from pycrm.workspace.garbage import MANY, collection_paused


@pytest.fixture(autouse=True)
def running_collector() -> Iterator[None]:
    """The collector runs before and after each test."""
    gc.enable()
    yield
    gc.enable()


def test_many_records_pause_it() -> None:
    """It rests during the block and runs again after it."""
    with collection_paused(MANY):
        inside = gc.isenabled()

    assert not inside
    assert gc.isenabled()


def test_few_records_do_not() -> None:
    """A single write is over before the collector would notice."""
    with collection_paused(MANY - 1):
        assert gc.isenabled()


def test_error_sets_it_running_again() -> None:
    """Whatever leaves the block, the collector runs afterwards."""
    with pytest.raises(KeyError), collection_paused(MANY):
        raise KeyError

    assert gc.isenabled()


def test_nested_block_leaves_it_to_the_outer_one() -> None:
    """A hook that writes many records inside a batch does not set it running too early."""
    with collection_paused(MANY):
        with collection_paused(MANY):
            pass
        inside = gc.isenabled()

    assert not inside
    assert gc.isenabled()


def test_host_without_collector_keeps_it_off() -> None:
    """A host that switched it off for good finds it off."""
    gc.disable()

    with collection_paused(MANY):
        pass

    assert not gc.isenabled()
