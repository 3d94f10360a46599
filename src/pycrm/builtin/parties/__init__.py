"""Parties: whom we deal with. `Account` is a firm or a person, `Contact` a human, `AccountContact` who is who where.

`AccountRelation` is what accounts are to each other, `ContactPoint` a way to reach one of them.
"""

from pycrm.builtin.parties import roles
from pycrm.builtin.parties.account import ACCOUNT, Account
from pycrm.builtin.parties.account_relation import AccountRelation
from pycrm.builtin.parties.contact import AccountContact, Contact
from pycrm.builtin.parties.contact_point import ContactPoint
from pycrm.builtin.parties.look_alike import find_look_alikes, looks_like
from pycrm.builtin.parties.person import keep_names
from pycrm.builtin.parties.plugin import plugin

__all__ = [
    "ACCOUNT",
    "Account",
    "AccountContact",
    "AccountRelation",
    "Contact",
    "ContactPoint",
    "find_look_alikes",
    "keep_names",
    "looks_like",
    "plugin",
    "roles",
]
