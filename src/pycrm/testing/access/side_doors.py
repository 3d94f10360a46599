"""The ways past the door that the tripwire is held against: 54 shapes of a statement on one of our tables.

Each takes a `Side` and runs its statement on the CRM's own engine, as a mistake in a plugin or a host would.
"""

from __future__ import annotations

import io
import sqlite3
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, TypeAlias
from uuid import uuid4

import attrs
from sqlalchemy import (
    Connection,
    Engine,
    MetaData,
    Table,
    bindparam,
    create_engine,
    delete,
    exists,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session, registry

from pycrm.app import CRM
from pycrm.values.principal import Principal

__all__ = ["BEYOND", "SHAPES", "Side"]


@attrs.frozen
class Side:
    """What is past the door.

    Attributes:
        crm: The CRM.
        principal: For whom units are opened.
        table: The table of an entity.
        column: One of its columns, which holds text.
    """

    crm: CRM
    principal: Principal
    table: Table
    column: str

    @property
    def engine(self) -> Engine:
        """The CRM's own engine."""
        return self.crm._database.engine

    @property
    def is_sqlite(self) -> bool:
        """Which of the two databases it is."""
        return self.engine.dialect.name == "sqlite"

    @property
    def name(self) -> str:
        """The table's name as SQL writes it, with its schema."""
        return self.engine.dialect.identifier_preparer.format_table(self.table)

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """Give a connection of the engine, on which nothing stays."""
        with self.engine.connect() as connection:
            yield connection
            connection.rollback()

    def run(self, sql: str) -> list[Any]:
        """Run *sql* through SQLAlchemy; ``{t}`` and ``{c}`` stand for the table and the column."""
        with self.connected() as connection:
            result = connection.execute(text(sql.format(t=self.name, c=self.column)))
            return list(result) if result.returns_rows else []

    @contextmanager
    def raw(self) -> Iterator[Any]:
        """Give the driver's connection, as whoever takes it out of the pool has it."""
        with closing(self.engine.raw_connection()) as proxied:
            try:
                yield proxied.driver_connection
            finally:
                proxied.rollback()


Shape: TypeAlias = Callable[[Side], Any]


def _core(make: Callable[[Table, str], Any]) -> Shape:
    def run(side: Side) -> Any:
        with side.connected() as connection:
            result = connection.execute(make(side.table, side.column))
            return list(result) if result.returns_rows else []

    return run


def _text(sql: str, postgresql: str | None = None) -> Shape:
    return lambda side: side.run(sql if side.is_sqlite or postgresql is None else postgresql)


def _mapped(side: Side) -> type[Any]:
    found = type("Mapped", (), {})
    registry().map_imperatively(found, side.table)
    return found


def _orm(run: Callable[[Session, type[Any], Side], Any]) -> Shape:
    def shape(side: Side) -> Any:
        with Session(side.engine) as session:
            return run(session, _mapped(side), side)

    return shape


def _new(mapped: type[Any], side: Side) -> Any:
    made = mapped()
    made.id = uuid4()
    setattr(made, side.column, "x")
    return made


def _add(session: Session, mapped: type[Any], side: Side) -> None:
    session.execute(update(mapped).values({side.column: "x"}))


def _flush(session: Session, mapped: type[Any], side: Side) -> None:
    session.add(_new(mapped, side))
    session.flush()


def _reflected(side: Side) -> Any:
    with side.connected() as connection, warnings.catch_warnings(action="ignore"):  # what is no index to SQLAlchemy
        found = Table(side.table.name, MetaData(), autoload_with=connection, schema=side.table.schema)
        return list(connection.execute(select(found)))


def _driver(sqlite: Callable[[Any, Side], Any], postgresql: Callable[[Any, Side], Any] | None = None) -> Shape:
    def run(side: Side) -> Any:
        with side.raw() as driver:
            return (sqlite if side.is_sqlite or postgresql is None else postgresql)(driver, side)

    return run


def _escaped(side: Side) -> str:
    return f'SELECT * FROM U&"\\{ord(side.table.name[0]):04x}{side.table.name[1:]}"'


def _copied(driver: Any, side: Side) -> list[Any]:
    with driver.cursor() as cursor, cursor.copy(f"COPY {side.name} TO STDOUT") as copy:
        return list(copy)


def _server_side(driver: Any, side: Side) -> list[Any]:
    with driver.cursor("server_side") as cursor:
        cursor.execute(f"SELECT * FROM {side.name}")
        return list(cursor)


def _backed_up(driver: Any, _: Side) -> None:
    with closing(sqlite3.connect(":memory:")) as copy:
        driver.backup(copy)


def _many(side: Side) -> None:
    sql = f"UPDATE {side.name} SET {side.column} = {'?' if side.is_sqlite else '%s'}"
    with side.connected() as connection:
        connection.exec_driver_sql(sql, [("a",), ("b",)])


def _driver_sql(side: Side) -> list[Any]:
    with side.connected() as connection:
        return list(connection.exec_driver_sql(f"SELECT {side.column} FROM {side.name}"))


def _streamed(side: Side) -> list[Any]:
    with side.connected() as connection:
        return list(connection.execution_options(stream_results=True).execute(select(side.table)))


def _autocommitted(side: Side) -> list[Any]:
    with side.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return list(connection.execute(select(side.table)))


def _of_the_unit(side: Side) -> list[Any]:
    with side.crm.reading_as(side.principal) as reader:
        return list(reader._ctx.unit.connection.execute(select(side.table)))


def _read(driver: Any, side: Side) -> list[Any]:
    return list(driver.execute(f"SELECT {side.column} FROM {side.name}"))


def _cursor(driver: Any, side: Side) -> list[Any]:
    cursor = driver.cursor()
    cursor.execute(f"SELECT {side.column} FROM {side.name}")
    return list(cursor.fetchall())


def _executemany(driver: Any, side: Side) -> None:
    mark = "?" if side.is_sqlite else "%s"
    driver.cursor().executemany(f"UPDATE {side.name} SET {side.column} = {mark}", [("a",), ("b",)])


def _dumped(driver: Any, _: Side) -> str:
    out = io.StringIO()
    out.writelines(driver.iterdump())
    return out.getvalue()


def _by_hand(driver: Any, side: Side) -> list[Any]:
    if side.is_sqlite:
        cursor: Any = sqlite3.Cursor(driver)
    else:
        import psycopg

        cursor = psycopg.Cursor(driver)
    cursor.execute(f"SELECT {side.column} FROM {side.name}")
    return list(cursor.fetchall())


def _second_engine(side: Side) -> list[Any]:
    engine = create_engine(side.engine.url)
    try:
        with engine.connect() as connection:
            return list(connection.execute(select(side.table)))
    finally:
        engine.dispose()


def _token(side: Side) -> list[Any]:
    from pycrm.storage.walls.tripwire import THE_DOORS

    with side.connected() as connection:
        return list(connection.execute(select(side.table), execution_options=THE_DOORS))


SHAPES: Mapping[str, Shape] = {
    "core.select": _core(lambda t, c: select(t)),
    "core.text": _text("SELECT * FROM {t}"),
    "core.driver_sql": _driver_sql,
    "core.driver_sql_many": _many,
    "core.insert": _core(lambda t, c: insert(t).values({"id": uuid4(), c: "x"})),
    "core.update": _core(lambda t, c: update(t).values({c: "x"})),
    "core.delete": _core(lambda t, c: delete(t)),
    "core.returning": _core(lambda t, c: update(t).values({c: t.c[c]}).returning(t.c[c])),
    "core.join": _core(lambda t, c: select(t.c[c]).join(other := t.alias(), other.c.id == t.c.id)),
    "core.subquery": _core(lambda t, c: select(select(func.max(t.c[c])).scalar_subquery())),
    "core.exists": _core(lambda t, c: select(exists().where(t.c[c] == "x"))),
    "core.cte": _core(lambda t, c: select(select(t).cte("found"))),
    "core.union": _core(lambda t, c: select(t.c[c]).union_all(select(t.c[c]))),
    "core.window": _core(lambda t, c: select(func.row_number().over(order_by=t.c[c]))),
    "core.group": _core(lambda t, c: select(t.c[c], func.count()).group_by(t.c[c])),
    "core.lock": _core(lambda t, c: select(t).with_for_update()),
    "core.expanding": _core(lambda t, c: select(t).where(t.c[c].in_(bindparam("x", ["a"], expanding=True)))),
    "core.stream": _streamed,
    "core.autocommit": _autocommitted,
    "core.reflected": _reflected,
    "orm.select": _orm(lambda session, mapped, side: session.scalars(select(mapped)).all()),
    "orm.query": _orm(lambda session, mapped, side: session.query(mapped).all()),
    "orm.get": _orm(lambda session, mapped, side: session.get(mapped, uuid4())),
    "orm.text": _orm(lambda session, mapped, side: session.execute(text(f"SELECT * FROM {side.name}")).all()),
    "orm.update": _orm(_add),
    "orm.flush": _orm(_flush),
    "text.quoted": _text('SELECT * FROM "{t}"', "SELECT * FROM ONLY {t}"),
    "text.upper": lambda side: side.run(f"SELECT * FROM {side.name.upper()}"),
    "text.qualified": _text("SELECT * FROM main.{t}", "SELECT * FROM public.{t}"),
    "text.escaped": lambda side: side.run(f"SELECT * FROM [{side.name}]" if side.is_sqlite else _escaped(side)),
    "text.strange_quotes": _text("SELECT * FROM `{t}`", "TABLE {t}"),
    "text.string_as_name": _text("SELECT * FROM '{t}'", "DO $$ BEGIN PERFORM * FROM {t}; END $$"),
    "text.comment_as_space": _text("SELECT * FROM/* here */{t}--"),
    "text.after_a_literal": _text("SELECT '--', * FROM {t}", "SELECT E'\\'--', * FROM {t}"),
    "text.comma": _text("SELECT * FROM (SELECT 1) AS one, {t}"),
    "text.nested": _text("SELECT * FROM (SELECT * FROM (SELECT {c} FROM {t}) AS a) AS b"),
    "text.recursive": _text("WITH RECURSIVE q(v) AS (SELECT 1 UNION SELECT 2 FROM {t}) SELECT * FROM q"),
    "text.explain": _text("EXPLAIN SELECT * FROM {t}"),
    "text.membership": _text("SELECT 1 WHERE 'x' IN (SELECT {c} FROM {t})"),
    "ddl.view": _text("CREATE VIEW around AS SELECT * FROM {t}"),
    "ddl.table_as": _text("CREATE TABLE around AS SELECT * FROM {t}"),
    "ddl.trigger": _text(
        "CREATE TRIGGER around AFTER UPDATE ON {t} BEGIN SELECT 1; END",
        "CREATE RULE around AS ON UPDATE TO {t} DO ALSO NOTHING",
    ),
    "ddl.alter": _text("ALTER TABLE {t} ADD COLUMN around INTEGER"),
    "ddl.drop": _text("DROP TABLE IF EXISTS {t}"),
    "driver.cursor": _driver(_cursor),
    "driver.execute": _driver(_read),
    "driver.many": _driver(_executemany),
    "driver.script": _driver(
        lambda driver, side: driver.executescript(f"SELECT 1; SELECT * FROM {side.name};"),
        lambda driver, side: driver.execute(f"SELECT 1; SELECT * FROM {side.name}"),
    ),
    "driver.dump": _driver(_dumped, _copied),
    "driver.whole": _driver(_backed_up, _server_side),
    "unit.connection": _of_the_unit,
}
"""What the tripwire stops, by name."""


BEYOND: Mapping[str, Shape] = {
    "driver.cursor_by_hand": _driver(_by_hand),
    "engine.second": _second_engine,
    "token.lifted": _token,
}
"""What it cannot see, by name; `pycrm plugins lint` finds it in the code."""
