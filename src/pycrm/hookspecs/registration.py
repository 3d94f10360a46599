"""What a plugin hands over once, when a CRM is put together. Called by `pycrm.app` only."""

from __future__ import annotations

from typing import Any

from pycrm.markers import hookspec
from pycrm.policies.declared import RoleDeclarations
from pycrm.schema import OwnerDeclarations

__all__ = [
    "pycrm_register_actions",
    "pycrm_register_declarations",
    "pycrm_register_roles",
    "pycrm_register_write_hooks",
]


@hookspec
def pycrm_register_declarations(builtin: bool) -> OwnerDeclarations:
    """Return the entities, extensions, field kinds, filter functions and transforms that the plugin brings.

    When: once, when a CRM is put together.
    Args:
        builtin: Whether the plugin is one of pycrm's own, whose entities and kinds carry no owner's name.
    Returns:
        All declarations of the plugin under its name.
    Combined: union; the same entity, field, kind or transform from two plugins is `NameClashError` naming both.
    Errors: an exception keeps the CRM from being put together.
    Since: 0.1
    """
    raise AssertionError("a hook specification is not called")


@hookspec
def pycrm_register_write_hooks() -> list[Any]:
    """Return the plugin's functions for derive, check and after_write, as `pycrm.plugin.HookFunction`.

    When: once, when a CRM is put together.
    Returns:
        The functions in the order in which they were declared.
    Combined: concatenated; each is registered as an adapter of its own, named ``plugin:function``.
    Errors: an exception keeps the CRM from being put together.
    Since: 0.1
    """
    raise AssertionError("a hook specification is not called")


@hookspec
def pycrm_register_actions() -> list[Any]:
    """Return the plugin's actions, as `pycrm.plugin.Action`.

    When: once, when a CRM is put together.
    Returns:
        The actions; each is known as ``entity.name``.
    Combined: union; two actions of one name on one entity are `NameClashError` naming both plugins.
    Errors: an exception keeps the CRM from being put together.
    Since: 0.1
    """
    raise AssertionError("a hook specification is not called")


@hookspec
def pycrm_register_roles() -> RoleDeclarations:
    """Return the roles that the plugin brings, what it grants to any role, and its own permissions.

    When: once, when a CRM is put together.
    Returns:
        All that the plugin says of roles, under its name.
    Combined: union, deny wins; the same role from two plugins is `NameClashError` naming both.
    Errors: a grant to a role that nobody brings, or an entity, action or field that is not there, is
        `ConfigurationError`; an exception keeps the CRM from being put together.
    Since: 0.1
    """
    raise AssertionError("a hook specification is not called")
