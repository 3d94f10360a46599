"""Persons, as contacts and as customers: how their names follow from the parts, and what their numbers tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pycrm.builtin.kinds import IdentifierKind
from pycrm.builtin.parties.account import Account
from pycrm.builtin.parties.contact import Contact
from pycrm.builtin.parties.person_names import full_name
from pycrm.builtin.parties.plugin import plugin
from pycrm.plugin import ChangeSet, Workspace

PARTS = ("family_name", "given_name", "language")
RESIDENT = IdentifierKind("cn_resident")


@plugin.derive(Contact, changed="name family_name given_name language")
def name_contact(ws: Workspace, changes: ChangeSet[Contact]) -> None:
    """Give a contact without a name the one that its parts make: 王 and 小明 make 王小明."""
    keep_names(changes, changes)


@plugin.derive(Account, changed="kind name family_name given_name language")
def name_person(ws: Workspace, changes: ChangeSet[Account]) -> None:
    """Give a customer who is a person and has no name the one that its parts make."""
    keep_names(changes, [account for account in changes if account.kind == "person"])


def keep_names(changes: ChangeSet[Any], people: Iterable[Any]) -> None:
    """Set the names of *people* that have none, and of those whose name was made of parts that change.

    Any other name stays as somebody gave it.
    """
    for person in people:
        name = full_name(person.family_name, person.given_name, person.language)
        if not name or name == person.name:
            continue
        if not person.name:
            changes.set(person, override=True, name=name)
        elif "name" not in changes.changed(person) and person.name == _name_before(changes, person):
            changes.set(person, name=name)


def _name_before(changes: ChangeSet[Any], person: Any) -> str:
    family_name, given_name, language = (changes.before(person, part) for part in PARTS)
    return full_name(family_name, given_name, language)


@plugin.derive(Account, changed="identity_number")
def read_identity(ws: Workspace, changes: ChangeSet[Account]) -> None:
    """Take day of birth and gender from the number of a resident, where nobody gave them."""
    for account in changes:
        if account.identity_number:
            told = RESIDENT.tell(account.identity_number)
            unknown = {name: told[name] for name in ("birth_on", "gender") if getattr(account, name) is None}
            changes.set(account, **unknown)


@plugin.transform("full_name")
def name_of_parts(value: Any) -> str:
    """Return the name of a person in its usual order, of ``family, given, middle`` as import mappings join them."""
    family, *given = str(value).split(", ")
    return full_name(family, " ".join(given))
