"""Migrating: what is missing is created, what is gone is parked; upgrades have tests of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import DATABASES
from tests.lab import BOB, MEI, LabTerms, Sample, lab, sample

from pycrm import CRM, Account, Pipeline, Stage, User, ValidationError, field
from pycrm.errors import HookFailedError, NotMigratedError
from pycrm.plugin import Extension, Plugin, Record, Workspace

from .conftest import Open


def make_plugin(version: str = "1.0", **fields: Any) -> Plugin:
    """Return the plugin ``depot`` with an entity ``shelf``; *fields* replace or extend what it declares."""
    plugin = Plugin("depot", version=version)
    declared = {"name": field.text(), "account": field.ref(Account, many="shelves"), **fields}
    annotations = {"name": "str", "account": "OptRef[Account]", **dict.fromkeys(fields.keys() - {"name"}, "str | None")}
    body = {**declared, "__annotations__": annotations, "__module__": __name__}
    plugin.entity(title="name")(type("Shelf", (Record,), body))

    @plugin.extend(Account)
    class Terms(Extension):
        place: str | None = field.text(indexed=True)

    return plugin


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> str:
    """The URL of an empty database."""
    return new_database(request.param)


class TestNew:
    def test_creates_everything(self, url: str, open_crm: Open) -> None:
        """A new database gets every table and the default pipeline; migrating again does nothing."""
        crm = open_crm(url)
        done = crm.migrate()

        owners = ["core", "activities", "kinds", "lab", "parties", "products", "sales"]
        assert [line.split()[1] for line in done] == owners
        assert crm.migrate() == []
        with crm.reading_as(MEI) as reader:
            (pipeline,) = reader.list(Pipeline)
            stages = reader.list(Stage, order_by="position")
        assert (pipeline.name, pipeline.is_default) == ("Sales", True)
        assert [(stage.name, str(stage.probability_ratio), stage.outcome) for stage in stages] == [
            ("Qualification", "0.1", "open"),
            ("Proposal", "0.3", "open"),
            ("Negotiation", "0.6", "open"),
            ("Won", "1", "won"),
            ("Lost", "0", "lost"),
        ]

    def test_unmigrated(self, url: str, open_crm: Open) -> None:
        """A database that was never migrated says what to do."""
        for door in (open_crm(url).acting_as, open_crm(url).reading_as):
            with pytest.raises(NotMigratedError, match=r"run `crm\.migrate\(\)` or `pycrm migrate`"), door(MEI):
                pass

    def test_before_migrated_by_other(self, url: str, open_crm: Open) -> None:
        """A CRM that was refused works as soon as another has migrated the database."""
        early = open_crm(url)
        with pytest.raises(NotMigratedError), early.acting_as(MEI):
            pass
        open_crm(url).migrate()

        with early.acting_as(MEI) as ws:
            assert ws.create(sample()).version == 1


class TestNewPlugin:
    def test_installed_later(self, crm: CRM, crm_url: str, open_crm: Open, keep_structure: None) -> None:
        """A plugin that comes later gets its tables and indexes; what was there stays."""
        with crm.acting_as(MEI) as ws:
            account = ws.create(Account(name="x"))
        plugin = make_plugin()
        later = open_crm(crm_url, [lab, plugin])
        with pytest.raises(NotMigratedError, match="does not know depot yet"), later.acting_as(MEI):
            pass

        assert later.migrate(backup=False) == ["installed depot 1.0: depot.shelf"]
        shelf = later.entities["depot.shelf"]
        with later.acting_as(MEI) as ws:
            ws.create(shelf(name="s", account=account))
            ws.update(ws.get(Account, account.id), **{"depot.place": "hall"})
            assert ws.find(Account, **{"depot.place": "hall"}) is not None

    def test_install_hook(self, url: str, open_crm: Open) -> None:
        """A plugin's first records are written once, under its own name."""
        plugin = make_plugin()

        @plugin.on_install
        def fill(ws: Workspace) -> None:
            ws.create(crm.entities["depot.shelf"](name="first"))

        crm = open_crm(url, [plugin])
        crm.migrate()
        crm.migrate()
        with crm.reading_as(MEI) as reader:
            (made,) = reader.list(crm.entities["depot.shelf"], include="created_by")
        assert made.created_by.record.key == "plugin:depot"  # type: ignore[attr-defined]

    def test_failing_install_hook(self, url: str, open_crm: Open) -> None:
        """If a plugin's install hook raises, it is named and nothing is migrated."""
        plugin = make_plugin()

        @plugin.on_install
        def fail(ws: Workspace) -> None:
            ws.create(crm.entities["depot.shelf"](name="half"))
            raise KeyError("boom")

        crm = open_crm(url, [plugin])
        with pytest.raises(HookFailedError, match=r"plugin 'depot'.*boom"):
            crm.migrate()
        with pytest.raises(NotMigratedError), crm.acting_as(MEI):
            pass


