"""`CRM`: the one place that wires engine, plugins, policies and signals. Two CRMs share nothing but code."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version as installed_version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine, Table

from pycrm.entities import DECLARED
from pycrm.errors import (
    ConfigurationError,
    ConflictError,
    HookFailedError,
    NameClashError,
    NotMigratedError,
    Problem,
    SchemaMismatchError,
    UnknownNameError,
    nearest,
)
from pycrm.fields.field import Field
from pycrm.plugin.calls import HookCalls
from pycrm.plugin.discovery import discover, in_order, load_builtins, with_versions
from pycrm.plugin.functions import Action, HookFunction
from pycrm.plugin.plugin import Plugin
from pycrm.policies import Access
from pycrm.policies.declared import collect_roles, collect_separations
from pycrm.policies.role_check import RoleCheck
from pycrm.policies.roles import RoleDefinition
from pycrm.policies.shipped import SHIPPED
from pycrm.schema import OwnerDeclarations, Record, Schema, assemble
from pycrm.schema.labels import Labels
from pycrm.signals import SignalBus
from pycrm.storage import Announcer, Unit, open_engine
from pycrm.storage.borrow import borrow
from pycrm.storage.dialect import POSTGRESQL
from pycrm.storage.files import FileStore, StoredFile, store_for
from pycrm.storage.idempotency import remove_keys
from pycrm.storage.migration import Declared, StoredSchema, check_unmoved, read_stored
from pycrm.storage.outbox import is_visible
from pycrm.storage.search_rows import Waiting
from pycrm.storage.state import read_schema_number
from pycrm.storage.tables import Tables, build_tables
from pycrm.values.clock import Clock, system_clock
from pycrm.values.currencies import CURRENCIES
from pycrm.values.principal import ADMINISTRATOR, Principal
from pycrm.workspace import Reader, SchemaTools, Services, Workspace
from pycrm.workspace.context import UnitContext
from pycrm.workspace.draining import drain
from pycrm.workspace.indexing import MANY_INDEXED, Turns, index_portion, queue_all, queue_if_outdated, settle
from pycrm.workspace.promotion import Promoting, demote_field, drop_columns
from pycrm.workspace.reads import SchemaMoved
from pycrm.workspace.role_rows import known_roles
from pycrm.workspace.schema_change import settle_indexes
from pycrm.workspace.shown import share_unit
from pycrm.workspace.trail import TrailKeeper
from pycrm.workspace.unused_files import find_unused_files, remove_unused_files

if TYPE_CHECKING:
    from sqlalchemy.orm import Session  # four tenths of SQLAlchemy's import time

    from pycrm.exchange.archive import ArchiveReport
    from pycrm.exchange.exporting import ExportReport
    from pycrm.exchange.importing import Imports
    from pycrm.exchange.target import Target
    from pycrm.policies.matrix import AccessMatrix
    from pycrm.query import Where
    from pycrm.storage.column_grants import ColumnGrants
    from pycrm.workspace.views import Wanted

__all__ = ["BUILTINS", "CRM"]

T = TypeVar("T")

_log = logging.getLogger("pycrm.search")
_audit_log = logging.getLogger("pycrm.audit")

ATTEMPTS_GIVING_WAY = 10
KEYS_PER_PORTION = 5_000
BUILTINS = ("kinds", "parties", "products", "activities", "sales")
"""Our own plugins by entry-point name: the owners whose entities, fields and rights carry no owner's name."""


