"""A `ChangeSet`: the records of one write as they will be, with what changed. Every hook receives one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import attrs

from pycrm.errors import HookConflictError, PycrmError, UnknownNameError, nearest
from pycrm.fields.field import Field
from pycrm.schema.diff import loaded_value, value_at
from pycrm.schema.entity import Entity
from pycrm.schema.record import Record, slot_of
from pycrm.schema.records import Records

__all__ = ["ChangeSet", "Derivations"]

E = TypeVar("E", bound=Record)


@attrs.define
class Derivations:
    """What derive hooks set in one write: who set which field of which record to what.

    A second hook that sets another value is a conflict, unless it declared ``after=`` the first; the caller's own
    value yields only to ``override=True``.
    """

    given: Callable[[Record, Field], bool]
    hook: str = ""
    follows: frozenset[str] = frozenset()
    by_record: dict[UUID, dict[str, tuple[str, Any]]] = attrs.field(factory=dict)

    def put(self, entity: Entity, record: Record, field: Field, value: Any, override: bool) -> None:
        """Set *field* of *record* on behalf of the hook that is running."""
        mine = self.by_record.setdefault(record.id, {})
        if field.path in mine:
            other, before = mine[field.path]
            if before != value and other.partition(":")[0] not in {self.hook.partition(":")[0], *self.follows}:
                raise HookConflictError(
                    f"{entity.name}.{field.path}: {other} derives {before!r} and {self.hook} derives {value!r}; "
                    f"one of them must declare after= the other's plugin",
                    entity=entity.name,
                    field=field.path,
                    hooks=(other, self.hook),
                )
        elif not override and self.given(record, field) and value_at(record, field) != value:
            raise HookConflictError(
                f"{entity.name}.{field.path}: {self.hook} derives {value!r}, but the caller gave "
                f"{value_at(record, field)!r}; leave given values alone or use override=True",
                entity=entity.name,
                field=field.path,
                hooks=(self.hook,),
            )
        mine[field.path] = (self.hook, value)
        if "." in field.path:
            Record.document_values(record)[field.path] = value
        else:
            setattr_of_record(record, slot_of(field), value)


setattr_of_record = object.__setattr__  # past the guard that hooks meet


class ChangeSet(Records[E]):
    """Records of one entity in one write. A sequence; hooks may read it, and derive hooks set through it.

    Attributes:
        entity: The entity's name.
        kind: ``"create"``, ``"update"``, ``"delete"`` or ``"restore"``.
        move: The move of the lifecycle that all these records make, or None.
    """

    __slots__ = ("_changed", "_derivations", "_entity", "_kind", "_members", "_moves")

    def __init__(
        self,
        entity: Entity,
        kind: str,
        records: Sequence[E],
        changed: Callable[[E], frozenset[str]],
        moves: dict[UUID, str] | None = None,
        derivations: Derivations | None = None,
    ) -> None:
        super().__init__(records)
        self._entity = entity
        self._kind = kind
        self._changed = changed
        self._moves = moves or {}
        self._derivations = derivations
        self._members: dict[UUID, E] | None = None

    @property
    def entity(self) -> str:
        """The entity's name."""
        return self._entity.name

    @property
    def kind(self) -> str:
        """What is done with the records: ``create``, ``update``, ``delete`` or ``restore``."""
        return self._kind

    @property
    def move(self) -> str | None:
        """The move of the lifecycle that all records make, or None."""
        names = {self._moves.get(record.id) for record in self._records} if self._moves else {None}
        return names.pop() if len(names) == 1 else None

    def move_of(self, record: E) -> str | None:
        """Return the name of the move that *record* makes, or None."""
        return self._moves.get(record.id)

    def changed(self, record: E) -> frozenset[str]:
        """Return the paths of the fields that change; at a creation, those that have a value."""
        return self._changed(record)

    def before(self, record: E, field: str) -> Any:
        """Return the value of *field* before this write; None at a creation. A reference is returned as its id."""
        known = self._field(field)
        return None if self.kind == "create" else loaded_value(self._entity, record, known)

    def speaking(self, hook: str, follows: frozenset[str]) -> None:
        """Note which hook is about to set fields, and the plugins that it declared to come after."""
        if self._derivations is not None:
            self._derivations.hook = hook
            self._derivations.follows = follows

    def set(self, record: E, *, override: bool = False, **values: Any) -> None:
        """Set fields of *record*; for derive hooks only.

        Args:
            record: One of this set's records.
            override: Replace a value that the caller gave.
            values: New values by field name; an extension's or custom field as ``**{"trade.incoterm": "FOB"}``.
        Raises:
            HookConflictError: Another plugin derives another value, or the caller gave one.
        """
        if self._derivations is None:
            raise PycrmError(
                f"changes.set works in derive hooks only; after a write use ws.update({self.entity} …)",
                entity=self.entity,
            )
        if self._members is None:
            self._members = {each.id: each for each in self._records}
        if self._members.get(record.id) is not record:
            raise PycrmError(f"changes.set: {record!r} is not among the records of this {self!r}", entity=self.entity)
        for path, value in values.items():
            field = self._field(path)
            if path in Record.__declared_fields__:
                raise PycrmError(f"changes.set: {self.entity}.{path} is kept by pycrm", entity=self.entity, field=path)
            self._derivations.put(self._entity, record, field, value, override)

    def narrowed(self, changed: frozenset[str], move: str | None) -> ChangeSet[E]:
        """Return the part whose records change one of *changed* (all where empty) and make *move* (any where None)."""
        records: Sequence[E] = self._records
        if move is not None:
            records = [record for record in records if self._moves.get(record.id) == move]
        if changed and self.kind == "update":
            records = [record for record in records if changed & self._changed(record)]
        if len(records) == len(self._records):
            return self
        return ChangeSet(self._entity, self.kind, records, self._changed, self._moves, self._derivations)

    def _field(self, path: str) -> Field:
        try:
            return self._entity.fields[path]
        except KeyError:
            raise UnknownNameError(
                f"{self.entity} has no field {path!r}{nearest(path, self._entity.fields)}",
                entity=self.entity,
                field=path,
            ) from None

    def __repr__(self) -> str:
        return f"<ChangeSet {self.kind} of {len(self)} {self.entity}>"
