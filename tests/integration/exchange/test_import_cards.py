"""vCards of telephones and mail programs, through the suggested mapping, and our own cards back again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import attrs
import pytest
from tests.imports import MEI, contents

from pycrm import CRM, Account, AccountContact, Address, Contact
from pycrm.exchange.importing import ImportResult

Case = Callable[[str], Path]
FILES = (
    "John_Doe_ANDROID",
    "John_Doe_GMAIL",
    "John_Doe_MS_OUTLOOK",
    "gmail-single",
    "outlook-2003",
    "rfc2426-example",
    "rfc6350-example",
)


# One card of a telephone has a byte that is not in the encoding it names; whoever looked at it says so.
SEEN = ("read.undecodable",)


def by_suggestion(crm: CRM, path: Path, acknowledge: tuple[str, ...] = ()) -> ImportResult:
    """Import *path* with the mapping that is suggested."""
    mapping = crm.imports.suggest(MEI, path).mapping
    return crm.imports.run(MEI, path, attrs.evolve(mapping, acknowledge=acknowledge))


@pytest.mark.parametrize("name", FILES)
def test_every_card_comes_in(quick: CRM, case: Case, name: str) -> None:
    """No card that can be read is lost, nor any number or address on it; a second import changes nothing."""
    folder = case("vcard")
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))[f"{name}.vcf"]

    result = by_suggestion(quick, folder / f"{name}.vcf", SEEN)
    with quick.reading_as(MEI) as ws:
        found = list(ws.iterate(Contact))
    assert (result.counts.refused, len(found)) == (0, len(expected))
    kept = "\n".join(str(value) for contact in found for value in contact.custom.values())
    for card in expected:
        assert all(value in kept for value in (*card["tel"], *card["email"]))
        assert not card["fn"] or card["fn"][0] in {contact.name for contact in found}
    before = contents(quick)
    again = by_suggestion(quick, folder / f"{name}.vcf", SEEN)
    assert (again.counts.created, again.counts.updated) == (0, 0)
    assert contents(quick) == before


def test_broken_bytes_are_not_taken_silently(quick: CRM, case: Case) -> None:
    """A card with bytes outside its encoding is refused with the reason until somebody acknowledges it."""
    result = by_suggestion(quick, case("vcard") / "John_Doe_ANDROID.vcf")

    assert result.counts.refused == 1


@pytest.mark.parametrize("version", ["vcard3", "vcard4"])
def test_own_cards(quick: CRM, tmp_path: Path, version: str) -> None:
    """What our cards say of a contact is what comes back."""
    contact = Contact(
        name="王小明",
        family_name="王",
        given_name="小明",
        salutation="Dr.",
        job_title="采购经理",
        department="采购",
        email="wang@example.com",
        phone="+4940123456",
        mobile="+8613800138000",
        wechat="wang_xm-1",
        birth_on=date(1980, 1, 31),
        address=Address(street="中山路 1 号, 2 楼", city="青岛", postal_code="266000", country="CN"),
        description="first; line\nsecond, line",
        tags=("a,b", "c"),
    )
    with quick.acting_as(MEI) as ws:
        firm = ws.create(Account(name="Elbe, Kai; Hamburg"))
        ws.create(AccountContact(account=firm, contact=ws.create(contact)))
    path = tmp_path / "people.vcf"
    quick.export(MEI, "contact", path, format=version)
    other = CRM("sqlite://", plugins=[])
    other.migrate()

    result = by_suggestion(other, path)
    with other.reading_as(MEI) as ws:
        [back] = ws.iterate(Contact)
        [account] = ws.iterate(Account)
    other.close()
    assert (result.counts.refused, account.name) == (0, "Elbe, Kai; Hamburg")
    paths = "name family_name given_name salutation job_title department email phone mobile wechat birth_on"
    for field in [*paths.split(), "address", "description", "tags"]:
        assert getattr(back, field) == getattr(contact, field), field
