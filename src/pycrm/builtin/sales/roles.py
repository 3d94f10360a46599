"""What the shipped roles may do with leads, deals, quotes, contracts, orders and payments.

Lines, stage changes and contacts of a deal go with what they belong to.
"""

from __future__ import annotations

from pycrm.builtin.sales.plugin import plugin
from pycrm.builtin.shipped_rights import EVERY_ROLE, INTEGRATED, READ_ALL, SOLD, SUPERVISED, grant_each

_REFERENCE = ("pipeline", "stage", "competitor")
_DEALS = ("opportunity", "quote", "contract", "sales_order", "payment_plan", "payment_receipt")

for _role in EVERY_ROLE:
    grant_each(plugin, _role, _REFERENCE, READ_ALL)

grant_each(plugin, "sales_manager", ("lead", *_DEALS), SUPERVISED)
plugin.grant(
    "sales_manager",
    {
        "quote": {"approve": "subordinates"},
        "contract": {"approve": "subordinates"},
        "competitor": {"create": "all", "write": "all"},
    },
)

grant_each(plugin, "salesperson", ("opportunity", "contract", "sales_order", "payment_plan"), SOLD)
plugin.grant(
    "salesperson",
    {
        "lead": {**SOLD, "delete": "own"},
        "quote": {**SOLD, "delete": "own"},
        # What came in is booked by others.
        "payment_receipt": {"read": "team"},
        "competitor": {"create": "all", "write": "own"},
    },
)

plugin.grant("marketing", {"lead": dict.fromkeys(("read", "create", "write", "export", "bulk"), "all")})
grant_each(plugin, "read_only", ("lead", *_DEALS), READ_ALL)
grant_each(plugin, "integration", (*_REFERENCE, "lead", *_DEALS), INTEGRATED)
