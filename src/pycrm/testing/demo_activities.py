"""What happened at the demo company, what is due there, and who is visited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

from pycrm.builtin.activities import Interaction, Task
from pycrm.entities import User
from pycrm.schema import Record
from pycrm.testing.demo_goods import GOODS, INTERACTIONS, TASKS
from pycrm.testing.demo_parties import Customer
from pycrm.testing.demo_trade import Deal
from pycrm.values.refs import Ref

__all__ = ["make_interactions", "make_tasks", "make_visits"]

SHANGHAI = timezone(timedelta(hours=8))
PURPOSES = ("introduction", "follow_up", "follow_up", "negotiation", "service", "collection")
OUTCOMES = (
    "客户认可样品，下周给订单",
    "价格偏高，需重新报价",
    "确认年度框架协议",
    "现场处理质量投诉，客户满意",
    "约定下月复访",
)


def make_interactions(rng: Random, count: int, customers: list[Customer], now: datetime) -> list[Interaction]:
    """Return *count* interactions of the last half year, oldest first; few customers have most of them."""
    made = []
    moments = sorted(_working_time(rng, now - timedelta(days=rng.randint(1, 180))) for _ in range(count))
    for moment in moments:
        customer = customers[int(len(customers) * rng.random() ** 2)]
        kind = rng.choice(tuple(INTERACTIONS))
        subjects = INTERACTIONS[kind][0 if customer.is_chinese else 1]
        made.append(
            Interaction(
                kind=kind,
                subject=rng.choice(subjects).format(product=_product(rng, customer)),
                happened_at=moment,
                duration_minutes=rng.choice((5, 10, 15, 30, 60)) if kind in ("call", "meeting") else None,
                direction=rng.choice(("in", "out")) if kind != "note" else None,
                about=Ref(customer.account.id, "account"),
                owner=customer.account.owner,
            )
        )
    return made


def make_tasks(rng: Random, count: int, deals: list[Deal], staff: list[User], now: datetime) -> list[Task]:
    """Return *count* tasks due in the days around *now*; most of those that were due are done."""
    made = []
    for _ in range(count):
        deal = rng.choice(deals)
        due = _working_time(rng, now + timedelta(days=rng.randint(-9, 12)))
        is_done = due < now and rng.random() < 0.8
        subject = rng.choice(TASKS)[0 if deal.customer.is_chinese else 1]
        about: Ref[Any] = (
            Ref(deal.opportunity.id, "opportunity") if rng.random() < 0.5 else Ref(deal.customer.account.id, "account")
        )
        made.append(
            Task(
                subject=subject.format(product=deal.good.chinese if deal.customer.is_chinese else deal.good.name),
                due_at=due,
                status="done" if is_done else "open",
                done_at=due - timedelta(minutes=rng.randrange(1, 400)) if is_done else None,
                priority=rng.choice(("low", "normal", "normal", "normal", "high", "urgent")),
                assignee=rng.choice(staff),
                about=about,
                owner=deal.customer.account.owner,
            )
        )
    return made


def make_visits(
    rng: Random, count: int, visit: Any, customers: list[Customer], primary: dict[Any, Any], now: datetime
) -> list[Record]:
    """Return *count* visits to Chinese customers, done ones and planned ones.

    Args:
        rng: The only source of chance.
        count: How many.
        visit: The record class of the visits plugin, as ``crm.entities["visits.visit"]``.
        customers: All of them.
        primary: Account id to the id of its primary contact.
        now: The present moment.
    """
    near = [customer for customer in customers if customer.is_chinese]
    made = []
    for _ in range(count if near else 0):
        customer = near[int(len(near) * rng.random() ** 2)]
        planned = _working_time(rng, now + timedelta(days=rng.randint(-90, 14)))
        is_done = planned < now
        status = ("cancelled" if rng.random() < 0.1 else "done") if is_done else "planned"
        was_there = status == "done"
        address = customer.account.address
        made.append(
            visit(
                account=customer.account,
                contacts=[primary[customer.account.id]],
                planned_at=planned,
                actual_at=planned + timedelta(minutes=rng.randrange(30)) if was_there else None,
                place=f"{address.city}{address.street}" if address else None,
                purpose=rng.choice(PURPOSES),
                outcome=rng.choice(OUTCOMES) if was_there else None,
                status=status,
                owner=customer.account.owner,
            )
        )
    return made


def _product(rng: Random, customer: Customer) -> str:
    good = rng.choice(GOODS)
    return good.chinese if customer.is_chinese else good.name


def _working_time(rng: Random, day: datetime) -> datetime:
    """Return a quarter of an hour between nine and six in China on that day, or the Monday after a weekend."""
    local = day.astimezone(SHANGHAI)
    local += timedelta(days=8 - local.isoweekday() if local.isoweekday() > 5 else 0)
    start = local.replace(hour=9, minute=0, second=0, microsecond=0)
    return (start + timedelta(minutes=15 * rng.randrange(36))).astimezone(UTC)
