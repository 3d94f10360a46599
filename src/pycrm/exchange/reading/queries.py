"""Answers of databases: one SELECT, streamed, in a transaction that may only read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pycrm.errors import ReadError
from pycrm.exchange.reading.headers import column_names
from pycrm.exchange.rows import Row, Table

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, CursorResult

__all__ = ["QuerySource", "is_url", "open_query"]

_URL: Final = re.compile(r"[a-z][\w+.-]+://", re.IGNORECASE)
_COMMENTS: Final = re.compile(r"(?:\s+|--[^\n]*\n|/\*.*?\*/)*", re.DOTALL)
_READING: Final = re.compile(r"(select|with|values|table)\b", re.IGNORECASE)
_BATCH: Final = 1_000


def is_url(text: str) -> bool:
    """Whether *text* is the URL of a database rather than the path of a file."""
    return _URL.match(text) is not None


def open_query(url: str, query: str | None) -> QuerySource:
    """Return the answer of *query* in the database at *url*; it is asked anew whenever the rows are read.

    Raises:
        ReadError: There is no query or it does more than read, the URL is none, or the database refuses.
    """
    from sqlalchemy import exc, make_url

    try:
        found = make_url(url)
    except exc.ArgumentError as error:
        raise ReadError(f"{url!r} is no URL of a database", source=url) from error
    name = found.render_as_string(hide_password=True)
    if found.get_backend_name() == "sqlite" and _is_absent(found.database):
        raise ReadError(f"there is no database {found.database}", source=name)  # SQLite would make one
    if not query or not query.strip():
        raise ReadError(f"{name} needs a query, as in query='SELECT …'", source=name)
    text = query.strip().rstrip(";").rstrip()
    beginning = _COMMENTS.match(text)
    if not _READING.match(text, beginning.end() if beginning else 0):
        raise ReadError("a query that is imported begins with SELECT or WITH, and changes nothing", source=name)
    return QuerySource(name, found, text)


def _is_absent(database: str | None) -> bool:
    return bool(database) and not str(database).startswith((":", "file:")) and not Path(str(database)).exists()


class QuerySource:
    """A `Source` of one table; the attributes are those of the protocol."""

    format = "query"
    encoding = None
    certainty = 1.0

    def __init__(self, name: str, url: URL, query: str) -> None:
        self.name = name
        self._url = url
        self._query = query

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names that the database gives to the columns of its answer."""
        with self._answer() as answer:
            return column_names(list(answer.keys()))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the query and all rows, for which it is asked once."""
        digest = hashlib.sha256(self._query.encode())
        for row in self.rows():
            digest.update(repr(row.cells).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    @property
    def tables(self) -> tuple[Table]:
        """The answer."""
        return (self,)

    def rows(self, *, after: int = 0) -> Iterator[Row]:
        """Yield the rows behind the number *after*; without ORDER BY a database may give them in another order.

        Raises:
            ReadError: The database refuses.
        """
        with self._answer() as answer:
            for number, found in enumerate(islice(answer, after, None), after + 1):
                if any(value is not None and value != "" for value in found):
                    yield Row(number, tuple(found))

    @contextmanager
    def _answer(self) -> Iterator[CursorResult[tuple[object, ...]]]:
        import sqlalchemy as sa

        try:
            engine = sa.create_engine(self._url, poolclass=sa.pool.NullPool)
        except (sa.exc.ArgumentError, ImportError) as error:
            raise ReadError(f"{self.name} cannot be opened: {error}", source=self.name) from error
        try:
            with engine.connect() as connection:
                _only_read(connection)
                connection.execution_options(stream_results=True, yield_per=_BATCH)
                # As it stands: a colon in it is no parameter of ours.
                with connection.exec_driver_sql(self._query) as answer:
                    yield answer
                connection.rollback()
        except sa.exc.DBAPIError as error:
            raise ReadError(f"{self.name} refuses the query: {error.orig}", source=self.name) from error
        finally:
            engine.dispose()


def _only_read(connection: Connection) -> None:
    """Make the database refuse whatever writes."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
        return
    if connection.dialect.name in {"postgresql", "mysql", "mariadb", "oracle"}:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
