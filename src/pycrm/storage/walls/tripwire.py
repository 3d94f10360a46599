"""The tripwire: a statement that names one of our tables and does not come from the door is refused.

It stops mistakes, not intent: it reads the text that a driver is about to run. On engines of our own the drivers'
cursors ask it; on a host's, if he wants that, SQLAlchemy does before it runs a statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import attrs
from sqlalchemy import Engine, event
from sqlalchemy.util import immutabledict

from pycrm.errors import SideDoorError
from pycrm.storage.walls.authorizer import AUTHORIZER, Authorizer, marked
from pycrm.storage.walls.mentions import Mention, mentions

__all__ = ["THE_DOORS", "Tripwire", "side_door"]

_OPTION = "pycrm_door"
_TOKEN = object()
THE_DOORS = immutabledict({_OPTION: _TOKEN})
"""The execution options of what the door itself runs through SQLAlchemy."""

KEPT = 1_000
"""So many texts are remembered with what was found in them."""

_RESOLVE = "SELECT nspname FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid WHERE c.oid = to_regclass(%s)"


@attrs.frozen(slots=False)
class _Kept:
    """The tables of one CRM.

    Attributes:
        prefix: What each name begins with.
        schema: The PostgreSQL schema that they are in; None is the usual one.
        find_names: Returns those that are known.
    """

    prefix: str
    schema: str | None
    find_names: Callable[[], Iterable[str]]

    @cached_property
    def names(self) -> frozenset[str]:
        """Those that are known, in lower case."""
        return frozenset(name.lower() for name in self.find_names())


class Tripwire:
    """Refuses what names a table of the CRMs that live on one engine.

    Args:
        dialect: ``"sqlite"`` or ``"postgresql"``.
        owned: Whether the engine is ours: then whatever begins with the prefix is ours, in any schema. In the database
            of a host only the tables that we know are.
    """

    def __init__(self, dialect: str, *, owned: bool) -> None:
        self.owned = owned
        self._dialect = dialect
        self._kept: _Kept | None = None
        self._verdicts: dict[str, tuple[Mention, ...]] = {}
        self._usual_schema = "public"

    def keep(self, prefix: str, schema: str | None, find_names: Callable[[], Iterable[str]]) -> None:
        """Take the tables that *find_names* returns for ours, in place of those before; it is called on first use."""
        self._kept = _Kept(prefix.lower(), schema, find_names)
        self._verdicts = {}

    def is_ours(self, table: str) -> bool:
        """Return whether *table*, a name without what it is qualified by, is one of ours."""
        kept, name = self._kept, table.lower()
        if kept is None:
            return False
        if self.owned and kept.prefix:
            return name.startswith(kept.prefix)
        return name in kept.names

    def look(self, sql: str, driver: Any = None) -> None:
        """Return if *sql* names none of our tables.

        Args:
            sql: One or more statements.
            driver: The connection that will run it; asked which table an unqualified name means in a host's database.
        Raises:
            SideDoorError: It names one.
        """
        found = self._verdicts.get(sql)
        if found is None:
            found = self._judge(sql)
        for schema, name in found:
            if self.owned or self._means_ours(schema, name, driver):
                raise side_door(name)

    def listen(self, engine: Engine) -> None:
        """Look at what others run on *engine* through SQLAlchemy, until `leave`; watched cursors do that themselves."""
        for name, listener in self._listeners.items():
            event.listen(engine, name, listener)

    def leave(self, engine: Engine) -> None:
        """Undo `listen`; repeating it does nothing."""
        for name, listener in self._listeners.items():
            if event.contains(engine, name, listener):
                event.remove(engine, name, listener)

    def _judge(self, sql: str) -> tuple[Mention, ...]:
        kept = self._kept
        if kept is None:
            return ()
        lowered = sql.lower()
        words = (kept.prefix,) if kept.prefix else kept.names
        found: tuple[Mention, ...] = ()
        if any(word in lowered for word in words) or 'u&"' in lowered:
            found = tuple(sorted((each for each in mentions(sql) if self.is_ours(each[1])), key=str))
        if len(self._verdicts) >= KEPT:
            self._verdicts = {}
        self._verdicts[sql] = found
        return found

    def _means_ours(self, schema: str | None, name: str, driver: Any) -> bool:
        """Return whether *name* is our table and not one of the host's that is called the same in another schema."""
        if self._dialect == "sqlite" or self._kept is None:
            return schema != "temp"
        if driver is None:
            return True
        quoted = ".".join('"' + each.replace('"', '""') + '"' for each in (schema, name) if each is not None)
        from psycopg import Error
        from psycopg.rows import tuple_row

        try:
            with driver.cursor(row_factory=tuple_row) as cursor:
                row = cursor.execute(_RESOLVE, (quoted,)).fetchone()
        except Error:
            return True  # as in a transaction that has failed; a doubt ends in a refusal
        return row is not None and row[0] == (self._kept.schema or self._usual_schema)

    @property
    def _listeners(self) -> dict[str, Any]:
        return {
            "do_execute": self._do_execute,
            "do_executemany": self._do_executemany,
            "do_execute_no_params": self._do_execute_no_params,
        }

    def _do_execute(self, cursor: Any, statement: str, params: Any, context: Any) -> bool:
        return self._run(cursor, cursor.execute, statement, (params,), context)

    def _do_executemany(self, cursor: Any, statement: str, params: Any, context: Any) -> bool:
        return self._run(cursor, cursor.executemany, statement, (params,), context)

    def _do_execute_no_params(self, cursor: Any, statement: str, context: Any) -> bool:
        return self._run(cursor, cursor.execute, statement, (), context)

    def _run(
        self, cursor: Any, execute: Callable[..., Any], statement: str, params: tuple[Any, ...], context: Any
    ) -> bool:
        """Look at a statement that SQLAlchemy is about to run; return whether it has been run here."""
        if context.execution_options.get(_OPTION) is not _TOKEN:
            if not self.owned:  # else the cursor looks
                self._usual_schema = context.dialect.default_schema_name or self._usual_schema
                self.look(statement, cursor.connection)
            return False
        if hasattr(cursor, "is_doors"):  # a connection that was borrowed has cursors of its owner's
            cursor.is_doors = True
        authorizer: Authorizer | None = context.root_connection.info.get(AUTHORIZER)
        if authorizer is None:
            return False
        with authorizer.passing():
            execute(marked(statement), *params)
        return True


def side_door(table: str) -> SideDoorError:
    """Return the error for a statement on *table* that comes past the door."""
    return SideDoorError(
        f"this statement is about {table}, a table of a CRM, and comes past its doors, where nobody's rights count; "
        "read with `crm.reading_as(…)` and write with `crm.acting_as(…)`",
        table=table,
    )
