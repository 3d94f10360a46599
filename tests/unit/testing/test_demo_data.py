"""The made-up company: the same for the same seed, in an order that can be written, natural to read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pycrm import (
    CRM,
    Account,
    AccountContact,
    Contact,
    Interaction,
    Opportunity,
    Principal,
    Product,
    SalesOrder,
    SalesOrderLine,
    Task,
)
from pycrm.errors import ConfigurationError
from pycrm.testing import FixedClock, demo_records, load_demo

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
MEI = Principal("mei", roles={"administrator"})


def batches(**options: Any) -> dict[str, Sequence[Any]]:
    """Return the batches of a small company by class name."""
    made = demo_records(now=NOW, scale=0.2, **options)
    return {type(batch[0]).__name__: batch for batch in made}


@pytest.fixture(scope="module")
def company() -> dict[str, Sequence[Any]]:
    """A small company."""
    return batches(custom_fields=True)


def values(record: Any) -> dict[str, Any]:
    """Return the values of a record that are not ids."""
    plain = {name: getattr(record, name) for name in record.__declared_fields__ if name != "id"}
    return {name: value for name, value in plain.items() if not hasattr(value, "id")} | dict(record.custom)


def test_seed_decides() -> None:
    """One seed, one company; another, another."""
    first, second, other = ([values(each) for each in batches(seed=seed)["Account"]] for seed in (1, 1, 2))

    assert first == second
    assert first != other


def test_moment_moves_dates() -> None:
    """The company of a later day is the same, later."""
    later = {type(batch[0]): batch for batch in demo_records(now=NOW + timedelta(days=70), scale=0.2)}

    for early, late in zip(batches()["SalesOrder"], later[SalesOrder], strict=True):
        assert late.ordered_at - early.ordered_at == timedelta(days=70)


def test_scale_multiplies() -> None:
    """Twice the scale, twice the customers."""
    counts = [
        sum(len(batch) for batch in demo_records(now=NOW, scale=scale) if isinstance(batch[0], Account))
        for scale in (0.1, 0.2, 0.001)
    ]

    assert counts == [60, 120, 1]


def test_batches_come_after_what_they_refer_to(company: dict[str, Sequence[Any]]) -> None:
    """Whoever writes them in order meets no unknown reference."""
    seen: set[Any] = set()
    for batch in company.values():
        for record in batch:
            seen.add(record.id)
            for name in record.__declared_fields__:
                reference = getattr(record, name)
                assert not hasattr(reference, "id") or reference.id in seen


def test_names_and_addresses_are_given_once(company: dict[str, Sequence[Any]]) -> None:
    """Customers, domains and mail addresses can be told apart."""
    accounts, contacts = company["Account"], company["Contact"]

    for texts in (
        [each.name for each in accounts],
        [each.email for each in accounts],
        [each.email for each in contacts],
    ):
        assert len(set(texts)) == len(texts)


def test_chinese_companies_read_naturally(company: dict[str, Sequence[Any]]) -> None:
    """City, name, trade, form; most customers are Chinese, and from all over the world are others."""
    chinese = [account for account in company["Account"] if account.country == "CN"]

    assert all(re.fullmatch(r"[\u4e00-\u9fff]{6,}(有限公司)", account.name) for account in chinese)
    assert all(re.fullmatch(r"[\u4e00-\u9fff]+\d+号", account.address.lines()[1]) for account in chinese)
    assert 0.5 < len(chinese) / len(company["Account"]) < 0.8
    assert {"DE", "US", "JP", "AE", "BR"} <= {account.country for account in company["Account"]}


def test_nobody_is_reachable(company: dict[str, Sequence[Any]]) -> None:
    """Domains are reserved ones."""
    for batch in (company["Account"], company["Contact"], company["User"]):
        assert all(record.email.endswith(".example") and record.email.isascii() for record in batch)
    assert all(account.website.endswith(".example") for account in company["Account"])


def test_tasks_lie_around_now(company: dict[str, Sequence[Any]]) -> None:
    """Some are due, some are done, none on a Sunday."""
    tasks: Sequence[Task] = company["Task"]

    assert all(task.due_at and abs(task.due_at - NOW) < timedelta(days=16) for task in tasks)
    assert {task.status for task in tasks} == {"open", "done"}
    assert all(task.due_at and task.due_at.isoweekday() < 6 for task in tasks)


def test_every_stage_has_deals(company: dict[str, Sequence[Any]]) -> None:
    """Open deals close in the future or lately, decided ones were closed before."""
    stages = {stage.id: stage for stage in company["Stage"]}
    deals: Sequence[Opportunity] = company["Opportunity"]

    assert {stages[deal.stage.id].name for deal in deals} == {stage.name for stage in company["Stage"]}
    for deal in deals:
        is_open = stages[deal.stage.id].outcome == "open"
        assert (deal.closed_at is None) is is_open
        assert is_open or (deal.closed_at and deal.closed_at < NOW)


def test_door_takes_it(crm: CRM) -> None:
    """Everything is accepted, counted, and totals follow the lines."""
    counts = load_demo(crm, MEI, scale=0.1)

    with crm.reading_as(MEI) as ws:
        for entity in (Account, Contact, AccountContact, Product, Opportunity, SalesOrder, Interaction, Task):
            name = crm.schema.entity(entity).name
            assert ws.count(entity) == counts[name]
        order = ws.get(SalesOrder, ws.list(SalesOrder, limit=1)[0].id, include="lines")
        lines: Sequence[SalesOrderLine] = order.related("lines")
        assert order.total is not None
        assert order.total.amount == sum(line.total.amount for line in lines if line.total)
        markets = ws.aggregate(Account, measures=["count()"], group_by="custom.大区")
    assert None not in {row["custom.大区"] for row in markets}


def test_progress_is_told_by_batch(crm: CRM) -> None:
    """After each batch: how many records are loaded, of how many; the last time all."""
    told: list[tuple[int, int]] = []

    counts = load_demo(crm, MEI, scale=0.02, on_progress=lambda done, total: told.append((done, total)))

    total = sum(counts.values())
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert {total for _, total in told} == {total}
    assert told[-1] == (total, total)


def test_nobody_of_its_staff_loads_it(crm: CRM) -> None:
    """Who acts gets a user's record; the company brings its own people, so the loader is somebody else."""
    with pytest.raises(ConfigurationError, match="'lin' is one of the staff"):
        load_demo(crm, Principal("lin", roles={"administrator"}))


def test_dates_follow_clock_of_crm(crm: CRM, crm_clock: FixedClock) -> None:
    """A CRM that lives in the past has its company there."""
    crm_clock.advance(timedelta(days=-3650))

    load_demo(crm, MEI, scale=0.02)

    with crm.reading_as(MEI) as ws:
        assert all(task.due_at.year == 2016 for task in ws.list(Task) if task.due_at)


def test_loads_with_visits_on_each_database(crm_file: CRM) -> None:
    """With the visits plugin there are visits, and accounts know their last one."""
    counts = load_demo(crm_file, MEI, scale=0.1)

    if "visits.visit" not in crm_file.entities:
        pytest.skip("the visits plugin is not installed")
    assert counts["visits.visit"] == 22
