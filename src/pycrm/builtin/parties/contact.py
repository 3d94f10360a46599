"""`Contact`, a human, and `AccountContact`, what that human is at an account and from when until when."""

from __future__ import annotations

from datetime import date

from pycrm.builtin.kinds import Address
from pycrm.builtin.parties.account import Account
from pycrm.builtin.parties.plugin import plugin
from pycrm.plugin import OwnedRecord, Record, Ref, field

ROLES = ("decision_maker", "influencer", "buyer", "user", "technical", "finance", "logistics", "assistant", "other")


@plugin.entity(title="name", list="name job_title email phone owner")
class Contact(OwnedRecord):
    """A human, at one account, at several or at none; `accounts` leads to the `AccountContact` of each."""

    name: str = field.text(indexed=True, searchable=True)
    given_name: str | None = field.text()
    family_name: str | None = field.text()
    salutation: str | None = field.text()
    job_title: str | None = field.text()
    department: str | None = field.text()
    email: str | None = field.email(indexed=True, searchable=True)
    phone: str | None = field.phone(searchable=True)
    mobile: str | None = field.phone(indexed=True, searchable=True)
    wechat: str | None = field.text(searchable=True)
    birth_on: date | None = field.date()
    language: str | None = field.language()
    address: Address | None = field.address()
    do_not_contact: bool = field.boolean(default=False)
    description: str | None = field.long_text()
    tags: tuple[str, ...] = field.tags()


@plugin.entity(list="account contact role is_primary since_on until_on")
class AccountContact(Record):
    """One contact at one account. The same pair may come again, with another role or another period."""

    account: Ref[Account] = field.ref(Account, many="account_contacts", part_of=True, rights_from=True)
    contact: Ref[Contact] = field.ref(Contact, many="accounts", part_of=True)
    role: str | None = field.choice(ROLES)
    is_primary: bool = field.boolean(default=False)
    since_on: date | None = field.date()
    until_on: date | None = field.date()
