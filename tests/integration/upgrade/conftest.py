"""A plugin ``depot`` that is declared anew for each release, and databases that one release after the other opens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from pycrm import CRM, Account, Principal, field
from pycrm.fields.field import Field
from pycrm.plugin import Extension, Migration, Plugin, Record
from reliability.structure import structure

MEI = Principal("mei", roles={"administrator"})
Release = Callable[..., CRM]
Steps = Sequence[Callable[[Migration], None]]


def depot(
    version: str = "1.0",
    *,
    shelf: Mapping[str, Any] | None = None,
    unique: Sequence[tuple[str, ...]] = (),
    terms: Mapping[str, Any] | None = None,
    steps: Mapping[str, Steps] | None = None,
    indexes: Sequence[str] = (),
    **entities: Mapping[str, Any],
) -> Plugin:
    """Return the plugin in one release.

    Args:
        version: Of the release.
        shelf: The fields of its entity ``depot.shelf`` beside `name`; None for a release without it.
        unique: What is unique in it over several fields.
        terms: The fields that it adds to accounts.
        steps: Its own steps by release.
        indexes: Those of `depot.shelf` over several fields.
        entities: The fields of further entities beside `name`, by class name.
    """
    plugin = Plugin("depot", version=version)
    if shelf is not None:
        plugin.entity(title="name", unique=list(unique), indexes=indexes)(
            _class("Shelf", Record, {"name": field.text(), **shelf})
        )
    for name, fields in entities.items():
        plugin.entity(title="name")(_class(name, Record, {"name": field.text(), **fields}))
    if terms:
        plugin.extend(Account)(_class("Terms", Extension, terms))
    for release, functions in (steps or {}).items():
        for function in functions:
            plugin.migration(release)(function)
    return plugin


def _class(name: str, base: type, fields: Mapping[str, Any]) -> type[Any]:
    annotations = {path: "str" if path == "name" else "Any | None" for path in fields}
    assert all(isinstance(each, Field) for each in fields.values())
    return type(name, (base,), {**fields, "__annotations__": annotations, "__module__": __name__})


@pytest.fixture
def release(database_url: str) -> Iterator[Release]:
    """A function that opens the database with one release of the depot, or the plugins given; all are closed later."""
    opened: list[CRM] = []

    def make(*plugins: Plugin, **declared: Any) -> CRM:
        crm = CRM(database_url, plugins=plugins or [depot(**declared)])
        opened.append(crm)
        return crm

    yield make
    for crm in opened:
        crm.close()


@pytest.fixture
def upgrade(release: Release) -> Callable[..., tuple[CRM, list[str]]]:
    """A function that opens the next release, migrates, and returns it with what was done, without the copy."""

    def make(*plugins: Plugin, **declared: Any) -> tuple[CRM, list[str]]:
        crm = release(*plugins, **declared)
        return crm, crm.migrate(backup=False)

    return make


@pytest.fixture
def index_names(database_url: str) -> Callable[[], set[str]]:
    """A function that returns the names of all indexes of depot and accounts."""

    def read() -> set[str]:
        tables = structure(database_url)
        return {*tables["crm_depot_shelf"]["indexes"], *tables["crm_account"]["indexes"]}

    return read


@pytest.fixture
def foreign_keys(database_url: str) -> Callable[[], set[str]]:
    """A function that returns the columns of shelves that have a foreign key."""

    def read() -> set[str]:
        keys = structure(database_url)["crm_depot_shelf"]["foreign keys"]
        return {key[0][0] for key in keys if key is not True}

    return read
