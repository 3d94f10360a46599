from __future__ import annotations

from datetime import date

from pycrm import Account, AccountContact, Contact, F, Workspace


def test_contact_stands_without_account(ws: Workspace) -> None:
    """A contact needs nothing but a name."""
    contact = ws.get(Contact, ws.create(Contact(name="韩梅梅")).id)

    assert (contact.name, contact.do_not_contact, contact.tags) == ("韩梅梅", False, ())


def test_contact_of_several_accounts(ws: Workspace) -> None:
    """A contact has a role and a period at each account, and both sides lead there."""
    oslo, bergen = (ws.create(Account(name=f"Nordwind {place}")) for place in ("Oslo", "Bergen"))
    contact = ws.create(Contact(name="Kari Nordmann", wechat="kari-n"))
    ws.create_many(
        [
            AccountContact(account=oslo, contact=contact, role="buyer", until_on=date(2025, 12, 31)),
            AccountContact(account=bergen, contact=contact, role="decision_maker", is_primary=True),
        ]
    )

    read = ws.get(Contact, contact.id, include="accounts.account")
    assert {link.account.record.name: link.role for link in read.related("accounts")} == {
        "Nordwind Oslo": "buyer",
        "Nordwind Bergen": "decision_maker",
    }
    (link,) = ws.get(Account, bergen.id, include="account_contacts.contact").related("account_contacts")
    assert (link.contact.record.name, link.is_primary) == ("Kari Nordmann", True)


def test_links_go_with_account(ws: Workspace) -> None:
    """An account in the bin takes its links along; the contact stays, and restoring brings the links back."""
    account = ws.create(Account(name="Nordwind"))
    contact = ws.create(Contact(name="Kari Nordmann"))
    ws.create(AccountContact(account=account, contact=contact))
    here = F.contact == contact.id

    ws.delete(account)
    assert (ws.count(AccountContact, where=here), ws.count(Contact)) == (0, 1)
    ws.restore(account)
    assert ws.count(AccountContact, where=here) == 1


def test_links_go_with_contact(ws: Workspace) -> None:
    """A contact in the bin leaves no link to it at the account."""
    account = ws.create(Account(name="Nordwind"))
    contact = ws.create(Contact(name="Kari Nordmann"))
    ws.create(AccountContact(account=account, contact=contact))

    ws.delete(contact)
    assert ws.count(AccountContact, where=F.account == account.id) == 0
