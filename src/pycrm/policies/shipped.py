"""The roles that pycrm ships, and what they may do with the system's own entities.

What they may do with accounts, products and deals stands beside these: ``roles.py`` of each built-in plugin.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pycrm.policies.declared import RoleDeclarations
from pycrm.policies.grants import Rule
from pycrm.policies.roles import RoleDefinition, read_role
from pycrm.values.principal import ADMINISTRATOR

__all__ = ["SHIPPED"]

CORE = "core"

_READ: Mapping[str, Any] = MappingProxyType({"read": "all"})
_OWN = MappingProxyType({"create": "own", "write": "own", "delete": "own"})

# Whom the firm lets bring many records in at once; what may be in them is a matter of the records themselves.
_IMPORTS: Mapping[str, Any] = MappingProxyType({"import_run": {"read": "own", "create": "own"}})

_FOR_EVERYBODY: Mapping[str, Mapping[str, Any]] = {
    **dict.fromkeys(("user", "team", "tag", "calendar", "calendar_exception", "exchange_rate"), _READ),
    # Also what a team keeps together, and what is shared with everybody.
    "saved_view": {"read": ["team", Rule("is_shared = TRUE AND team IS NULL")], **_OWN},
}


def _role(name: str, parent: str | None, rights: Mapping[str, Mapping[str, Any]]) -> RoleDefinition:
    return read_role(name, {"parent": parent, "rights": {**_FOR_EVERYBODY, **rights}}, CORE)


SHIPPED = RoleDeclarations(
    CORE,
    roles=(
        RoleDefinition(ADMINISTRATOR, owner=CORE),
        _role(
            "sales_manager",
            None,
            {
                "share": {"read": "subordinates", "create": "own", "write": "own", "delete": "subordinates"},
                "cover": dict.fromkeys(("read", "create", "write", "delete"), Rule("user.manager = ME OR user = ME")),
                **_IMPORTS,
            },
        ),
        _role(
            "salesperson",
            "sales_manager",
            {
                "share": {"read": "own", **_OWN},
                "cover": {"read": Rule("user = ME OR substitute = ME")},
            },
        ),
        _role("marketing", None, _IMPORTS),
        _role("service_agent", None, {}),
        _role("read_only", None, {}),
        _role(
            "integration",
            None,
            {
                "exchange_rate": {"read": "all", "create": "all", "write": "all", "bulk": "all"},
                "tag": {"read": "all", "create": "all", "write": "all"},
                **_IMPORTS,
            },
        ),
    ),
)
"""An administrator may do all and so is granted nothing."""
