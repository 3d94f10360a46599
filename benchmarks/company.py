"""A company of the generator's size: accounts, three contacts each, opportunities, and interactions with some of them.

Benchmarks that name it as their data share one database per engine, which is filled once per run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from benchmarks.sample import BOSS, count_from_environment
from pycrm import (
    CRM,
    Account,
    AccountContact,
    Contact,
    Interaction,
    Money,
    Opportunity,
    Pipeline,
    Ref,
    Stage,
    User,
    field,
)
from tools.runs import ROOT

ACCOUNTS = count_from_environment("PYCRM_BENCH_ACCOUNTS", 1_000_000)
"""As many opportunities, and three times as many contacts."""

FEW = count_from_environment("PYCRM_BENCH_WAITING", 20_000)
"""The accounts of the small company."""

TALKATIVE = 500
"""So many accounts, the first ones, have interactions, `TALKS` each."""

TALKS = 60
BATCH = 10_000
DATA = Path(os.environ.get("PYCRM_TEST_DATA") or ROOT.parent / "shared" / "data")
GENERATOR = DATA.parent / "tools" / "gen_crm_data.py"
CHINA = timezone(timedelta(hours=8))

STATUS = {"潜在": "prospect", "跟进中": "prospect", "成交": "customer", "流失": "customer", "暂停": "customer"}
OUTCOMES = {"赢单": "won", "输单": "lost"}

Row = dict[str, Any]


def fill(url: str) -> None:
    """Generate a company of `ACCOUNTS` and write it into the empty database *url*; what is to be searched waits.

    Raises:
        FileNotFoundError: The generator is not beside the folder of test data.
    """
    _fill(url, ACCOUNTS)


def fill_small(url: str) -> None:
    """Do what `fill` does with a company of `FEW`."""
    _fill(url, FEW)


def _fill(url: str, count: int) -> None:
    if not GENERATOR.exists():
        raise FileNotFoundError(f"{GENERATOR} makes the data; set PYCRM_TEST_DATA to the folder `data` beside `tools`")
    with tempfile.TemporaryDirectory(prefix="pycrm-company-") as folder:
        sizes = ["--accounts", str(count), "--opportunities", str(count), "--dirty-rate", "0", "--dup-rate", "0"]
        command = [sys.executable, str(GENERATOR), "--out", folder, "--format", "parquet", *sizes]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        _Filler(url, Path(folder)).fill()


class _Filler:
    """Writes the generator's tables, row by row as records."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.crm = CRM(url, plugins=[], index_waiting="later")
        self.folder = folder
        self.users: dict[str, UUID] = {}
        self.accounts: list[UUID] = []
        self.contacts: list[UUID] = []
        self.stages: dict[str, Ref[Stage]] = {}

    def fill(self) -> None:
        self.crm.migrate()
        with self.crm.acting_as(BOSS) as ws:
            ws.define_field(Account, "incoterm", field.choice(["FOB", "CIF", "EXW", "DDP"]))
            ws.define_index(Account, "level, country, custom.incoterm, name")
            self.pipeline = ws.create(Pipeline(name="generated"))
        self._write("users", self._user)
        self._write("accounts", self._account)
        self._write("contacts", self._contact)
        self._write("contacts", self._link)
        self._write("opportunities", self._opportunity)
        for at in range(min(TALKATIVE, len(self.accounts))):
            self._create([self._talk(at, number) for number in range(TALKS)])
        self.crm.close()
        self._analyze()

    def _write(self, table: str, record: Callable[[int, Row], Any]) -> None:
        at = 0
        for rows in self._batches(table):
            self._create([record(at + number, row) for number, row in enumerate(rows)])
            at += len(rows)

    def _batches(self, table: str) -> Iterator[list[Row]]:
        import polars

        for part in sorted((self.folder / table).glob("*.parquet")):
            frame = polars.read_parquet(part)
            for rows in frame.iter_slices(BATCH):
                yield rows.to_dicts()

    def _create(self, records: list[Any]) -> None:
        with self.crm.acting_as(BOSS) as ws:
            ws.create_many(records)

    def _user(self, at: int, row: Row) -> User:
        user = User(key=row["user_id"], name=row["name"], email=row["email"])
        self.users[row["user_id"]] = user.id
        return user

    def _account(self, at: int, row: Row) -> Account:
        parent = row["parent_account_id"]
        above = _number(parent) if parent else None
        account = Account(
            number=row["account_id"],
            name=row["name"],
            roles=(STATUS[row["status"]],),
            industry=row["industry"],
            employee_count=row["employees"],
            annual_revenue=Money(row["annual_revenue_text"], row["currency"]) if row["annual_revenue_text"] else None,
            website=row["website"] or None,
            phone=row["phone"] or None,
            country=row["country"],
            language=row["language"],
            level=row["tier"],
            tax_number=row["credit_code"] or None,
            tags=tuple(tag for tag in (row["tags"] or "").split("|") if tag),
            owner=self.users[row["owner_id"]],
            parent=self.accounts[above] if above is not None and above < len(self.accounts) else None,
        )
        account.custom.incoterm = json.loads(row["custom_json"]).get("incoterm")
        self.accounts.append(account.id)
        return account

    def _contact(self, at: int, row: Row) -> Contact:
        contact = Contact(
            name=row["full_name"],
            given_name=row["given_name"],
            family_name=row["family_name"],
            job_title=row["title"],
            department=row["department"],
            email=row["email"],
            mobile=row["mobile"],
            wechat=row["wechat"],
            birth_on=date.fromisoformat(row["birthday"]) if row["birthday"] else None,
        )
        self.contacts.append(contact.id)
        return contact

    def _link(self, at: int, row: Row) -> AccountContact:
        account = self.accounts[_number(row["account_id"])]
        return AccountContact(account=account, contact=self.contacts[at], is_primary=row["is_primary"])

    def _opportunity(self, at: int, row: Row) -> Opportunity:
        closed = row["closed_at"]
        return Opportunity(
            name=row["name"],
            account=self.accounts[_number(row["account_id"])],
            pipeline=self.pipeline,
            stage=self._stage(row["stage"], row["probability"]),
            amount=Money(Decimal(str(row["amount"])), row["currency"]),
            close_on=date.fromisoformat(row["expected_close"]),
            closed_at=datetime.fromisoformat(closed).replace(tzinfo=CHINA) if closed else None,
            lost_reason=row["lost_reason"],
            owner=self.users[row["owner_id"]],
        )

    def _stage(self, name: str, percent: int) -> Ref[Stage]:
        if name not in self.stages:
            outcome = OUTCOMES.get(name, "open")
            stage = Stage(
                pipeline=self.pipeline,
                name=name,
                position=len(self.stages) + 1,
                probability_ratio=Decimal(percent) / 100,
                outcome=outcome,
            )
            with self.crm.acting_as(BOSS) as ws:
                self.stages[name] = Ref(ws.create(stage).id, "stage")
        return self.stages[name]

    def _talk(self, at: int, number: int) -> Interaction:
        happened = datetime(2025, 12, 31, tzinfo=CHINA) - timedelta(hours=number * 7 + at)
        return Interaction(
            kind="call",
            direction="out",
            subject=f"电话回访 {number}",
            happened_at=happened,
            about=Ref(self.accounts[at], "account"),
            owner=next(iter(self.users.values())),
        )

    def _analyze(self) -> None:
        engine = sa.create_engine(self.url)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA analysis_limit = 1000")
            connection.exec_driver_sql("ANALYZE" if engine.dialect.name == "sqlite" else "VACUUM ANALYZE")
        engine.dispose()


def _number(id: str) -> int:
    """Return the place of a row in its table by its id, ``A00000001`` being the first."""
    return int(id[1:]) - 1
