"""Several processes at once: rights that are taken away count everywhere, and people with rights work side by side."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.conftest import DATABASES

from reliability.check_load import mixed_load
from reliability.check_revocation import revoked_at_once


@pytest.mark.parametrize("engine", DATABASES)
class TestTogether:
    def test_revoked_at_once(self, engine: str, new_database: Callable[[str], str]) -> None:
        """What a process takes away no other one gives after the commit, be it to read or to write."""
        figure = revoked_at_once(lambda: new_database(engine), 1, races=8, readers=2)

        assert figure["passed"], figure

    def test_mixed_load(self, engine: str, new_database: Callable[[str], str]) -> None:
        """Reading and writing under rights, in several processes, meets no error."""
        figure = mixed_load(lambda: new_database(engine), 1, processes=4, seconds=1, accounts=200, pause=0)

        assert figure["first_errors"] == []
        assert figure["requests"] > 0
