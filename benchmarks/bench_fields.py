"""What fields cost: judging a record, dumping a page, reading a page with custom fields."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import attrs
import sqlalchemy as sa

from benchmarks.measure import CPU, WALL, Ratio, benchmark, pairs, seconds
from benchmarks.sample import BOSS, accounts, opened, plain_twin
from pycrm import CRM, Account, Money, field
from pycrm.plugin import Plugin, Record
from pycrm.schema.dump import dump_records
from pycrm.schema.parser import make_parser

PAGE = 50
CUSTOM = 8
ROUNDS = 200
RECORDS = 10_000

plugin = Plugin("bench", version="1")


@plugin.entity(title="name")
class Sample(Record):
    """A record of twenty fields of the usual kinds."""

    name: str = field.text()
    code: str | None = field.text()
    city: str | None = field.text()
    street: str | None = field.text()
    contact: str | None = field.text()
    remark: str | None = field.long_text()
    industry: str | None = field.text()
    website: str | None = field.text()
    head_count: int | None = field.integer()
    rank: int | None = field.integer()
    is_active: bool | None = field.boolean()
    is_key: bool | None = field.boolean()
    since_on: date | None = field.date()
    until_on: date | None = field.date()
    seen_at: datetime | None = field.datetime()
    level: str | None = field.choice(["A", "B", "C", "D"])
    market: str | None = field.choice(["CN", "DE", "US"])
    roles: tuple[str, ...] = field.multi_choice(["customer", "supplier"])
    share: Decimal | None = field.decimal(places=4)
    revenue: Money | None = field.money()


def samples(count: int) -> list[Sample]:
    """Return new records with a value in each of the twenty fields."""
    return [
        Sample(
            name=f"青岛海晨贸易有限公司 {at}",
            code=f"C-{at:06}",
            city="Qingdao",
            street=f"{at} Xianggang Road",
            contact="王小明",
            remark="met at the fair",
            industry="textiles",
            website=f"https://www.example.com/{at}",
            head_count=at,
            rank=at % 7,
            is_active=True,
            is_key=False,
            since_on=date(2020, 1, 1),
            until_on=date(2030, 1, 1),
            seen_at=datetime(2026, 1, 1, 8, 30, tzinfo=UTC),
            level="A",
            market="CN",
            roles=("customer",),
            share=Decimal("0.25"),
            revenue=Money(Decimal(at), "USD"),
        )
        for at in range(count)
    ]


@benchmark("parse", bar="<= 0.000008", databases=())
def parse_record() -> Ratio:
    """CPU seconds of the generated parser per record of 20 fields with values of their kinds; an absolute bar."""
    with opened("sqlite://", [plugin]) as crm:
        parse = make_parser(crm.schema.entity(Sample))
        problems: list[Any] = []

        def work(records: list[Sample]) -> None:
            for record in records:
                parse(record, problems)

        timed = [seconds(partial(work, samples(RECORDS)), CPU) for _ in range(6)]
    assert not problems
    return Ratio(figure=min(timed) / RECORDS)


@benchmark("dump_page", bar="<= 0.0002", databases=())
def dump_page() -> Ratio:
    """CPU seconds to dump a page of 50 records of 20 fields, and the 7 that all records have, as JSON-able data."""
    with opened("sqlite://", [plugin]) as crm:
        with crm.acting_as(BOSS) as ws:
            ws.create_many(samples(PAGE))
        with crm.reading_as(BOSS) as reader:
            page = reader.list(Sample, limit=PAGE)
        entity = crm.schema.entity(Sample)

        def work() -> None:
            for _ in range(ROUNDS):
                dump_records(entity, page)

        work()
        return Ratio(figure=min(seconds(work, CPU) for _ in range(5)) / ROUNDS)


@benchmark("custom_page", bar="<= 1.5")
def page_with_custom_fields(url: str) -> Ratio:
    """Wall seconds to read a page of 50 accounts with 8 custom fields, each value looked at.

    Ours: one reading unit, one ``list``. Baseline: one connection, one Core ``select`` of the same columns in
    SQLAlchemy's own types, made once, whose rows fill an attrs class with slots by hand, the document as a dict.
    """
    with opened(url) as crm:
        _fill(crm)
        engine = sa.create_engine(url)
        twin = plain_twin(engine, crm)
        with engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")  # or the planner guesses, differently for both tables
        plain: Any = attrs.make_class("PlainAccount", [column.name for column in twin.columns], slots=True)
        query = sa.select(twin).order_by(twin.c.id).limit(PAGE)
        names = [f"extra_{number}" for number in range(CUSTOM)]

        def ours() -> None:
            for _ in range(10):
                with crm.reading_as(BOSS) as reader:
                    for record in reader.list(Account, limit=PAGE):
                        values = record.custom
                        [values[name] for name in names]

        def baseline() -> None:
            for _ in range(10):
                with engine.connect() as connection:
                    for row in connection.execute(query):
                        values = plain(*row).doc or {}
                        [values.get(name) for name in names]

        try:
            return pairs(ours, baseline, rounds=31, clock=WALL, per=10)
        finally:
            engine.dispose()


def _fill(crm: CRM) -> None:
    with crm.acting_as(BOSS) as ws:
        for number in range(CUSTOM):
            ws.define_field(Account, f"extra_{number}", field.text() if number % 2 else field.integer())
        records = accounts(2_000)
        for at, record in enumerate(records):
            record.custom.update({f"extra_{number}": f"v{at}" if number % 2 else at for number in range(CUSTOM)})
        ws.create_many(records)
