"""Contact data in the nouns of the parties: kept as their kinds say, found again, and readable as old text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text
from tests.lab import MEI

from pycrm import CRM, Account, Address, Contact, F, Phone, User, ValidationError, field, find_look_alikes
from pycrm.testing import disguised


@pytest.fixture
def crm(database_url: str) -> Iterator[CRM]:
    """A CRM without further plugins."""
    made = CRM(database_url, plugins=[])
    made.migrate()
    yield made
    made.close()


def test_values_come_back(crm: CRM) -> None:
    """What was written is read as its kind keeps it."""
    with crm.acting_as(MEI) as ws:
        ws.create(
            Account(
                name="Rhein Import",
                website="rhein.example",
                phone="0049 221 9758 123",
                email="Info@Rhein.example",
                address={"street": "Domkloster 4", "postal_code": "50667", "city": "Köln", "country": "de"},  # type: ignore[arg-type]
                country="de",
                language="DE",
            )
        )

    with crm.reading_as(MEI) as ws:
        account = ws.list(Account)[0]
        assert (account.website, account.email) == ("https://rhein.example", "Info@Rhein.example")
        assert (account.phone, type(account.phone)) == ("+492219758123", Phone)
        assert (account.country, account.language) == ("DE", "de")
        assert account.address == Address(street="Domkloster 4", postal_code="50667", city="Köln", country="DE")
        assert account.address.format("zh") == "Domkloster 4\n50667 Köln\n德国"


def test_phone_found_in_any_writing(crm: CRM) -> None:
    """A filter compares numbers, not writings."""
    with crm.acting_as(MEI) as ws:
        ws.create(Contact(name="Mei", mobile="+86 138 1234 5678", phone="95588"))

        for written in ("+8613812345678", "0086 138-1234-5678", "＋86 (138) 1234 5678"):
            found = ws.find(Contact, mobile=written)
            assert found is not None
        assert ws.find(Contact, phone="9 55 88") is not None


def test_filters_judge_codes(crm: CRM) -> None:
    """A country is asked for by its code in any case, an address by its parts."""
    with crm.acting_as(MEI) as ws:
        ws.create(Account(name="here", country="CN", address=Address(city="青岛市", country="CN")))
        ws.create(Account(name="there", country="DE", address=Address(text="Köln")))

        assert [found.name for found in ws.list(Account, where=F.country == "cn")] == ["here"]
        assert [found.name for found in ws.list(Account, where=F.country.in_(["de", "us"]))] == ["there"]
        assert [found.name for found in ws.list(Account, where=F.address == Address(text="Köln"))] == ["there"]


def test_problems_are_collected(crm: CRM) -> None:
    """Each field says what is wrong with it."""
    with crm.acting_as(MEI) as ws, pytest.raises(ValidationError) as caught:
        ws.create(
            Account(
                name="x",
                website="javascript:alert(1)",
                phone="call me",
                email="no address",
                country="Germany",
                language="German",
                address=Address(city="Köln", country="Germany"),
            )
        )

    assert {(problem.field, problem.code) for problem in caught.value.problems} == {
        ("website", "url.invalid"),
        ("phone", "phone.invalid"),
        ("email", "email.invalid"),
        ("country", "country.unknown"),
        ("language", "language.unknown"),
        ("address", "country.unknown"),
    }


def test_user_of_named_kinds(crm: CRM) -> None:
    """A system noun has fields of kinds that it calls by name."""
    with crm.acting_as(MEI) as ws:
        ws.create(User(key="li", name="Li", email="li@example.com", language="zh-hans", time_zone="asia/shanghai"))
        with pytest.raises(ValidationError, match="is no time zone"):
            ws.create(User(key="x", name="x", time_zone="Beijing"))

        read = ws.find(User, key="li")
        assert read is not None
        assert (read.language, read.time_zone) == ("zh-Hans", "Asia/Shanghai")


def test_text_of_former_versions(crm: CRM, database_url: str) -> None:
    """Columns that held any text are read as they are; what is not touched may stay as it is."""
    with crm.acting_as(MEI) as ws:
        account = ws.create(Account(name="old"))
    engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:", 1))
    old = {"phone": "ask for 0532", "country": "Germany", "website": "our page", "email": "-", "address": "Dom 1\nKöln"}
    with engine.begin() as connection:
        sets = ", ".join(f"{name} = :{name}" for name in old)
        connection.execute(text(f"UPDATE crm_account SET {sets} WHERE name = 'old'"), old)
    engine.dispose()

    with crm.acting_as(MEI) as ws:
        read = ws.update(ws.get(Account, account.id), industry="textiles")
        assert (read.phone, read.country, read.website, read.email) == ("ask for 0532", "Germany", "our page", "-")
        assert read.address == Address(text="Dom 1\nKöln")
        with pytest.raises(ValidationError, match="is no code of a country"):
            ws.update(read, country="Germany ")
        assert ws.update(read, country="DE", industry="food").country == "DE"


def test_custom_fields_of_every_text_kind(crm: CRM) -> None:
    """Each kind serves as a custom field: written, read, asked for and changed."""
    values = {
        "mail": (field.email(), "mei@example.com", "li@example.com"),
        "tel": (field.phone(region="CN"), "+8613812345678", "+861012345678"),
        "page": (field.url(), "https://example.com", "https://example.com/a"),
        "place": (field.address(), Address(city="Köln", country="DE"), Address(text="somewhere")),
        "land": (field.country(), "CN", "DE"),
        "money_code": (field.currency(), "CNY", "EUR"),
        "tongue": (field.language(), "zh-Hans", "de"),
        "zone": (field.time_zone(), "Asia/Shanghai", "UTC"),
        "body": (field.rich_text(), "<p>one</p>", "<b>two</b>"),
    }
    with crm.acting_as(MEI) as ws:
        for name, (declared, _, _) in values.items():
            ws.define_field(Account, name, declared)  # type: ignore[arg-type]
        account = ws.create(Account(name="x", custom={name: first for name, (_, first, _) in values.items()}))
        ws.update(account, custom={name: second for name, (_, _, second) in values.items()})

    with crm.reading_as(MEI) as ws:
        read = ws.get(Account, account.id)
        assert dict(read.custom) == {name: second for name, (_, _, second) in values.items()}
        assert ws.find(Account, **{"custom.tel": "010 1234 5678", "custom.land": "de"}) is not None


def test_look_alike_accounts(crm: CRM) -> None:
    """A name that only looks like an account's leads to that account, and its own name does not."""
    name = "Qingdao Haichen Trading"
    with crm.acting_as(MEI) as ws:
        ws.create_many([Account(name=name), Account(name="Rhein Import"), Account(name="binned")])

        assert [found.name for found in find_look_alikes(ws, disguised(name))] == [name]
        assert find_look_alikes(ws, name) == []