class CRM:
    """A CRM in a database of the host's choice.

    Args:
        database: A URL (``"sqlite:///shop.db"``, ``"postgresql://…"``), the path of a SQLite file, or an Engine.
        plugins: None takes all that are installed; a list takes exactly those beside the built-ins;
            ``[*discover(), mine]`` takes both.
        schema: The database schema (PostgreSQL namespace) that holds this CRM's tables.
        prefix: What every table name begins with.
        clock: Gives the instant of each change, aware and in UTC; the system's where absent.
        files: Where attachments are kept: a folder, a URL of fsspec, or a `FileStore` with limits of its own. Without
            it the folder ``shop.db.files`` beside ``shop.db``, a temporary one in memory, and none on PostgreSQL.
        fiscal_year_start: The month in which the fiscal year begins, 1 to 12; for filters such as
            ``close_on = THIS_FISCAL_QUARTER``.
        base_currency: By way of which ``CONVERT`` in filters crosses two currencies that were never quoted against
            each other, as ``"CNY"``; without it only quoted pairs convert.
        index_waiting: When the records of large batches are indexed for search: ``"after_commit"``, before the block
            of their unit is left, or ``"later"``, by the method of this name; those of a unit in a host's transaction
            always wait for that.
        walled: Refuse what the host runs on its own Engine past the doors on this CRM's tables, by `SideDoorError`. On
            an engine that is made of a URL or a path that is always so.
    Raises:
        ConfigurationError: A definition that cannot work, with owner, entity and field.
        NameClashError: Two plugins bring the same name; both are named.
    """

    def __init__(
        self,
        database: str | Path | Engine,
        *,
        plugins: Sequence[Plugin] | None = None,
        schema: str | None = None,
        prefix: str = "crm_",
        clock: Clock | None = None,
        files: str | os.PathLike[str] | FileStore | None = None,
        fiscal_year_start: int = 1,
        base_currency: str | None = None,
        index_waiting: Literal["after_commit", "later"] = "after_commit",
        walled: bool = False,
    ) -> None:
        if fiscal_year_start not in range(1, 13):
            raise ConfigurationError(f"fiscal_year_start={fiscal_year_start!r} is no month; give 1 to 12")
        if base_currency is not None and base_currency not in CURRENCIES:
            raise ConfigurationError(f"base_currency={base_currency!r} is no currency of ISO 4217; give one as 'CNY'")
        if index_waiting not in ("after_commit", "later"):
            raise ConfigurationError(f"index_waiting={index_waiting!r} is no time; give 'after_commit' or 'later'")
        self._indexes_after_commit = index_waiting == "after_commit"
        self._fiscal_year_start = fiscal_year_start
        self._base_currency = base_currency
        self._database = open_engine(database, walled=walled)
        # A forgotten `close` leaves no connection open; not at exit, where a forked child would end its parent's.
        weakref.finalize(self, self._database.close).atexit = False
        if schema is not None and self._database.dialect.name != "postgresql":
            raise ConfigurationError(f"schema={schema!r} is for PostgreSQL; on SQLite use a file per tenant")
        self.clock: Clock = clock or system_clock
        self._version = installed_version("pycrm")
        builtins = load_builtins(BUILTINS)
        found = with_versions(plugins) if plugins is not None else discover()
        self.plugins: tuple[Plugin, ...] = tuple(in_order([*builtins, *found], self._version))
        self._owners = self._declarations({plugin.name for plugin in builtins})
        self._base = assemble(self._owners)
        self._check_may()
        self._access = Access({plugin.name: plugin.may for plugin in self.plugins})
        self.hooks = HookCalls(self._functions())
        self.actions: Mapping[str, Action[Any, Any, Any]] = MappingProxyType(self._actions())
        self._roles, self._role_check = self._declared_roles()
        self._separations = collect_separations([plugin.pycrm_register_roles() for plugin in self.plugins], self._base)
        self._prefix, self._db_schema = prefix, schema
        self._declared = Declared(self._owners, self._base, prefix, schema)
        self._wall(partial(_declared_names, self._declared))
        self.files = store_for(files, self._database, prefix)
        self._signals = SignalBus()
        self._announcer = Announcer(self._is_visible, self._signals.deliver)
        self._trail_keeper = TrailKeeper(self._database.short_unit, lambda: self._ready().tools.tables)
        self._services: Services | None = None
        self._stored: StoredSchema | None = None
        self._opening = threading.Lock()
        self._labels: Labels | None = None
        self._tables: Tables | None = None

    # Opening a database

    def migrate(self, *, dry_run: bool = False, backup: bool = True) -> list[str]:
        """Bring the database to what the code declares: make it, add newly installed plugins, upgrade the others.

        One transaction, done or nothing, unless a plugin has steps of its own for an upgrade: these commit batch by
        batch. Killed in between, the next call goes on.

        Args:
            dry_run: Only say what would be done, having asked the stored values too.
            backup: Copy a SQLite file beside itself before it changes.
        Returns:
            One line per thing done; empty when the database was up to date.
        Raises:
            UpgradeRefusedError: The declarations or the stored values do not allow it, or the database is newer than
                the code; every reason is listed, and nothing was changed.
            HookFailedError: A plugin's install hook or one of its steps raised.
        """
        from pycrm.storage.migrator import Migrator  # with all that changes tables, which most processes never do

        with self._opening:
            migrator = Migrator(self._database, self._declared, self._announcer, self.clock)
            return migrator.preview() if dry_run else migrator.run(self._complete, backup=backup)

    @property
    def parked(self) -> Mapping[str, str]:
        """Plugins that the database knows and whose code is missing: name to the version that was there."""
        self._ready()
        assert self._stored is not None
        return self._stored.parked

    def left_by(self, plugin: str) -> Sequence[str]:
        """Return what a plugin has in the database: its entities, then the fields that it added to those of others.

        Raises:
            UnknownNameError: The database does not know it.
        """
        self._ready()
        assert self._stored is not None
        if plugin not in self._stored.installed:
            known = nearest(plugin, self._stored.installed)
            raise UnknownNameError(f"the database knows no plugin {plugin!r}{known}", plugin=plugin)
        return self._stored.left_by(plugin)

    def access_matrix(self) -> AccessMatrix:
        """Return what every role may do with every entity and field, by what code declares and administrators keep.

        A row tells of somebody with that one role; whoever has several may do what any of them allows.
        """
        from pycrm.policies.matrix import access_matrix  # which most processes never ask for

        with self.reading_as(Principal("", roles={ADMINISTRATOR})) as ws:
            with suppress(SchemaMoved):  # it holds the newer one then
                ws._ctx.check_schema()
            return access_matrix(ws._ctx.tools.schema, known_roles(ws._ctx).values(), self._role_check)

    def column_grants(
        self, role: str, database_role: str, *, all_rows: bool = False, apply: bool = False
    ) -> tuple[ColumnGrants, tuple[str, ...]]:
        """Return what a role of the PostgreSQL database may select so that it sees no field that *role* hides.

        Only entities that the role reads whole are granted, since column grants know no rules about rows, and nothing
        of the CRM's own tables. A field that is masked is hidden; custom fields share one column, which is granted if
        all of them may be read.

        Args:
            role: A role of this CRM.
            database_role: A role of the database that owns nothing, as reports connect by it.
            all_rows: Grant entities, too, of which the role reads some records only: all of them are selected then.
            apply: Do it, as the owner of the tables, in place of what the role had of them.
        Returns:
            What is granted, and the SQL.
        Raises:
            ConfigurationError: The database is no PostgreSQL, or its role would see more all the same.
            UnknownNameError: There is no such role.
        """
        from pycrm.policies.column_grants import column_grants  # which most processes never ask for
        from pycrm.storage.column_grants import apply_grants

        if self._database.dialect.name != "postgresql":
            raise ConfigurationError("column grants are PostgreSQL's; on SQLite whoever opens the file reads all of it")
        services = self._ready()
        with self._database.writing_unit() if apply else self._database.reading_unit() as unit:
            ctx = UnitContext(unit, services, services.tools)
            with suppress(SchemaMoved):  # it holds the newer one then
                ctx.check_schema()
            roles, tools = known_roles(ctx), ctx.tools
            if role not in roles:
                raise UnknownNameError(f"there is no role {role!r}{nearest(role, roles)}", role=role)
            grants = column_grants(
                tools.schema, tools.tables, roles[role], self._role_check, database_role, all_rows=all_rows
            )
            if apply:
                apply_grants(unit, tools.tables, grants)
            return grants, grants.statements(tools.tables)

    def examine(self, *, deep: bool = False) -> list[Problem]:
        """Return what is risky or wrong about the database, the gravest first; nothing is changed.

        Known faults of the engine's version, settings under which a crash loses commits, tables, columns and indexes
        that differ from what is declared, indexes that are missing, parked plugins.

        Args:
            deep: Have SQLite read the whole file for damage, too.
        Returns:
            Problems of level ``"error"``, ``"warning"`` or ``"note"``.
        """
        from pycrm.storage import checkup  # which no other call needs

        found: list[Problem] = []
        try:
            services: Services | None = self._ready()
        except (NotMigratedError, SchemaMismatchError) as error:
            services = None
            found.append(Problem("storage.not_ready", message="{told}", told=error))
        with self._database.reading_unit() as unit:
            found += checkup.find_hazards(unit, self.clock().date())
            if services is not None:
                ctx = UnitContext(unit, services, services.tools)
                with suppress(SchemaMoved):  # it holds the newer one then
                    ctx.check_schema()
                parked = self._stored.parked_columns if self._stored is not None else ()
                drift = checkup.find_drift(unit, ctx.tools.schema, ctx.tools.tables)
                found += (problem for problem in drift if problem.facts.get("column") not in parked)
                found += checkup.find_leftovers(unit, ctx.tools.schema, ctx.tools.tables, self.parked)
            if deep:
                found += checkup.find_damage(unit)
        return sorted(found, key=lambda problem: ("error", "warning", "note").index(problem.level))

    def apply_indexes(self) -> list[str]:
        """Create the indexes that are declared, by custom fields too, and missing in the database.

        On PostgreSQL a table cannot be written while an index of it is made.

        Returns:
            Their names.
        Raises:
            StorageError: The database refused, as where values are not unique; nothing was created.
        """
        from pycrm.storage import checkup

        services = self._ready()
        with self._database.writing_unit(announcements=self._announcer) as unit:
            ctx = UnitContext(unit, services, services.tools)
            ctx.begin_writing()
            return checkup.create_missing_indexes(unit, ctx.tools.schema, ctx.tools.tables)

    # Promoted fields

    def promote_field(
        self,
        principal: Principal,
        entity: type[Record],
        name: str,
        *,
        on_progress: Callable[[int], object] | None = None,
    ) -> Field:
        """Give a custom field columns of its own, which filters, orders and groups ask from then on.

        Everybody goes on working meanwhile: the columns are filled in units of a few thousand records. Killed in
        between, nothing has changed, and the next call goes on. How the field is read, written and asked for stays
        the same. The database keeps the columns, by triggers.

        Args:
            principal: Who may define fields.
            entity: The record class.
            name: The custom field.
            on_progress: Called after each portion with how many records have been looked at.
        Raises:
            ConfigurationError: It holds several references, or its kind is missing.
            ConflictError: It was converted meanwhile.
            UnknownNameError: There is no such field.
        """
        work = Promoting(entity, name)
        if self._run_giving_way(principal, work.begin):
            is_more = True
            while is_more:
                is_more = work.filled(*self._run_giving_way(principal, work.fill))
                if on_progress is not None:
                    on_progress(work.done)
            return self._run_giving_way(principal, work.complete)
        return self.schema.entity(entity).fields[f"custom.{name}"]

    def demote_field(self, principal: Principal, entity: type[Record], name: str, *, drop: bool = False) -> Field:
        """Let filters, orders and groups ask the document for a custom field again, at once.

        Its columns stay, no longer kept, so that other processes, which learn of it with their next unit, are not cut
        off; `examine` tells of them, and the next promotion uses them again.

        Args:
            principal: Who may define fields.
            entity: The record class.
            name: The custom field.
            drop: Remove the columns, too, of a field demoted earlier as well. For when every other process has opened
                a unit since the demotion, or been started.
        """
        demoted = self._run_giving_way(principal, lambda ws: demote_field(ws, entity, name))
        if drop:
            return self._run_giving_way(principal, lambda ws: drop_columns(ws, entity, name))
        return demoted

    def close(self) -> None:
        """Let go of the database; a host's own engine stays open."""
        self._trail_keeper.write()
        self._announcer.close()
        self._database.close()

    # Doors

    @contextmanager
    def acting_as(
        self, principal: Principal, *, session: Session | None = None, connection: Connection | None = None
    ) -> Iterator[Workspace]:
        """Open one unit of work for *principal*: ``with crm.acting_as(mei) as ws:``.

        The unit commits at the end of the block and rolls back on an exception. With *session* or *connection* it
        lives inside the host's transaction, which the host ends. What it leaves waiting to be indexed is indexed after
        the commit, unless the host ends the transaction or the CRM was told to do so later.

        Raises:
            NotMigratedError: The database has no tables of this CRM, or lacks those of a plugin.
        """
        open_unit = partial(self._unit, session, connection, reading=False)
        with self._context(open_unit, session, connection) as ctx:
            share_unit(ctx, _checked(principal))
            yield Workspace(ctx, principal)
        self._index_after(ctx)

    @contextmanager
    def reading_as(
        self, principal: Principal, *, session: Session | None = None, connection: Connection | None = None
    ) -> Iterator[Reader]:
        """Open one unit that only reads, for *principal*."""
        open_unit = partial(self._unit, session, connection, reading=True)
        with self._context(open_unit, session, connection) as ctx:
            share_unit(ctx, _checked(principal))
            yield Reader(ctx, principal)

    def run(
        self, principal: Principal, work: Callable[[Workspace], T], *, invariant: bool = True, attempts: int = 5
    ) -> T:
        """Return ``work(ws)``, run in a unit of its own and repeated on conflicts.

        Args:
            principal: Who acts.
            work: Must be repeatable: it reads what it needs itself.
            invariant: Its correctness depends on rows that it only reads: nobody may change them meanwhile.
            attempts: How often it is tried, with growing pauses.
        Raises:
            ConflictError: The last attempt's.
        """
        open_unit = partial(self._database.writing_unit, invariant=invariant, announcements=self._announcer)
        for attempt in range(1, attempts + 1):
            try:
                with self._context(open_unit) as ctx:
                    share_unit(ctx, _checked(principal))
                    result = work(Workspace(ctx, principal))
            except ConflictError as conflict:
                if not conflict.retryable or attempt == attempts:
                    raise
                # Random, so that two who collided do not meet again at once.
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - no secret
            else:
                self._index_after(ctx)
                return result
        raise ConfigurationError(f"attempts={attempts}: work is tried at least once")

    def _run_giving_way(self, principal: Principal, work: Callable[[Workspace], T]) -> T:
        """Run *work*, which gives up where it would hold up others, often enough to find a moment."""
        return self.run(principal, work, invariant=False, attempts=ATTEMPTS_GIVING_WAY)

    async def run_async(
        self, principal: Principal, work: Callable[[Workspace], T], *, invariant: bool = True, attempts: int = 5
    ) -> T:
        """Return what `run` returns, without blocking the event loop: the work runs in a thread."""
        return await asyncio.to_thread(self.run, principal, work, invariant=invariant, attempts=attempts)

    # Living beside a host

    def borrow(self, driver: Any) -> Connection:
        """Return an SQLAlchemy Connection on a host's own one, for ``acting_as(principal, connection=…)``.

        For hosts without SQLAlchemy, as Django. It never commits, rolls back or closes *driver*. Make one per
        transaction of the host, and close it when that has ended: then listeners are told what was committed.

        Args:
            driver: An open connection of `sqlite3` or psycopg 3, to this CRM's database.
        Raises:
            UnitError: Not a connection of the driver that this CRM uses.
        """
        self._ready()
        return borrow(self._database.engine, driver)

    def owns_table(self, name: str, schema: str | None = None) -> bool:
        """Return whether the table *name* is this CRM's, so that a host's migrations leave it alone.

        All that begin with its prefix are, those of plugins whose code is missing too.

        Args:
            name: As the database has it.
            schema: The PostgreSQL namespace that it is in; None is the usual one.
        """
        return name.startswith(self._prefix) and (schema or "public") == (self._db_schema or "public")

    def table(self, entity: type[Record] | str) -> Table:
        """Return the SQLAlchemy table of *entity*, for a host's foreign keys, queries and read-only mappings.

        Its columns take and give Python values, amounts and decimals as scaled integers. It is in a MetaData of its
        own, the same at each call; `migrate` alone creates and changes it.

        Raises:
            UnknownNameError: No such entity, or one whose plugin is missing.
        """
        with self._opening:
            if self._tables is None:
                self._tables = build_tables(self._base, self._prefix, self._db_schema)
        return self._tables.table(self._base.entity(entity).name)

    # Files

    def unused_files(self, *, older_than: timedelta = timedelta(days=1)) -> list[StoredFile]:
        """Return the stored files that no attachment names, as rolled back units and purges leave them.

        Args:
            older_than: Only those that were last brought so long ago.
        """
        services = self._ready()
        with self._database.reading_unit() as unit:
            return find_unused_files(UnitContext(unit, services, services.tools), datetime.now(UTC) - older_than)

    def remove_unused_files(self, *, older_than: timedelta = timedelta(days=1)) -> list[StoredFile]:
        """Remove the stored files that no attachment names and return them.

        Other units may attach files meanwhile; while files are removed, they wait before they write.

        Args:
            older_than: Only those that were last brought so long ago. A database that is restored from a backup finds
                the files of purged attachments for as long.
        """
        before = datetime.now(UTC) - older_than
        found = self.unused_files(older_than=older_than)
        services = self._ready()
        with self._database.writing_unit() as unit:
            return remove_unused_files(UnitContext(unit, services, services.tools), found, before)

    # Idempotency keys

    def remove_idempotency_keys(self, *, older_than: timedelta = timedelta(days=30)) -> int:
        """Forget the idempotency keys of calls that were made so long ago and return how many these were.

        A call that is repeated after that is carried out once more; so let a job do this about once a day, and nobody
        repeat a call for longer. It is done in portions, between which others write.

        Args:
            older_than: Their age.
        """
        services, removed = self._ready(), 0
        before = self.clock() - older_than
        while True:
            with self._database.writing_unit() as unit:
                count = remove_keys(unit, services.tools.tables, before, KEYS_PER_PORTION)
            removed += count
            if count < KEYS_PER_PORTION:
                return removed

    # Data in and out

    @property
    def imports(self) -> Imports:
        """Imports: planned, run, resumed, told of and taken back."""
        from pycrm.exchange.importing import Imports  # with all that reads files, which most processes never do

        return Imports(_Doors(self))

    def export(
        self,
        principal: Principal,
        entity: type[Record] | str,
        to: Target,
        *,
        where: Where = None,
        values: Mapping[str, Any] | None = None,
        order_by: str | None = None,
        columns: Sequence[str] | str | None = None,
        view: Wanted | None = None,
        format: str | None = None,
        headers: Literal["names", "labels"] = "names",
        language: str = "en",
        encoding: str = "utf-8",
        bom: bool = False,
        on_progress: Callable[[int, int], object] | None = None,
    ) -> ExportReport:
        """Write the records that a filter or a view selects to a file, as far as *principal* may read and export them.

        Fields that are hidden from him are unknown, masked ones are masked. The audit trail tells who exported what. A
        file is whole or not there. No cell of a CSV or XLSX file is a formula, whatever texts the records hold.

        Args:
            principal: Whose rights count.
            entity: The record class, or the entity's name.
            to: The file's name, or something to write bytes to.
            where: A filter, as `Reader.list` takes it.
            values: What its parameters stand for.
            order_by: As `Reader.list` takes it; by creation where absent.
            columns: Paths, ``"name, owner.name, custom.region"`` or a list of them; where absent the id, all that
                forms show, and when the record was written.
            view: A saved view by its name or id, whose filter, order and columns count where none are given.
            format: ``"csv"``, ``"xlsx"``, ``"jsonl"``, ``"vcard3"``, ``"vcard4"`` or ``"parquet"``; by the file's
                name where absent.
            headers: ``"names"`` to be read by programs and imported again, ``"labels"`` to be read by people: then
                options, states and references are told in their language, too.
            language: Of the labels.
            encoding: Of a CSV file: ``"utf-8"`` or ``"gb18030"``.
            bom: Begin it with the mark by which Excel knows UTF-8.
            on_progress: Called now and then with how many records are done, and of how many.
        Raises:
            NotAllowedError: He may not read or may not export any of them.
            UnknownNameError: A column that leads nowhere.
            ExportError: The file cannot be written, or cannot hold a value.
            MissingExtraError: What writes the format is not installed.
        """
        from pycrm.exchange.exporting import export  # which most processes never do

        return export(
            partial(self.acting_as, principal),
            entity,
            to,
            where=where,
            values=values,
            order_by=order_by,
            columns=columns,
            view=view,
            format=format,
            headers=headers,
            language=language,
            encoding=encoding,
            bom=bom,
            on_progress=on_progress,
        )

    def archive(
        self,
        principal: Principal,
        to: Target,
        *,
        on_progress: Callable[[int], object] | None = None,
    ) -> ArchiveReport:
        """Write everything that this CRM holds to one file, for administrators.

        What its plugins declare, custom fields, all records with ids, versions and times, those in the bin and those of
        missing plugins too, files, views, roles, the history and the audit trail: as one moment shows it. `unarchive`
        loads it on either database. It is not encrypted; keep it as you keep the database.

        Args:
            principal: Who asks.
            to: The file's name, as ``"shop.pycrm"``, or something to write bytes to. A file is whole or not there.
            on_progress: Called now and then with how many rows have been written.
        Raises:
            NotAllowedError: He is no administrator.
            ExportError: The file cannot be written.
            FileLostError: The bytes of an attachment are missing.
        """
        from pycrm.exchange.archive import write_archive
        from pycrm.exchange.target import opened

        with self.acting_as(principal) as ws:
            ws._require_actor("archive")
        services = self._ready()
        with opened(to) as file:
            with self._database.reading_unit(whole=True) as unit:
                if services.check_unmoved is not None:
                    services.check_unmoved(unit)
                report = write_archive(
                    file,
                    unit,
                    self._declared,
                    self.files,
                    release=self._version,
                    at=self.clock(),
                    on_progress=on_progress,
                ).report
            with self.acting_as(principal) as ws:
                ws._note("archived", action="archive", facts={"rows": report.rows, "files": report.files})
        return report

    def unarchive(
        self,
        principal: Principal,
        file: str | os.PathLike[str],
        *,
        on_progress: Callable[[int, int], object] | None = None,
    ) -> ArchiveReport:
        """Load a file that `archive` wrote into this CRM's database, which is empty, for administrators.

        One transaction: everything or nothing, plugins included that are new to it. After it everything is indexed for
        search.

        Args:
            principal: Who asks.
            file: The file's name.
            on_progress: Called now and then with how many rows are loaded, and of how many.
        Raises:
            NotAllowedError: He is no administrator.
            ArchiveError: The file is damaged or does not fit this code, or the database is not empty; with the cure.
        """
        from pycrm.exchange.archive import load_archive
        from pycrm.exchange.archive.manifest import Manifest
        from pycrm.storage.migrator import Finish, Migrator
        from pycrm.workspace.restored import complete_restored

        self._access.require_actor(_checked(principal), "unarchive")

        def finish(manifest: Manifest) -> Finish:
            def complete(stored: StoredSchema, unit: Unit, new: Sequence[str]) -> None:
                services = self._services_of(stored, unit)
                ctx = UnitContext(unit, services, services.tools)
                complete_restored(ctx)
                facts = {"rows": manifest.report.rows, "files": len(manifest.files), "written_at": str(manifest.at)}
                Workspace(ctx, principal)._note("unarchived", action="unarchive", facts=facts)
                ctx.settle()
                self._complete(stored, unit, ("core", *new))

            return complete

        with self._opening:
            migrator = Migrator(self._database, self._declared, self._announcer, self.clock)
            manifest = load_archive(Path(file), migrator, self.files, finish, on_progress=on_progress)
        self.index_waiting()
        return manifest.report

    # Search

    def index_waiting(self, *, on_progress: Callable[[int], object] | None = None) -> int:
        """Index the records that wait to be found and return how many these were.

        Batches of more than 1,000 records or rows leave that for later. This call does it portion by portion,
        each in a unit of its own: other units may write meanwhile, and a process that is killed loses one portion.
        Call it after an import with ``index_waiting="later"`` or in a host's transaction, or now and then from a job;
        several processes may.

        Args:
            on_progress: Called after each portion with the number of records so far.
        """
        return self._index(None, on_progress)

    def _index(self, part: Waiting | None, on_progress: Callable[[int], object] | None = None) -> int:
        services, turns = self._ready(), Turns(part)

        def portion() -> int:
            with self._database.writing_unit(announcements=self._announcer) as unit:
                return index_portion(UnitContext(unit, services, services.tools), turns)

        # SQLite has one writer, and the pool of a host perhaps one connection.
        is_helped = self._database.owned and self._database.dialect is POSTGRESQL
        done = drain(portion, is_helped=is_helped, on_progress=on_progress)
        if done >= MANY_INDEXED:
            with self._database.writing_unit(announcements=self._announcer) as unit:
                settle(UnitContext(unit, services, services.tools))
        return done

    def _index_after(self, ctx: UnitContext) -> None:
        """Index what a unit that has committed left waiting; it has succeeded, whatever comes of this."""
        if ctx.left_waiting is not None and not ctx.unit.is_joined:
            self._index_left(ctx.left_waiting)

    def _index_left(self, part: Waiting) -> None:
        """Index *part* of what waits, where that is done after commits."""
        if not self._indexes_after_commit:
            return
        try:
            self._index(part)
        except Exception:  # noqa: BLE001 - logged; what was committed stays so
            _log.exception("records could not be indexed after their commit; `index_waiting` will find them waiting")

    def rebuild_search(self, *, on_progress: Callable[[int], object] | None = None) -> int:
        """Make the search index anew and return how many records it was made of.

        Needed after the extra ``zh`` was installed, or after a plugin has made fields searchable whose records were
        there before. Meanwhile records are found as they are indexed, and `SearchResult.waiting` counts the others.
        """
        services = self._ready()
        with self._database.writing_unit(announcements=self._announcer) as unit:
            ctx = UnitContext(unit, services, services.tools)
            ctx.begin_writing()
            queue_all(ctx)
        return self.index_waiting(on_progress=on_progress)

    # Signals

    def on(self, fact_type: type[T], listener: Callable[[Sequence[T]], object]) -> Callable[[], None]:
        """Call ``listener(facts)`` after each commit that announced facts of *fact_type*.

        Returns:
            A function that disconnects it.
        """
        return self._signals.connect(fact_type, listener)

    def announce(self, connection: Connection) -> None:
        """Deliver the facts of units inside a host's transaction on *connection* that has committed by now."""
        self._announcer.announce(connection)

    # What it consists of

    @property
    def schema(self) -> Schema:
        """The newest schema that this process has seen."""
        return self._base if self._services is None else self._services.tools.schema

    @property
    def entities(self) -> Mapping[str, type[Record]]:
        """Record classes by entity name: ``crm.entities["trade.sample"]``.

        An unknown name raises `UnknownNameError` with the nearest ones.
        """
        return _RecordClasses(self.schema)

    @property
    def labels(self) -> Labels:
        """What everything is called, in every language that core and plugins have labels for."""
        if self._labels is None:
            builtin = {owner.owner for owner in self._owners if owner.builtin}
            packages = [("pycrm", "")] + [
                (plugin.package, "" if plugin.name in builtin else plugin.name)
                for plugin in self.plugins
                if plugin.package is not None
            ]
            self._labels = Labels.of(packages)
        return self._labels

    # Inner workings

    @property
    def owners(self) -> Sequence[OwnerDeclarations]:
        """The core and the active plugins, with what each declares."""
        return tuple(self._owners)

    def _declarations(self, builtin: set[str]) -> list[OwnerDeclarations]:
        core = OwnerDeclarations("core", True, self._version, tuple(DECLARED), package="pycrm")
        return [core, *(plugin.pycrm_register_declarations(plugin.name in builtin) for plugin in self.plugins)]

    def _functions(self) -> list[tuple[HookFunction, str]]:
        """Return every function with its entity's name, in the order of plugins."""
        return [
            (function, self._target(function.target, plugin))
            for plugin in self.plugins
            for function in plugin.pycrm_register_write_hooks()
        ]

    def _check_may(self) -> None:
        """Refuse rights on entities that nobody brings; those of a plugin that is not there are passed over."""
        active = {plugin.name for plugin in self.plugins}
        for plugin in self.plugins:
            for name in plugin.may:
                owner, dot, _ = name.partition(".")
                if name not in self._base.entities and (not dot or owner in active):
                    raise ConfigurationError(
                        f"plugin {plugin.name!r}: may={{{name!r}: …}} names no entity here"
                        f"{nearest(name, self._base.entities)}",
                        plugin=plugin.name,
                        entity=name,
                    )

    def _actions(self) -> dict[str, Action[Any, Any, Any]]:
        actions: dict[str, Action[Any, Any, Any]] = {}
        for plugin in self.plugins:
            for action in plugin.pycrm_register_actions():
                name = f"{self._target(action.target, plugin)}.{action.name}"
                if name in actions:
                    raise NameClashError(
                        f"action {name!r} is brought by {actions[name].plugin!r} and by {plugin.name!r}; rename one",
                        owners=(actions[name].plugin, plugin.name),
                    )
                actions[name] = action
        return actions

    def _declared_roles(self) -> tuple[Mapping[str, RoleDefinition], RoleCheck]:
        """Return the roles that the core and the plugins declare, with all that is granted to them, and their judge."""
        declared = [SHIPPED, *(plugin.pycrm_register_roles() for plugin in self.plugins)]
        asked: dict[str, set[str]] = {}
        for name, action in self.actions.items():
            asked.setdefault(name.rpartition(".")[0], set()).add(action.permission)
        check = RoleCheck(
            self._base,
            frozenset(permission for owner in declared for permission in owner.permissions),
            {entity: frozenset(permissions) for entity, permissions in asked.items()},
        )
        return MappingProxyType(collect_roles(declared, check, {"core", *BUILTINS})), check

    def _target(self, target: type[Record] | str, plugin: Plugin) -> str:
        try:
            return self._base.entity(target).name
        except LookupError as error:
            raise ConfigurationError(f"plugin {plugin.name!r}: {error}", plugin=plugin.name) from error

    def _ready(self) -> Services:
        """Return the services, reading what the database says of itself before the first unit."""
        if self._services is None:
            with self._opening:
                if self._services is None:
                    with self._database.reading_unit() as unit:
                        self._stored = read_stored(unit, self._declared)
                        self._services = self._services_of(self._stored, unit)
                    self._wall(partial(_table_names, self._stored.tables))
        return self._services

    def _services_of(self, stored: StoredSchema, unit: Unit) -> Services:
        tools = SchemaTools(stored.schema, stored.tables, self._database.dialect, stored.secret)
        services = Services(
            access=self._access,
            hooks=self.hooks,
            clock=self.clock,
            base_schema=stored.schema,
            tools=tools,
            installation=stored.installation,
            files=self.files,
            check_unmoved=partial(check_unmoved, stored=stored),
            fiscal_year_start=self._fiscal_year_start,
            base_currency=self._base_currency,
            labels=lambda: self.labels,
            roles=self._roles,
            role_check=self._role_check,
            separations=self._separations,
        )
        if number := read_schema_number(unit, stored.tables):
            UnitContext(unit, services, tools).load_schema(number)
        return services

    def _complete(self, stored: StoredSchema, unit: Unit, new: Sequence[str]) -> None:
        """Let new plugins write their first records, in the transaction that brings them."""
        services = self._services_of(stored, unit)
        if "core" not in new:
            queue_if_outdated(UnitContext(unit, services, services.tools))
            settle_indexes(Workspace(UnitContext(unit, services, services.tools), Principal.plugin("core")))
        for plugin in self.plugins:
            if plugin.name in new:
                self._install(plugin, services, unit)

        def take_over() -> None:
            self._services, self._stored = services, stored
            self._wall(partial(_table_names, stored.tables))

        unit.on_commit(take_over)

    def _install(self, plugin: Plugin, services: Services, unit: Unit) -> None:
        ws = Workspace(UnitContext(unit, services, services.tools), Principal.plugin(plugin.name))
        try:
            plugin.pycrm_install_records(ws)
        except Exception as error:
            raise HookFailedError(
                f"plugin {plugin.name!r}: install hook raised {type(error).__name__}: {error}; nothing was migrated",
                plugin=plugin.name,
                hook="on_install",
            ) from error

    def _unit(self, session: Session | None, connection: Connection | None, *, reading: bool) -> Unit:
        if session is not None or connection is not None:
            return self._database.joined_unit(
                connection=connection, session=session, reading=reading, announcements=self._announcer
            )
        if reading:
            return self._database.reading_unit()
        return self._database.writing_unit(announcements=self._announcer)

    @contextmanager
    def _context(
        self, open_unit: Callable[[], Unit], session: Session | None = None, connection: Connection | None = None
    ) -> Iterator[UnitContext]:
        """Run a unit, and leave the trail of what was done in it whatever becomes of it."""
        services = self._ready()
        ctx = UnitContext(open_unit(), services, services.tools)
        try:
            with ctx.unit:
                yield ctx
                ctx.settle()
        finally:
            self._leave_trail(ctx, session, connection)

    def _leave_trail(self, ctx: UnitContext, session: Session | None, connection: Connection | None) -> None:
        unit = ctx.unit
        entries = ctx.trail.left(unit)
        if not unit.is_joined:
            self._trail_keeper.keep(entries, is_free=unit.is_writing)
        elif entries and unit.is_reading and self._database.dialect.name == "sqlite":
            # It would hold the only write lock until a host ends its transaction that did not mean to write.
            _audit_log.warning("%d audit entries of a reading unit in a host's transaction are not kept", len(entries))
        elif entries:
            join = partial(self._database.joined_unit, connection=connection, session=session)
            self._trail_keeper.keep_within(entries, join)

    def _wall(self, find_names: Callable[[], Iterable[str]]) -> None:
        if (tripwire := self._database.tripwire) is not None:
            tripwire.keep(self._prefix, self._db_schema, find_names)

    def _is_visible(self, connection: Connection, unit_id: UUID) -> bool:
        assert self._stored is not None
        return is_visible(connection, self._stored.tables, unit_id)


