"""Raises in each of its hooks."""

from __future__ import annotations

from typing import Any

from tests.plugins.hostile.switch import payload_of

from pycrm import Product
from pycrm.plugin import ChangeSet, Plugin, Workspace

plugin = Plugin("raises")


def explode(hook: str) -> None:
    """Raise if *hook* is armed."""
    if payload_of(f"raises.{hook}"):
        raise KeyError("whatever")


@plugin.derive(Product)
def in_derive(ws: Workspace, changes: ChangeSet[Any]) -> None:
    """Raise while fields are derived."""
    explode("derive")


@plugin.check(Product)
def in_check(ws: Workspace, changes: ChangeSet[Any]) -> None:
    """Raise while records are judged."""
    explode("check")


@plugin.after_write(Product)
def in_after_write(ws: Workspace, changes: ChangeSet[Any]) -> None:
    """Raise after the rows are written."""
    explode("after_write")
