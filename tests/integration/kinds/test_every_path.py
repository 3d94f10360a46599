"""Values of every kind through every path, in short; the long form is in `reliability`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.conftest import DATABASES

from pycrm import CRM
from reliability.check_kinds import GIVEN_BY_US, kinds_on_every_path, validators_agree
from reliability.kind_values import KINDS

DIGESTS: dict[str, str] = {}


@pytest.mark.parametrize("engine", DATABASES)
def test_every_path(engine: str, new_database: Callable[[str], str]) -> None:
    """What is written by any path is read as it was, and alike on both databases."""
    figure = kinds_on_every_path(lambda: new_database(engine), 7, records=24)

    assert figure["passed"], figure
    assert set(DIGESTS.values()) <= {figure["digest"]}
    DIGESTS[engine] = figure["digest"]


def test_validators_agree(new_database: Callable[[str], str]) -> None:
    """The border and the generated parser take and refuse the same, with the same problems."""
    figure = validators_agree(lambda: new_database("sqlite"), 7, inputs=1_500)

    assert figure["passed"], figure


def test_no_kind_is_left_out() -> None:
    """Every kind that takes values from a caller has a maker of random ones."""
    made = {declared.kind.name for declared, _ in KINDS.values()}

    assert made == CRM("sqlite://", plugins=[]).schema.kinds.keys() - GIVEN_BY_US
