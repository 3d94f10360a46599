"""Several CRMs side by side: schemas of one database, files, and different plugins in one process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import DATABASES
from tests.lab import BOB, MEI, LabTerms, Sample, lab, sample

from pycrm import CRM, Account, ConfigurationError, F, NotFoundError, User, ValidationError, field
from pycrm.errors import NotMigratedError, UnknownNameError
from pycrm.plugin import Extension, Plugin

from .conftest import Open


def tenant_by_schema(new_database: Callable[[str], str], open_crm: Open) -> list[CRM]:
    url = new_database("postgresql")
    return [open_crm(url, schema=name) for name in ("east", "West 's")]


def tenant_by_file(new_database: Callable[[str], str], open_crm: Open) -> list[CRM]:
    return [open_crm(new_database("sqlite")) for _ in range(2)]


@pytest.fixture(params=[tenant_by_schema, tenant_by_file])
def tenants(request: pytest.FixtureRequest, new_database: Callable[[str], str], open_crm: Open) -> list[CRM]:
    """Two migrated CRMs that share nothing."""
    crms: list[CRM] = request.param(new_database, open_crm)
    for crm in crms:
        crm.migrate()
    return crms


class TestTenants:
    def test_records_apart(self, tenants: list[CRM]) -> None:
        """Each has its own records, numbers and users."""
        east, west = tenants
        with east.acting_as(MEI) as ws:
            made = ws.create(sample(code="x", tags=["t"]))
        with west.acting_as(BOB) as ws:
            with pytest.raises(NotFoundError):
                ws.get(Sample, made.id)
            other = ws.create(sample(code="x"))

        assert other.number == made.number
        with west.reading_as(MEI) as reader:
            assert not {user.key for user in reader.list(User)} & {"mei"}

    def test_custom_fields_apart(self, tenants: list[CRM]) -> None:
        """One name may be a field of another kind in each, indexed in both, and is unknown before it is defined."""
        east, west = tenants
        with east.acting_as(MEI) as ws:
            ws.define_field(Account, "region", field.choice(["华东"]), indexed=True)
            ws.create(Account(name="x", custom={"region": "华东"}))
        with west.acting_as(MEI) as ws:
            with pytest.raises(UnknownNameError):
                ws.count(Account, where=F.custom.region == "华东")
            ws.define_field(Account, "region", field.integer(), indexed=True)
            ws.create(Account(name="y", custom={"region": 7}))

        with east.reading_as(MEI) as reader:
            assert [each.custom.region for each in reader.list(Account)] == ["华东"]
        with west.reading_as(MEI) as reader:
            assert [each.name for each in reader.list(Account, where=F.custom.region > 5)] == ["y"]

    def test_interleaved(self, tenants: list[CRM]) -> None:
        """Units of both may be open at the same time."""
        east, west = tenants
        with east.acting_as(MEI) as first, west.acting_as(MEI) as second:
            made = first.create(sample())
            second.create(sample())
            second.create(sample())
            first.update(made, count=1)

        with east.reading_as(MEI) as one, west.reading_as(MEI) as other:
            assert (one.count(Sample), other.count(Sample)) == (1, 2)

    def test_migrated_apart(self, tenants: list[CRM], open_crm: Open) -> None:
        """Migrating one again changes neither."""
        for crm in tenants:
            assert crm.migrate() == []


@pytest.mark.parametrize("engine", DATABASES)
def test_two_prefixes(engine: str, new_database: Callable[[str], str], open_crm: Open) -> None:
    """Two CRMs may share one database under different prefixes, each with its own custom fields."""
    url = new_database(engine)
    first, second = (open_crm(url, prefix=prefix) for prefix in ("a_", "b_"))
    for crm, kind in ((first, field.text(indexed=True)), (second, field.integer(indexed=True))):
        crm.migrate()
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "region", kind)
            ws.create(Account(name="x", custom={"region": "7"}))

    for crm, value in ((first, "7"), (second, 7)):
        with crm.reading_as(MEI) as reader:
            assert [each.custom.region for each in reader.list(Account, where=F.custom.region == value)] == [value]


def test_schema_on_sqlite(tmp_path: Path) -> None:
    """SQLite has no schemas; a tenant there is a file."""
    with pytest.raises(ConfigurationError, match="use a file per tenant"):
        CRM(tmp_path / "crm.db", schema="east")


class TestPlugins:
    """Two CRMs with different plugins in one process."""

    @pytest.fixture
    def notes(self) -> Plugin:
        """A plugin with one field."""
        plugin = Plugin("notes")

        @plugin.extend(Account)
        class Notes(Extension):
            remark: str | None = field.text()

        return plugin

    def test_each_its_own(self, notes: Plugin, new_database: Callable[[str], str], open_crm: Open) -> None:
        """A plugin's entities and fields exist in the CRM that has it, and in no other."""
        with_lab = open_crm(new_database("sqlite"), [lab])
        with_notes = open_crm(new_database("sqlite"), [notes])
        for crm in (with_lab, with_notes):
            crm.migrate()
        with with_lab.acting_as(MEI) as ws:
            ws.create(sample())
            with pytest.raises(ValidationError, match=r"field\.unknown"):
                ws.create(_noted())
        with with_notes.acting_as(MEI) as ws:
            ws.create(_noted())
            with pytest.raises(UnknownNameError, match="is its plugin installed"):
                ws.create(sample())

        assert "lab.sample" in with_lab.entities
        assert "lab.sample" not in with_notes.entities

    def test_shared_plugin(self, new_database: Callable[[str], str], open_crm: Open) -> None:
        """One plugin serves several CRMs."""
        for crm in [open_crm(new_database("sqlite"), [lab]) for _ in range(2)]:
            crm.migrate()
            account = Account(name="x")
            account[LabTerms].text = "y"
            with crm.acting_as(MEI) as ws:
                ws.create(account)
                assert ws.count(Account) == 1

    def test_same_database(self, crm_url: str, notes: Plugin, open_crm: Open) -> None:
        """A CRM that lacks a plugin works on a database that has it; one that has more asks to be migrated."""
        bare, more = open_crm(crm_url, []), open_crm(crm_url, [lab, notes])
        with bare.acting_as(MEI) as ws:
            ws.create(Account(name="x"))
        with pytest.raises(NotMigratedError, match="does not know notes yet"), more.acting_as(MEI):
            pass


def _noted() -> Account:
    account = Account(name="x")
    account.set_document_value("notes.remark", "y")
    return account
