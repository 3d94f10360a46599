"""`CRM`: the one place that wires engine, plugins, policies and signals. Two CRMs share nothing but code."""

from __future__ import annotations

import asyncio
import random
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version as installed_version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine

from pycrm.entities import DECLARED
from pycrm.errors import ConfigurationError, ConflictError, HookFailedError, NameClashError, nearest
from pycrm.plugin.calls import HookCalls
from pycrm.plugin.discovery import discover, in_order, load_builtins, with_versions
from pycrm.plugin.functions import Action, HookFunction
from pycrm.plugin.plugin import Plugin
from pycrm.policies import Access
from pycrm.schema import OwnerDeclarations, Record, Schema, assemble
from pycrm.schema.labels import Labels
from pycrm.signals import SignalBus
from pycrm.storage import Announcer, Unit, open_engine
from pycrm.storage.migration import StoredSchema, migrate, read_stored
from pycrm.storage.outbox import is_visible
from pycrm.storage.state import read_schema_number
from pycrm.values.clock import Clock, system_clock
from pycrm.values.principal import Principal
from pycrm.workspace import Reader, SchemaTools, Services, Workspace
from pycrm.workspace.context import UnitContext

if TYPE_CHECKING:
    from sqlalchemy.orm import Session  # four tenths of SQLAlchemy's import time

__all__ = ["BUILTINS", "CRM"]

T = TypeVar("T")

BUILTINS = ("parties", "products", "activities", "sales")
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
    ) -> None:
        self._database = open_engine(database)
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
        self._prefix, self._db_schema = prefix, schema
        self._signals = SignalBus()
        self._announcer = Announcer(self._is_visible, self._signals.deliver)
        self._services: Services | None = None
        self._stored: StoredSchema | None = None
        self._opening = threading.Lock()
        self._labels: Labels | None = None

    # Opening a database

    def migrate(self) -> list[str]:
        """Create what is missing: the tables of a new database, or of newly installed plugins.

        Returns:
            One line per thing done; empty when the database was up to date. It is all done or nothing.
        Raises:
            SchemaMismatchError: The stored schema differs from the code in another way, or the database is newer.
        """
        with self._opening:
            self._database.prepare()
            with self._database.writing_unit(announcements=self._announcer) as unit:
                unit.begin_writing()
                stored, new_owners, done = migrate(unit, self._owners, self._prefix, self._db_schema)
                services = self._services_of(stored, unit)
                for plugin in self.plugins:
                    if plugin.name in new_owners:
                        self._install(plugin, services, unit)
            self._services, self._stored = services, stored
        return done

    @property
    def parked(self) -> Mapping[str, str]:
        """Plugins that the database knows and whose code is missing: name to the version that was there."""
        self._ready()
        assert self._stored is not None
        return self._stored.parked

    def close(self) -> None:
        """Let go of the database; a host's own engine stays open."""
        self._announcer.close()
        self._database.close()

    # Doors

    @contextmanager
    def acting_as(
        self, principal: Principal, *, session: Session | None = None, connection: Connection | None = None
    ) -> Iterator[Workspace]:
        """Open one unit of work for *principal*: ``with crm.acting_as(mei) as ws:``.

        The unit commits at the end of the block and rolls back on an exception. With *session* or *connection* it
        lives inside the host's transaction, which the host ends.

        Raises:
            NotMigratedError: The database has no tables of this CRM, or lacks those of a plugin.
        """
        services = self._ready()
        with self._unit(session, connection, reading=False) as unit:
            yield Workspace(UnitContext(unit, services, services.tools), _checked(principal))

    @contextmanager
    def reading_as(
        self, principal: Principal, *, session: Session | None = None, connection: Connection | None = None
    ) -> Iterator[Reader]:
        """Open one unit that only reads, for *principal*."""
        services = self._ready()
        with self._unit(session, connection, reading=True) as unit:
            yield Reader(UnitContext(unit, services, services.tools), _checked(principal))

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
        services = self._ready()
        for attempt in range(1, attempts + 1):
            try:
                with self._database.writing_unit(invariant=invariant, announcements=self._announcer) as unit:
                    return work(Workspace(UnitContext(unit, services, services.tools), _checked(principal)))
            except ConflictError as conflict:
                if not conflict.retryable or attempt == attempts:
                    raise
                # Random, so that two who collided do not meet again at once.
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - no secret
        raise ConfigurationError(f"attempts={attempts}: work is tried at least once")

    async def run_async(
        self, principal: Principal, work: Callable[[Workspace], T], *, invariant: bool = True, attempts: int = 5
    ) -> T:
        """Return what `run` returns, without blocking the event loop: the work runs in a thread."""
        return await asyncio.to_thread(self.run, principal, work, invariant=invariant, attempts=attempts)

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

    def _declarations(self, builtin: set[str]) -> list[OwnerDeclarations]:
        core = OwnerDeclarations("core", True, self._version, tuple(DECLARED))
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
                        self._stored = read_stored(unit, self._owners, self._prefix, self._db_schema)
                        self._services = self._services_of(self._stored, unit)
        return self._services

    def _services_of(self, stored: StoredSchema, unit: Unit) -> Services:
        tools = SchemaTools(stored.schema, stored.tables, self._database.dialect)
        services = Services(
            access=self._access,
            hooks=self.hooks,
            clock=self.clock,
            base_schema=stored.schema,
            tools=tools,
            installation=stored.installation,
        )
        if number := read_schema_number(unit, stored.tables):
            UnitContext(unit, services, tools).load_schema(number)
        return services

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

    def _is_visible(self, connection: Connection, unit_id: UUID) -> bool:
        assert self._stored is not None
        return is_visible(connection, self._stored.tables, unit_id)


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


def _checked(principal: Principal) -> Principal:
    if not isinstance(principal, Principal):
        raise ConfigurationError(f"a door opens for a Principal, not for {principal!r}; make one of your own login")
    return principal
