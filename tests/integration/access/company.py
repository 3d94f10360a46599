"""The company that the tests of access share."""

from __future__ import annotations

from typing import Any, TypeVar

from pycrm import Account, AccountContact, Contact, Money, Opportunity, Principal, Reader, Team, User, Workspace
from pycrm.plugin import Plugin, Record

E = TypeVar("E", bound=Record)

BOSS = Principal("boss", roles={"administrator"})
MEI = Principal("mei", roles={"seller"})
BO = Principal("bo", roles={"seller"})
LIN = Principal("lin", roles={"lead"})
KAI = Principal("kai", roles={"seller"})
EYE = Principal("eye", roles={"auditor"})
NOBODY = Principal("nobody")

OPEN = {name: {"read": "all"} for name in ("user", "team", "pipeline", "stage")}

ROLES = Plugin("roles")
ROLES.role(
    "seller",
    {
        "account": {
            "read": "team",
            "create": "own",
            "write": "own",
            "delete": "own",
            "fields": {"annual_revenue": "none", "tax_number": "masked"},
            "masks": {"tax_number": "last4"},
        },
        "opportunity": {"read": "own", "create": "own", "write": "own"},
        "contact": {"read": "own", "create": "own", "write": "own"},
        **OPEN,
    },
)
ROLES.role(
    "lead",
    {
        "account": {"read": "subordinates", "create": "all", "write": "subordinates", "fields": {"*": "write"}},
        "opportunity": {"read": "subordinates", "write": "subordinates"},
        **OPEN,
    },
)
ROLES.role("auditor", {"account": {"read": {"where": "industry = 'textiles'"}}})


def known(reader: Reader, entity: type[E], **equal: Any) -> E:
    """Return the record with these values, which is there."""
    found = reader.find(entity, **equal)
    assert found is not None
    return found


def make_company(ws: Workspace) -> None:
    """Make the people, and two accounts of each who sells, with a contact and an opportunity each."""
    lin = ws.create(User(key="lin", name="Lin"))
    people = {
        key: ws.create(User(key=key, name=key.title(), manager=lin if key in ("mei", "bo") else None))
        for key in ("mei", "bo", "kai", "eye")
    }
    east = ws.create(Team(name="east", members=[people["mei"], people["bo"]]))
    for key in ("mei", "bo", "kai"):
        for number, industry in enumerate(("textiles", "machinery"), start=1):
            owner = people[key]
            account = ws.create(
                Account(
                    name=f"{key} {number}",
                    owner=owner,
                    team=east if key != "kai" else None,
                    industry=industry,
                    tax_number=f"9131000{key}{number}234",
                    annual_revenue=Money(number * 1_000_000, "CNY"),
                    tags=(key,),
                )
            )
            contact = ws.create(Contact(name=f"contact of {key} {number}", owner=owner))
            ws.create(AccountContact(account=account, contact=contact, role="buyer"))
            ws.create(Opportunity(name=f"deal of {key} {number}", account=account, owner=owner))
