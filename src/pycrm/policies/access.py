"""Who may do what, in three cases, until roles and rules are data.

1. The role ``administrator`` may do all.
2. ``plugin:<name>`` may do all on the plugin's own entities and fields, read everything, and do what
   ``Plugin(may={"sales_order": {"write"}})`` lists.
3. Everyone else may do nothing, reading included.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import attrs

from pycrm.errors import NotAllowedError
from pycrm.fields.field import Field
from pycrm.schema import Entity
from pycrm.values.principal import Principal

__all__ = ["Access"]


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


def _who(principal: Principal) -> str:
    name = f"user {principal.user!r}" if principal.user else "an anonymous principal"
    return f"{name} (roles: {', '.join(sorted(principal.roles)) or 'none'})"
