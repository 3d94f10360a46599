"""A trading company's data from a seed: customers in China and abroad, deals, orders, what happened and what is due.

Everything is invented here, in pure Python, relative to a moment of the caller's choice; one seed gives the same
values, though ids are new each time. The numbers at ``scale=1.0`` are those of a small exporter after a few years:
about 600 accounts and 6,000 records in all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any

from pycrm.app import CRM
from pycrm.builtin.parties import Account
from pycrm.builtin.sales import SalesOrder
from pycrm.entities import Team, User
from pycrm.errors import ConfigurationError
from pycrm.fields import declare as field
from pycrm.schema import Record
from pycrm.testing.demo_activities import make_interactions, make_tasks, make_visits
from pycrm.testing.demo_goods import STAFF, TEAMS
from pycrm.testing.demo_parties import make_contacts, make_customers, primary_contacts
from pycrm.testing.demo_places import MARKETS
from pycrm.testing.demo_trade import make_deals, make_orders, make_pipeline, make_products
from pycrm.values.principal import Principal
from pycrm.workspace import Workspace

__all__ = ["define_demo_fields", "demo_records", "load_demo"]

VISIT = "visits.visit"

ACCOUNTS, DEALS, ORDERS, INTERACTIONS, TASKS, VISITS = 600, 420, 520, 900, 240, 220


def demo_records(
    *,
    seed: int = 1,
    now: datetime,
    scale: float = 1.0,
    visit: type[Record] | None = None,
    custom_fields: bool = False,
) -> Iterator[Sequence[Record]]:
    """Yield batches of new records, each of one entity, each after those that it refers to.

    Args:
        seed: Another seed, another company.
        now: The moment around which dates lie; aware.
        scale: 2.0 gives twice as many records; products, staff, teams and stages stay as they are.
        visit: The record class of the visits plugin, ``crm.entities["visits.visit"]``; without it nobody is visited.
        custom_fields: Fill the fields that `define_demo_fields` makes, which must be there then.
    """
    rng = Random(seed)  # noqa: S311  demo data needs no secrets
    staff = [
        User(key=key, name=name, email=f"{key}@harbour-trade.example", time_zone="Asia/Shanghai") for key, name in STAFF
    ]
    yield staff
    teams = {name: Team(name=name, members=[one for one in staff if one.key in keys]) for name, keys in TEAMS.items()}
    yield list(teams.values())
    products = make_products()
    yield products
    customers = make_customers(rng, _scaled(ACCOUNTS, scale), staff, custom=custom_fields)
    for account in (customer.account for customer in customers):
        account.team = next(team for team in teams.values() if account.owner in team.members)
    yield [customer.account for customer in customers]
    contacts, links = make_contacts(rng, customers)
    yield contacts
    yield links
    pipeline, stages = make_pipeline()
    yield [pipeline]
    yield stages
    deals = make_deals(rng, _scaled(DEALS, scale), customers, stages, now)
    yield [deal.opportunity for deal in deals]
    orders, lines = make_orders(rng, _scaled(ORDERS, scale), customers, products, now, custom=custom_fields)
    yield orders
    yield lines
    yield make_interactions(rng, _scaled(INTERACTIONS, scale), customers, now)
    yield make_tasks(rng, _scaled(TASKS, scale), deals, staff, now)
    if visit is not None:
        primary = dict(primary_contacts(links))
        yield make_visits(rng, _scaled(VISITS, scale), visit, customers, primary, now)


def define_demo_fields(ws: Workspace) -> None:
    """Define the custom fields of the demo: ``大区`` and ``credit_limit`` of accounts, ``incoterm`` of orders."""
    ws.define_field(Account, "大区", field.choice(list(MARKETS)), label={"en": "Market", "zh": "大区"}, indexed=True)
    ws.define_field(Account, "credit_limit", field.money(), label={"en": "Credit limit", "zh": "信用额度"})
    ws.define_field(
        SalesOrder,
        "incoterm",
        field.choice(["EXW", "FOB", "CIF", "DAP"]),
        label={"en": "Incoterm", "zh": "贸易术语"},
    )


def load_demo(
    crm: CRM,
    principal: Principal,
    *,
    seed: int = 1,
    scale: float = 1.0,
    on_progress: Callable[[int, int], object] | None = None,
) -> Mapping[str, int]:
    """Define the demo's custom fields and load its data into a migrated *crm* that has neither, through the door.

    Args:
        crm: Visits are loaded where the visits plugin is active.
        principal: Who loads; needs the right to define fields and to create records in later states.
        seed: As in `demo_records`.
        scale: As in `demo_records`.
        on_progress: Called after each batch with the records that are loaded, and those that there are in all.
    Returns:
        How many records of each entity were created, by its name, in the order of loading.
    Raises:
        ConfigurationError: *principal* is one of the demo's own staff.
    """
    if principal.user in dict(STAFF):
        raise ConfigurationError(
            f"{principal.user!r} is one of the staff that the demo brings; load it as somebody else",
            user=principal.user,
        )
    with crm.acting_as(principal) as ws:
        define_demo_fields(ws)
    active = {plugin.name for plugin in crm.plugins}
    visit: Any = crm.entities[VISIT] if "visits" in active else None
    records = demo_records(seed=seed, now=crm.clock(), scale=scale, visit=visit, custom_fields=True)
    batches = [batch for batch in records if batch]
    total = sum(map(len, batches))
    counts: dict[str, int] = {}
    for batch in batches:
        with crm.acting_as(principal) as ws:
            ws.create_many(batch)
        counts[crm.schema.entity_of(batch[0]).name] = len(batch)
        if on_progress is not None:
            on_progress(sum(counts.values()), total)
    return counts


def _scaled(count: int, scale: float) -> int:
    return max(round(count * scale), 1)
