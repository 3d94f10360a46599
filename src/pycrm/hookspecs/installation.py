"""What is asked of a plugin when it comes into a database."""

from __future__ import annotations

from pycrm.markers import hookspec
from pycrm.workspace import Workspace

__all__ = ["pycrm_install_records"]


@hookspec
def pycrm_install_records(ws: Workspace) -> None:
    """Write the records that the plugin cannot do without, such as a default pipeline.

    When: once per database, in the transaction of `CRM.migrate` that creates the plugin's tables.
    Args:
        ws: The door; it acts as the plugin, under ``Plugin(may=…)``.
    Returns:
        Nothing.
    Combined: each plugin is asked by itself, in the order of plugins.
    Errors: an exception undoes the whole migration and surfaces as `HookFailedError` with the plugin's name.
    Since: 0.1
    """
    raise AssertionError("a hook specification is not called")
