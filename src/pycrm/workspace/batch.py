"""The records of one writing call on their way through the door, with what is wrong with them so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal, NoReturn
from uuid import UUID

import attrs

from pycrm.errors import (
    ConfigurationError,
    ConflictError,
    MoveNotAllowedError,
    PluginError,
    Problem,
    PycrmError,
    StorageError,
    UnitError,
    ValidationError,
)
from pycrm.fields.field import Field
from pycrm.schema import ChangeSet, Entity, Record
from pycrm.schema.changes import Derivations
from pycrm.schema.diff import value_at
from pycrm.schema.record import freeze, thaw
from pycrm.storage import ForeignKeyViolation, UniqueViolation
from pycrm.values.ids import new_id
from pycrm.workspace.garbage import collection_paused
from pycrm.workspace.results import Refused
from pycrm.workspace.tools import EntityTools
from pycrm.workspace.view import View

__all__ = ["Batch", "OnProblem", "check_on_problem", "raise_problems"]

NOT_ALLOWED = "lifecycle.move_not_allowed"

OnProblem = Literal["raise", "refuse"]


def check_on_problem(on_problem: str) -> None:
    """Refuse a word that would quietly mean the other one.

    Raises:
        ConfigurationError: It is neither ``"raise"`` nor ``"refuse"``.
    """
    if on_problem not in ("raise", "refuse"):
        raise ConfigurationError(f"on_problem={on_problem!r}: choose 'raise' or 'refuse'", value=on_problem)


def raise_problems(problems: Sequence[Problem], entity: str) -> NoReturn:
    """Raise *problems* of records of *entity*, which are in the order of the records.

    Raises:
        ValidationError: Always, but for
        MoveNotAllowedError: The first problem is a change of status that is no move.
    """
    first = problems[0]
    if first.code == NOT_ALLOWED:
        raise MoveNotAllowedError(f"{entity} {first.record!r}: {first}", entity=entity, allowed=first.facts["moves"])
    raise ValidationError(problems, entity=entity)


@attrs.define(eq=False)
class Batch:
    """One call's records.

    Attributes:
        ws: The view of the unit that the call was made on.
        entity: What the records are.
        kind: ``create``, ``update``, ``delete`` or ``restore``.
        records: Those still accepted, in the order given.
        positions: Place of each record among those given.
        problems: All found so far.
        changed: Per record, the fields that an update changes.
        moves: Per record, the move of a lifecycle that it makes.
        defaulted: Per path, the records in which the door filled it in.
        written: Whether rows were written, so that an error must undo the unit.
        id: Ties the change rows of this call together.
        at: The instant of the change, UTC.
        actor: Id of the acting user.
    """

    ws: View
    entity: Entity
    kind: str
    records: list[Any]
    positions: dict[UUID, int]
    actor: UUID
    at: datetime
    problems: list[Problem] = attrs.field(factory=list)
    refused: list[Refused[Any]] = attrs.field(factory=list)
    changed: dict[UUID, tuple[Field, ...]] = attrs.field(factory=dict)
    moves: dict[UUID, str] = attrs.field(factory=dict)
    defaulted: dict[str, set[Any]] = attrs.field(factory=dict)
    written: bool = False
    id: UUID = attrs.field(factory=new_id)

    @property
    def tools(self) -> EntityTools:
        """The generated functions of the entity."""
        return self.ws._ctx.of(self.entity)

    def changed_paths(self, record: Record) -> frozenset[str]:
        """Return the paths that change in *record*; at a creation, those that have a value."""
        if self.kind == "update":
            return frozenset(field.path for field in self.changed.get(record.id, ()))
        if self.kind == "create":
            fields = (*self.entity.own_fields, *self.entity.document_fields)
            return frozenset(field.path for field in fields if value_at(record, field) not in (None, field.kind.empty))
        return frozenset({"deleted_at"})

    def is_given(self, record: Record, field: Field) -> bool:
        """Whether the caller himself gave the value that *field* has."""
        if self.kind == "update":
            return field in self.changed.get(record.id, ())
        if record in self.defaulted.get(field.path, ()):
            return False
        return value_at(record, field) not in (None, field.kind.empty)

    def sound(self) -> list[Any]:
        """Return the records without a problem so far."""
        if not self.problems:
            return self.records
        bad = {problem.record.id for problem in self.problems}
        return [record for record in self.records if record.id not in bad]

    @contextmanager
    def handed_over(self, records: Sequence[Any], derivations: Derivations | None = None) -> Iterator[ChangeSet[Any]]:
        """Give *records* to hooks: as a change set, and frozen for as long as the block lasts."""
        freeze(records)
        try:
            yield ChangeSet(self.entity, self.kind, records, self.changed_paths, self.moves, derivations)
        finally:
            thaw(records)

    def settle(self, on_problem: OnProblem) -> None:
        """Raise all problems, or move the records that have one from `records` to `refused`.

        Raises:
            ConfigurationError: *on_problem* is neither.
            ValidationError: There is a problem and *on_problem* is ``"raise"``.
            MoveNotAllowedError: The first problem is a change of status that is no move.
        """
        check_on_problem(on_problem)
        if not self.problems:
            return
        self.problems.sort(key=lambda problem: self.positions[problem.record.id])
        if on_problem == "raise":
            raise_problems(self.problems, self.entity.name)
        by_record: dict[UUID, list[Problem]] = {}
        for problem in self.problems:
            by_record.setdefault(problem.record.id, []).append(problem)
        self.refused += [
            Refused(self.positions[record.id], record, tuple(by_record[record.id]))
            for record in self.records
            if record.id in by_record
        ]
        self.records = [record for record in self.records if record.id not in by_record]
        self.problems = []

    def _is_held_by_host(self, error: ForeignKeyViolation) -> bool:
        """Whether a table that is not ours has the foreign key; SQLite, whose writer is alone, does not tell which."""
        if self.kind != "delete":
            return False
        return error.table is None or not error.table.startswith(self.ws._ctx.tools.tables.prefix)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Undo what the block did to records when it raises, and fail the unit where rows or hooks are involved.

        The records are put back also when the unit or its savepoint rolls back later.
        """
        unit = self.ws._ctx.unit
        keep, put_back = self.tools.keep, self.tools.put_back
        records = tuple(self.records)
        kept = [keep(record) for record in records]

        def restore() -> None:
            for record, values in zip(records, kept, strict=True):
                put_back(record, values)

        try:
            with collection_paused(len(records)):
                yield
        except BaseException as error:
            restore()
            harmless = isinstance(error, PycrmError) and not isinstance(error, (PluginError, UnitError))
            if self.written or not harmless:
                unit.fail(error)
            if isinstance(error, ForeignKeyViolation) and self._is_held_by_host(error):
                raise StorageError(
                    f"{self.entity.name}: a table outside this CRM refers to one of these records; remove what refers "
                    "to it first, or let that foreign key say ON DELETE CASCADE or SET NULL",
                    table=error.table,
                    constraint=error.constraint,
                ) from error
            if isinstance(error, (UniqueViolation, ForeignKeyViolation)):
                # Both were looked for before writing, so somebody else was faster by a moment.
                raise ConflictError(
                    f"{self.entity.name}: another unit wrote or removed a record at the same moment "
                    f"({error.message}); run the whole unit again (`crm.run` does)",
                    entity=self.entity.name,
                ) from error
            raise
        for refused in self.refused:
            put_back(records[refused.position], kept[refused.position])
        unit.on_rollback(restore)
