"""Reading through the door against SQLAlchemy Core and ORM, which read a table of the same columns and rows."""

from __future__ import annotations

import random
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from benchmarks.measure import WALL, Ratio, benchmark, pairs
from benchmarks.sample import BOSS, accounts, opened, plain_twin
from pycrm import Account

RECORDS = 10_000
GETS = 100


@benchmark("get", bar="<= 2.0")
def get_one(url: str) -> Ratio:
    """Wall seconds per record that is read by its id, each in a unit of its own.

    Ours: ``crm.reading_as``, then ``get``. Baseline: ``engine.connect``, then one Core ``select`` by id of all the
    same columns, in SQLAlchemy's own types, that is made once and executed with the id; its one row is fetched.
    """
    with opened(url) as crm:
        ids = _fill(crm, RECORDS)
        engine = sa.create_engine(url)
        twin = plain_twin(engine, crm)
        by_id = sa.select(twin).where(twin.c.id == sa.bindparam("id"))
        wanted = random.Random(1).sample(ids, GETS)

        def ours() -> None:
            for id in wanted:
                with crm.reading_as(BOSS) as reader:
                    reader.get(Account, id)

        def baseline() -> None:
            for id in wanted:
                with engine.connect() as connection:
                    connection.execute(by_id, {"id": id}).one()

        try:
            return pairs(ours, baseline, rounds=31, clock=WALL, per=GETS)
        finally:
            engine.dispose()


@benchmark("load", bar="<= 0.5")
def load_many(url: str) -> Ratio:
    """CPU seconds to load 10,000 records into objects, in the order of their ids.

    Ours: one page of that size. Baseline: a new Session and an ORM class that is mapped on a table of the same
    columns in SQLAlchemy's own types. The bar 0.5 says: at least twice as fast.
    """
    with opened(url) as crm:
        _fill(crm, RECORDS - 1)
        engine = sa.create_engine(url)
        twin = plain_twin(engine, crm)
        mapped: Any = type("PlainAccount", (), {})
        orm.registry().map_imperatively(mapped, twin)

        def ours() -> None:
            with crm.reading_as(BOSS) as reader:
                assert len(reader.list(Account, limit=RECORDS)) == RECORDS

        def baseline() -> None:
            with orm.Session(engine) as session:
                assert len(session.scalars(sa.select(mapped).order_by(mapped.id)).all()) == RECORDS

        try:
            return pairs(ours, baseline, rounds=9)
        finally:
            engine.dispose()


def _fill(crm: Any, count: int) -> list[Any]:
    with crm.acting_as(BOSS) as ws:
        return [record.id for record in ws.create_many(accounts(count)).created]
