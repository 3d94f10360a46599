"""An owner's own steps: functions that bring stored values into the form of a release, in batches, and go on after
a kill.

Each batch is one transaction together with the note how far the step has come. What a function asks for is counted:
when it is run again after a kill, calls that are done are passed over, and the one under way goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

import attrs
from sqlalchemy import Column, ColumnElement, Row, Select, Table, UpdateBase, select
from sqlalchemy.exc import SQLAlchemyError

from pycrm.errors import ConflictError, HookFailedError, UnknownNameError, nearest
from pycrm.schema import DataStep, Entity
from pycrm.storage.errors import translate
from pycrm.storage.unit import Unit
from pycrm.storage.upgrade.progress import Unfinished
from pycrm.storage.upgrade.rows import MigratedRow, RowShape, write_rows
from pycrm.storage.upgrade.state import Renames, State

__all__ = ["Columns", "Former", "Migration", "StepRun"]

T = TypeVar("T")

BATCH_SIZE = 1000


@attrs.define(eq=False)
class StepRun:
    """The steps of one owner on their way to one release.

    Attributes:
        owner: Whose they are.
        functions: In the order in which they were declared.
        was: The database as the release before had it, seen from this owner.
        now: As it is.
        begin: Opens a writing unit that keeps everybody else from writing; refuses where somebody else has gone on
            with the steps, so that the progress is not the given one.
        note: Writes progress down in a unit.
        unfinished: How far it has come.
    """

    owner: str
    functions: Sequence[DataStep]
    was: State
    now: State
    begin: Callable[[Unfinished], Unit]
    note: Callable[[Unit, Unfinished], None]
    unfinished: Unfinished
    _unit: Unit | None = None
    _noted: Unfinished = attrs.field(default=attrs.Factory(lambda self: self.unfinished, takes_self=True))

    def run(self) -> Unfinished:
        """Run what is not done yet and return the progress, all of it done.

        Raises:
            HookFailedError: A function raised; what its whole batches have done is kept.
            ConflictError: Another process is at it.
        """
        for number, step in enumerate(self.functions):
            if number >= self.unfinished.function:
                try:
                    migration = Migration(self)
                    step.function(migration)
                    migration.flush()
                    self.commit(function=number + 1, operation=0, after=None)
                except BaseException as error:
                    self._roll_back(error)
                    if isinstance(error, ConflictError) or not isinstance(error, Exception):
                        raise
                    # A database's own words may hold values.
                    told = translate(error) if isinstance(error, SQLAlchemyError) else error
                    raise HookFailedError(
                        f"plugin {self.owner!r}: its step {step.name} for {step.version} raised "
                        f"{type(told).__name__}: {told}; what its whole batches did is kept, and after the repair "
                        "`crm.migrate()` goes on there",
                        plugin=self.owner,
                        hook="migration",
                    ) from error
        return self.unfinished

    @property
    def unit(self) -> Unit:
        """The unit of the present batch."""
        if self._unit is None:
            self._unit = self.begin(self._noted)
        return self._unit

    def commit(self, **progress: Any) -> None:
        """Keep what was done since the last commit, together with the note of it."""
        unit = self.unit
        self._noted = self.unfinished = attrs.evolve(self.unfinished, **progress)
        self.note(unit, self._noted)
        self._unit = None
        unit.__exit__(None, None, None)

    def _roll_back(self, error: BaseException) -> None:
        if self._unit is not None:
            unit, self._unit = self._unit, None
            unit.__exit__(type(error), error, error.__traceback__)


class Migration:
    """What a step is given: ``@plugin.migration("1.2") def fill(m): …``.

    A step must make the same calls in the same order whenever it is run, for that is how it goes on after a kill.
    It runs below the door: no hooks, no versions, no change rows; nobody else writes meanwhile.

    Attributes:
        now: The tables by entity name, parked columns included.
        was: Their columns under the names that they had in the release before: ``m.was["depot.shelf"].c.pol``.
        links: The table of multi-references.
    """

    def __init__(self, run: StepRun) -> None:
        self._run = run
        self._renames = Renames(run.unfinished.renamed)
        self._calls = 0
        self._pending: list[MigratedRow] = []
        self._table: Table | None = None
        self.now: Mapping[str, Table] = _ByEntity(run.now.tables.entities)
        self.was: Mapping[str, Former] = _ByEntity(
            {name: _former(entity, self.now[name], self._renames) for name, entity in run.was.schema.entities.items()}
        )
        self.links = run.now.tables.link

    def batches(
        self, entity: str, *, where: ColumnElement[bool] | None = None, size: int = BATCH_SIZE
    ) -> Iterator[list[MigratedRow]]:
        """Yield the rows of *entity*, the bin included, in batches of *size*, in the order of their ids.

        What the loop sets in ``row.now`` is written and committed at the end of each batch.

        Args:
            entity: Its name, as ``"depot.shelf"``.
            where: A condition on columns of `was` or `now`.
            size: How many rows one transaction holds.
        """
        table = self.now[entity]
        if not self._is_due():
            return
        schemas = self._run.was.schema, self._run.now.schema
        shape = RowShape(schemas[0].entities.get(entity), schemas[1].entities[entity], self._renames)
        after = UUID(self._run.unfinished.after) if self._run.unfinished.after else None
        while True:
            statement = select(table).order_by(table.c.id).limit(size)
            conditions = [] if where is None else [where]
            conditions += [] if after is None else [table.c.id > after]
            found = self._run.unit.connection.execute(statement.where(*conditions)).mappings().all()
            if not found:
                break
            self._pending, self._table = [MigratedRow(shape, dict(row)) for row in found], table
            yield self._pending
            self.flush()
            after = found[-1]["id"]
            self._run.commit(after=str(after))
        self._done()

    def execute(self, statement: UpdateBase) -> int:
        """Run an UPDATE, INSERT or DELETE on the tables of `was` and `now`, once; return how many rows it changed.

        Run again after a kill, a call that was done returns 0.
        """
        if not self._is_due():
            return 0
        count = self._run.unit.connection.execute(statement).rowcount
        self._done()
        return int(count)

    def rows(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        """Return the rows of a query on the tables of `was` and `now`."""
        return self._run.unit.connection.execute(statement).all()

    def flush(self) -> None:
        """Write what has been set in the rows of the present batch."""
        if self._pending and self._table is not None:
            write_rows(self._run.unit.connection, self._table, self._pending)
        self._pending = []

    def _is_due(self) -> bool:
        """Count a call; return whether it was not done in an earlier run."""
        self._calls += 1
        done = self._run.unfinished.operation
        if self._calls > done + 1:
            # The loop over the batches of the call before was left early, which is its author's affair.
            self.flush()
            self._run.unfinished = attrs.evolve(self._run.unfinished, operation=self._calls - 1, after=None)
        return self._calls > done

    def _done(self) -> None:
        self._run.unfinished = attrs.evolve(self._run.unfinished, operation=self._calls, after=None)


class Columns(Mapping[str, Column[Any]]):
    """Columns by name, as attributes too: ``c.pol`` or ``c["pol"]``."""

    def __init__(self, columns: Mapping[str, Column[Any]]) -> None:
        self._columns = columns

    def __getitem__(self, name: str) -> Column[Any]:
        if name not in self._columns:
            raise UnknownNameError(f"no column {name!r} there{nearest(name, self._columns)}", field=name)
        return self._columns[name]

    def __getattr__(self, name: str) -> Column[Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


@attrs.frozen(eq=False)
class Former:
    """One table as it was: today's columns under the names that they had."""

    c: Columns


def _former(entity: Entity, today: Table, renames: Renames) -> Former:
    columns = {
        field.path + part.suffix: today.c[renames.after(entity.name, field.path) + part.suffix]
        for field in entity.column_fields
        for part in field.kind.parts
    }
    return Former(Columns({**columns, "doc": today.c.doc}))


class _ByEntity(Mapping[str, T]):
    """Something of each entity, with a helpful error for a wrong name."""

    def __init__(self, found: Mapping[str, T]) -> None:
        self._found = found

    def __getitem__(self, name: str) -> T:
        if name not in self._found:
            raise UnknownNameError(f"no entity {name!r} there{nearest(name, self._found)}", entity=name)
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
