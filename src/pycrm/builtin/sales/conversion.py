"""What a good lead becomes: an account, a contact and an opportunity, made in one go."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypeVar
from uuid import UUID

import attrs

from pycrm.builtin.batches import read_by
from pycrm.builtin.parties import Account, AccountContact, Contact
from pycrm.builtin.sales.copying import shared_custom
from pycrm.builtin.sales.lead import Lead
from pycrm.builtin.sales.opportunity import Opportunity
from pycrm.builtin.sales.opportunity_contact import OpportunityContact
from pycrm.builtin.sales.plugin import plugin
from pycrm.plugin import F, NotFoundError, Problem, Record, Ref, ValidationError, Workspace

__all__ = ["Conversion", "Duplicates", "convert_lead", "convert_leads"]

R = TypeVar("R", bound=Record)

Duplicates: TypeAlias = Literal["refuse", "use", "ignore"]
"""What an account that is there already does: stops the conversion, is taken, or stays beside a new one."""


@attrs.frozen
class Conversion:
    """What became of a lead.

    Attributes:
        lead: The lead, converted.
        account: The company; of a lead without one, the person.
        contact: The human at the company; None for a person, who is the account.
        opportunity: The deal, or None where there is none yet.
    """

    lead: Lead
    account: Account
    contact: Contact | None = None
    opportunity: Opportunity | None = None


@plugin.action(Lead, states="new working qualified converted")
def convert_lead(
    ws: Workspace,
    lead: Lead,
    *,
    account: Account | None = None,
    contact: Contact | None = None,
    with_opportunity: bool = True,
    duplicates: Duplicates = "refuse",
) -> Conversion:
    """Make a customer of a lead: an account, a contact at it and an opportunity. See `convert_leads`.

    Args:
        ws: The door.
        lead: A stored lead. One that was converted before stays as it is.
        account: The account that it belongs to, where that is there already.
        contact: The contact that it is, where that is there already.
        with_opportunity: Whether there is a deal in sight.
        duplicates: As in `convert_leads`.
    """
    given = {lead.id: _Given(account, contact)}
    return _convert(ws, [lead], given, with_opportunity, duplicates)[0]


def convert_leads(
    ws: Workspace, leads: Sequence[Lead], *, with_opportunity: bool = True, duplicates: Duplicates = "refuse"
) -> list[Conversion]:
    """Make customers of leads, as one batch per entity; all of them or none.

    A lead with a company becomes an account of that name and a contact at it; leads of one company share the account.
    A lead without becomes an account of a person. Owner, team and source go along, and so do the values of custom
    fields that the new entity has as well, under the same name and of the same kind.

    Args:
        ws: The door.
        leads: Stored leads. What was made of one that is converted already is returned, and nothing is made anew.
        with_opportunity: Whether each gets an opportunity.
        duplicates: What becomes of a lead whose account seems to be there already: a company of exactly that name, or
            a person of that name with the same email address or phone number. ``"refuse"`` says so, ``"use"`` takes
            the account where there is but one, ``"ignore"`` makes another.
    Returns:
        What became of each lead, in the order given.
    Raises:
        ValidationError: With every problem; ``lead.account_exists`` for each lead whose account seems to be there.
        MoveNotAllowedError: A lead is disqualified; reopen it first.
    """
    return _convert(ws, leads, {}, with_opportunity, duplicates)


@attrs.frozen
class _Given:
    account: Account | None = None
    contact: Contact | None = None


def _convert(
    ws: Workspace,
    leads: Sequence[Lead],
    given: Mapping[UUID, _Given],
    with_opportunity: bool,
    duplicates: Duplicates,
) -> list[Conversion]:
    with ws.savepoint():
        # Locked first: of two who convert one lead at once, the second finds it converted.
        ws.lock(leads)
        by_lead = {lead.id: _stored(ws, lead) for lead in leads if lead.status == "converted"}
        fresh = [lead for lead in leads if lead.id not in by_lead]
        accounts, new = _accounts(ws, fresh, given, duplicates)
        for lead in fresh:
            contact = given.get(lead.id, _Given()).contact
            by_lead[lead.id] = _conversion(ws, lead, accounts[lead.id], contact, with_opportunity)
        made = [by_lead[lead.id] for lead in fresh]
        ws.create_many(new)
        _write_contacts(ws, made, new, {each.contact for each in given.values()})
        _write_opportunities(ws, made)
        for each in made:
            each.lead.status = "converted"
            each.lead.converted_account = each.account
            each.lead.converted_contact = each.contact
            each.lead.converted_opportunity = each.opportunity
        ws.update_many(fresh)
    return [by_lead[lead.id] for lead in leads]


def _stored(ws: Workspace, lead: Lead) -> Conversion:
    """Return what a lead that was converted before has become."""
    account = _read(ws, Account, lead.converted_account)
    if account is None:
        raise NotFoundError(f"{lead!r} is converted, but nobody noted to which account", entity="lead", id=lead.id)
    contact = _read(ws, Contact, lead.converted_contact)
    return Conversion(lead, account, contact, _read(ws, Opportunity, lead.converted_opportunity))


def _read(ws: Workspace, entity: type[R], reference: Ref[R] | None) -> R | None:
    return ws.get(entity, reference.id) if reference else None


def _accounts(
    ws: Workspace, leads: Sequence[Lead], given: Mapping[UUID, _Given], duplicates: Duplicates
) -> tuple[dict[UUID, Account], list[Account]]:
    """Return the account of each lead by the lead's id, and those among them that are to be written."""
    chosen = {lead_id: each.account for lead_id, each in given.items() if each.account is not None}
    rest = [lead for lead in leads if lead.id not in chosen]
    alike = {} if duplicates == "ignore" else _alike(ws, rest)
    companies: dict[str, Account] = {}
    new: list[Account] = []
    problems: list[Problem] = []
    for lead in rest:
        found = alike.get(lead.id, ())
        if found and (duplicates == "refuse" or len(found) > 1):
            problems.append(_account_exists(lead, found))
            continue
        account = found[0] if found else companies.get(lead.company or "")
        if account is None:
            account = _account_of(ws, lead)
            new.append(account)
            if lead.company:
                companies[lead.company] = account
        chosen[lead.id] = account
    if problems:
        raise ValidationError(problems, entity="lead")
    return chosen, new


