"""Load generated customer data into an empty CRM: users, accounts, contacts, opportunities, activities.

    python load.py DIR [--database generated.db] [--report refused.csv] [--json]

*DIR* holds the CSV files and the `manifest.json` of the generator. `TABLES` says for each file which records its rows
become, and from which columns; a further file or entity is one more entry there. What a row cannot become is reported
with its line and the reason while the others go in.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from reading import (
    Ids,
    Row,
    Table,
    constant,
    converted,
    inside,
    instant,
    mapped,
    money,
    parts,
    reference,
    references,
    text,
)

import pycrm
from pycrm import (
    CRM,
    Account,
    AccountContact,
    Contact,
    F,
    Interaction,
    Opportunity,
    OpportunityContact,
    Pipeline,
    Principal,
    Ref,
    Stage,
    Team,
    User,
)

BATCH = 10_000
LOADER = Principal("generated-loader", roles={"administrator"}, origin="import")

# What the words of the files mean here.

ROLES = {"潜在": ["prospect"], "跟进中": ["prospect"], "成交": ["customer"], "流失": ["customer"], "暂停": ["customer"]}
STATES = {"潜在": "active", "跟进中": "active", "成交": "active", "流失": "dormant", "暂停": "dormant"}
SOURCES = {
    "展会": "exhibition",
    "转介绍": "referral",
    "官网": "website",
    "广告": "advertising",
    "电话营销": "cold_call",
    "老客户": "other",
    "社交媒体": "social_media",
    "合作伙伴": "partner",
}
GENDERS = {"F": "female", "M": "male"}
STAGES = [  # name, probability, outcome
    ("线索确认", "0.1", "open"),
    ("需求分析", "0.25", "open"),
    ("报价", "0.5", "open"),
    ("谈判", "0.75", "open"),
    ("赢单", "1", "won"),
    ("输单", "0", "lost"),
]
KINDS = {word: word for word in ("call", "email", "visit", "meeting", "note")}
KINDS |= {"wechat": "chat", "quote": "email", "complaint": "call"}
CUSTOM: dict[type[Any], dict[str, Any]] = {
    Account: {
        "name_en": pycrm.field.text(),
        "legal_form": pycrm.field.text(),
        "credit_grade": pycrm.field.choice(["A", "B", "C", "D"]),
        "orders_per_year": pycrm.field.integer(),
        "incoterm": pycrm.field.choice(["FOB", "CIF", "EXW", "DDP"]),
        "known_since": pycrm.field.datetime(),
    },
    Contact: {"gender": pycrm.field.choice(sorted(GENDERS.values())), "email_opt_in": pycrm.field.boolean()},
    Opportunity: {"product": pycrm.field.text()},
    Interaction: {"topic": pycrm.field.choice(list(KINDS)), "result": pycrm.field.text()},
}


OWNER = reference(("owner_id", "users"))

TABLES = [
    Table(
        "users",
        User,
        {"key": text("user_id"), "name": text("name"), "email": text("email")},
        key="user_id",
        left_out="team region",  # teams are made of them
        counted=F.email.is_not_null(),  # those who act, as this loader, have none
    ),
    Table(
        "accounts",
        Account,
        {
            "number": text("account_id"),
            "name": text("name"),
            "roles": mapped("status", ROLES),
            "status": mapped("status", STATES),
            "level": text("tier"),
            "source": mapped("source", SOURCES),
            "industry": text("industry"),
            "employee_count": converted("employees", int),
            "annual_revenue": money("annual_revenue_text", "currency"),
            "tax_number": text("credit_code"),
            "country": text("country"),
            "language": text("language"),
            "address": parts(
                street="address", postal_code="postcode", city="city", region="province", country="country"
            ),
            "phone": text("phone"),
            "website": text("website"),
            "tags": converted("tags", lambda tags: tags.split("|")),
            "owner": OWNER,
            "parent": reference(("parent_account_id", "accounts")),
            "custom.name_en": text("name_en"),
            "custom.legal_form": text("legal_form"),
            "custom.credit_grade": inside("custom_json", "信用等级"),
            "custom.orders_per_year": inside("custom_json", "年采购次数"),
            "custom.incoterm": inside("custom_json", "incoterm"),
            "custom.known_since": instant("created_at"),
        },
        key="account_id",
        left_out="annual_revenue updated_at",
    ),
    Table(
        "contacts",
        Contact,
        {
            "name": text("full_name"),
            "given_name": text("given_name"),
            "family_name": text("family_name"),
            "job_title": text("title"),
            "department": text("department"),
            "email": text("email"),
            "mobile": text("mobile"),
            "wechat": text("wechat"),
            "birth_on": converted("birthday", date.fromisoformat),
            "custom.gender": mapped("gender", GENDERS),
            "custom.email_opt_in": converted("email_opt_in", {"true": True, "false": False}.__getitem__),
        },
        key="contact_id",
        left_out="account_id is_primary created_at",  # the first two are the next entry's
    ),
    Table(
        "contacts",
        AccountContact,
        {
            "account": reference(("account_id", "accounts")),
            "contact": reference(("contact_id", "contacts")),
            "is_primary": converted("is_primary", {"true": True, "false": False}.__getitem__),
        },
        left_out="family_name given_name full_name gender title department email mobile wechat birthday email_opt_in "
        "created_at",
    ),
    Table(
        "opportunities",
        Opportunity,
        {
            "name": text("name"),
            "account": reference(("account_id", "accounts")),
            "stage": reference(("stage", "stages")),
            "amount": money("amount", "currency"),
            "probability_ratio": converted("probability", lambda percent: Decimal(percent) / 100),
            "close_on": converted("expected_close", date.fromisoformat),
            "closed_at": instant("closed_at"),
            "lost_reason": text("lost_reason"),
            "owner": OWNER,
            "custom.product": text("product"),
        },
        key="opportunity_id",
        left_out="contact_id created_at",  # the first is the next entry's
    ),
    Table(
        "opportunities",
        OpportunityContact,
        {
            "opportunity": reference(("opportunity_id", "opportunities")),
            "contact": reference(("contact_id", "contacts")),
            "is_primary": constant(True),
        },
        left_out="account_id name product stage amount currency probability owner_id lost_reason created_at "
        "expected_close closed_at",
    ),
    Table(
        "activities",
        Interaction,
        {
            "kind": mapped("type", KINDS),
            "direction": text("direction"),
            "subject": text("subject"),
            "body": text("body"),
            "happened_at": instant("occurred_at"),
            "duration_minutes": converted("duration_min", int),
            "about": reference(("opportunity_id", "opportunities"), ("account_id", "accounts")),
            "participants": references(("contact_id", "contacts"), ("owner_id", "users")),
            "owner": OWNER,
            "custom.topic": text("type"),
            "custom.result": text("outcome"),
        },
        left_out="activity_id",
    ),
]


@dataclass
class Outcome:
    """What became of one table: how many rows it has, how many are counted in the CRM, and how long it took."""

    file: str
    entity: str
    rows: int = 0
    loaded: int = 0
    seconds: float = 0.0
    refused: list[tuple[str, int, str, str]] = field(default_factory=list)  # file, line, entity, reason


class Loader:
    """One run over one folder."""

    def __init__(self, crm: CRM, folder: Path) -> None:
        self.crm = crm
        self.folder = folder
        self.ids: Ids = {}

    def run(self) -> Iterator[Outcome]:
        """Prepare an empty CRM, then load table by table."""
        with self.crm.acting_as(LOADER) as ws:
            if ws.count(Account, cap=1):
                raise SystemExit("this CRM has accounts already; load into an empty one")
            for entity, kinds in CUSTOM.items():
                for name, kind in kinds.items():
                    ws.define_field(entity, name, kind)
            pipeline = ws.create(Pipeline(name="generated"))
            stages = [
                Stage(pipeline=pipeline, name=name, position=number, probability_ratio=Decimal(ratio), outcome=outcome)
                for number, (name, ratio, outcome) in enumerate(STAGES, start=1)
            ]
            self.ids["stages"] = {stage.name: Ref(stage.id, "stage") for stage in ws.create_many(stages).created}
        for table in TABLES:
            yield self.load(table)
            if table.entity is User:
                self._make_teams()

    def load(self, table: Table) -> Outcome:
        """Write every row of one file, in batches of their own units."""
        entity = self.crm.schema.entity(table.entity).name
        outcome = Outcome(table.file, entity)
        ids = self.ids.setdefault(table.file, {})
        begun = time.perf_counter()
        with (self.folder / f"{table.file}.csv").open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            table.check_columns(rows.fieldnames or ())
            lines = enumerate(rows, start=2)  # the header is line 1
            while batch := list(islice(lines, BATCH)):
                self._write(table, entity, batch, ids, outcome)
        outcome.seconds = time.perf_counter() - begun
        with self.crm.reading_as(LOADER) as reader:
            outcome.loaded = reader.count(table.entity, where=table.counted)
        return outcome

    def _write(
        self, table: Table, entity: str, batch: Sequence[tuple[int, Row]], ids: dict[str, Ref[Any]], outcome: Outcome
    ) -> None:
        outcome.rows += len(batch)
        lines: list[int] = []
        records: list[Any] = []
        for line, row in batch:
            try:
                record = table.record(row, self.ids)
            except ValueError as error:
                outcome.refused.append((table.file, line, entity, str(error)))
                continue
            lines.append(line)
            records.append(record)
            if table.key:
                # The id is made with the record, so that rows of the same batch may name it.
                ids[row[table.key]] = Ref(record.id, entity)
        with self.crm.acting_as(LOADER) as ws:
            for refused in ws.create_many(records, on_problem="refuse").refused:
                reasons = "; ".join(str(problem) for problem in refused.problems)
                outcome.refused.append((table.file, lines[refused.position], entity, reasons))

    def _make_teams(self) -> None:
        members: dict[str, list[Ref[Any]]] = {}
        with (self.folder / "users.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                members.setdefault(row["team"], []).append(self.ids["users"][row["user_id"]])
        with self.crm.acting_as(LOADER) as ws:
            ws.create_many([Team(name=name, members=tuple(users)) for name, users in members.items()])


def main(arguments: Sequence[str] | None = None) -> int:
    """Load the folder, print what came of each file, and return 0, or 1 if rows were refused or are missing."""
    parser = argparse.ArgumentParser(description="Load generated customer data into an empty CRM.")
    parser.add_argument("folder", type=Path, help="where the generator wrote its files")
    parser.add_argument("--database", default="generated.db", help="a URL or the path of a SQLite file")
    parser.add_argument("--report", type=Path, help="list refused rows in this file")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    options = parser.parse_args(arguments)
    expected = json.loads((options.folder / "manifest.json").read_text("utf-8"))["rows"]
    crm = CRM(options.database, plugins=[])
    crm.migrate()
    outcomes = []
    for outcome in Loader(crm, options.folder).run():
        outcomes.append(outcome)
        if not options.json:
            show(outcome, expected[outcome.file])
    crm.close()
    refused = [each for outcome in outcomes for each in outcome.refused]
    if options.report:
        with options.report.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("file", "line", "entity", "reason"), *refused])
    if options.json:
        tables = [{**vars(outcome), "refused": len(outcome.refused)} for outcome in outcomes]
        print(json.dumps({"tables": tables}, ensure_ascii=False, indent=2))
    complete = all(outcome.loaded == outcome.rows == expected[outcome.file] for outcome in outcomes)
    return 0 if complete else 1


def show(outcome: Outcome, expected: int) -> None:
    """Print one line for people, and the first rows that were refused."""
    speed = outcome.rows / outcome.seconds if outcome.seconds else 0
    print(
        f"{outcome.file:<14} {outcome.entity:<16} {outcome.loaded:>9,} of {expected:>9,}"
        f" {outcome.seconds:>7.1f} s {speed:>8,.0f} rows/s",
        flush=True,
    )
    for file, line, _, reason in outcome.refused[:5]:
        print(f"  {file}.csv line {line}: {reason}")


if __name__ == "__main__":
    sys.exit(main())