# Functions, since a host's engine holds what watches it, which must not hold the CRM.


def _declared_names(declared: Declared) -> Iterable[str]:
    return declared.tables.all_names


def _table_names(tables: Tables) -> Iterable[str]:
    return tables.all_names


class _RecordClasses(Mapping[str, "type[Record]"]):
    """Record classes by entity name, with a helpful error for a wrong one."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def __getitem__(self, name: str) -> type[Record]:
        return self._schema.entity(name).record_class

    def __contains__(self, name: object) -> bool:
        return name in self._schema.entities

    def __iter__(self) -> Iterator[str]:
        return iter(self._schema.entities)

    def __len__(self) -> int:
        return len(self._schema.entities)


class _Doors:
    """What imports need of a CRM; see `pycrm.exchange.importing.ports.Doors`."""

    def __init__(self, crm: CRM) -> None:
        self._crm = crm
        self.reading = crm.reading_as
        self.index = crm._index_left

    @property
    def schema(self) -> Schema:
        return self._crm.schema

    @property
    def labels(self) -> Labels:
        return self._crm.labels

    @contextmanager
    def acting(self, principal: Principal) -> Iterator[Workspace]:
        open_unit = partial(self._crm._unit, None, None, reading=False)
        with self._crm._context(open_unit) as ctx:
            share_unit(ctx, _checked(principal))
            yield Workspace(ctx, principal)


def _checked(principal: Principal) -> Principal:
    if not isinstance(principal, Principal):
        raise ConfigurationError(f"a door opens for a Principal, not for {principal!r}; make one of your own login")
    return principal