def _alike(ws: Workspace, leads: Sequence[Lead]) -> dict[UUID, list[Account]]:
    """Return by the lead's id the accounts that seem to be the lead's."""
    by_name: dict[str, list[Account]] = {}
    for account in read_by(ws, Account, "name", {lead.company or lead.name for lead in leads}):
        by_name.setdefault(account.name, []).append(account)
    return {
        lead.id: [account for account in by_name.get(lead.company or lead.name, ()) if _is_of(account, lead)]
        for lead in leads
    }


def _is_of(account: Account, lead: Lead) -> bool:
    """Whether *account*, which has the right name, seems to be that of *lead*."""
    if lead.company:
        return account.kind == "company"
    # Many people share a name.
    same_email = lead.email is not None and lead.email == account.email
    return account.kind == "person" and (same_email or (lead.phone is not None and lead.phone == account.phone))


def _account_exists(lead: Lead, found: Sequence[Account]) -> Problem:
    return Problem(
        "lead.account_exists",
        lead,
        "company" if lead.company else "name",
        message="is that of an account already: {accounts}; give the account to take, or convert with "
        "duplicates='use' or 'ignore'",
        value=lead.company or lead.name,
        accounts=", ".join(account.number for account in found),
    )


def _account_of(ws: Workspace, lead: Lead) -> Account:
    """Return the account that *lead* becomes, not yet written."""
    common = _common(ws, lead, Account) | {"country": lead.country, "source": lead.source, "roles": ("prospect",)}
    if lead.company:
        return Account(name=lead.company, kind="company", **common)
    return Account(
        name=lead.name, kind="person", email=lead.email, phone=lead.phone, occupation=lead.job_title, **common
    )


def _conversion(
    ws: Workspace, lead: Lead, account: Account, contact: Contact | None, with_opportunity: bool
) -> Conversion:
    """Return what *lead* becomes; a contact that is not given, and the opportunity, are not yet written."""
    if contact is None and account.kind == "company":
        contact = Contact(
            name=lead.name, job_title=lead.job_title, email=lead.email, phone=lead.phone, **_common(ws, lead, Contact)
        )
    opportunity = None
    if with_opportunity:
        opportunity = Opportunity(
            name=account.name,
            account=account,
            source=lead.source,
            description=lead.interest,
            **_common(ws, lead, Opportunity),
        )
    return Conversion(lead, account, contact, opportunity)


def _common(ws: Workspace, lead: Lead, target: type[Record]) -> dict[str, Any]:
    return {"owner": lead.owner, "team": lead.team, "custom": shared_custom(ws, lead, target)}


def _write_contacts(
    ws: Workspace, made: Sequence[Conversion], new: Sequence[Account], known: Collection[Contact | None]
) -> None:
    """Write the contacts that are not *known*, and what each of all is at its account."""
    with_contact = [(each.account, each.contact) for each in made if each.contact is not None]
    ws.create_many([contact for _, contact in with_contact if contact not in known])
    first = {account: contact for account, contact in reversed(with_contact) if account in new}
    ws.create_many(
        [
            AccountContact(account=account, contact=contact, is_primary=first.get(account) is contact)
            for account, contact in with_contact
            if contact not in known
            or not ws.count(AccountContact, where=(F.account == account) & (F.contact == contact), cap=1)
        ]
    )


def _write_opportunities(ws: Workspace, made: Sequence[Conversion]) -> None:
    """Write the opportunities, and who has a say in each."""
    ws.create_many([each.opportunity for each in made if each.opportunity is not None])
    ws.create_many(
        [
            OpportunityContact(opportunity=each.opportunity, contact=each.contact, is_primary=True)
            for each in made
            if each.opportunity is not None and each.contact is not None
        ]
    )
