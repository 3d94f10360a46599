"""What the shipped roles may do with accounts and contacts.

Relations of accounts, who is who at one, and the ways to reach somebody go with the account or contact.
"""

from __future__ import annotations

from pycrm.builtin.parties.plugin import plugin
from pycrm.builtin.shipped_rights import INTEGRATED, READ_ALL, SOLD, SUPERVISED, grant_each

_ENTITIES = ("account", "contact")

grant_each(plugin, "sales_manager", _ENTITIES, SUPERVISED)
grant_each(plugin, "integration", _ENTITIES, INTEGRATED)
for _role in ("marketing", "service_agent", "read_only"):
    grant_each(plugin, _role, _ENTITIES, READ_ALL)

plugin.grant("salesperson", {"account": SOLD, "contact": {**SOLD, "delete": "own"}})
