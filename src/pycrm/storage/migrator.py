"""Carrying out a plan: a new database is made, an older one is brought to what the code declares.

Each round is one transaction, which looks at what is stored, does the next portion of the plan and notes it. So a
process that is killed leaves what it had noted, and the next one goes on from there, whoever it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID, uuid4

import attrs
from sqlalchemy.schema import CreateSchema

from pycrm.errors import ArchiveError, ConflictError, UpgradeRefusedError
from pycrm.schema import OwnerDeclarations
from pycrm.storage.backup import back_up
from pycrm.storage.dialect import POSTGRESQL, SQLITE
from pycrm.storage.engine import Database
from pycrm.storage.errors import translate
from pycrm.storage.field_sql import document_index
from pycrm.storage.migration import Declared, StoredSchema
from pycrm.storage.ports import Announcements
from pycrm.storage.state import (
    Installed,
    complete_state,
    read_installed,
    read_schema_number,
    write_installation,
    write_installed,
    write_schema_number,
)
from pycrm.storage.tables import Tables
from pycrm.storage.unit import Unit
from pycrm.storage.upgrade.checks import broken
from pycrm.storage.upgrade.comparison import operations
from pycrm.storage.upgrade.completion import complete_kernel
from pycrm.storage.upgrade.operations import Bench, Operation
from pycrm.storage.upgrade.plan import Plan, Step, steps_between
from pycrm.storage.upgrade.progress import Unfinished
from pycrm.storage.upgrade.state import Renames, State
from pycrm.storage.upgrade.steps import StepRun
from pycrm.values.clock import Clock

__all__ = ["Finish", "Migrator"]

# Two processes that start at once must not both create the tables: the number is ours alone ("pycrm" in ASCII).
_MIGRATION_LOCK = 0x707963726D

Finish = Callable[[StoredSchema, Unit, Sequence[str]], None]
"""Called inside the last transaction, with what the database holds by then and the owners that are new to it."""


@attrs.frozen
class Migrator:
    """Brings one database to what is declared.

    Attributes:
        database: Which.
        declared: What the code declares.
        announcements: Gets the facts of the last transaction.
        clock: Gives the instant in the name of a copy.
    """

    database: Database
    declared: Declared
    announcements: Announcements
    clock: Clock

    def preview(self) -> list[str]:
        """Return what `run` would return, having changed nothing.

        Raises:
            UpgradeRefusedError: It cannot be done; every reason is listed.
        """
        with self.database.reading_unit() as unit:
            installed = self.declared.installed(unit) or {}
            plan = self.declared.plan(installed)
            interrupted = self.declared.unfinished(installed)
            if interrupted is None:
                self._refuse(unit, installed, plan)
            elif plan.refusals:
                raise UpgradeRefusedError.of(plan.refusals)
        lines = [] if interrupted is None else [_completed(installed[interrupted.owner])]
        return [*lines, *(line for step in plan.steps for line in step.lines()), *self._installed_lines(plan)]

    def run(self, finish: Finish, *, backup: bool) -> list[str]:
        """Do all there is to do.

        Args:
            finish: What else belongs into the last transaction.
            backup: Copy a SQLite file before it changes.
        Returns:
            One line per thing done.
        Raises:
            UpgradeRefusedError: It cannot be done; every reason is listed.
            HookFailedError: An owner's step raised; what its whole batches did is kept.
            ConflictError: Another process does the same at this moment.
        """
        self.database.prepare()
        lines: list[str] = []
        while True:
            with self._transaction(rebuilding=self._will_rebuild()) as unit:
                installed = self.declared.installed(unit)
                if installed is None:
                    return self._create(unit, finish)
                plan = self.declared.plan(installed)
                interrupted = self.declared.unfinished(installed)
                if interrupted is None:
                    changes = any(step.is_needed for step in plan.steps)
                    if changes:
                        # Waits until whoever writes has ended, so that what the values say now holds.
                        read_schema_number(unit, self.declared.kernel, exclusive=True)
                    self._refuse(unit, installed, plan)
                    if backup and not lines and (changes or plan.new):
                        lines += self._keep_copy(unit, installed)
                    installed, is_last, done = self._advance(unit, installed, plan)
                    lines += done
                    if is_last:
                        finish(self.declared.stored(unit, installed), unit, [owner.owner for owner in plan.new])
                        return lines
                elif plan.refusals:
                    raise UpgradeRefusedError.of(plan.refusals)
            if interrupted is not None:
                lines += self._run_steps(interrupted, installed)

    def restore(
        self,
        installed: Mapping[str, Installed],
        installation: UUID,
        fill: Callable[[Unit, Tables], int],
        finish: Finish,
    ) -> None:
        """Make the database that *installed* rows tell of, in one transaction.

        Args:
            installed: What the owners had declared where the rows come from.
            installation: The id of that CRM.
            fill: Writes the rows into the tables that there are by then, and returns the number of their schema.
            finish: What else belongs into the transaction, in which there is everything of newer owners, too.
        Raises:
            ArchiveError: The database has tables of a CRM already.
            UpgradeRefusedError: The code is older than these declarations, or so much newer that it has to upgrade.
        """
        declared = self.declared
        plan = declared.plan(installed)
        needed = [line for step in plan.steps if step.is_needed for line in step.lines()]
        unfinished = declared.unfinished(installed)
        if unfinished is not None:
            needed.append(f"the upgrade of {unfinished.owner} was interrupted")
        if plan.refusals or needed:
            raise UpgradeRefusedError.of([*plan.refusals, *needed])
        self.database.prepare()
        with self._transaction() as unit:
            if declared.installed(unit) is not None:
                raise ArchiveError(
                    "the database has tables of a CRM already; give an empty one, or another schema= or prefix="
                )
            tables = self._state(installed).tables
            tables.metadata.create_all(unit.connection, checkfirst=False)
            write_installation(unit.connection, tables, installation)
            for row in installed.values():
                write_installed(unit.connection, tables.plugins, row)
            write_schema_number(unit, tables, fill(unit, tables))
            present, _, _ = self._advance(unit, installed, plan)
            finish(declared.stored(unit, present), unit, [owner.owner for owner in plan.new])

    # One round

    def _create(self, unit: Unit, finish: Finish) -> list[str]:
        """Make a new database, of today's definitions."""
        declared = self.declared
        installed = {owner.owner: _row(owner, declared) for owner in declared.owners}
        tables = declared.tables
        tables.metadata.create_all(unit.connection, checkfirst=False)
        for entity in declared.base.entities.values():
            for field in entity.document_fields:
                if field.indexed or field.unique:
                    unit.execute(document_index(tables.table(entity.name), field, unit.dialect.name).create)
        write_installation(unit.connection, tables, uuid4())
        for row in installed.values():
            write_installed(unit.connection, tables.plugins, row)
        finish(declared.stored(unit, installed), unit, list(installed))
        return list(self._installed_lines(declared.plan({})))

    def _advance(
        self, unit: Unit, installed: Mapping[str, Installed], plan: Plan
    ) -> tuple[dict[str, Installed], bool, list[str]]:
        """Do the next stage of *plan*; the last one also brings the new owners.

        Returns:
            What is stored by then, whether that was the last stage, and what was done.
        """
        stages = plan.stages
        stage = stages[0] if stages else ()
        is_last = len(stages) <= 1 and not (stage and stage[-1].functions)
        new = plan.new if is_last else ()
        after = {**installed, **{step.now.name: step.now for step in stage}}
        after |= {owner.owner: _row(owner, self.declared) for owner in new}
        if stage or new:
            if any(step.is_needed for step in stage):
                # Tells every other process to look again.
                number = read_schema_number(unit, self.declared.kernel)
                write_schema_number(unit, self.declared.kernel, number + 1)
            self._change_tables(unit, installed, after, stage)
            for name, row in after.items():
                if installed.get(name) != row:
                    write_installed(unit.connection, self.declared.kernel.plugins, row)
        done = [line for step in stage for line in step.lines()]
        return after, is_last, [*done, *(self._installed_lines(plan) if is_last else ())]

    def _change_tables(
        self, unit: Unit, before: Mapping[str, Installed], after: dict[str, Installed], stage: Sequence[Step]
    ) -> None:
        """Carry out what a stage asks for; what has to wait for an owner's own steps is noted in its row."""
        bench = Bench(unit)
        complete_kernel(bench, self.declared.kernel)
        complete_state(unit.connection, self.declared.kernel)
        renamed = tuple(each for step in stage for each in step.difference.renamed)
        has_functions = bool(stage and stage[-1].functions)
        for operation in self._operations(before, after, Renames(renamed)):
            if not (has_functions and operation.waits):
                self._carry_out(bench, operation)
        if has_functions:
            step = stage[-1]
            unfinished = Unfinished(step.was.version, step.was.snapshot, renamed, tuple(step.difference.checks))
            after[step.now.name] = attrs.evolve(step.now, head=unfinished.to_text())

    def _run_steps(self, owner: OwnerDeclarations, installed: Mapping[str, Installed]) -> list[str]:
        """Run the steps of an owner that are not done yet, then what had to wait for them."""
        row = installed[owner.owner]
        unfinished = Unfinished.from_text(str(row.head), self.declared.base.kinds)
        before = {**installed, owner.owner: attrs.evolve(row, snapshot=dict(unfinished.was))}
        functions = steps_between(owner, unfinished.was_version, row.version)
        run = StepRun(
            owner=owner.owner,
            functions=functions,
            was=self._state(before),
            now=self._state(installed),
            begin=lambda noted: self._begin(row.name, noted),
            note=lambda unit, noted: self._note(unit, row, noted.to_text()),
            unfinished=unfinished,
        )
        unfinished = run.run()
        waiting = [
            operation
            for operation in self._operations(before, installed, Renames(unfinished.renamed))
            if operation.waits
        ]
        with self._transaction(rebuilding=any(operation.rebuilds for operation in waiting)) as unit:
            self._check_noted(unit, row.name, unfinished)
            if found := broken(unit, run.now, ((check, Renames()) for check in unfinished.checks)):
                raise UpgradeRefusedError.of([f"after the steps of {row.name} {row.version}: {line}" for line in found])
            for operation in waiting:
                self._carry_out(Bench(unit), operation)
            self._note(unit, row, None)
        return [_completed(row)]

    # What a round needs

    def _refuse(self, unit: Unit, installed: Mapping[str, Installed], plan: Plan) -> None:
        """Raise every reason against *plan* at once.

        Raises:
            UpgradeRefusedError: There is one.
        """
        refusals = list(plan.refusals)
        if plan.steps:
            checks = ((check, Renames(renamed)) for check, renamed in plan.checks())
            refusals += broken(unit, self._state(installed), checks)
        if refusals:
            raise UpgradeRefusedError.of(refusals)

    def _will_rebuild(self) -> bool:
        """Whether the next round makes tables anew, which SQLite must know before its transaction begins."""
        if self.database.dialect is not SQLITE:
            return False
        with self.database.reading_unit() as unit:
            installed = self.declared.installed(unit)
        plan = self.declared.plan(installed) if installed else None
        if not installed or not plan or not plan.steps or plan.refusals or self.declared.unfinished(installed):
            return False
        stage = plan.stages[0]
        after = {**installed, **{step.now.name: step.now for step in stage}}
        renames = Renames(each for step in stage for each in step.difference.renamed)
        found = self._operations(installed, after, renames)
        return any(operation.rebuilds for operation in found) and not stage[-1].functions

    def _carry_out(self, bench: Bench, operation: Operation) -> None:
        if operation.rebuilds and bench.is_sqlite and bench.unit.rows("PRAGMA foreign_keys") != [(0,)]:
            raise ConflictError("another process has changed the database at this moment; call `crm.migrate()` again")
        operation.run(bench)

    def _operations(
        self, before: Mapping[str, Installed], after: Mapping[str, Installed], renames: Renames
    ) -> list[Operation]:
        return operations(self._state(before), self._state(after), renames, self.database.dialect)

    def _state(self, installed: Mapping[str, Installed]) -> State:
        return self.declared.place.state({name: each.snapshot for name, each in installed.items()})

    def _keep_copy(self, unit: Unit, installed: Mapping[str, Installed]) -> list[str]:
        copy = back_up(unit, installed["core"].version, self.clock())
        return [f"kept a copy of the database as it was: {copy}"] if copy is not None else []

    def _installed_lines(self, plan: Plan) -> Iterator[str]:
        for owner in plan.new:
            names = ", ".join(self.declared.snapshots[owner.owner]["entities"]) or "no entities of its own"
            yield f"installed {owner.owner} {owner.version}: {names}"

    # Transactions

    @contextmanager
    def _transaction(self, *, rebuilding: bool = False) -> Iterator[Unit]:
        """Open one that keeps every other migration out."""
        with self.database.migrating_unit(rebuilding=rebuilding, announcements=self.announcements) as unit:
            try:
                self._lock(unit)
                yield unit
            except Exception as error:
                unit.fail(error)
                ours = translate(error)
                if ours is error:
                    raise
                raise ours from error

    def _lock(self, unit: Unit) -> None:
        unit.begin_writing()
        if unit.dialect is POSTGRESQL:
            unit.rows(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            if self.declared.db_schema is not None:
                unit.connection.execute(CreateSchema(self.declared.db_schema, if_not_exists=True))

    def _begin(self, owner: str, noted: Unfinished) -> Unit:
        """Open the transaction of one batch of *owner*'s steps, which have come as far as *noted*."""
        unit = self.database.migrating_unit(announcements=self.announcements)
        try:
            self._lock(unit)
            self._check_noted(unit, owner, noted)
        except BaseException as error:
            unit.__exit__(type(error), error, error.__traceback__)
            raise
        return unit

    def _check_noted(self, unit: Unit, owner: str, noted: Unfinished) -> None:
        head = read_installed(unit.connection, self.declared.kernel.plugins)[owner].head
        if head is None or Unfinished.from_text(head, self.declared.base.kinds).place != noted.place:
            raise ConflictError(f"another process goes on with the upgrade of {owner} at this moment; wait for it")

    def _note(self, unit: Unit, row: Installed, head: str | None) -> None:
        write_installed(unit.connection, self.declared.kernel.plugins, attrs.evolve(row, head=head))


def _row(owner: OwnerDeclarations, declared: Declared) -> Installed:
    return Installed(owner.owner, owner.version, dict(declared.snapshots[owner.owner]))


def _completed(row: Installed) -> str:
    return f"completed {row.name} {row.version}"
