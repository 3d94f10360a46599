"""vCards: contacts and accounts as telephones and address books take them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from tests.lab import MEI

from pycrm import CRM, Account, AccountContact, Address, Contact, ContactPoint, Product
from pycrm.errors import ExportError

Card = dict[str, list[list[str]]]


@pytest.fixture
def crm(migrated: Callable[..., str]) -> Iterator[CRM]:
    """A firm and two of its people."""
    made = CRM(migrated("sqlite", []), plugins=[])
    with made.acting_as(MEI) as ws:
        firm = ws.create(
            Account(
                name="Elbe, Kai & Söhne; Hamburg",
                phone="+4940123456",
                website="https://elbe.example/a,b;c",
                tags=("a,b", "c;d"),
                description="first\nsecond \\n line",
            )
        )
        mei = ws.create(
            Contact(
                name="王小明",
                family_name="王",
                given_name="小明",
                salutation="Dr.",
                job_title="采购经理",
                department="采购",
                email="wang@example.com",
                mobile="+8613800138000",
                wechat="wang_xm-1",
                birth_on=date(1980, 1, 31),
                language="zh",
                address=Address(street="中山路 1 号, 2 楼", city="青岛", postal_code="266000", country="CN"),
                description="很长" * 100,
            )
        )
        ws.create(AccountContact(account=firm, contact=mei))
        ws.create(ContactPoint(of=mei, kind="fax", value="+4940123457"))
        ws.create(ContactPoint(of=mei, kind="email", value="old@example.com", is_valid=False))
        ws.create(Contact(name="Only Name", address=Address(text="Box 1; Kiel")))
    yield made
    made.close()


def cards_of(data: bytes) -> list[Card]:
    """Read cards by the letter of the RFCs: unfold, split at what is not escaped, unescape."""
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    cards: list[Card] = []
    for line in data.decode().replace("\r\n ", "").split("\r\n"):
        name, colon, value = line.partition(":")
        if line == "BEGIN:VCARD":
            cards.append({})
        if colon:
            parts = [_unescaped(part) for part in re.split(r"(?<!\\)(?:\\\\)*[;,]", value)]
            cards[-1].setdefault(name, []).append([_unescaped(value)] if "URL" in name else parts)
    return cards


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], text)


def exported(crm: CRM, entity: Any, version: str) -> list[Card]:
    """Return the cards of an export."""
    file = io.BytesIO()
    crm.export(MEI, entity, file, format=f"vcard{version}", order_by="created_at")
    return cards_of(file.getvalue())


@pytest.mark.parametrize("version", ["3", "4"])
def test_contact(crm: CRM, version: str) -> None:
    """All that a card has a place for comes back as it was."""
    first, second = exported(crm, Contact, version)

    assert first["VERSION"] == [[f"{version}.0"]]
    assert first["FN"] == [["王小明"]]
    assert first["N"] == [["王", "小明", "", "Dr.", ""]]
    assert first["ORG"] == [["Elbe, Kai & Söhne; Hamburg", "采购"]]
    assert first["TITLE"] == [["采购经理"]]
    assert first["EMAIL;TYPE=work"] == [["wang@example.com"]]
    assert first["TEL;TYPE=cell"] == [["+8613800138000"]]
    assert first["TEL;TYPE=fax"] == [["+4940123457"]]
    assert first["X-WECHAT"] == [["wang_xm-1"]]
    assert first["ADR;TYPE=work"] == [["", "", "中山路 1 号, 2 楼", "青岛", "", "266000", "CN"]]
    assert first["BDAY"] == [["19800131" if version == "4" else "1980-01-31"]]
    assert first["NOTE"] == [["很长" * 100]]
    assert "EMAIL" not in first  # it proved wrong
    assert second["N"] == [["Only Name", "", "", "", ""]]
    assert second["ADR;TYPE=work"] == [["", "", "Box 1; Kiel", "", "", "", ""]]


@pytest.mark.parametrize("version", ["3", "4"])
def test_account(crm: CRM, version: str) -> None:
    """A firm is a card, too; in 4.0 it says so."""
    (card,) = exported(crm, Account, version)

    assert card["FN"] == card["ORG"] == [["Elbe, Kai & Söhne; Hamburg"]]
    assert card["CATEGORIES"] == [["a,b", "c;d"]]
    assert card["URL"] == [["https://elbe.example/a,b;c"]]
    assert card["NOTE"] == [["first\nsecond \\n line"]]
    assert card.get("KIND") == ([["org"]] if version == "4" else None)


def test_no_card(crm: CRM) -> None:
    """What is nobody's address has no card."""
    with pytest.raises(ExportError, match="product has no form as vCard; export contact or account"):
        exported(crm, Product, "3")
