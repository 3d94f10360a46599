"""Status fields and ids."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from pycrm.errors import Problem
from pycrm.fields.identifier import IdKind
from pycrm.fields.status import StatusKind
from pycrm.values.lifecycle import Lifecycle, State

KIND = StatusKind(Lifecycle(State("draft"), State("confirmed")))


def test_states_are_taken() -> None:
    """A status is the name of a state."""
    assert KIND.parse("confirmed") == "confirmed"


def test_unknown_state_names_states() -> None:
    """An unknown state is refused with the states and the nearest."""
    with pytest.raises(Problem, match=r"none of the states \['draft', 'confirmed'\]; did you mean 'confirmed'"):
        KIND.parse("confirm")


def test_id_from_text() -> None:
    """An id is a UUID or its text."""
    assert IdKind().parse(str(UUID(int=5))) == UUID(int=5)


@pytest.mark.parametrize("value", ["x", 5, None, b"0" * 16])
def test_id_refuses_others(value: Any) -> None:
    """What is no UUID is refused."""
    with pytest.raises(Problem, match="is no id"):
        IdKind().parse(value)
