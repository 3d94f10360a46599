"""What is asked of plugins during a write. Every hook gets a whole batch and fires on every path."""

from __future__ import annotations

from typing import Any

from pycrm.errors import Problem
from pycrm.markers import hookspec
from pycrm.schema import ChangeSet
from pycrm.workspace import Workspace

__all__ = ["pycrm_after_write_records", "pycrm_check_records", "pycrm_derive_records"]


@hookspec
def pycrm_derive_records(ws: Workspace, changes: ChangeSet[Any]) -> None:
    """Set fields that follow from others.

    When: after the caller's values are parsed and defaults filled in, before required fields are judged.
    Args:
        ws: The door, for reading; it acts as the caller, or as the plugin with ``as_plugin=True``.
        changes: The records as they will be, frozen; set fields with ``changes.set(record, field=value)``.
    Returns:
        Nothing.
    Combined: in order of plugins; two different values for one field are `HookConflictError` naming both, unless
        one declares ``after=`` the other.
    Errors: an exception undoes the unit and surfaces as `HookFailedError` with plugin, hook and entity.
    Since: 0.1
    """
    raise AssertionError("a hook specification is not called")


@hookspec
def pycrm_check_records(ws: Workspace, changes: ChangeSet[Any]) -> list[Problem]:
    """Say what is wrong with records; change nothing.

    When: after derive hooks and the kernel's own rules, before the first row is written.
    Args:
        ws: The door, for reading.
        changes: The records as they will be, frozen.
    Returns:
        Problems, each with the record it is about; a generator function yields them.
    Combined: concatenated; any problem of level error keeps its record from being written.
    Errors: an exception undoes the unit and surfaces as `HookFailedError`; a raised `Problem` counts as an answer.
    Since: 0.1
    """
    raise AssertionError("a hook specification is not called")


@hookspec
def pycrm_after_write_records(ws: Workspace, changes: ChangeSet[Any]) -> None:
    """Write other records as a consequence.

    When: after the rows of the batch are written, inside the same unit.
    Args:
        ws: The door; what it writes runs the same path, at most 8 generations deep.
        changes: The records as written, frozen; ``changes.before`` tells what was there.
    Returns:
        Nothing.
    Combined: in order of plugins.
    Errors: an exception undoes the unit and surfaces as `HookFailedError` with plugin, hook and entity.
    Since: 0.1
    """
    raise AssertionError("a hook specification is not called")
