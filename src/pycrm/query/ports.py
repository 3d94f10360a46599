"""What the rooms below policies need of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from pycrm.fields.field import Field
from pycrm.schema import Entity
from pycrm.values.principal import Principal

__all__ = ["Access"]


class Access(Protocol):
    """Who may do what."""

    def require(self, principal: Principal, action: str, entity: Entity, fields: Collection[Field] = ()) -> None:
        """Return if *principal* may do *action* on records of *entity*, touching *fields*.

        Raises:
            NotAllowedError: It may not; the message says what and to whom.
        """
        ...

    def may_elevate(self, plugin: str, action: str, entity: Entity) -> bool:
        """Return whether code of *plugin* may take the right to *action* on *entity* for a section."""
        ...

    def require_actor(self, principal: Principal, action: str) -> None:
        """Return if *principal* may do *action*, which is about no entity.

        Raises:
            NotAllowedError: It may do nothing here at all.
        """
        ...
