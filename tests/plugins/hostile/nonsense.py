"""Returns what no hook may return."""

from __future__ import annotations

from typing import Any

from tests.plugins.hostile.switch import payload_of

from pycrm import Product
from pycrm.plugin import ChangeSet, Plugin, Workspace

plugin = Plugin("nonsense")


@plugin.derive(Product)
def in_derive(ws: Workspace, changes: ChangeSet[Any]) -> Any:
    """Return what the test says."""
    return payload_of("nonsense.derive")


@plugin.check(Product)
def in_check(ws: Workspace, changes: ChangeSet[Any]) -> Any:
    """Return what the test says."""
    return payload_of("nonsense.check")


@plugin.after_write(Product)
def in_after_write(ws: Workspace, changes: ChangeSet[Any]) -> Any:
    """Return what the test says."""
    return payload_of("nonsense.after_write")
