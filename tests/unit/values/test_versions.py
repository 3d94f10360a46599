"""Versions are compared by their release numbers."""

from __future__ import annotations

import pytest

from pycrm.values.versions import release_of


@pytest.mark.parametrize(
    ("version", "release"),
    [("1.2", (1, 2)), ("1.2.0", (1, 2)), ("1.2rc1", (1, 2)), ("0.10.1", (0, 10, 1)), ("0", ()), ("unknown", ())],
)
def test_release(version: str, release: tuple[int, ...]) -> None:
    """Zeros at the end and what follows the numbers do not count."""
    assert release_of(version) == release


def test_numbers_not_text() -> None:
    """The tenth release is newer than the ninth."""
    assert release_of("0.10") > release_of("0.9.9")
