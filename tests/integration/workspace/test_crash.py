"""A process dies at any moment: batches are whole or absent, and events go with their rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.conftest import DATABASES

from reliability.check_crash import event_iff_commit, kill_batch


@pytest.mark.parametrize("engine", DATABASES)
class TestKilled:
    def test_whole_batches(self, engine: str, new_database: Callable[[str], str]) -> None:
        """No half batch is ever there, and every acknowledged one is."""
        figure = kill_batch(lambda: new_database(engine), 1, kills=5, seconds=0.3)

        assert figure["passed"], figure

    def test_events_with_commits(self, engine: str, new_database: Callable[[str], str]) -> None:
        """An event is in the outbox exactly if its unit was committed, and nobody is told of another."""
        figure = event_iff_commit(lambda: new_database(engine), 1, units=60, kills=2)

        assert figure["passed"], figure
