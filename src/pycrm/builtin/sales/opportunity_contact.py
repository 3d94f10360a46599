"""`OpportunityContact`: who has a say in an opportunity, and which."""

from __future__ import annotations

from pycrm.builtin.parties import Contact
from pycrm.builtin.parties.contact import ROLES
from pycrm.builtin.sales.opportunity import Opportunity
from pycrm.builtin.sales.plugin import plugin
from pycrm.plugin import Record, Ref, field


@plugin.entity(list="opportunity contact role is_primary")
class OpportunityContact(Record):
    """One contact's part in one opportunity. The same pair may come again, with another role."""

    opportunity: Ref[Opportunity] = field.ref(Opportunity, many="contacts", part_of=True, rights_from=True)
    contact: Ref[Contact] = field.ref(Contact, many="opportunities", part_of=True)
    role: str | None = field.choice(ROLES)
    is_primary: bool = field.boolean(default=False)
