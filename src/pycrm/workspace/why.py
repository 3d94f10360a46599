"""Why somebody may do something, or may not, in words.

Whether he may is what the doors decide at that moment. What speaks for it and against it is told role by role; which
records a role reaches is asked of the database, as ever, and no rule is read here a second time.

``ws`` is the `Reader` or `Workspace` that asks; its type is left open here, since the reader itself is made of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from pycrm.errors import ConfigurationError, NotAllowedError, UnknownNameError, nearest
from pycrm.fields.field import Field
from pycrm.schema import Entity, Record
from pycrm.schema.diff import loaded_value
from pycrm.schema.sight import SeenEntity
from pycrm.values.lifecycle import Move
from pycrm.values.principal import ADMINISTRATOR, Principal
from pycrm.values.refs import Ref
from pycrm.workspace.moves import lifecycle_of
from pycrm.workspace.rights import SeenReads
from pycrm.workspace.row_rights import not_found, require_readable
from pycrm.workspace.separation import Overlap, overlaps
from pycrm.workspace.view import View
from pycrm.workspace.why_fields import field_reasons, gives_field
from pycrm.workspace.why_records import RecordReasons
from pycrm.workspace.why_teller import Teller

__all__ = ["Why", "why"]

_READING, _WRITING = ("read", "export"), ("write", "create")


@attrs.frozen
class Why:
    """Whether somebody may do something, and why.

    Attributes:
        allowed: What the doors would say at this moment.
        text: One sentence that has all of it.
        reasons: What speaks for it and against it, part by part: roles and their reach, shares, covers, the whole that
            a part belongs to, the rights to a field.
    """

    allowed: bool
    text: str
    reasons: tuple[str, ...]


def why(
    ws: Any,
    action: str,
    record: Record | Ref[Any] | type[Record],
    field: str | None,
    language: str,
    who: Principal | None,
) -> Why:
    """Return whether and why *who* may do *action*; see `Reader.why`."""
    ws._ctx.unit.check_usable()
    case = _Case.of(ws, action, record, field, language, who)
    reasons = tuple(case.reasons())
    allowed = case.is_allowed()
    return Why(allowed, case.told(allowed, reasons), reasons)


@attrs.frozen
class _Case:
    """One question.

    Attributes:
        ws: Of whoever asks.
        subject: The view of whoever it is about.
        teller: Tells it, as whoever asks may see it.
        action: What he wants to do: an action, a permission, or a move.
        entity: With records of which, all fields of it.
        record: The one that it is about; None where it is about any.
        field: The field that it is about.
        move: The move that *action* is.
    """

    ws: Any
    subject: View
    teller: Teller
    action: str
    entity: Entity
    record: Any
    field: Field | None
    move: Move | None

    @classmethod
    def of(cls, ws: Any, action: str, record: Any, path: str | None, language: str, who: Principal | None) -> _Case:
        if isinstance(record, Ref) and record.entity is None:
            raise ConfigurationError(f"{record!r} does not say of which entity; give the record, or Ref(id, 'account')")
        entity = ws._ctx.tools.schema.entity(record.entity if isinstance(record, Ref) else record.__record_class__)
        _require_action(ws, entity, action)
        subject = _subject(ws, who, action, entity)
        stored = None if isinstance(record, type) else _stored(ws, entity, record)
        field = None if path is None else _field(ws, entity, path, action)
        move = next((lifecycle_of(each).moves.get(action) for each in entity.statuses), None)
        return cls(ws, subject, Teller(ws, subject, language), action, entity, stored, field, move)

    @property
    def right(self) -> str:
        """The right that the action takes."""
        return self.action if self.move is None else self.move.may or "write"

    def reasons(self) -> Iterator[str]:
        rights = self.subject._rights
        if rights is None:
            yield self._without_rights()
        else:
            yield from RecordReasons(self.subject, rights, self.teller).of(self.right, self.entity, self.record)
            if self.field is not None:
                yield from field_reasons(rights, self.teller, self.right, self.entity, self.field)
        if self._is_kept:
            yield self.teller.say("field kept")
        if (overlap := self._overlap()) is not None:
            step = self.teller.move(self.entity, overlap.step)
            day = f"{overlap.row.at:%Y-%m-%d}"
            yield self.teller.say("separated", who=self.teller.who, step=step, day=day, rule=overlap.rule.name)
        if self.move is not None and not self._can_start():
            state = self.teller.states(self.entity, self.record)
            yield self.teller.say("no move", move=self.teller.move(self.entity, self.action), state=state)

    def is_allowed(self) -> bool:
        """Whether the doors would let him."""
        if self._is_kept or (self.move is not None and not self._can_start()) or self._overlap() is not None:
            return False
        rights = self.subject._rights
        if rights is None:
            return self._is_listed()
        if not rights.allows(self.right, self.entity):
            return False
        if self.field is not None and not gives_field(rights, self.right, self.entity, self.field):
            return False
        return self.record is None or self._reaches(self.record)

    def told(self, allowed: bool, reasons: tuple[str, ...]) -> str:
        teller = self.teller
        what = teller.what(self.entity, self.record)
        if self.field is not None:
            what = teller.say("field", field=teller.field(self.entity, self.field), what=what)
        action = teller.action(self.entity, self.action)
        told = teller.say("reasons").join(reasons)
        return teller.say("may" if allowed else "may not", who=teller.who, action=action, what=what, reasons=told)

    @property
    def _is_kept(self) -> bool:
        return self.field is not None and self.field.read_only and self.right in _WRITING

    def _reaches(self, record: Any) -> bool:
        reads = self.subject._reads
        assert isinstance(reads, SeenReads), "asked only of those who have rights to single records"
        reaching = reads.reaching(self.right, self.entity)
        return reaching is None or bool(reaching.existing_ids(self.entity, [record.id], include_binned=True))

    def _is_listed(self) -> bool:
        """Whether an administrator, or a plugin by what it lists, may do it."""
        if self.subject._trusted:
            return True
        fields = [self.field] if self.field is not None and self.right in _WRITING else ()
        try:
            self.subject._ctx.services.access.require(self.subject.principal, self.right, self.entity, fields)
        except NotAllowedError:
            return False
        return True

    def _without_rights(self) -> str:
        principal, teller = self.subject.principal, self.teller
        plugin = principal.plugin_name
        if principal.is_administrator or plugin is None:
            return teller.say("administrator", role=teller.role(ADMINISTRATOR))
        if not self._is_listed():
            return teller.say("plugin lists not")
        if self.right == "read":
            return teller.say("plugin reads")
        owners = {self.entity.owner, None if self.field is None else self.field.owner}
        return teller.say("plugin own" if plugin in owners else "plugin lists")

    def _overlap(self) -> Overlap | None:
        """Return the step of his that keeps him from making the move."""
        if self.move is None or self.record is None:
            return None
        ctx, principal = self.subject._ctx, self.subject.principal
        return next(overlaps(ctx, self.entity, {self.record.id: self.move.name}, principal), None)

    def _can_start(self) -> bool:
        """Whether the move begins where the record stands."""
        if self.record is None or self.move is None:
            return True
        for field in self.entity.statuses:
            lifecycle, state = lifecycle_of(field), loaded_value(self.entity, self.record, field)
            if self.move in lifecycle.moves.values():
                return self.move in lifecycle.moves_from(str(state))
        return True


def _require_action(ws: Any, entity: Entity, action: str) -> None:
    check = ws._ctx.services.role_check
    known = check.on(ws._ctx.tools.schema).actions(entity) if check is not None else {action}
    if action not in known:
        raise UnknownNameError(
            f"{action!r} is no action of {entity.name}; it has {', '.join(sorted(known))}{nearest(action, known)}",
            entity=entity.name,
            action=action,
        )


def _subject(ws: Any, who: Principal | None, action: str, entity: Entity) -> View:
    if who is None or who == ws.principal:
        subject: View = ws
        return subject
    if not ws.principal.is_administrator:
        ws._note_denied("why", entity, asked=action, who=who.user)
        raise NotAllowedError(
            "only administrators ask why for somebody else; leave who= away to ask for yourself",
            action="why",
            entity=entity.name,
            user=ws.principal.user,
        )
    return View(ws._ctx, who)


def _stored(ws: Any, entity: Entity, record: Any) -> Any:
    """Return the record with everything.

    Raises:
        NotFoundError: There is none, or none that whoever asks may read.
    """
    require_readable(ws, ws._readable(entity.record_class), record.id)
    found = ws._ctx.by_ids(entity, [record.id], include_binned=True)
    if not found:
        raise not_found(entity, record.id)
    return found[0]


def _field(ws: Any, entity: Entity, path: str, action: str) -> Field:
    """Return the field at *path*, if whoever asks may know of it.

    Raises:
        UnknownNameError: There is none, or none that he sees anything of.
        ConfigurationError: The action is not about fields.
    """
    if action not in (*_READING, *_WRITING, "unmask"):
        raise ConfigurationError(
            f"field= goes with read, export, create, write and unmask, not with {action!r}", value=action
        )
    seen = ws._readable(entity.record_class)
    if isinstance(seen, SeenEntity) and path in seen.masks:
        return entity.fields[path]
    return entity.fields[seen.field(path).path]
