"""Exports of products, through the suggested mapping, into the database, and again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.imports import MEI, contents, csv_file

from pycrm import CRM, Account, AccountContact, Contact, Opportunity, User
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
        assert [each.owner.id == owner for each in found] == [True, False, False]
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
