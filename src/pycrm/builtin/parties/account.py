"""`Account`: a firm or a person that we sell to, buy from or work with, in any number of roles."""

from __future__ import annotations

from datetime import date

from pycrm.builtin.kinds import Address
from pycrm.builtin.parties.plugin import plugin
from pycrm.plugin import Lifecycle, Money, Move, OptRef, OwnedRecord, State, field

KINDS = ("company", "person")
ROLES = ("customer", "prospect", "supplier", "partner", "forwarder", "agent", "competitor")
SOURCES = (
    "website",
    "referral",
    "exhibition",
    "advertising",
    "campaign",
    "email",
    "cold_call",
    "social_media",
    "marketplace",
    "partner",
    "walk_in",
    "other",
)
LEVELS = ("A", "B", "C", "D")
GENDERS = ("female", "male", "other")

ACCOUNT = Lifecycle(
    State("active"),
    State("dormant", category="paused"),
    State("blocked", category="paused"),
    Move("deactivate", "active", "dormant"),
    Move("block", "active dormant", "blocked"),
    Move("reactivate", "dormant blocked", "active"),
)


@plugin.entity(title="name", list="number name kind level country owner status")
class Account(OwnedRecord):
    """A firm or a person. Which of both is its `kind`; `roles` says what it is to us, several at once."""

    name: str = field.text(indexed=True, searchable=True)
    kind: str = field.choice(KINDS, default="company")
    number: str = field.autonumber("ACC-{seq:06}", unique=True, searchable=True)
    roles: tuple[str, ...] = field.multi_choice(ROLES)
    parent: OptRef[Account] = field.ref("account", many="subsidiaries", tree=True)
    industry: str | None = field.text()
    employee_count: int | None = field.integer()
    annual_revenue: Money | None = field.money()
    website: str | None = field.url()
    phone: str | None = field.phone(searchable=True)
    email: str | None = field.email(indexed=True, searchable=True)
    address: Address | None = field.address()
    country: str | None = field.country(indexed=True)
    language: str | None = field.language()
    source: str | None = field.choice(SOURCES)
    level: str | None = field.choice(LEVELS)
    status: str = field.status(ACCOUNT)
    tax_number: str | None = field.text(searchable=True)
    preferences: str | None = field.long_text()
    description: str | None = field.long_text()
    tags: tuple[str, ...] = field.tags()
    family_name: str | None = field.text()
    given_name: str | None = field.text()
    birth_on: date | None = field.date()
    gender: str | None = field.choice(GENDERS)
    occupation: str | None = field.text()
    identity_number: str | None = field.identifier("cn_resident", indexed=True)
