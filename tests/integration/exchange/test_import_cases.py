"""Real files, through suggestion or mapping file alone, into the database, and again."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from tests.imports import MEI, contents, mapping

from pycrm import CRM, Account, Contact, F, Opportunity, Pipeline, SalesOrder, SalesOrderLine, Stage
from pycrm.exchange.importing import ImportResult

ROOT = Path(__file__).resolve().parents[3]
Case = Callable[[str], Path]


def by_suggestion(crm: CRM, path: Path) -> ImportResult:
    """Import *path* with the mapping that is suggested."""
    return crm.imports.run(MEI, path, crm.imports.suggest(MEI, path).mapping)


@pytest.mark.slow
def test_retail_by_mapping_file_alone(plain: CRM, case: Case) -> None:
    """A month of a wholesaler's orders, to the penny; a second import changes nothing, an undoing leaves nothing."""
    path, orders = ROOT / "examples" / "retail" / "orders.toml", case("retail-orders") / "orders.csv"
    before = contents(plain)

    result = plain.imports.run(MEI, orders, path)
    kept = F.order.account.is_not_null() & (F.qty > 0) & (F.unit_price > 0) & (F.order.status != "cancelled")
    with plain.reading_as(MEI) as ws:
        (everything,) = ws.aggregate(SalesOrderLine, measures=["count()", "sum(total)"])
        (good,) = ws.aggregate(SalesOrderLine, measures=["count()", "sum(total)"], where=kept)
        figures = (everything["count()"], str(everything["sum(total)"].only().amount), ws.count(SalesOrder))
        assert figures == (42_481, "748957.02", 2_025)
        assert (good["count()"], str(good["sum(total)"].only().amount)) == (26_157, "572713.89")
    assert (result.counts.created, result.agrees) == (42_481, True)
    assert plain.imports.run(MEI, orders, path).counts.skipped == 42_481
    plain.imports.undo(MEI, result.run)
    assert contents(plain)["sales_order_line"] == before["sales_order_line"]
    assert contents(plain)["account"] == before["account"]


class TestApiExports:
    HUBSPOT = ("owner", "deal_pipeline", "deal_pipeline_stage", "company", "contact", "deal")
    SALESFORCE = ("user", "account", "contact", "lead", "opportunity")

    def test_hubspot(self, plain: CRM, case: Case) -> None:
        """Everything comes in unchanged, pipelines with their stages, and a second import changes nothing."""
        folder = case("export-hubspot-api")
        rows = {
            name: len(list(csv.reader((folder / f"{name}.csv").read_text("utf-8").splitlines()))) - 1
            for name in self.HUBSPOT
        }

        results = {name: by_suggestion(plain, folder / f"{name}.csv") for name in self.HUBSPOT}
        assert {name: each.counts.rows for name, each in results.items()} == rows
        assert all(each.agrees and not each.counts.refused for each in results.values())
        with plain.reading_as(MEI) as ws:
            stages = [stage for stage in ws.iterate(Stage, include="pipeline") if stage.probability_ratio is not None]
            assert ws.count(Opportunity) == rows["deal"]
            assert ws.count(Contact) == rows["contact"]
            assert ws.count(Pipeline) > rows["deal_pipeline"] - 1
        assert all(stage.pipeline is not None for stage in stages)
        before = contents(plain)
        again = [by_suggestion(plain, folder / f"{name}.csv") for name in self.HUBSPOT]
        assert sum(each.counts.created + each.counts.updated for each in again) == 0
        assert contents(plain) == before

    def test_salesforce(self, plain: CRM, case: Case) -> None:
        """Row counts equal the file, deleted rows are not live, ids stay whole, and a second import changes nothing."""
        folder = case("export-salesforce-api")

        results = {name: by_suggestion(plain, folder / f"{name}.csv") for name in self.SALESFORCE}
        assert all(each.counts.add_up and each.agrees and not each.counts.refused for each in results.values())
        with plain.reading_as(MEI) as ws:
            ids = [contact.custom.salesforce_id for contact in ws.iterate(Contact)]
        with (folder / "contact.csv").open(encoding="utf-8") as file:
            assert sorted(ids) == sorted(row["id"] for row in csv.DictReader(file))
        before = contents(plain)
        again = [by_suggestion(plain, folder / f"{name}.csv") for name in self.SALESFORCE]
        assert sum(each.counts.created + each.counts.updated for each in again) == 0
        assert contents(plain) == before


