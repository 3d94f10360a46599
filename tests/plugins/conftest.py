"""CRMs with plugins made for one test, and what is in a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import create_engine, inspect

from pycrm import CRM, Principal
from pycrm.plugin import Plugin

MEI = Principal("mei", roles={"administrator"})


@pytest.fixture
def mei() -> Principal:
    """Somebody who may do all."""
    return MEI


@pytest.fixture
def crm_with() -> Iterator[Callable[..., CRM]]:
    """A function that makes a migrated CRM with these plugins beside the built-in ones, in memory unless told where."""
    made: list[CRM] = []

    def make(*plugins: Plugin, url: str = "sqlite://") -> CRM:
        crm = CRM(url, plugins=plugins)
        made.append(crm)
        crm.migrate()
        return crm

    yield make
    for crm in made:
        crm.close()


@pytest.fixture(scope="session")
def content() -> Callable[[str], dict[str, list[str]]]:
    """A function that returns every row of every table of the database at a URL."""

    def read(url: str) -> dict[str, list[str]]:
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
        names = inspect(engine).get_table_names()
        with engine.connect() as connection:
            rows = {name: sorted(map(repr, connection.exec_driver_sql(f'SELECT * FROM "{name}"'))) for name in names}
        engine.dispose()
        return rows

    return read
