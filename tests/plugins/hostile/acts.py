"""Does to its arguments, or through its door, whatever a test thinks of."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from tests.plugins.hostile.switch import payload_of

from pycrm import Product
from pycrm.plugin import ChangeSet, Extension, Plugin, Workspace, field

plugin = Plugin("acts")


@plugin.extend(Product)
class Mark(Extension):
    """A field of this plugin, to be mutated."""

    colour: str | None = field.text()


@plugin.derive(Product)
def in_derive(ws: Workspace, changes: ChangeSet[Any]) -> None:
    """Do what is armed."""
    act("derive", ws, changes)


@plugin.check(Product)
def in_check(ws: Workspace, changes: ChangeSet[Any]) -> None:
    """Do what is armed."""
    act("check", ws, changes)


@plugin.after_write(Product)
def in_after_write(ws: Workspace, changes: ChangeSet[Any]) -> None:
    """Do what is armed."""
    act("after_write", ws, changes)


@plugin.after_write(Product)
def swallowing(ws: Workspace, changes: ChangeSet[Any]) -> None:
    """Do what is armed, and keep quiet about what comes of it."""
    with suppress(Exception):
        act("swallowing", ws, changes)


def act(hook: str, ws: Workspace, changes: ChangeSet[Any]) -> None:
    """Call what is armed for *hook*."""
    if deed := payload_of(f"acts.{hook}"):
        deed(ws, changes)
