from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pycrm import (
    CRM,
    Account,
    AccountContact,
    Contact,
    Conversion,
    F,
    Lead,
    MoveNotAllowedError,
    Opportunity,
    OpportunityContact,
    Principal,
    Team,
    ValidationError,
    Workspace,
    convert_lead,
    convert_leads,
    field,
)

COMPANY = "青岛海晨贸易有限公司"


def problems_of(error: ValidationError) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.field) for problem in error.problems]


def make_lead(ws: Workspace, **values: Any) -> Lead:
    given = {
        "name": "陈静",
        "company": "青岛海晨贸易有限公司",
        "email": "jing@haichen.example",
        "country": "CN",
    } | values
    return ws.create(Lead(**given))


def counts(ws: Workspace) -> dict[str, int]:
    """Return how many records conversions made, in order of entity."""
    return {
        entity.__name__: count
        for entity in (Account, Contact, AccountContact, Opportunity, OpportunityContact)
        if (count := ws.count(entity))
    }


def test_lead_goes_its_way(ws: Workspace) -> None:
    """From new to qualified; giving up asks for the reason, and can be taken back."""
    lead = make_lead(ws)

    ws.move(lead, "work")
    with pytest.raises(ValidationError) as caught:
        ws.move(lead, "disqualify")
    assert problems_of(caught.value) == [("lifecycle.needs", "disqualified_reason")]
    lead = ws.get(Lead, lead.id)
    ws.move(lead, "disqualify", disqualified_reason="no budget")
    ws.move(lead, "reopen")
    ws.move(lead, "qualify")
    assert lead.status == "qualified"


def test_company_lead_becomes_all_three(ws: Workspace) -> None:
    """A lead with a company becomes an account, a contact at it and an opportunity, and says so."""
    lead = make_lead(ws, job_title="采购经理", phone="+86 138 1234 5678", source="exhibition", interest="500 台电机")

    made = ws.run(convert_lead(lead))
    account, contact, deal = made.account, made.contact, made.opportunity
    assert contact is not None
    assert deal is not None
    assert (account.name, account.kind, account.country, account.source) == (
        lead.company,
        "company",
        "CN",
        "exhibition",
    )
    assert (contact.name, contact.job_title, contact.email) == ("陈静", "采购经理", "jing@haichen.example")
    assert (deal.name, deal.source, deal.description, deal.outcome) == (
        lead.company,
        "exhibition",
        "500 台电机",
        "open",
    )
    (link,) = ws.list(AccountContact, where=F.account == account)
    (say,) = ws.list(OpportunityContact, where=F.opportunity == deal)
    assert (link.contact.id, link.is_primary, say.contact.id, say.is_primary) == (contact.id, True, contact.id, True)
    stored = ws.get(Lead, lead.id, include="converted_account converted_contact converted_opportunity")
    assert (stored.status, stored.converted_at) == ("converted", ws.now())
    assert stored.converted_account is not None
    assert stored.converted_account.record.number == account.number


def test_person_lead_is_the_account(ws: Workspace) -> None:
    """A lead without a company becomes an account of a person, without a contact beside it."""
    lead = make_lead(ws, company=None, phone="+86 138 1234 5678", job_title="teacher")

    made = ws.run(convert_lead(lead, with_opportunity=False))
    assert (made.account.kind, made.account.email, made.account.occupation) == ("person", lead.email, "teacher")
    assert made.account.phone == lead.phone
    assert counts(ws) == {"Account": 1}


def test_owner_and_team_go_along(ws: Workspace) -> None:
    """What a lead becomes belongs to whom the lead belonged."""
    team = ws.create(Team(name="east"))
    made = ws.run(convert_lead(make_lead(ws, team=team)))

    assert made.contact is not None
    assert made.opportunity is not None
    owners = {(each.owner.id, each.team.id) for each in (made.account, made.contact, made.opportunity)}  # type: ignore[union-attr]
    assert owners == {(made.lead.owner.id, team.id)}  # type: ignore[union-attr]


def test_custom_values_go_along(ws: Workspace) -> None:
    """A custom value goes to each entity that has the field, under the same name and of the same kind."""
    regions = field.choice(["华东", "华北"])
    for entity in (Lead, Account):
        ws.define_field(entity, "region", regions)
    ws.define_field(Lead, "size", field.integer())
    ws.define_field(Opportunity, "size", field.text())
    lead = make_lead(ws, custom={"region": "华东", "size": 12})

    made = ws.run(convert_lead(lead))
    assert made.opportunity is not None
    assert (dict(made.account.custom), dict(made.opportunity.custom)) == ({"region": "华东"}, {})


def test_second_conversion_makes_nothing(ws: Workspace) -> None:
    """Who converts a lead again gets what it has become already."""
    lead = make_lead(ws)
    first = ws.run(convert_lead(lead))
    before = counts(ws)

    again = ws.run(convert_lead(ws.get(Lead, lead.id)))
    assert counts(ws) == before
    assert again.contact is not None
    assert again.opportunity is not None
    assert (again.account.id, again.contact.id, again.opportunity.id) == (
        first.account.id,
        first.contact.id if first.contact else None,
        first.opportunity.id if first.opportunity else None,
    )


