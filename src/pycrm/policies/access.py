"""Who may do what, in three cases, until roles and rules are data.

1. The role ``administrator`` may do all.
2. ``plugin:<name>`` may do all on the plugin's own entities and fields, read everything, and do what
   ``Plugin(may={"sales_order": {"write"}})`` lists.
3. Everyone else may do nothing, reading included.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import attrs

from pycrm.errors import NotAllowedError
from pycrm.fields.field import Field
from pycrm.schema import Entity
from pycrm.values.principal import Principal

__all__ = ["Access", "refusal"]


@attrs.frozen
class Access:
    """The decision for each call of the door.

    Attributes:
        may: What each plugin lists beyond its own: plugin to entity name to actions.
    """

    may: Mapping[str, Mapping[str, frozenset[str]]] = attrs.field(factory=dict)

    def require(self, principal: Principal, action: str, entity: Entity, fields: Collection[Field] = ()) -> None:
        """Return if *principal* may do *action* on *entity*, touching *fields*.

        Args:
            principal: Who acts.
            action: ``read``, ``create``, ``write``, ``delete``, ``set_state``, ``define_fields`` or a permission of a
                plugin.
            entity: The entity of the records.
            fields: The fields that are written.
        Raises:
            NotAllowedError: It may not.
        """
        if principal.is_administrator or self._plugin_may(principal.plugin_name, action, entity, fields):
            return
        raise NotAllowedError(
            f"{_who(principal)} may not {action} {entity.name}; "
            + (
                f"list it in Plugin(may={{{entity.name!r}: {{{action!r}}}}})"
                if principal.plugin_name
                else "the role 'administrator' may"
            ),
            action=action,
            entity=entity.name,
            user=principal.user,
        )

    def require_actor(self, principal: Principal, action: str) -> None:
        """Return if *principal* may do *action*, which is about no entity: administrators and active plugins may.

        Raises:
            NotAllowedError: It may not.
        """
        if not principal.is_administrator and principal.plugin_name not in self.may:
            raise NotAllowedError(
                f"{_who(principal)} may not {action}; the role 'administrator' may",
                action=action,
                user=principal.user,
            )

    def may_elevate(self, plugin: str, action: str, entity: Entity) -> bool:
        """Return whether code of *plugin* may take the right to *action* on *entity* for a section.

        It may on its own entities, and where ``Plugin(may=…)`` lists it, reading too.
        """
        return entity.owner == plugin or action in self.may.get(plugin, {}).get(entity.name, ())

    def _plugin_may(self, plugin: str | None, action: str, entity: Entity, fields: Collection[Field]) -> bool:
        if plugin is None:
            return False
        if action == "read" or entity.owner == plugin:
            return True
        # Without fields a record is locked, or written as it was: for all who may write some field of it.
        touched = fields or [field for field in entity.fields.values() if field.owner == plugin]
        if action == "write" and touched and all(field.owner == plugin for field in touched):
            return True
        return action in self.may.get(plugin, {}).get(entity.name, ())


def refusal(
    principal: Principal,
    roles: Collection[str],
    action: str,
    entity: Entity,
    fields: Sequence[Field] = (),
    about: str = "",
) -> NotAllowedError:
    """Return the error that *principal*, who has *roles*, may not do *action* on *entity*.

    Args:
        principal: Who.
        roles: Those that he has, for a time ones too.
        action: What he wanted to do.
        entity: With records of which.
        fields: The fields that he may not touch, if it is only these.
        about: What is to be told besides, right behind.
    """
    names = ", ".join(field.path for field in fields)
    what = (f"{action} {names} of {entity.name}" if names else f"{action} {entity.name}") + about
    return NotAllowedError(
        f"{_who(principal, roles)} may not {what}; a role that may is needed, or the role 'administrator'",
        action=action,
        entity=entity.name,
        user=principal.user,
        **({"fields": tuple(field.path for field in fields)} if fields else {}),
    )


def _who(principal: Principal, roles: Collection[str] | None = None) -> str:
    name = f"user {principal.user!r}" if principal.user else "an anonymous principal"
    held = principal.roles if roles is None else roles
    return f"{name} (roles: {', '.join(sorted(held)) or 'none'})"
