"""Rights that several of our own plugins give the shipped roles alike; for which entities say their ``roles.py``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from pycrm.plugin import Plugin

__all__ = ["EVERY_ROLE", "INTEGRATED", "READ_ALL", "SOLD", "SUPERVISED", "grant_each"]

EVERY_ROLE = ("sales_manager", "salesperson", "marketing", "service_agent", "read_only", "integration")
"""All shipped roles but the administrator, who may do all."""

READ_ALL: Mapping[str, Any] = MappingProxyType({"read": "all"})

SOLD: Mapping[str, Any] = MappingProxyType({"read": "team", "create": "own", "write": "own", "share": "own"})
"""What salespeople do with what they sell by: they see their team's, change their own, and delete nothing."""

SUPERVISED: Mapping[str, Any] = MappingProxyType(
    dict.fromkeys(("read", "create", "write", "delete", "share", "export", "bulk"), "subordinates")
)
"""What those who lead a team do with its records."""

INTEGRATED: Mapping[str, Any] = MappingProxyType(
    {**dict.fromkeys(("read", "create", "write", "export", "bulk", "set_state"), "all"), "fields": {"*": "write"}}
)
"""What a program does that keeps another system in step: all but to delete and to define."""


def grant_each(plugin: Plugin, role: str, entities: Iterable[str], rights: Mapping[str, Any]) -> None:
    """Let *plugin* give *role* the same *rights* on each of *entities*."""
    plugin.grant(role, dict.fromkeys(entities, rights))
