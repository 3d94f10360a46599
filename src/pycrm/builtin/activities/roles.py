"""What the shipped roles may do with tasks and with what was said and written."""

from __future__ import annotations

from pycrm.builtin.activities.plugin import plugin
from pycrm.builtin.shipped_rights import INTEGRATED, READ_ALL, SUPERVISED, grant_each

_ENTITIES = ("task", "interaction")

# A task is often for somebody else of the team.
_OF_TEAM = {"read": "team", "create": "team", "write": "own", "delete": "own", "share": "own"}

grant_each(plugin, "sales_manager", _ENTITIES, SUPERVISED)
grant_each(plugin, "salesperson", _ENTITIES, _OF_TEAM)
grant_each(plugin, "marketing", _ENTITIES, _OF_TEAM)
grant_each(plugin, "service_agent", _ENTITIES, {"read": "all", "create": "all", "write": "team", "delete": "own"})
grant_each(plugin, "read_only", _ENTITIES, READ_ALL)
grant_each(plugin, "integration", _ENTITIES, INTEGRATED)
