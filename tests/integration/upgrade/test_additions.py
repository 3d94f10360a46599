"""What is added to a declaration is added to the database, and nobody writes a migration for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from pycrm import CRM, Account, F, NotMigratedError, Principal, User, ValidationError, field

from .conftest import MEI, Release

Upgrade = Callable[..., tuple[CRM, list[str]]]


class TestAdded:
    def test_fields_and_entities(self, upgrade: Upgrade) -> None:
        """New fields, with their indexes and references, and new entities can be used at once by old records too."""
        crm, _ = upgrade(shelf={}, terms={"place": field.text()})
        with crm.acting_as(MEI) as ws:
            old = ws.create(crm.entities["depot.shelf"](name="old"))
            account = ws.create(Account(name="a"))
        declared = {
            "code": field.text(unique=True),
            "made_on": field.date(indexed=True),
            "price": field.money(),
            "account": field.ref(Account, many="shelves"),
            "twin": field.ref("depot.shelf", many="twins"),
            "watchers": field.refs(User),
        }
        terms = {"place": field.text(), "grade": field.choice(["A", "B"], indexed=True), "key": field.text(unique=True)}
        bins = {"shelf": field.ref("depot.shelf", many="bins")}

        crm, done = upgrade(version="1.1", shelf=declared, terms=terms, Bin=bins)

        assert done == [
            "upgraded depot from 1.0 to 1.1",
            *(f"  depot.shelf.{name}: added" for name in declared),
            "  depot.bin: added",
            "  account.depot.grade: added",
            "  account.depot.key: added",
        ]
        shelf, bin = crm.entities["depot.shelf"], crm.entities["depot.bin"]
        with crm.acting_as(MEI) as ws:
            read = ws.get(shelf, old.id)
            values = {"code": "C1", "made_on": date(2026, 3, 1), "price": "EUR 2.50", "account": account, "twin": read}
            ws.update(read, **values)
            ws.create(bin(name="b", shelf=read))
            ws.update(ws.get(Account, account.id), **{"depot.grade": "A", "depot.key": "k"})
            assert ws.find(shelf, made_on=date(2026, 3, 1), code="C1") is not None
            with pytest.raises(ValidationError, match=r"field\.not_unique"), ws.savepoint():
                ws.create(shelf(name="new", code="C1"))
            with pytest.raises(ValidationError, match=r"referred to by 1 depot\.shelf\.account"):
                ws.purge(ws.get(Account, account.id))
        assert crm.migrate() == []

    def test_open_before(self, release: Release) -> None:
        """Until then the newer code opens no unit and says what migrating will do."""
        release(shelf={}).migrate()
        newer = release(version="1.1", shelf={"colour": field.text()})

        told = r"older than the code; call `crm\.migrate.*\nupgraded depot from 1\.0 to 1\.1\n  depot\.shelf\.colour:"
        with pytest.raises(NotMigratedError, match=told), newer.acting_as(MEI):
            pass
        assert newer.migrate(dry_run=True) == ["upgraded depot from 1.0 to 1.1", "  depot.shelf.colour: added"]
        with pytest.raises(NotMigratedError), newer.reading_as(MEI):
            pass

    def test_same_version(self, upgrade: Upgrade) -> None:
        """While a release is being written, its declaration may change without a new number."""
        upgrade(shelf={})

        _, done = upgrade(shelf={"colour": field.text()})
        assert done == ["changed depot 1.0", "  depot.shelf.colour: added"]

    def test_version_alone(self, release: Release, upgrade: Upgrade) -> None:
        """A newer version that declares the same is noted, and works before it is."""
        upgrade(shelf={})
        newer = release(version="1.1", shelf={})
        with newer.acting_as(MEI) as ws:
            ws.create(newer.entities["depot.shelf"](name="s"))

        assert newer.migrate(backup=False) == ["upgraded depot from 1.0 to 1.1"]

    def test_labels_are_the_codes(self, upgrade: Upgrade) -> None:
        """Labels, defaults, titles and lists belong to the code and are no upgrade."""
        upgrade(shelf={"colour": field.text()})

        _, done = upgrade(shelf={"colour": field.text(label={"en": "Tint"}, default="red")})
        assert done == []


class TestFacts:
    def test_indexes_come_and_go(self, upgrade: Upgrade, index_names: Callable[[], set[str]]) -> None:
        """An index follows what the field says: none, one for pages, a unique one."""
        upgrade(shelf={"code": field.text()}, terms={"key": field.text()})
        none = index_names()
        upgrade(shelf={"code": field.text(indexed=True)}, terms={"key": field.text(indexed=True)})
        indexed = index_names()
        upgrade(
            shelf={"code": field.text(unique=True)}, terms={"key": field.text(unique=True)}, unique=[("name", "code")]
        )
        unique = index_names()
        _, done = upgrade(shelf={"code": field.text()}, terms={"key": field.text()})

        assert indexed - none == {"crm_depot_shelf_code_idx", "crm_account_depot_key_doc_idx"}
        assert unique - none == {
            "crm_depot_shelf_code_key",
            "crm_account_depot_key_doc_key",
            "crm_depot_shelf_name_code_key",
        }
        assert index_names() == none
        assert done == [
            "changed depot 1.0",
            "  depot.shelf.code: no longer unique",
            "  depot.shelf: no longer unique by name, code",
            "  account.depot.key: no longer unique",
        ]

    @pytest.mark.parametrize("soft", [True, False])
    def test_softness(self, upgrade: Upgrade, soft: bool, foreign_keys: Callable[[], set[str]]) -> None:
        """A reference becomes soft or hard with the rows, indexes and other references of its table as they were."""
        others = {"twin": field.ref("depot.shelf", many="twins"), "code": field.text(unique=True)}
        crm, _ = upgrade(shelf={"keeper": field.ref(User, many="kept", soft=soft), **others})
        with crm.acting_as(MEI) as ws:
            first = ws.create(crm.entities["depot.shelf"](name="1", code="c"))
            ws.create(crm.entities["depot.shelf"](name="2", twin=first, keeper=first.created_by))

        crm, done = upgrade(version="2", shelf={"keeper": field.ref(User, many="kept", soft=not soft), **others})

        assert done[1:] == ["  depot.shelf.keeper: soft changed"]
        assert foreign_keys() == {"twin"} if not soft else {"twin", "keeper"}
        with crm.acting_as(MEI) as ws:
            shelf = crm.entities["depot.shelf"]
            second = ws.find(shelf, name="2")
            assert (second.twin.id, second.keeper.id) == (first.id, first.created_by.id)  # type: ignore[union-attr]
            with pytest.raises(ValidationError, match=r"field\.not_unique"):
                ws.create(shelf(name="3", code="c"))

    def test_required(self, upgrade: Upgrade) -> None:
        """What becomes required is asked of new records; old ones stay as they are until that field changes."""
        crm, _ = upgrade(shelf={"code": field.text()})
        with crm.acting_as(MEI) as ws:
            old = ws.create(crm.entities["depot.shelf"](name="old"))
        plugin = _with_required_code()

        crm, done = upgrade(plugin)
        assert done == ["upgraded depot from 1.0 to 2.0", "  depot.shelf.code: required of new records"]
        with crm.acting_as(MEI) as ws:
            shelf: Any = crm.entities["depot.shelf"]
            ws.update(ws.get(shelf, old.id), name="changed")
            with pytest.raises(ValidationError, match=r"depot\.shelf\.code: .*field\.required"):
                ws.create(shelf(name="new"))


def _with_required_code() -> Any:
    from pycrm.plugin import Plugin, Record

    plugin = Plugin("depot", version="2.0")

    @plugin.entity(title="name")
    class Shelf(Record):
        name: str = field.text()
        code: str = field.text()

    return plugin


class TestTwoProcesses:
    def test_old_process_is_refused(self, release: Release) -> None:
        """A process that runs while another one upgrades neither reads nor writes by the old definitions."""
        old = release(shelf={"pol": field.text()})
        old.migrate()
        shelf = old.entities["depot.shelf"]
        with old.acting_as(MEI) as ws:
            made = ws.create(shelf(name="s"))
        release(version="1.1", shelf={"place": field.text(was="pol")}).migrate()

        told = r"another process has upgraded (depot in )?this database.*start this .*again"
        for door in (old.acting_as, old.reading_as):
            with pytest.raises(Exception, match=told), door(MEI) as ws:
                ws.get(shelf, made.id)
        with pytest.raises(Exception, match=told), old.acting_as(Principal("bob", roles={"administrator"})) as ws:
            ws.create(Account(name="x"))

    def test_custom_field_of_another_process(self, release: Release) -> None:
        """Custom fields that another process defines are no upgrade."""
        one, other = release(shelf={}), release(shelf={})
        one.migrate()
        with other.acting_as(MEI) as ws:
            ws.count(Account)
        with one.acting_as(MEI) as ws:
            ws.define_field(Account, "region", field.text())

        with other.acting_as(MEI) as ws:
            ws.create(Account(name="a", custom={"region": "east"}))
            assert ws.find(Account, **{"custom.region": "east"}) is not None

    def test_promoted_field(self, upgrade: Upgrade) -> None:
        """A table that has to be made anew keeps the columns of promoted custom fields, filled, kept and indexed."""
        crm, _ = upgrade(shelf={"keeper": field.ref(User, many="kept", soft=True)})
        shelf = crm.entities["depot.shelf"]
        with crm.acting_as(MEI) as ws:
            ws.define_field(shelf, "colour", field.text(), indexed=True)
            ws.create_many([shelf(name=name, custom={"colour": name}) for name in ("red", "blue")])
        crm.promote_field(MEI, shelf, "colour")
        crm.close()

        crm, _ = upgrade(version="2", shelf={"keeper": field.ref(User, many="kept")})
        shelf = crm.entities["depot.shelf"]
        with crm.acting_as(MEI) as ws:
            ws.create(shelf(name="green", custom={"colour": "green"}))
            assert [each.name for each in ws.list(shelf, order_by="custom.colour")] == ["blue", "green", "red"]
            assert ws.count(shelf, where=F.custom.colour == "red") == 1
        assert not [problem for problem in crm.examine() if problem.code.startswith("drift.")]
