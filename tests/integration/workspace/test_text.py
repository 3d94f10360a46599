"""Text through the door: byte-equal, or refused alike on every database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import DATABASES

from reliability.check_text import nasty_lines, nasty_strings, statement_shape


@pytest.mark.parametrize("engine", DATABASES)
class TestText:
    def test_nasty_strings(self, engine: str, new_database: Callable[[str], str], case: Callable[[str], Path]) -> None:
        """All strings of the public case come back as they went in, from every textual kind of field."""
        strings = nasty_lines(case("nasty-strings").parent)
        assert len(strings) == 515
        figure = nasty_strings(lambda: new_database(engine), 1, strings=strings, generated=50)

        assert figure["passed"], figure

    def test_statement_shape(self, engine: str, new_database: Callable[[str], str]) -> None:
        """No text changes a statement, be it given as a value or as a name."""
        figure = statement_shape(lambda: new_database(engine), 1, payloads=25)

        assert figure["passed"], figure