def test_known_account_is_named(ws: Workspace) -> None:
    """Where the account seems to be there already the conversion stops, says which, and has made nothing."""
    known = ws.create(Account(name=COMPANY, number="A-7"))
    lead = make_lead(ws)

    with pytest.raises(ValidationError) as caught:
        ws.run(convert_lead(lead))
    (problem,) = caught.value.problems
    assert (problem.code, problem.field, problem.facts["accounts"]) == ("lead.account_exists", "company", "A-7")
    assert counts(ws) == {"Account": 1}
    assert lead.status == "new"
    made = ws.run(convert_lead(lead, account=known))
    assert made.account is known


@pytest.mark.parametrize(("duplicates", "accounts"), [("use", 1), ("ignore", 2)])
def test_duplicates_as_wanted(ws: Workspace, duplicates: Any, accounts: int) -> None:
    """An account that is there already is taken, or another one made, if the caller says so."""
    ws.create(Account(name=COMPANY))

    ws.run(convert_lead(make_lead(ws), duplicates=duplicates))
    assert ws.count(Account) == accounts


def test_ambiguous_account_is_not_taken(ws: Workspace) -> None:
    """Of two accounts that it could be, none is taken by chance."""
    ws.create_many([Account(name=COMPANY) for _ in range(2)])

    with pytest.raises(ValidationError) as caught:
        ws.run(convert_lead(make_lead(ws), duplicates="use"))
    assert problems_of(caught.value) == [("lead.account_exists", "company")]


def test_namesakes_are_other_people(ws: Workspace) -> None:
    """A person of the same name is the same one only with the same email address or phone number."""
    ws.create(Account(name="陈静", kind="person", email="other@haichen.example"))
    ws.create(Account(name="陈静", kind="person", email="jing@haichen.example", number="P-2"))
    lead = make_lead(ws, company=None)

    with pytest.raises(ValidationError) as caught:
        ws.run(convert_lead(lead))
    assert caught.value.problems[0].facts["accounts"] == "P-2"


def test_given_contact_is_taken(ws: Workspace) -> None:
    """A contact that is there already is linked to the account once, however often leads name it."""
    account = ws.create(Account(name="Nordwind"))
    contact = ws.create(Contact(name="Nora"))

    for _ in range(2):
        made = ws.run(convert_lead(make_lead(ws), account=account, contact=contact))
        assert made.contact is contact
    assert counts(ws) == {
        "Account": 1,
        "Contact": 1,
        "AccountContact": 1,
        "Opportunity": 2,
        "OpportunityContact": 2,
    }


def test_batch_shares_accounts(ws: Workspace) -> None:
    """Leads of one company become contacts of one account, the first of them its primary one."""
    leads = list(ws.create_many([Lead(name=f"lead {at}", company=f"company {at // 3}") for at in range(9)]).created)
    ws.run(convert_lead(leads[8]))
    made = convert_leads(ws, leads, duplicates="use")

    assert [each.lead.name for each in made] == [f"lead {at}" for at in range(9)]
    assert counts(ws) == {
        "Account": 3,
        "Contact": 9,
        "AccountContact": 9,
        "Opportunity": 9,
        "OpportunityContact": 9,
    }
    primary = ws.list(AccountContact, where=F.is_primary == True, include="contact")  # noqa: E712
    assert sorted(each.contact.record.name for each in primary) == ["lead 0", "lead 3", "lead 8"]


def test_batch_is_all_or_nothing(ws: Workspace) -> None:
    """A lead that cannot be converted keeps the others from it, and the unit goes on."""
    good, bad = make_lead(ws), make_lead(ws, name="x", company="y", disqualified_reason="spam")
    ws.move(bad, "disqualify")

    with pytest.raises(MoveNotAllowedError):
        convert_leads(ws, [good, bad])
    assert counts(ws) == {}
    assert (good.status, good.converted_account) == ("new", None)


def test_disqualified_lead_is_not_converted(ws: Workspace) -> None:
    """It has to be reopened first."""
    lead = make_lead(ws, disqualified_reason="spam")
    ws.move(lead, "disqualify")

    with pytest.raises(MoveNotAllowedError):
        ws.run(convert_lead(lead))


def test_conversion_by_hand(ws: Workspace) -> None:
    """The bare move asks for the account; nothing says what it became before a lead is converted."""
    lead, account = make_lead(ws), ws.create(Account(name="Nordwind"))

    with pytest.raises(ValidationError) as caught:
        ws.move(lead, "convert")
    assert problems_of(caught.value) == [("lifecycle.needs", "converted_account")]
    lead = ws.get(Lead, lead.id)
    with pytest.raises(ValidationError) as caught:
        ws.update(lead, converted_account=account)
    assert problems_of(caught.value) == [("lead.not_converted", "converted_account")]
    lead = ws.get(Lead, lead.id)
    ws.move(lead, "convert", converted_account=account)
    assert lead.converted_at == ws.now()


def test_concurrent_conversions_make_one(crm: CRM, mei: Principal) -> None:
    """Of two units that convert one lead at once, the second returns what the first made."""
    with crm.acting_as(mei) as ws:
        lead_id = make_lead(ws).id

    def convert(_: int) -> Conversion:
        return crm.run(mei, lambda ws: ws.run(convert_lead(ws.get(Lead, lead_id))))

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(convert, range(4)))

    assert len({each.account.id for each in made}) == 1
    with crm.reading_as(mei) as reader:
        assert reader.count(Account) == 1
