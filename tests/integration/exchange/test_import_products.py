"""Exports of products, through the suggested mapping, into the database, and again."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
from tests.imports import MEI, contents, csv_file

from pycrm import CRM, Account, AccountContact, Contact, ContactPoint, Lead, Opportunity, OpportunityContact, User
from pycrm.exchange.importing import ImportResult
from pycrm.plugin import Record

Case = Callable[[str], Path]

PIPEDRIVE_ORGANIZATIONS = """\
Organization - ID,Organization - Name,Organization - Label,Organization - Address,Organization - Owner
1,Elbe Handel KG,Customer,"Am Kai 4, 20457 Hamburg, Germany",Inès Test
2,Donau Textil AG,,,
"""

PIPEDRIVE_PEOPLE = """\
Person - ID,Person - Name,Person - First name,Person - Last name,Person - Label,Person - Organization,\
Person - Email - Work,Person - Email - Home,Person - Email - Other,Person - Phone - Work,Person - Phone - Home,\
Person - Phone - Mobile,Person - Phone - Other,Person - Owner
11,Anna Muster,Anna,Muster,"Hot lead, VIP",Elbe Handel KG,"anna@elbe.example, a.muster@elbe.example",,,\
+49 40 123456,,+49 170 1234567,,Inès Test
12,Bo Li,Bo,Li,,Donau Textil AG,,bo@donau.example,,,+43 1 5123456,,,
13,Cem Ak,Cem,Ak,,,,,cem@ak.example,,,,,
"""

PIPEDRIVE_DEALS = """\
Deal - ID,Deal - Title,Deal - Organization,Deal - Value,Deal - Currency of Value,Deal - Pipeline,Deal - Stage,\
Deal - Status,Deal - Probability,Deal - Expected close date,Deal - Lost reason,Deal - Label,Deal - Owner
101,Frame contract,Elbe Handel KG,12500.50,EUR,Sales,Proposal,Open,40,2024-09-30,,Hot,Inès Test
102,Sample order,Donau Textil AG,800,EUR,Sales,Proposal,Lost,,2024-05-31,Too expensive,,
103,Spare parts,Neue GmbH,99,USD,Sales,Negotiation,Won,,2024-04-30,,,
"""

ZENDESK_ORGANIZATIONS = """\
Organization ID,Organization name,Domain names,Details,Notes,Tags
360000000001,Elbe Handel KG,"elbe.example,elbe-handel.example",Key account,Calls on Mondays,"vip,hamburg"
360000000002,Donau Textil AG,,,,
"""

ZENDESK_USERS = """\
User ID,User name,User email,User phone,User locale,User role,Organization name,Details,Notes,Tags
370000000001,Anna Muster,anna@elbe.example,+49 40 123456,de,End-user,Elbe Handel KG,Buyer,,"vip,buyer"
370000000002,,bo@donau.example,,en-US,End-user,Donau Textil AG,,,
370000000003,Cem Ak,cem@ak.example,,tr,End-user,,,,
"""


def by_suggestion(crm: CRM, path: Path) -> ImportResult:
    """Import *path* with the mapping that is suggested."""
    return crm.imports.run(MEI, path, crm.imports.suggest(MEI, path).mapping)


def stored(crm: CRM, entity: type[Record], *paths: str) -> list[tuple[Any, ...]]:
    """Return what records have under *paths*, in the order of their ids."""

    def value(record: Any, path: str) -> Any:
        return getattr(record.custom if path.startswith("custom.") else record, path.removeprefix("custom."))

    with crm.reading_as(MEI) as ws:
        return [tuple(value(record, path) for path in paths) for record in ws.iterate(entity, order_by="id")]


def test_pipedrive(quick: CRM, tmp_path: Path) -> None:
    """Firms, people and deals come in with their ids, links, owners and amounts; what is lost or won stays so."""
    with quick.acting_as(MEI) as ws:
        owner = ws.create(User(key="ines", name="Inès Test")).id
    files = [
        csv_file(tmp_path, PIPEDRIVE_ORGANIZATIONS, "organizations.csv"),
        csv_file(tmp_path, PIPEDRIVE_PEOPLE, "people.csv"),
        csv_file(tmp_path, PIPEDRIVE_DEALS, "deals.csv"),
    ]

    presets = [quick.imports.suggest(MEI, path).preset for path in files]
    results = [by_suggestion(quick, path) for path in files]
    assert presets == ["pipedrive-organizations", "pipedrive-people", "pipedrive-deals"]
    assert [(each.counts.created, each.counts.refused, each.agrees) for each in results] == [
        (2, 0, True),
        (3, 0, True),
        (3, 0, True),
    ]
    assert stored(quick, Account, "custom.pipedrive_id", "name", "tags") == [
        ("1", "Elbe Handel KG", ("Customer",)),
        ("2", "Donau Textil AG", ()),
        (None, "Neue GmbH", ()),
    ]
    assert stored(quick, Contact, "custom.pipedrive_id", "name", "email", "phone", "mobile", "tags") == [
        ("11", "Anna Muster", "anna@elbe.example", "+4940123456", "+491701234567", ("Hot lead", "VIP")),
        ("12", "Bo Li", "bo@donau.example", "+4315123456", None, ()),
        ("13", "Cem Ak", "cem@ak.example", None, None, ()),
    ]
    deals = ("custom.pipedrive_id", "outcome", "custom.pipedrive_stage", "probability_ratio", "close_on", "lost_reason")
    assert stored(quick, Opportunity, *deals) == [
        ("101", "open", "Proposal", Decimal("0.4"), date(2024, 9, 30), None),
        ("102", "lost", "Proposal", Decimal(0), date(2024, 5, 31), "Too expensive"),
        ("103", "won", "Negotiation", Decimal(1), date(2024, 4, 30), None),
    ]
    with quick.reading_as(MEI) as ws:
        found = list(ws.iterate(Opportunity, order_by="id", include="account stage"))
        assert [str(each.amount) for each in found] == ["EUR 12500.50", "EUR 800.00", "USD 99.00"]
        assert [each.account.record.name for each in found if each.account] == [
            "Elbe Handel KG",
            "Donau Textil AG",
            "Neue GmbH",
        ]
        assert [each.stage.record.name for each in found] == ["Proposal", "Lost", "Won"]
        assert [each.owner is not None and each.owner.id == owner for each in found] == [True, False, False]
        assert ws.count(AccountContact) == 2
    before = contents(quick)
    again = [by_suggestion(quick, path) for path in files]
    assert [each.counts.skipped for each in again] == [2, 3, 3]
    assert contents(quick) == before


def test_zendesk(quick: CRM, tmp_path: Path) -> None:
    """Organizations and users come in with their long ids whole; who has no name is called by the e-mail address."""
    files = [
        csv_file(tmp_path, ZENDESK_ORGANIZATIONS, "organizations.csv"),
        csv_file(tmp_path, ZENDESK_USERS, "users.csv"),
    ]

    presets = [quick.imports.suggest(MEI, path).preset for path in files]
    results = [by_suggestion(quick, path) for path in files]
    assert presets == ["zendesk-organizations", "zendesk-users"]
    assert [(each.counts.created, each.counts.refused, each.agrees) for each in results] == [(2, 0, True), (3, 0, True)]
    assert stored(quick, Account, "custom.zendesk_id", "name", "website", "description", "tags") == [
        ("360000000001", "Elbe Handel KG", "https://elbe.example", "Key account\nCalls on Mondays", ("hamburg", "vip")),
        ("360000000002", "Donau Textil AG", None, None, ()),
    ]
    assert stored(quick, Contact, "custom.zendesk_id", "name", "email", "phone", "language", "description", "tags") == [
        ("370000000001", "Anna Muster", "anna@elbe.example", "+4940123456", "de", "Buyer", ("buyer", "vip")),
        ("370000000002", "bo@donau.example", "bo@donau.example", None, "en-US", None, ()),
        ("370000000003", "Cem Ak", "cem@ak.example", None, "tr", None, ()),
    ]
    with quick.reading_as(MEI) as ws:
        links = [
            (link.account.record.name, link.contact.record.name)
            for link in ws.iterate(AccountContact, order_by="id", include="account contact")
        ]
    assert links == [("Elbe Handel KG", "Anna Muster"), ("Donau Textil AG", "bo@donau.example")]
    before = contents(quick)
    again = [by_suggestion(quick, path) for path in files]
    assert [each.counts.skipped for each in again] == [2, 3]
    assert contents(quick) == before


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


class TestWhoBelongsToWhichDeal:
    BEFORE = ("contact", "deal")

    def test_strangers_are_refused(self, plain: CRM, case: Case) -> None:
        """The public file names deals and contacts that no other file of that export has, so each row is refused."""
        folder = case("export-hubspot-api")
        pairs = rows_of(folder / "deal_contact.csv")
        deals = {row["deal_id"] for row in rows_of(folder / "deal.csv")}
        people = {row["id"] for row in rows_of(folder / "contact.csv")}
        for name in self.BEFORE:
            by_suggestion(plain, folder / f"{name}.csv")

        result = by_suggestion(plain, folder / "deal_contact.csv")
        assert deals.isdisjoint(row["deal_id"] for row in pairs)
        assert people.isdisjoint(row["contact_id"] for row in pairs)
        assert (result.counts.refused, result.counts.rows) == (len(pairs), len(pairs))
        told = {
            (problem["code"], problem["field"])
            for row in plain.imports.kept_rows(MEI, result.run)
            for problem in row.problems
        }
        assert told == {("import.not_found", "opportunity"), ("import.not_found", "contact")}
        assert stored(plain, OpportunityContact, "id") == []

    def test_known_ones_are_linked(self, plain: CRM, case: Case, tmp_path: Path) -> None:
        """Rows of that form whose ids the other files have link each deal to its contact, and only once."""
        folder = case("export-hubspot-api")
        wanted = [
            (deal["deal_id"], person["id"])
            for deal, person in zip(rows_of(folder / "deal.csv"), rows_of(folder / "contact.csv"), strict=False)
        ]
        head, like = (folder / "deal_contact.csv").read_text("utf-8").splitlines()[:2]
        rest = like.split(",", 2)[2]
        lines = [head, *(f"{person},{deal},{rest}" for deal, person in wanted)]
        path = csv_file(tmp_path, "\n".join(lines), "deal_contact.csv")
        for name in self.BEFORE:
            by_suggestion(plain, folder / f"{name}.csv")

        first, second = by_suggestion(plain, path), by_suggestion(plain, path)
        with plain.reading_as(MEI) as ws:
            links = [
                (link.opportunity.record.custom.hubspot_id, link.contact.record.custom.hubspot_id)
                for link in ws.iterate(OpportunityContact, include="opportunity contact")
            ]
        assert (first.counts.created, first.counts.refused) == (len(wanted), 0)
        assert sorted(links) == sorted(wanted)
        assert second.counts.skipped == len(wanted)


def test_salesforce_counts(plain: CRM, case: Case) -> None:
    """Every row of a file is counted, what is deleted over there is skipped, and all else is live."""
    folder = case("export-salesforce-api")
    entities = {"user": User, "account": Account, "contact": Contact, "lead": Lead, "opportunity": Opportunity}

    for name, entity in entities.items():
        rows = rows_of(folder / f"{name}.csv")
        counts = by_suggestion(plain, folder / f"{name}.csv").counts
        gone = {row["id"] for row in rows if "true" in (row.get("is_deleted"), row.get("_fivetran_deleted"))}
        live = {row["id"] for row in rows} - gone
        found = {value for (value,) in stored(plain, entity, "key" if entity is User else "custom.salesforce_id")}
        assert (counts.rows, counts.created, counts.skipped) == (len(rows), len(live), len(gone)), name
        assert live <= found, name
        assert found.isdisjoint(gone), name


class TestScreenExports:
    def test_hubspot(self, quick: CRM, case: Case) -> None:
        """Nobody is lost; two rows with one address and two record ids are two contacts, by the address one."""
        path, expected = case("export-ui-headers") / "hubspot_contacts.csv", expected_of(case, "hubspot_contacts.csv")
        mapping = quick.imports.suggest(MEI, path).mapping
        by_address = attrs.evolve(
            mapping,
            entities=tuple(
                attrs.evolve(each, by=("email",)) if each.entity == "contact" else each for each in mapping.entities
            ),
        )
        other = CRM("sqlite://", plugins=[])
        other.migrate()

        result = quick.imports.run(MEI, path, mapping)
        other.imports.run(MEI, path, by_address)
        found = stored(quick, Contact, "custom.hubspot_id", "name", "email", "do_not_contact")
        merged = stored(other, Contact, "custom.hubspot_id")
        other.close()
        assert (result.counts.rows, len(found)) == (expected["rows"], expected["rows"])
        assert len({email for _, _, email, _ in found}) == expected["contacts_after_dedup"]
        assert merged == [("901",), ("902",), ("903",)]
        assert [each for each, _, _, out in found if out] == expected["opted_out"]
        assert found[1][1].casefold() == found[1][2]
        assert {name for (name,) in stored(quick, Account, "name")} == {
            *expected["companies"],
            "Fromagerie Exemple SAS",
        }

    def test_google(self, quick: CRM, case: Case) -> None:
        """Several values of a cell are all there, a birthday without a year is kept, a firm may be alone."""
        path, expected = case("export-ui-headers") / "google_contacts.csv", expected_of(case, "google_contacts.csv")

        result = by_suggestion(quick, path)
        assert result.counts.rows == expected["rows"]
        assert stored(quick, Contact, "name", "email", "phone", "tags", "birth_on", "custom.birthday") == [
            ("王小明", "xm.wang@gongsi.example", "+8613800000001", ("myContacts", "展会2024"), None, "--03-15"),
            (
                "Zoë van der Test",
                "zoe@test.example",
                "2125550142",
                ("myContacts",),
                date(1984, 2, 29),
                "1984-02-29",
            ),
        ]
        assert sorted(stored(quick, ContactPoint, "kind", "value")) == [
            ("email", "xm2@home.example"),
            ("email", "xm@home.example"),
            ("phone", "+8613900000002"),
        ]
        assert ("Only Company GmbH", "+49301234567") in stored(quick, Account, "name", "phone")

    def test_zoho(self, quick: CRM, case: Case) -> None:
        """The record's id is kept, so is the link of a converted lead to what it has become, and who opted out."""
        path, expected = case("export-ui-headers") / "zoho_leads.csv", expected_of(case, "zoho_leads.csv")

        result = by_suggestion(quick, path)
        with quick.reading_as(MEI) as ws:
            new, converted = ws.iterate(
                Lead, order_by="id", include="converted_account converted_contact converted_opportunity"
            )
        assert result.counts.rows == expected["rows"]
        assert (new.custom.zoho_id, new.status, new.custom.email_opt_out) == ("zcrm_5000000000001", "new", False)
        assert (converted.custom.zoho_id, converted.status) == ("zcrm_5000000000002", "converted")
        assert converted.custom.email_opt_out is True
        became = (converted.converted_account, converted.converted_contact, converted.converted_opportunity)
        assert [each.record.custom.zoho_id for each in became if each] == ["zcrm_7001", "zcrm_8001", "zcrm_9001"]


def expected_of(case: Case, name: str) -> dict[str, Any]:
    """Return what is expected of a file that people get by pressing Export."""
    expected: dict[str, Any] = json.loads((case("export-ui-headers") / "expected.json").read_text("utf-8"))[name]
    return expected
