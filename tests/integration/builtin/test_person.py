"""Persons: contacts, and customers who are no firm."""

from __future__ import annotations

from datetime import date

import pytest

from pycrm import Account, Contact, ValidationError, Workspace


def test_name_is_made_of_parts(ws: Workspace) -> None:
    """Whoever is given by parts has the name that they make, in its own order."""
    people = ws.create_many(
        [
            Contact(family_name="王", given_name="小明"),
            Contact(family_name="Smith", given_name="Jane"),
            Contact(family_name="Nguyễn", given_name="Văn An", language="vi"),
            Contact(given_name="Björk"),
        ]
    ).created
    customer = ws.create(Account(kind="person", family_name="诸葛", given_name="亮"))

    stored = [ws.get(type(each), each.id).name for each in (*people, customer)]
    assert stored == ["王小明", "Jane Smith", "Nguyễn Văn An", "Björk", "诸葛亮"]


def test_given_name_stays(ws: Workspace) -> None:
    """A name that somebody gave is kept, whatever the parts."""
    contact = ws.create(Contact(name="Dr. Jane Smith", family_name="Smith", given_name="Jane"))
    ws.update(contact, family_name="Jones")

    assert ws.get(Contact, contact.id).name == "Dr. Jane Smith"


def test_name_follows_parts(ws: Workspace) -> None:
    """A name that was made of the parts changes with them, unless another one is given."""
    contact = ws.create(Contact(family_name="Smith", given_name="Jane"))

    assert ws.update(contact, family_name="Jones").name == "Jane Jones"
    assert ws.update(contact, language="hu").name == "Jones Jane"
    assert ws.update(contact, given_name="Janet", name="J. Jones").name == "J. Jones"
    assert ws.update(contact, given_name="Janette").name == "J. Jones"
    assert ws.update(contact, name=None).name == "Jones Janette"


def test_name_is_required_without_parts(ws: Workspace) -> None:
    """Without any part a name must be given; a firm is not named after a person."""
    for nameless in (Contact(), Contact(name="", salutation="先生"), Account(family_name="王", given_name="小明")):
        with pytest.raises(ValidationError) as caught:
            ws.create(nameless)
        assert [(problem.code, problem.field) for problem in caught.value.problems] == [("field.required", "name")]


def test_empty_name_is_filled(ws: Workspace) -> None:
    """An empty name, as files have it, is none."""
    assert ws.create(Contact(name="", family_name="王", given_name="小明")).name == "王小明"


def test_company_becomes_person(ws: Workspace) -> None:
    """What turns out to be a person keeps its name."""
    account = ws.create(Account(name="王小明外贸", family_name="王", given_name="小明"))

    assert ws.update(account, kind="person").name == "王小明外贸"


def test_identity_tells_birth_and_gender(ws: Workspace) -> None:
    """The number of a resident says when he was born and which gender he has; what was given stays."""
    told = ws.create(Account(kind="person", name="李雷", identity_number="11010519491231002X"))
    given = ws.create(
        Account(kind="person", name="李雷", identity_number="11010519491231002x", birth_on=date(1950, 1, 1))
    )

    assert (told.birth_on, told.gender) == (date(1949, 12, 31), "female")
    assert (given.birth_on, given.gender, given.identity_number) == (
        date(1950, 1, 1),
        "female",
        "11010519491231002X",
    )


def test_wrong_identity_is_refused_masked(ws: Workspace) -> None:
    """A number with a wrong check digit is refused, and not repeated in full."""
    with pytest.raises(ValidationError) as caught:
        ws.create(Account(kind="person", name="李雷", identity_number="110105194912310021"))

    assert [(problem.code, problem.field) for problem in caught.value.problems] == [
        ("identifier.wrong_check", "identity_number")
    ]
    assert "110105194912310021" not in str(caught.value)
