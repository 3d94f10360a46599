"""Which versions of the engines have which known fault."""

from __future__ import annotations

from datetime import date

import pytest

from pycrm.storage.checkup.hazards import postgresql_version_hazards, sqlite_version_hazards

DAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("version", "codes"),
    [
        ("3.34.1", ["engine.too_old", "engine.wal_reset"]),
        ("3.40.1", ["engine.wal_reset"]),
        ("3.44.5", ["engine.wal_reset"]),
        ("3.44.6", []),
        ("3.45.0", ["engine.wal_reset"]),
        ("3.50.6", ["engine.wal_reset"]),
        ("3.50.7", []),
        ("3.51.0", ["engine.wal_reset"]),
        ("3.51.2", ["engine.wal_reset"]),
        ("3.51.3", []),
        ("3.53.0", []),
        ("4.0.0", []),
    ],
)
def test_sqlite(version: str, codes: list[str]) -> None:
    """The fault is in all releases up to 3.51.2 but the two branches that were mended, too."""
    assert [hazard.code for hazard in sqlite_version_hazards(version)] == codes


@pytest.mark.parametrize(
    ("version", "codes"),
    [
        ("9.6.12", ["engine.statistics_leak", "engine.unmaintained"]),
        ("10.8", ["engine.unmaintained"]),
        ("11.2", ["engine.statistics_leak", "engine.unmaintained"]),
        ("13.22", ["engine.unmaintained"]),
        ("14.18 (Ubuntu 14.18-0ubuntu0.22.04.1)", ["engine.statistics_leak"]),
        ("15.13", ["engine.statistics_leak"]),
        ("15.14", []),
        ("17.5", ["engine.statistics_leak"]),
        ("17.6", []),
        ("18.0", []),
        ("19devel", []),
        ("unknown", []),
    ],
)
def test_postgresql(version: str, codes: list[str]) -> None:
    """Statistics leaked until a minor release of each branch; old branches get no more fixes."""
    assert [hazard.code for hazard in postgresql_version_hazards(version, DAY)] == codes


def test_end_of_life_comes_with_its_day() -> None:
    """A release is maintained until the day that the project names."""
    before, after = (list(postgresql_version_hazards("14.23", day)) for day in (date(2026, 11, 11), date(2026, 11, 12)))

    assert before == []
    assert [hazard.code for hazard in after] == ["engine.unmaintained"]


def test_message_names_the_cure() -> None:
    """The release to upgrade to is part of the sentence."""
    (hazard,) = postgresql_version_hazards("16.3", DAY)

    assert "CVE-2025-8713" in hazard.message
    assert "16.10 or newer" in hazard.message
