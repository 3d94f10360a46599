"""The pages of the reference that a script writes are those that it would write now."""

from __future__ import annotations

import pytest

from tools.reference import outdated

pytestmark = pytest.mark.docs


def test_generated_pages_are_current() -> None:
    """Entities, fields, labels and lifecycles stand in the reference as they are declared."""
    assert outdated() == [], "run python -m tools.reference"