class TestParked:
    """A plugin whose code is missing: its data stays, readable where it hangs on others."""

    @pytest.fixture
    def bare(self, crm: CRM, crm_url: str, open_crm: Open) -> CRM:
        """The same database, opened without the laboratory, that has left data in it."""
        with crm.acting_as(MEI) as ws:
            account = ws.create(Account(name="used"))
            account[LabTerms].text = "kept"
            account[LabTerms].refs = [account.created_by]
            ws.update(account)
            ws.create(sample(code="kept", account=account, watchers=[account.created_by]))
            ws.delete(ws.create(sample(code="binned", account=ws.create(Account(name="used from the bin")))))
        return open_crm(crm_url, [])

    def test_opens(self, bare: CRM) -> None:
        """The CRM opens, and says what is parked."""
        with bare.reading_as(MEI) as reader:
            assert reader.count(Account) == 2

        assert dict(bare.parked) == {"lab": "1.0"}
        assert bare.migrate() == []

    def test_fields_readable(self, bare: CRM) -> None:
        """Its fields show as parked and stay readable; they are not written."""
        with bare.acting_as(MEI) as ws:
            account = ws.find(Account, name="used")
            assert account is not None
            assert bare.schema.entity(Account).fields["lab.text"].parked
            assert account.get_document_value("lab.text") == "kept"
            assert account.get_document_value("lab.refs") == (account.created_by.id,)
            with pytest.raises(ValidationError, match=r"field\.parked"):
                ws.update(account, **{"lab.text": "changed"})
            ws.update(account, industry="textiles")

        with bare.reading_as(MEI) as reader:
            read = reader.find(Account, name="used")
            assert read is not None
            assert (read.industry, read.get_document_value("lab.text")) == ("textiles", "kept")

    @pytest.mark.parametrize("name", ["used", "used from the bin"])
    def test_purge_refused(self, bare: CRM, name: str) -> None:
        """What a parked table refers to is not purged; the plugin is named."""
        with bare.acting_as(MEI) as ws:
            account = ws.find(Account, name=name)
            assert account is not None
            with pytest.raises(ValidationError, match=r"lab\.sample\.account \(parked: the plugin 'lab' is not"):
                ws.purge(account)

    def test_purge_refused_for_links(self, bare: CRM) -> None:
        """Nor what a parked multi-reference leads to."""
        with bare.acting_as(BOB) as ws:
            mei = ws.find(User, key="mei")
            assert mei is not None
            with pytest.raises(ValidationError, match=r"lab\.sample\.watchers \(parked"):
                ws.purge(mei)

    def test_back_again(self, bare: CRM, crm_url: str, open_crm: Open) -> None:
        """Installed again, everything is there."""
        with bare.acting_as(MEI) as ws:
            ws.create(Account(name="meanwhile"))
        back = open_crm(crm_url, [lab])

        assert back.migrate() == []
        with back.acting_as(MEI) as ws:
            found = ws.find(Sample, code="kept")
            assert found is not None
            assert ws.get(Account, found.account.id)[LabTerms].text == "kept"  # type: ignore[union-attr]
            ws.update(found, count=1)
            assert ws.find(Account, **{"lab.text": "kept"}) is not None


@pytest.fixture
def keep_structure(request: pytest.FixtureRequest, crm_url: str) -> Any:
    """Drop what the test adds to the shared PostgreSQL database, which knows how to put rows back, not tables."""
    yield
    if crm_url.startswith("postgresql"):
        import psycopg

        with psycopg.connect(crm_url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("DROP TABLE IF EXISTS crm_depot_shelf CASCADE")
