"""One unit of work as one principal sees it: what every verb of the door works with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from pycrm.schema import Entity, Record
from pycrm.values.principal import Principal
from pycrm.workspace.context import UnitContext

__all__ = ["View"]


class View:
    """What `Reader` and `Workspace` are made of."""

    def __init__(self, ctx: UnitContext, principal: Principal, *, trusted: bool = False) -> None:
        self._ctx = ctx
        self._trusted = trusted
        self._principal = principal

    @property
    def principal(self) -> Principal:
        """For whom it reads and writes."""
        return self._principal

    def _kernel(self) -> Self:
        """Return a view of the same unit for what the kernel itself must do on the actor's behalf."""
        return type(self)(self._ctx, self.principal, trusted=True)

    def _entity(self, entity: type[Record]) -> Entity:
        return self._ctx.tools.schema.entity(entity)

    def _require(self, action: str, entity: Entity, fields: Sequence[Any] = ()) -> None:
        if not self._trusted:
            self._ctx.services.access.require(self.principal, action, entity, fields)
