"""A database that went through every release consists of the same as one that began with the last."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from sqlalchemy import create_engine
from tests.conftest import DATABASES
from tests.lab import lab

from pycrm import CRM
from pycrm.plugin import Plugin
from pycrm.schema.releases import check_release, read_releases
from pycrm.storage.migration import declared_snapshot
from reliability.depot import RELEASES, fill
from reliability.structure import structure

pytestmark = pytest.mark.slow

New = Callable[[str], str]


@pytest.fixture(params=DATABASES)
def new(request: pytest.FixtureRequest, new_database: New) -> Callable[[], str]:
    """A function that makes one more empty database of one engine."""
    return lambda: new_database(request.param)


def migrate(url: str, *plugins: Plugin) -> None:
    """Bring the database at *url* to what the code and *plugins* declare."""
    crm = CRM(url, plugins=plugins)
    crm.migrate(backup=False)
    crm.close()


@pytest.mark.parametrize("ways", [list(RELEASES), ["1.0", "1.3"], ["1.1", "1.3"]], ids="-".join)
def test_all_releases(new: Callable[[], str], ways: list[str]) -> None:
    """Step by step or at once, with records on the way: columns, keys, uniques and indexes are those of a new one.

    What was parked on the way is left over: its columns, and entities with all they had.
    """
    upgraded, fresh = new(), new()
    for version in ways:
        crm = CRM(upgraded, plugins=[RELEASES[version]()])
        crm.migrate(backup=False)
        if version == "1.0":
            fill(crm)
        crm.close()
    migrate(fresh, RELEASES[ways[-1]]())
    found, expected = structure(upgraded), structure(fresh)

    parked = found["crm_depot_shelf"]["columns"].keys() - expected["crm_depot_shelf"]["columns"].keys()
    assert parked <= {"hall", "rack", "load", "maker"}
    for name in parked:
        del found["crm_depot_shelf"]["columns"][name]
    assert found.keys() - expected.keys() == {"crm_depot_bin"}
    assert found["crm_depot_bin"]["foreign keys"]
    assert {name: found[name] for name in expected} == expected


def test_plugin_that_comes_later(new: Callable[[], str]) -> None:
    """Tables and indexes that come into an existing database are those of a new one."""
    later, fresh = new(), new()
    migrate(later)
    migrate(later, lab)
    migrate(fresh, lab)

    assert structure(later) == structure(fresh)


def test_core_and_built_ins(new: Callable[[], str]) -> None:
    """The core and its own plugins are owners like others: their fields come by the same way."""
    later, fresh = new(), new()
    crm = CRM(later, plugins=[])
    owners = [owner.owner for owner in crm._owners]
    _forget(crm, "account", ("industry", "number"), "contact", ("email",), "team", ("parent",))
    crm.migrate()
    crm.close()

    crm = CRM(later, plugins=[])
    done = crm.migrate(backup=False)
    crm.close()

    assert {line.split()[1] for line in done if line.startswith("changed")} <= set(owners)
    assert {"  account.industry: added", "  contact.email: added", "  team.parent: added"} <= set(done)
    migrate(fresh)
    assert structure(later) == structure(fresh)


def _forget(crm: CRM, *fields: Any) -> None:
    """Let *crm* declare some entities without some fields, as an earlier release might have."""
    entities = dict(crm._base.entities)
    for name, gone in zip(fields[::2], fields[1::2], strict=True):
        kept = {path: field for path, field in entities[name].fields.items() if path not in gone}
        entities[name] = attrs.evolve(entities[name], fields=types.MappingProxyType(kept))
    crm._base = attrs.evolve(crm._base, entities=types.MappingProxyType(entities))
    # Other declarations, as those of another release are: tables are shared between CRMs that have the same.
    owners = [attrs.evolve(each, entities=tuple(map(attrs.evolve, each.entities))) for each in crm._owners]
    crm._declared = attrs.evolve(crm._declared, base=crm._base, owners=owners)


def test_kernel_tables(new: Callable[[], str]) -> None:
    """Columns, indexes and tables that the kernel has got meanwhile are found missing and made."""
    url, fresh = new(), new()
    migrate(fresh)
    older = CRM(url, plugins=[])
    del older._declared.snapshots["core"]["kernel"]  # type: ignore[attr-defined]
    older.migrate()
    older.close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX crm_outbox_unit_idx")
        connection.exec_driver_sql("DROP TABLE crm_sequence")
        connection.exec_driver_sql("ALTER TABLE crm_change DROP COLUMN facts")
    engine.dispose()

    crm = CRM(url, plugins=[])
    assert crm.migrate(backup=False)[1:] == ["  the kernel's own tables: completed"]
    crm.close()
    assert structure(url) == structure(fresh)


def test_releases_are_frozen() -> None:
    """The released snapshots of the proofs' plugin say what its releases declare."""
    assert [release.version for release in read_releases("depot", "reliability.depot")] == list(RELEASES)
    for version, make in RELEASES.items():
        crm = CRM("sqlite://", plugins=[make()])
        check_release("depot", version, "reliability.depot", declared_snapshot(crm.schema, "depot"))
