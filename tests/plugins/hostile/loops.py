"""Answers each of its own writes by another one."""

from __future__ import annotations

from tests.plugins.hostile.switch import payload_of

from pycrm import Product
from pycrm.plugin import ChangeSet, Plugin, Workspace

plugin = Plugin("loops")


@plugin.after_write(Product)
def again(ws: Workspace, changes: ChangeSet[Product]) -> None:
    """Write once more what was just written."""
    if payload_of("loops"):
        for product in changes:
            ws.update(ws.get(Product, product.id), name=product.name + "!")
