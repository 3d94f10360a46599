"""Parties: whom we deal with. `Account` is a firm or a person, `Contact` a human, `AccountContact` who is who where."""

from pycrm.builtin.parties.account import ACCOUNT, Account
from pycrm.builtin.parties.contact import AccountContact, Contact
from pycrm.builtin.parties.plugin import plugin

__all__ = ["ACCOUNT", "Account", "AccountContact", "Contact", "plugin"]
