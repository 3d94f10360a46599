"""An upgrade dies at any statement, and the next attempt ends where an uninterrupted one does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.conftest import DATABASES

from reliability.check_upgrade import upgrade_cut, upgrade_stutter


@pytest.mark.slow
@pytest.mark.parametrize("engine", DATABASES)
class TestKilled:
    def test_at_some_statements(self, engine: str, new_database: Callable[[str], str]) -> None:
        """Killed before statements of every part of it: tables, values, steps, uniques, the last notes."""
        figure = upgrade_cut(
            lambda: new_database(engine),
            1,
            choose=lambda statements: [statements * part // 9 for part in (2, 4, 6, 7, 9)],
        )

        assert figure["passed"], figure

    def test_again_and_again(self, engine: str, new_database: Callable[[str], str]) -> None:
        """Killed at every attempt but the last, it still gets there."""
        figure = upgrade_stutter(lambda: new_database(engine), 1, lives=1)

        assert figure["passed"], figure
