"""Indexes over several fields through releases: those that code declares, and those that somebody defined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pycrm import CRM, Account, User, field
from pycrm.plugin import Plugin

from .conftest import MEI, Release

Upgrade = Callable[..., tuple[CRM, list[str]]]
SHELF = {"hall": field.text(), "rack": field.integer(), "amount": field.money()}


def lists(names: set[str]) -> set[str]:
    """Return the indexes over several fields without their marks."""
    return {name.rpartition("_")[0] for name in names if "_list_" in name}


def drift(crm: CRM) -> list[str]:
    return [problem.code for problem in crm.examine() if problem.code.startswith("drift.")]


class TestDeclared:
    def test_come_and_go(self, upgrade: Upgrade, index_names: Callable[[], set[str]]) -> None:
        """A release brings them, another one has other directions, the next none."""
        upgrade(shelf=SHELF)
        _, brought = upgrade(shelf=SHELF, indexes=["hall, rack"])
        with_one = lists(index_names())
        crm, turned = upgrade(shelf=SHELF, indexes=["hall, rack DESC", "amount DESC, hall"])
        with_two, well = lists(index_names()), drift(crm)
        _, gone = upgrade(shelf=SHELF)

        assert brought[1:] == ["  depot.shelf: indexed by hall, rack"]
        assert with_one == {"crm_depot_shelf_hall_rack_list"}
        assert turned[1:] == [
            "  depot.shelf: indexed by amount DESC, hall",
            "  depot.shelf: indexed by hall, rack DESC",
            "  depot.shelf: no longer indexed by hall, rack",
        ]
        assert with_two == {"crm_depot_shelf_hall_rack_list", "crm_depot_shelf_amount_hall_list"}
        assert well == []
        assert gone[1:] == [
            "  depot.shelf: no longer indexed by amount DESC, hall",
            "  depot.shelf: no longer indexed by hall, rack DESC",
        ]
        assert lists(index_names()) == set()

    def test_of_a_new_database(self, upgrade: Upgrade) -> None:
        """It is there from the beginning, and known."""
        crm, _ = upgrade(shelf=SHELF, indexes=["hall, rack desc", "hall, rack DESC, id DESC"])

        assert drift(crm) == []
        with crm.reading_as(MEI) as reader:
            (index,) = reader.indexes(crm.entities["depot.shelf"])
            assert (index.text, index.owner) == ("hall, rack DESC", "depot")

    def test_renamed_fields(self, upgrade: Upgrade, index_names: Callable[[], set[str]]) -> None:
        """A field that is renamed takes its index along."""
        upgrade(shelf={"pol": field.text(), "rack": field.integer()}, indexes=["pol, rack DESC"])

        crm, done = upgrade(shelf={"port": field.text(was="pol"), "rack": field.integer()}, indexes=["port, rack DESC"])

        assert done[1:] == ["  depot.shelf.port: renamed from pol"]
        assert lists(index_names()) == {"crm_depot_shelf_port_rack_list"}
        assert drift(crm) == []

    def test_missing_plugin(self, upgrade: Upgrade, release: Release) -> None:
        """While its code is missing the entity is as it was, and so it is when it is back."""
        upgrade(shelf=SHELF, indexes=["hall, rack"])
        without = release(Plugin("other"))
        without.migrate(backup=False)

        assert drift(without) == []
        back, done = upgrade(shelf=SHELF, indexes=["hall, rack"])
        assert done == []
        assert drift(back) == []


class TestDefined:
    def test_over_renamed_fields(self, upgrade: Upgrade, index_names: Callable[[], set[str]]) -> None:
        """Columns and keys of documents that are renamed: the definition names them as they are called now."""
        crm, _ = upgrade(shelf={"pol": field.text()}, terms={"place": field.text()})
        with crm.acting_as(MEI) as ws:
            ws.define_index(crm.entities["depot.shelf"], "pol DESC, name")
            ws.define_index(Account, "depot.place, name")
            ws.create(Account(name="a"))

        crm, _ = upgrade(version="1.1", shelf={"port": field.text(was="pol")}, terms={"spot": field.text(was="place")})

        assert drift(crm) == []
        assert lists(index_names()) == {"crm_depot_shelf_port_name_list", "crm_account_depot_spot_name_list"}
        with crm.reading_as(MEI) as reader:
            assert [str(index) for index in reader.indexes(Account)] == ["depot.spot, name"]
            assert [str(index) for index in reader.indexes(crm.entities["depot.shelf"])] == ["port DESC, name"]

    def test_declared_later(self, upgrade: Upgrade, index_names: Callable[[], set[str]]) -> None:
        """What a release brings was defined before: there is one index, as long as anybody wants it."""
        crm, _ = upgrade(shelf=SHELF)
        with crm.acting_as(MEI) as ws:
            ws.define_index(crm.entities["depot.shelf"], "hall, rack")
        crm, _ = upgrade(version="1.1", shelf=SHELF, indexes=["hall, rack"])
        with crm.reading_as(MEI) as reader:
            assert [index.owner for index in reader.indexes(crm.entities["depot.shelf"])] == ["depot"]
        assert drift(crm) == []

        crm, _ = upgrade(version="1.2", shelf=SHELF)

        assert lists(index_names()) == {"crm_depot_shelf_hall_rack_list"}
        assert drift(crm) == []

    def test_tables_made_anew(self, upgrade: Upgrade) -> None:
        """SQLite makes a table anew for a foreign key; its indexes are those that it had."""
        crm, _ = upgrade(shelf={"keeper": field.ref(User, many="kept", soft=True), **SHELF}, indexes=["hall, rack"])
        with crm.acting_as(MEI) as ws:
            shelf: Any = crm.entities["depot.shelf"]
            ws.define_field(shelf, "grade", field.text())
            ws.define_index(shelf, "hall, custom.grade, amount DESC")

        crm, _ = upgrade(version="1.1", shelf={"keeper": field.ref(User, many="kept"), **SHELF}, indexes=["hall, rack"])

        assert drift(crm) == []
