"""A million accounts of people who see 29, 3,500, 23,000, 128,000 or all of them, by a scope each."""

from __future__ import annotations

import random
from collections.abc import Iterator

import sqlalchemy as sa

from benchmarks.company import ACCOUNTS
from benchmarks.sample import BOSS
from pycrm import CRM, Account, Principal, Team, User
from pycrm.plugin import Plugin

__all__ = ["VIEWERS", "fill", "sales_force"]

BATCH = 10_000
SEED = 20260301
INDUSTRIES = 50
COUNTRIES = ("CN", "DE", "US", "JP", "FR", "VN", "IN", "BR")

sales_force = Plugin("sales_force")
for _name, _scope in {"seller": "own", "mate": "team", "leader": "subordinates", "reader": "all"}.items():
    sales_force.role(_name, {"account": {"read": _scope, "create": "own", "write": _scope}, "user": {"read": "all"}})

VIEWERS = {
    "29": Principal("narrow", roles={"seller"}),
    "3.5k": Principal("middle", roles={"seller"}),
    "23k": Principal("mate0", roles={"mate"}),
    "128k": Principal("leader", roles={"leader"}),
    "all": Principal("other0", roles={"reader"}),
}
"""Who sees how many of a million."""


def fill(url: str) -> None:
    """Write the people and their accounts into the empty database *url*; what is to be searched waits."""
    chance = random.Random(SEED)
    crm = CRM(url, plugins=[sales_force], index_waiting="later")
    crm.migrate()
    with crm.acting_as(BOSS) as ws:
        leader = ws.create(User(key="leader", name="Leader"))
        people = {
            name: ws.create_many(
                [User(key=f"{name}{at}", name=f"{name} {at}", manager=above) for at in range(count)]
            ).created
            for name, count, above in (("mate", 8, None), ("below", 40, leader), ("other", 200, None))
        }
        narrow, middle = ws.create_many([User(key=key, name=key) for key in ("narrow", "middle")]).created
        team = ws.create(Team(name="east", members=list(people["mate"])))
    share = ACCOUNTS / 1_000_000
    owners: list[tuple[User, Team | None]] = [(narrow, None)] * 29 + [(middle, None)] * round(3_500 * share)
    owners += [(chance.choice(people["mate"]), team) for _ in range(round(23_000 * share))]
    owners += [(chance.choice(people["below"]), None) for _ in range(round(128_000 * share))]
    owners += [(chance.choice(people["other"]), None) for _ in range(ACCOUNTS - len(owners))]
    chance.shuffle(owners)
    for accounts in _accounts(owners, chance):
        with crm.acting_as(BOSS) as ws:
            ws.create_many(accounts)
    crm.close()
    with sa.create_engine(url).begin() as connection:
        connection.execute(sa.text("ANALYZE"))


def _accounts(owners: list[tuple[User, Team | None]], chance: random.Random) -> Iterator[list[Account]]:
    for start in range(0, len(owners), BATCH):
        yield [
            Account(
                name=f"{chance.choice('海天华新中东南北金银')}{chance.choice('晨达美科盛源通宝')}{chance.random():.9f}",
                owner=owner,
                team=team,
                country=chance.choice(COUNTRIES),
                industry=f"industry {chance.randrange(INDUSTRIES)}",
                employee_count=chance.randrange(10_000),
            )
            for owner, team in owners[start : start + BATCH]
        ]
