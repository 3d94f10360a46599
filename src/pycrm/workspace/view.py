"""One unit of work as one principal sees it: what every verb of the door works with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Self, TypeVar
from uuid import UUID

from pycrm.errors import ConflictError, NotAllowedError
from pycrm.fields.field import Field
from pycrm.policies.access import refusal
from pycrm.policies.rights import Rights
from pycrm.schema import Entity, Record
from pycrm.storage.audit import AuditEntry
from pycrm.values.principal import Principal
from pycrm.workspace.context import UnitContext
from pycrm.workspace.reads import Reads, RightsMoved
from pycrm.workspace.rights import reads_of

__all__ = ["View"]

T = TypeVar("T")

MOST_AGAIN = 10
MOST_TOLD = 20
"""So many records of a refused batch are named."""


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

    @property
    def _is_ruled(self) -> bool:
        """Whether the principal reads and writes by rights to records, not everything or by what his plugin lists."""
        principal = self._principal
        return not (self._trusted or principal.is_administrator or principal.plugin_name is not None)

    @property
    def _reads(self) -> Reads:
        """What the principal reads by."""
        return reads_of(self._ctx, self._principal) if self._is_ruled else self._ctx

    def _ask(self, ask: Callable[[Reads], T]) -> T:
        """Return what *ask* finds out of what the principal may read, by his rights of now.

        Raises:
            ConflictError: They are being changed faster than they can be read.
        """
        for _ in range(MOST_AGAIN):
            with suppress(RightsMoved):
                return ask(self._reads)
        raise ConflictError("rights are being changed faster than they can be read; run the unit again")

    @property
    def _rights(self) -> Rights | None:
        """What the principal may do; None where `_is_ruled` says no."""
        return reads_of(self._ctx, self._principal).rights if self._is_ruled else None

    def _require(self, action: str, entity: Entity, fields: Sequence[Field] = ()) -> None:
        """Return if the principal may do *action* on any record of *entity*, writing *fields*.

        Raises:
            NotAllowedError: He may not.
        """
        try:
            self._judge_right(action, entity, fields)
        except NotAllowedError as error:
            self._note_denied(action, entity, fields=error.facts.get("fields", ()))
            raise

    def _require_actor(self, action: str) -> None:
        """Return if the principal may do *action*, which is about no entity.

        Raises:
            NotAllowedError: He may not.
        """
        try:
            self._ctx.services.access.require_actor(self.principal, action)
        except NotAllowedError:
            self._note_denied(action)
            raise

    def _may(self, action: str, entity: Entity) -> bool:
        """Whether the principal may do *action* on any record of *entity*; asking leaves no trace."""
        try:
            self._judge_right(action, entity, ())
        except NotAllowedError:
            return False
        return True

    def _note_denied(
        self,
        action: str,
        entity: Entity | None = None,
        *,
        ids: Sequence[UUID] = (),
        fields: Sequence[str] = (),
        reason: str | None = None,
        **facts: Any,
    ) -> None:
        """Leave a trace of a refusal: one for all records of a call."""
        if len(ids) > 1:
            facts |= {"count": len(ids), "records": [str(id) for id in ids[:MOST_TOLD]]}
        self._note(
            "denied",
            action=action,
            entity=None if entity is None else entity.name,
            record_id=ids[0] if len(ids) == 1 else None,
            fields=tuple(fields),
            reason=reason,
            facts=facts,
        )

    def _note(self, kind: str, **values: Any) -> None:
        """Leave a trace of something that this principal does."""
        ctx, principal = self._ctx, self._principal
        plugin = ctx.acting[-1] if ctx.acting else principal.plugin_name
        at = ctx.services.clock()
        ctx.trail.note(AuditEntry(kind, principal.user, at, principal.origin, plugin, **values))

    def _for_hooks(self) -> Self:
        """Return the view that hooks get which are asked because of what this one writes: that of the principal."""
        return type(self)(self._ctx, self._principal) if self._trusted else self

    def _judge_right(self, action: str, entity: Entity, fields: Sequence[Field]) -> None:
        rights = self._rights
        if rights is None:
            if not self._trusted:
                self._ctx.services.access.require(self.principal, action, entity, fields)
            return
        refused = self._refused(rights, action, entity, fields)
        # A statement that reads tells by itself that rights have moved; a refusal, and most of writing, asks for that.
        if (refused is not None or action != "read") and self._have_rights_moved():
            rights = reads_of(self._ctx, self._principal).rights
            refused = self._refused(rights, action, entity, fields)
        if refused is not None:
            raise refused

    def _refused(self, rights: Rights, action: str, entity: Entity, fields: Sequence[Field]) -> NotAllowedError | None:
        """Return why *rights* do not allow *action*, or None."""
        if not rights.allows(action, entity):
            return refusal(self.principal, rights.roles, action, entity)
        if unwritable := rights.unwritable(entity, fields):
            return refusal(self.principal, rights.roles, action, entity, unwritable)
        return None

    def _have_rights_moved(self) -> bool:
        """Whether who may do what is no longer what it was when the principal's rights were worked out."""
        try:
            reads_of(self._ctx, self._principal).check()
        except RightsMoved:
            return True
        return False