@pytest.mark.parametrize("name", ["google_contacts", "hubspot_contacts", "zoho_leads"])
def test_screen_exports(quick: CRM, case: Case, name: str) -> None:
    """What people get by pressing Export comes in by the guessed mapping, and again without a change."""
    path = case("export-ui-headers") / f"{name}.csv"

    first, second = by_suggestion(quick, path), by_suggestion(quick, path)
    assert (first.counts.refused, first.agrees) == (0, True)
    assert second.counts.skipped == second.counts.rows


def test_chinese_sheet(quick: CRM, case: Case) -> None:
    """A messy sheet of Excel in China: what must not come in silently does not."""
    path = case("csv-chinese-excel") / "customers_excel_cn_gbk.csv"
    result = by_suggestion(quick, path)

    refused = {row.cells[0]: row.problems[0]["code"] for row in quick.imports.kept_rows(MEI, result.run)}
    assert result.encoding == "gb18030"
    assert refused["000126"] == "import.lost_digits"
    assert refused["000128"] == "import.no_date"
    assert refused["合计"] == "read.total_line"
    with quick.reading_as(MEI) as ws:
        names = {account.number: account.name for account in ws.iterate(Account)}
        revenues = {account.number: account.annual_revenue for account in ws.iterate(Account)}
    assert names["000127"] == "=cmd|calc"
    assert revenues["000123"] is not None
    assert (revenues["000123"].amount, revenues["000123"].currency) == (Decimal("1234567.89"), "CNY")
    assert names.keys().isdisjoint(refused)


def test_phone_numbers(quick: CRM, case: Case, tmp_path: Path) -> None:
    """Numbers of many regions are stored as E.164, and what is none refuses its row."""
    with (case("phone-numbers") / "phones.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    path = tmp_path / "phones.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["No", "Phone", "Region"])
        writer.writerows([f"P{number}", row["input"], row["default_region"]] for number, row in enumerate(rows))
    text = """
version = 1
[[entity]]
entity = "account"
by = ["number"]
[entity.fields]
number = "No"
name = "No"
phone = { column = "Phone", transforms = ["phone({Region})"] }
"""

    result = quick.imports.run(MEI, path, mapping(text))
    with quick.reading_as(MEI) as ws:
        found = {account.number: str(account.phone) for account in ws.iterate(Account)}
    valid = {
        f"P{n}": row["expected_e164"] for n, row in enumerate(rows) if row["valid"].lower() in ("1", "true", "yes")
    }
    assert {number: found.get(number) for number in valid} == valid
    assert result.counts.refused == len(rows) - len(found)


def test_nasty_strings(plain: CRM, case: Case, tmp_path: Path) -> None:
    """Strings that break software come through a file unchanged; both databases refuse the same ones."""
    strings = [text for text in json.loads((case("nasty-strings") / "blns.json").read_text("utf-8")) if text.strip()]
    path = tmp_path / "nasty.jsonl"
    path.write_text(
        "".join(json.dumps({"No": f"N{n}", "Text": text}) + "\n" for n, text in enumerate(strings)), "utf-8"
    )
    text = """
version = 1
[[entity]]
entity = "account"
by = ["number"]
[entity.fields]
number = "No"
name = "No"
description = "Text"
"""

    result = plain.imports.run(MEI, path, mapping(text))
    with plain.reading_as(MEI) as ws:
        found = {account.number: account.description for account in ws.iterate(Account)}
    assert {number: found[number] for number in found} == {
        f"N{n}": each for n, each in enumerate(strings) if f"N{n}" in found
    }
    assert result.counts.refused == len(strings) - len(found)
    assert result.counts.refused < 3
