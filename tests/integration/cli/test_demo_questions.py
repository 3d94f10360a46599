"""The ten questions of the demo: what the CRM answers equals what a loop over all its records finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pycrm import CRM, Account, Monies, Opportunity, Principal, SalesOrder, Stage, Task, Team, User
from pycrm.cli.demo_questions import QUESTIONS, SHOWN, Answer, answer
from pycrm.testing import load_demo
from pycrm.workspace import Reader

NOW = datetime(2026, 3, 4, 20, 30, tzinfo=UTC)
TODAY = date(2026, 3, 5)  # where those who ask live
SHANGHAI = timezone(timedelta(hours=8))
LIN = Principal("lin", roles={"administrator"})
HOW_TO = Path(__file__).parents[3] / "docs" / "how-to" / "sales-filters.md"


class Company:
    """All records of the demo, and the facts that the questions are about, in plain Python."""

    def __init__(self, ws: Reader) -> None:
        self.accounts = {each.id: each for each in ws.iterate(Account)}
        # Of any type: in this company none lacks an account.
        self.deals: list[Any] = list(ws.iterate(Opportunity))
        self.orders: list[Any] = list(ws.iterate(SalesOrder))
        self.tasks = list(ws.iterate(Task))
        self.users = {each.id: each for each in ws.iterate(User)}
        self.outcomes = {each.id: each.outcome for each in ws.iterate(Stage)}
        self.me = next(each.id for each in self.users.values() if each.key == LIN.user)
        self.my_teams = {each.id for each in ws.iterate(Team) if self.me in {one.id for one in each.members}}
        self.open = [deal for deal in self.deals if self.outcomes[deal.stage.id] == "open"]

    def deals_of(self, account: Account, outcome: str) -> list[Any]:
        """Return the deals of *account* that stand so."""
        return [one for one in self.deals if one.account.id == account.id and self.outcomes[one.stage.id] == outcome]

    def orders_of(self, account: Account) -> list[Any]:
        """Return all orders of *account*."""
        return [one for one in self.orders if one.account.id == account.id]

    def below(self, account: Account | None, top: Any) -> bool:
        """Return whether *account* is *top*, or belongs to it over any number of firms."""
        while account is not None and account.id != top:
            account = self.accounts[account.parent.id] if account.parent else None
        return account is not None


def local_day(at: datetime | None) -> date:
    """Return the day of an instant in Shanghai."""
    assert at is not None
    return at.astimezone(SHANGHAI).date()


def summed(amounts: Any) -> Monies:
    """Return sums by currency."""
    return sum((Monies.of([each]) for each in amounts), Monies())


def listed(records: list[Any], key: Callable[[Any], Any]) -> Answer:
    return Answer(len(records), records=tuple(sorted(records, key=key)[:SHOWN]))


def mine_this_month(data: Company) -> Answer:
    ours = [one for one in data.open if one.owner and one.owner.id == data.me]
    found = [one for one in ours if one.close_on and (one.close_on.year, one.close_on.month) == (2026, 3)]
    return listed(found, lambda one: (one.close_on, one.name))


def overdue_of_team(data: Company) -> Answer:
    ours = [one for one in data.open if (team := data.accounts[one.account.id].team) and team.id in data.my_teams]
    return listed([one for one in ours if one.close_on and one.close_on < TODAY], lambda one: (one.close_on, one.name))


def large(data: Company) -> Answer:
    limits = {"USD": 20_000, "CNY": 100_000}
    found = [
        one.amount for one in data.open if one.amount and one.amount.amount >= limits.get(one.amount.currency, 10**9)
    ]
    return Answer(len(found), total=summed(found))


def good_with_nothing_open(data: Company) -> Answer:
    found = [one for one in data.accounts.values() if one.level == "A" and not data.deals_of(one, "open")]
    return Answer(len(found), groups=Counter(one.custom["大区"] for one in found))


def silent_in_the_east(data: Company) -> Answer:
    since = TODAY - timedelta(days=180)  # today counts in besides
    found = [
        one
        for one in data.accounts.values()
        if one.custom["大区"] == "华东"
        and (days := [local_day(order.ordered_at) for order in data.orders_of(one)])
        and not any(since <= day <= TODAY for day in days)
    ]
    return listed(found, lambda one: (one.level, one.name))


def lost_after_the_fair(data: Company) -> Answer:
    since = TODAY - timedelta(days=365)
    found = [
        one
        for one in data.accounts.values()
        if "fair-2025" in one.tags
        and any(since <= local_day(deal.closed_at) <= TODAY for deal in data.deals_of(one, "lost"))
    ]
    return listed(found, lambda one: one.name)


def beyond_credit(data: Company) -> Answer:
    found = []
    for order in data.orders:
        limit = data.accounts[order.account.id].custom["credit_limit"]
        in_hand = order.status in ("confirmed", "in_production", "partly_shipped")
        if in_hand and order.total and order.total.currency == limit.currency and order.total.amount > limit.amount:
            found.append(order)
    return listed(found, lambda one: one.number)


def group_ordered(data: Company) -> Answer:
    parents = {one.parent.id for one in data.accounts.values() if one.parent and data.orders_of(one)}
    top = min((data.accounts[id] for id in parents if data.orders_of(data.accounts[id])), key=lambda one: one.number)
    kept = [one for one in data.orders if one.status != "cancelled"]
    totals = [one.total for one in kept if data.below(data.accounts[one.account.id], top.id)]
    return Answer(len(totals), total=summed(totals))


def late_by_person(data: Company) -> Answer:
    late = [
        one
        for one in data.tasks
        if one.status == "open" and local_day(one.due_at) < TODAY and one.priority in ("high", "urgent")
    ]
    return Answer(len(late), groups=Counter(data.users[one.assignee.id].name for one in late if one.assignee))


def half_remembered(data: Company) -> Answer:
    found = [
        one
        for one in data.orders
        if one.status != "cancelled" and "haichen" in str(data.accounts[one.account.id].email)
    ]
    return listed(found, lambda one: one.number)


ORACLES = (
    mine_this_month,
    overdue_of_team,
    large,
    good_with_nothing_open,
    silent_in_the_east,
    lost_after_the_fair,
    beyond_credit,
    group_ordered,
    late_by_person,
    half_remembered,
)


def plain(found: Answer) -> Mapping[str, Any]:
    """Return an answer without its records, but their ids."""
    return {
        "count": found.count,
        "records": [each.id for each in found.records],
        "groups": dict(found.groups),
        "total": {code: Decimal(money.amount) for code, money in found.total.items()},
    }


@pytest.fixture
def crm(database_url: str) -> Iterator[CRM]:
    """The company of the demo, one evening in March, when it is the next day in China."""
    crm = CRM(database_url, clock=lambda: NOW)
    crm.migrate()
    load_demo(crm, Principal("cli", roles={"administrator"}))
    yield crm
    crm.close()


@pytest.mark.slow
def test_answers_equal_plain_python(crm: CRM) -> None:
    """Every number, group, sum and record, in order; and no question is one that nothing answers."""
    with crm.reading_as(LIN) as ws:
        found = [plain(answer(ws, question)) for question in QUESTIONS]
        company = Company(ws)
        expected = [plain(oracle(company)) for oracle in ORACLES]

    assert found == expected
    assert all(each["count"] for each in found)


def test_how_to_has_the_same_ten() -> None:
    """Whoever saw the demo finds its filters explained."""
    page = HOW_TO.read_text("utf-8")

    assert [question.where for question in QUESTIONS if f'"{question.where}"' not in page] == []
    assert len(QUESTIONS) == 10
