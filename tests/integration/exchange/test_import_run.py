"""Running imports: what becomes of each row, and what stands in the database afterwards."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from tests.conftest import DATABASES
from tests.imports import ACCOUNTS, MEI, PEOPLE, csv_file, mapping

from pycrm import (
    CRM,
    Account,
    AccountContact,
    Contact,
    ImportRun,
    Money,
    Opportunity,
    RecordsCreated,
    RecordsMoved,
    Task,
    field,
)
from pycrm.errors import ConfigurationError
from pycrm.exchange.importing import ImportPlan, ImportResult, Progress, Proof, totals
from pycrm.plugin import ChangeSet, Plugin, Problem, Workspace


def names(crm: CRM) -> dict[str, str]:
    """Return the name of every account by its number."""
    with crm.reading_as(MEI) as ws:
        return {account.number: account.name for account in ws.iterate(Account)}


def told(crm: CRM, result: ImportResult) -> list[tuple[int, str, str]]:
    """Return line, outcome and code of every problem of the rows that came to nothing."""
    return [
        (row.line, row.outcome, problem["code"])
        for row in crm.imports.kept_rows(MEI, result.run)
        for problem in row.problems
    ]


def shown(crm: CRM, sums: Mapping[str, int]) -> str:
    """Return the sums of accounts' revenue as people read them."""
    return totals.shown(crm.schema.entity("account").field("annual_revenue"), sums)


class TestOutcomes:
    def test_every_row_meets_one_end(self, plain: CRM, tmp_path: Path) -> None:
        """New ones are created, known ones updated or left, bad ones refused; together they are all rows."""
        with plain.acting_as(MEI) as ws:
            ws.create_many([Account(number="A1", name="old", country="CN"), Account(number="A2", name="same")])
        path = csv_file(tmp_path, "No,Name,Country\nA1,new,CN\nA2,same,\nA3,third,DE\nA4,bad,XX\nA5,,DE\n")

        result = plain.imports.run(MEI, path, mapping(ACCOUNTS))
        counts = result.counts
        assert (counts.rows, counts.created, counts.updated, counts.skipped, counts.refused) == (5, 1, 1, 1, 2)
        assert counts.add_up
        assert names(plain) == {"A1": "new", "A2": "same", "A3": "third"}
        assert told(plain, result) == [(5, "refused", "country.unknown"), (6, "refused", "field.required")]

    def test_again(self, plain: CRM, tmp_path: Path) -> None:
        """A second import of the same file changes nothing, though the file names one record twice."""
        path = csv_file(tmp_path, "No,Name,Country\nA1,first,CN\nA2,x,\nA1,second,CN\n")
        plain.imports.run(MEI, path, mapping(ACCOUNTS))

        again = plain.imports.run(MEI, path, mapping(ACCOUNTS))
        assert (again.counts.skipped, again.counts.rows) == (3, 3)
        with plain.reading_as(MEI) as ws:
            assert sorted(account.version for account in ws.iterate(Account)) == [1, 1]
        assert names(plain)["A1"] == "second"

    def test_every_problem_of_a_row_at_once(self, quick: CRM, tmp_path: Path) -> None:
        """A refused row tells all that is wrong with it, each with its column, value and line."""
        with_phone = ACCOUNTS + 'phone = "Phone"\n'
        path = csv_file(tmp_path, "No,Name,Country,Phone\nA1,x,XX,abc\n")

        (row,) = quick.imports.kept_rows(MEI, quick.imports.run(MEI, path, mapping(with_phone)).run)
        facts = [(problem["facts"]["column"], problem["facts"]["value"]) for problem in row.problems]
        assert (row.line, row.outcome, facts) == (2, "refused", [("Country", "XX"), ("Phone", "abc")])

    def test_required_names_the_column(self, quick: CRM, tmp_path: Path) -> None:
        """What the door misses is told with the column that should have given it."""
        path = csv_file(tmp_path, "No,Name,Country\nA1,,CN\n")

        (row,) = quick.imports.kept_rows(MEI, quick.imports.run(MEI, path, mapping(ACCOUNTS)).run)
        assert [problem["facts"]["column"] for problem in row.problems] == ["Name"]


class TestSeveralEntities:
    def test_one_row_many_records(self, plain: CRM, tmp_path: Path) -> None:
        """An account, its contacts and what they are to each other come from the same rows."""
        path = csv_file(tmp_path, "No,Name,Person,Mail\nA1,海晨,梅,mei@h.cn\nA1,海晨,李,li@h.cn\nB2,Berg,Anna,a@b.de\n")

        result = plain.imports.run(MEI, path, mapping(PEOPLE))
        with plain.reading_as(MEI) as ws:
            pairs = sorted(
                (each.account.record.name, each.contact.record.name)
                for each in ws.list(AccountContact, include="account contact")
            )
        assert pairs == [("Berg", "Anna"), ("海晨", "李"), ("海晨", "梅")]
        assert {name: each.created for name, each in result.proof.entities.items()} == {
            "account": 2,
            "contact": 3,
            "account_contact": 3,
        }

    def test_taken_whole_or_not_at_all(self, plain: CRM, tmp_path: Path) -> None:
        """Where the door refuses one record of a row, nothing of that row stays, and the others go in."""
        path = csv_file(tmp_path, "No,Name,Person,Mail\nA1,one,,x@h.cn\nA2,two,Li,li@h.cn\n")

        result = plain.imports.run(MEI, path, mapping(PEOPLE))
        with plain.reading_as(MEI) as ws:
            counts = (ws.count(Account), ws.count(Contact), ws.count(AccountContact))
        assert counts == (1, 1, 1)
        assert told(plain, result) == [(2, "refused", "field.required")]

    def test_shared_record_of_a_refused_row(self, plain: CRM, tmp_path: Path) -> None:
        """An account that a refused row would have made is made by the next row that names it, with its values."""
        path = csv_file(tmp_path, "No,Name,Person,Mail\nA1,bad row,,x@h.cn\nA1,good row,Li,li@h.cn\n")

        plain.imports.run(MEI, path, mapping(PEOPLE))
        assert names(plain) == {"A1": "good row"}

    def test_condition(self, quick: CRM, tmp_path: Path) -> None:
        """A row has a record of an entity only where its condition holds."""
        text = PEOPLE.replace('entity = "contact"', 'entity = "contact"\nwhen = "Mail IS NOT NULL"').replace(
            'entity = "account_contact"', 'entity = "account_contact"\nwhen = "Mail IS NOT NULL"'
        )
        path = csv_file(tmp_path, "No,Name,Person,Mail\nA1,one,,\nA2,two,Li,li@h.cn\n")

        result = quick.imports.run(MEI, path, mapping(text))
        assert (result.counts.created, result.proof.entities["contact"].created) == (2, 1)

    def test_no_condition(self, plain: CRM, tmp_path: Path) -> None:
        """A row that meets no condition is skipped and says so; one that only changes nothing has nothing to say."""
        text = PEOPLE.replace('by = ["number"]', 'by = ["number"]\nwhen = "Name IS NOT NULL"')
        text = text.replace('by = ["email"]', 'by = ["email"]\nwhen = "Mail IS NOT NULL"')
        text = text.replace('by = ["account', 'when = "Mail IS NOT NULL"\nby = ["account')
        path = csv_file(tmp_path, "No,Name,Person,Mail\nA1,one,,\nA2,,nobody,\nA1,one,,\n")
        plan = plain.imports.plan(MEI, path, mapping(text))

        result = plain.imports.run(MEI, path, plan=plan)
        counts = result.counts
        assert (counts.rows, counts.created, counts.skipped, counts.refused) == (3, 1, 2, 0)
        assert [[problem["code"] for problem in row.problems] for row in plan.rows] == [[], ["import.not_wanted"], []]
        rows = plain.imports.kept_rows(MEI, result.run, outcome="skipped")
        assert [(row.line, [problem["code"] for problem in row.problems]) for row in rows] == [
            (3, ["import.not_wanted"]),
            (4, []),
        ]


class TestSeveralKeys:
    KEYS = """
version = 1
[[entity]]
entity = "account"
by = ["tax_number"]
or_by = [["email"], ["name", "phone"]]
[entity.fields]
name = "Name"
country = "Country"
tax_number = "Tax"
email = { column = "Mail", transforms = ["lower"] }
phone = { column = "Phone", transforms = ["phone(CN)"] }
"""

    def run(self, crm: CRM, folder: Path, rows: str) -> ImportResult:
        return crm.imports.run(MEI, csv_file(folder, f"Name,Country,Tax,Mail,Phone\n{rows}"), mapping(self.KEYS))

    def stored(self, crm: CRM) -> list[tuple[str, str | None, str | None, str | None]]:
        with crm.reading_as(MEI) as ws:
            accounts = ws.iterate(Account)
            return sorted((each.name, each.tax_number, each.email, each.country) for each in accounts)

    def test_in_their_order(self, plain: CRM, tmp_path: Path) -> None:
        """The first key that finds a record tells which one it is; what an earlier one lacks there is filled in."""
        with plain.acting_as(MEI) as ws:
            ws.create(Account(name="one", tax_number="T1", email="one@x.example"))
            ws.create(Account(name="two", email="two@x.example"))
            ws.create(Account(name="three", tax_number="T3", phone="+8653212345678"))
        rows = "one,CN,T1,uno@x.example,\ntwo,DE,T2,Two@X.example,\nthree,FR,,,0532-1234 5678\nfour,US,,,\n"

        result = self.run(plain, tmp_path, rows)

        assert (result.counts.updated, result.counts.created) == (3, 1)
        assert self.stored(plain) == [
            ("four", None, None, "US"),
            ("one", "T1", "uno@x.example", "CN"),
            ("three", "T3", None, "FR"),
            ("two", "T2", "two@x.example", "DE"),
        ]
        assert self.run(plain, tmp_path, rows.replace("four,US,,,\n", "")).counts.skipped == 3

    def test_among_rows(self, plain: CRM, tmp_path: Path) -> None:
        """A later row finds by any key what an earlier one made or changed."""
        rows = "one,,T1,one@x.example,\none,CN,,one@x.example,+86 532 1234 5678\none,DE,,,+86 532 1234 5678\n"

        result = self.run(plain, tmp_path, rows)

        assert (result.counts.created, result.counts.updated) == (1, 2)
        assert self.stored(plain) == [("one", "T1", "one@x.example", "DE")]

    def test_disagreement(self, plain: CRM, tmp_path: Path) -> None:
        """Where the keys of a row speak of two records it is refused, and tells of which."""
        with plain.acting_as(MEI) as ws:
            ws.create(Account(name="one", tax_number="T1", email="one@x.example"))

        result = self.run(plain, tmp_path, "two,CN,T2,one@x.example,\n")

        (row,) = plain.imports.kept_rows(MEI, result.run)
        ((code, facts),) = [(problem["code"], problem["facts"]) for problem in row.problems]
        assert code == "import.keys_disagree"
        assert [facts[name] for name in ("key", "value", "found_by", "stored")] == ["tax_number", "T2", "email", "T1"]
        assert self.stored(plain) == [("one", "T1", "one@x.example", None)]


class TestManyKeys:
    @pytest.mark.parametrize("key", ["number", "custom.code", "parent"])
    def test_found_among_many(self, plain: CRM, tmp_path: Path, key: str) -> None:
        """In a batch of many rows those few are found that are there, by a column, a custom field or a reference."""
        with plain.acting_as(MEI) as ws:
            ws.define_field(Account, "code", field.text())
            parents = ws.create_many([Account(number=f"P{n}", name="parent") for n in range(800)]).created
            ws.create_many(
                [
                    Account(number=f"A{n}", name="old", parent=parents[n].id, custom={"code": f"A{n}"})
                    for n in range(0, 800, 40)
                ]
            )
        text = (
            f'version = 1\n[[entity]]\nentity = "account"\nby = ["{key}"]\n[entity.fields]\nname = "Name"\n'
            'number = "No"\n"custom.code" = "No"\nparent = { column = "Parent", find = "number" }\n'
        )
        rows = "".join(f"A{n},new,P{n}\n" for n in range(800))

        result = plain.imports.run(MEI, csv_file(tmp_path, f"No,Name,Parent\n{rows}"), mapping(text))

        assert (result.counts.updated, result.counts.created) == (20, 780)


class TestPolicies:
    @pytest.fixture
    def crm(self, quick: CRM) -> CRM:
        """An account A1 without a country."""
        with quick.acting_as(MEI) as ws:
            ws.create(Account(number="A1", name="old"))
        return quick

    def run(self, crm: CRM, folder: Path, policy: str, rows: str = "A1,new,CN\nA2,second,DE\n") -> ImportResult:
        """Import two accounts, of which one is there already."""
        text = ACCOUNTS.replace('by = ["number"]', f'by = ["number"]\n{policy}')
        return crm.imports.run(MEI, csv_file(folder, f"No,Name,Country\n{rows}"), mapping(text))

    def test_skip(self, crm: CRM, tmp_path: Path) -> None:
        """``on_match = "skip"`` leaves what is there as it is, and says so."""
        result = self.run(crm, tmp_path, 'on_match = "skip"')

        assert names(crm) == {"A1": "old", "A2": "second"}
        assert told(crm, result) == [(2, "skipped", "import.exists")]

    def test_queue(self, crm: CRM, tmp_path: Path) -> None:
        """``on_match = "queue"`` sets the row aside for somebody to decide, with the record that it hit."""
        result = self.run(crm, tmp_path, 'on_match = "queue"')

        (row,) = crm.imports.kept_rows(MEI, result.run)
        with crm.reading_as(MEI) as ws:
            hit = ws.find(Account, number="A1")
        assert hit is not None
        assert (row.problems[0]["code"], row.entity, row.record_id) == ("import.queued", "account", hit.id)
        assert (result.queued, crm.imports.report(MEI, result.run).queued) == (1, 1)

    def test_only_empty(self, crm: CRM, tmp_path: Path) -> None:
        """``only_empty`` fills what is empty and overwrites nothing."""
        self.run(crm, tmp_path, "only_empty = true")

        with crm.reading_as(MEI) as ws:
            account = ws.find(Account, number="A1")
        assert account is not None
        assert (account.name, account.country) == ("old", "CN")

    def test_update_fields(self, crm: CRM, tmp_path: Path) -> None:
        """``update`` names the fields that a match changes."""
        self.run(crm, tmp_path, 'update = ["country"]')

        with crm.reading_as(MEI) as ws:
            account = ws.find(Account, number="A1")
        assert account is not None
        assert (account.name, account.country) == ("old", "CN")

    def test_empty_cells_change_nothing(self, crm: CRM, tmp_path: Path) -> None:
        """An empty cell leaves the stored value as it is."""
        self.run(crm, tmp_path, "", rows="A1,,CN\n")

        assert names(crm) == {"A1": "old"}

    def test_on_new_refuse(self, crm: CRM, tmp_path: Path) -> None:
        """``on_new = "refuse"`` takes only rows whose record is there."""
        result = self.run(crm, tmp_path, 'on_new = "refuse"')

        assert told(crm, result) == [(3, "refused", "import.new_refused")]
        assert names(crm) == {"A1": "new"}

    def test_on_new_skip(self, crm: CRM, tmp_path: Path) -> None:
        """``on_new = "skip"`` passes over rows whose record is not there."""
        result = self.run(crm, tmp_path, 'on_new = "skip"')

        assert told(crm, result) == [(3, "skipped", "import.new_left")]

    def test_newest(self, crm: CRM, tmp_path: Path) -> None:
        """``newest`` names a column with the time of change: an older row changes nothing."""
        text = ACCOUNTS.replace('by = ["number"]', 'by = ["number"]\nnewest = "Changed"')
        path = csv_file(tmp_path, "No,Name,Country,Changed\nA1,older,CN,2001-01-01T00:00:00Z\n")

        result = crm.imports.run(MEI, path, mapping(text))
        assert told(crm, result) == [(2, "skipped", "import.older")]
        assert names(crm) == {"A1": "old"}
        path.write_text("No,Name,Country,Changed\nA1,newer,CN,2999-01-01T00:00:00Z\n", "utf-8")
        assert crm.imports.run(MEI, path, mapping(text)).counts.updated == 1
        assert names(crm) == {"A1": "newer"}

    def test_ambiguous(self, crm: CRM, tmp_path: Path) -> None:
        """A key that several records have tells nothing: the row is refused, and says of how many."""
        with crm.acting_as(MEI) as ws:
            ws.create(Account(number="A9", name="old"))
        text = ACCOUNTS.replace('by = ["number"]', 'by = ["name"]')

        result = crm.imports.run(MEI, csv_file(tmp_path, "No,Name,Country\nA1,old,CN\n"), mapping(text))
        assert told(crm, result) == [(2, "refused", "import.ambiguous_match")]


class TestLookups:
    def text(self, otherwise: str) -> str:
        """Return a mapping of deals whose account is looked up by its name."""
        return f"""
version = 1
[[entity]]
entity = "opportunity"
[entity.fields]
name = "Deal"
account = {{ column = "Firm", find = "name", otherwise = "{otherwise}" }}
stage = {{ column = "Stage", find = "name" }}
amount = {{ column = "Amount", transforms = ["money(CNY)"] }}
"""

    def run(self, crm: CRM, folder: Path, otherwise: str) -> ImportResult:
        """Import two deals, one of a firm that nobody knows."""
        with crm.acting_as(MEI) as ws:
            ws.create(Account(name="海晨"))
        rows = 'Deal,Firm,Stage,Amount\nfirst,海晨,Proposal,"1,200.50"\nsecond,Unknown,Proposal,10\n'
        return crm.imports.run(MEI, csv_file(folder, rows), mapping(self.text(otherwise)))

    def test_found(self, plain: CRM, tmp_path: Path) -> None:
        """A reference is found by any field of its target; what is not found refuses the row."""
        result = self.run(plain, tmp_path, "refuse")

        with plain.reading_as(MEI) as ws:
            (deal,) = ws.list(Opportunity, include="account stage")
        assert (deal.account.record.name, deal.stage.record.name) == ("海晨", "Proposal")
        assert deal.amount == Money("1200.50", "CNY")
        assert told(plain, result) == [(3, "refused", "import.not_found")]

    def test_message(self, plain: CRM, tmp_path: Path) -> None:
        """What is not found is told with the column, the value and the field that it was looked for in."""
        result = self.run(plain, tmp_path, "refuse")

        (row,) = plain.imports.kept_rows(MEI, result.run)
        problem = Problem.from_data(row.problems[0], None)
        assert (problem.field, problem.facts["column"], problem.facts["value"]) == ("account", "Firm", "Unknown")
        assert problem.message.startswith("leads to no account with this name; ")
        assert plain.labels.problem(problem, "zh").startswith("没有 account 的 name 是这个值")

    def test_several(self, plain: CRM, tmp_path: Path) -> None:
        """A key that several records have is told with the field, the column and how many these are."""
        with plain.acting_as(MEI) as ws:
            ws.create(Account(name="海晨"))
        result = self.run(plain, tmp_path, "empty")

        (row,) = plain.imports.kept_rows(MEI, result.run, outcome="refused")
        problem = Problem.from_data(row.problems[0], None)
        assert (problem.code, problem.facts["column"]) == ("import.ambiguous", "Firm")
        assert problem.message.startswith("is the name of 2 records of account; ")
        assert plain.labels.problem(problem, "zh").startswith("account 中有 2 条记录的 name 是这个值")

    def test_create(self, plain: CRM, tmp_path: Path) -> None:
        """``otherwise = "create"`` makes the target, once for all rows that name it."""
        result = self.run(plain, tmp_path, "create")

        assert result.counts.created == 2
        assert Counter(names(plain).values()) == {"海晨": 1, "Unknown": 1}

    def test_empty(self, plain: CRM, tmp_path: Path) -> None:
        """``otherwise = "empty"`` leaves the reference empty."""
        self.run(plain, tmp_path, "empty")

        with plain.reading_as(MEI) as ws:
            accounts = {deal.name: deal.account is None for deal in ws.iterate(Opportunity)}
        assert accounts == {"first": False, "second": True}


class TestTrees:
    TEXT = ACCOUNTS.replace("country =", 'parent = { column = "Parent", find = "number" }\ncountry =')

    def run(self, crm: CRM, folder: Path, rows: str) -> ImportResult:
        """Import accounts that have parents in the same file."""
        return crm.imports.run(MEI, csv_file(folder, f"No,Name,Country,Parent\n{rows}"), mapping(self.TEXT))

    def test_parents_of_the_same_file(self, plain: CRM, tmp_path: Path) -> None:
        """A reference leads to a record that another row of the batch makes, whichever comes first."""
        result = self.run(plain, tmp_path, "C,grandchild,CN,B\nB,child,CN,A\nA,root,CN,\nD,other,CN,A\n")

        with plain.reading_as(MEI) as ws:
            found = {
                each.number: each.parent and each.parent.record.number for each in ws.list(Account, include="parent")
            }
        assert found == {"A": None, "B": "A", "C": "B", "D": "A"}
        assert result.agrees

    def test_parent_that_is_refused(self, plain: CRM, tmp_path: Path) -> None:
        """Where the row of a parent is refused, those below it are refused, too, and say which key is missing."""
        result = self.run(plain, tmp_path, "A,root,XX,\nB,child,CN,A\nC,alone,CN,\n")

        assert told(plain, result) == [(2, "refused", "country.unknown"), (3, "refused", "import.not_found")]
        missing = plain.imports.kept_rows(MEI, result.run)[1].problems[0]
        assert (missing["field"], missing["facts"]["column"], missing["facts"]["key"]) == ("parent", "Parent", "number")
        assert names(plain) == {"C": "alone"}

    def test_circle(self, plain: CRM, tmp_path: Path) -> None:
        """Rows that would be each other's parents are refused, and the others go in."""
        result = self.run(plain, tmp_path, "A,one,CN,B\nB,two,CN,A\nC,three,CN,C\nD,four,CN,\n")

        assert result.counts.refused == 3
        assert names(plain) == {"D": "four"}


class TestRun:
    def test_what_is_kept(self, plain: CRM, tmp_path: Path) -> None:
        """A run is a record that tells what was read and what came of it."""
        path = csv_file(tmp_path, "No,Name,Country\nA1,海晨,CN\nA2,x,XX\n")

        result = plain.imports.run(MEI, path, mapping(ACCOUNTS))
        with plain.reading_as(MEI) as ws:
            run = ws.get(ImportRun, result.id)
            (entry,) = ws.audit(kind="imported")
        assert (run.number, run.source, run.status, run.rows, run.created, run.refused) == (
            result.run,
            "rows.csv",
            "done",
            2,
            1,
            1,
        )
        assert (entry.entity, entry.facts["run"], entry.facts["refused"]) == ("import_run", run.number, 1)
        assert plain.imports.report(MEI, run.number) == result

    def test_to_data(self, quick: CRM, tmp_path: Path) -> None:
        """What is printed and stored has run, rows, the four ends, encoding and seconds."""
        result = quick.imports.run(MEI, csv_file(tmp_path, "No,Name,Country\nA1,x,CN\n"), mapping(ACCOUNTS))

        data = result.to_data()
        assert [data[name] for name in ("run", "rows", "created", "updated", "skipped", "refused", "encoding")] == [
            result.run,
            1,
            1,
            0,
            0,
            0,
            "utf-8",
        ]
        assert data["seconds"] >= 0

    def test_changes_name_the_line(self, quick: CRM, tmp_path: Path) -> None:
        """The change row of a record that an import made belongs to the run and tells the line."""
        result = quick.imports.run(MEI, csv_file(tmp_path, "No,Name,Country\n\nA1,x,CN\n"), mapping(ACCOUNTS))

        with quick.reading_as(MEI) as ws:
            account = ws.find(Account, number="A1")
            assert account is not None
            ctx = ws._ctx
            from pycrm.storage.changes import read_changes

            (change,) = read_changes(ctx.unit, ctx.tools.tables, "account", account.id)
        assert (change.batch, change.facts) == (result.id, {"line": 3})

    def test_no_mapping(self, quick: CRM, tmp_path: Path) -> None:
        """Without a mapping or a plan there is nothing to go by."""
        with pytest.raises(ConfigurationError, match="needs a mapping"):
            quick.imports.run(MEI, csv_file(tmp_path, "a\n1\n"))

    def test_custom_field_is_defined(self, plain: CRM, tmp_path: Path) -> None:
        """A custom field that the mapping brings is defined first, and filled."""
        text = ACCOUNTS.replace(
            "version = 1", 'version = 1\n[[custom_field]]\nentity = "account"\nname = "region"\nlabel = { zh = "地区" }'
        )
        path = csv_file(tmp_path, "No,Name,Country,Region\nA1,x,CN,华东\n")

        plain.imports.run(MEI, path, mapping(f'{text}"custom.region" = "Region"\n'))
        with plain.reading_as(MEI) as ws:
            account = ws.find(Account, number="A1")
        assert account is not None
        assert account.custom.region == "华东"


shouting = Plugin("shouting")
picky = Plugin("picky", version="1.0")


@picky.check(Account)
def fails_on_some(ws: Workspace, changes: ChangeSet[Account]) -> Iterator[Problem]:
    """Raise for one account, as a plugin with a fault does."""
    for account in changes:
        if account.name == "fault":
            raise KeyError(account.name)
    yield from ()


@pytest.mark.parametrize("engine", DATABASES)
def test_a_plugin_that_raises(engine: str, migrated: Callable[[str, Sequence[Plugin]], str], tmp_path: Path) -> None:
    """A row that a plugin fails on is refused and names the plugin; the others of its batch go in."""
    crm = CRM(migrated(engine, [picky]), plugins=[picky])
    rows = "".join(f"A{n},{'fault' if n in (3, 17) else 'fine'},CN\n" for n in range(20))

    result = crm.imports.run(MEI, csv_file(tmp_path, f"No,Name,Country\n{rows}"), mapping(ACCOUNTS))
    refused = crm.imports.kept_rows(MEI, result.run)
    assert (result.counts.created, result.counts.refused) == (18, 2)
    assert [(row.line, row.problems[0]["code"]) for row in refused] == [(5, "import.failed"), (19, "import.failed")]
    assert "picky" in refused[0].problems[0]["facts"]["told"]
    crm.close()


class TestOddValues:
    def test_unstorable(self, plain: CRM, tmp_path: Path) -> None:
        """What no database stores refuses its row, which is kept with it written out; the others go in."""
        names_of = ("a\\ud800b", "a\\u0000b", "fine")
        lines = "".join(f'{{"No": "A{n}", "Name": "{name}", "Country": "CN"}}\n' for n, name in enumerate(names_of))

        result = plain.imports.run(MEI, csv_file(tmp_path, lines, "rows.jsonl"), mapping(ACCOUNTS))

        kept = plain.imports.kept_rows(MEI, result.run)
        assert [(row.problems[0]["code"], row.cells[1]) for row in kept] == [
            ("text.unstorable", "a\\ud800b"),
            ("text.unstorable", "a\\x00b"),
        ]
        assert names(plain) == {"A2": "fine"}

    @pytest.mark.parametrize("transforms", ["[]", '["money"]'])
    def test_amounts_beyond_sense(self, quick: CRM, tmp_path: Path, transforms: str) -> None:
        """So does an amount of a hundred digits."""
        text = f'{ACCOUNTS}annual_revenue = {{ column = "Revenue", transforms = {transforms} }}\n'
        path = csv_file(tmp_path, "No,Name,Country,Revenue\nA1,x,CN,USD 1E100\nA2,y,CN,USD 5\n")

        result = quick.imports.run(MEI, path, mapping(text))

        assert (result.counts.refused, names(quick)) == (1, {"A2": "y"})


class TestTables:
    """A source of several tables: a workbook of several sheets, or a folder of files."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "export"
        folder.mkdir()
        csv_file(folder, "No,Name,Country\nA1,one,CN\n", "2024.csv")
        csv_file(folder, "No,Name,Country\nA2,two,CN\n", "2025.csv")
        csv_file(folder, "Person\nMei\n", "people.csv")
        return folder

    def test_several_that_fit(self, quick: CRM, folder: Path) -> None:
        """None is passed over in silence: which one is meant has to be said."""
        with pytest.raises(ConfigurationError, match=r"all with the columns of the mapping: 2024\.csv, 2025\.csv; "):
            quick.imports.run(MEI, folder, mapping(ACCOUNTS))
        with pytest.raises(ConfigurationError, match=r"several tables: 2024\.csv, 2025\.csv, people\.csv; "):
            quick.imports.suggest(MEI, folder)
        with quick.reading_as(MEI) as ws:
            assert ws.count(ImportRun) == 0

    def test_named(self, quick: CRM, folder: Path) -> None:
        """One after the other comes in by its name, which a suggested mapping keeps."""
        for name in ("2024.csv", "2025.csv"):
            quick.imports.run(MEI, folder, mapping(f'{ACCOUNTS}\n[reading]\nsheet = "{name}"\n'))

        assert names(quick) == {"A1": "one", "A2": "two"}
        assert quick.imports.suggest(MEI, folder, reading={"sheet": "people.csv"}).mapping.reading == {
            "sheet": "people.csv"
        }

    def test_one_that_fits(self, quick: CRM, folder: Path) -> None:
        """The only table with the columns of the mapping is meant."""
        (folder / "2025.csv").write_text("No,Remark\nA2,two\n", "utf-8")
        result = quick.imports.run(MEI, folder, mapping(ACCOUNTS))

        assert (result.counts.rows, names(quick)) == (1, {"A1": "one"})

    def test_none_that_fits(self, quick: CRM, folder: Path) -> None:
        """Where no table has all columns, all are told."""
        with pytest.raises(ConfigurationError, match="none with all columns of the mapping: 2024"):
            quick.imports.run(MEI, folder, mapping(ACCOUNTS.replace("Country", "Land")))


class TestStatus:
    """What a file says of states: history where it creates records, a move where it changes them."""

    TASKS = """
version = 1
[[entity]]
entity = "task"
by = ["subject"]
[entity.fields]
subject = "Subject"
status = "Status"
"""

    def run(self, crm: CRM, folder: Path, rows: str) -> ImportResult:
        return crm.imports.run(MEI, csv_file(folder, f"Subject,Status\n{rows}"), mapping(self.TASKS))

    def test_history(self, plain: CRM, tmp_path: Path) -> None:
        """A new record may begin in any state; what hooks derive of it is derived."""
        assert self.run(plain, tmp_path, "call,done\nwrite,cancelled\n").counts.created == 2

        with plain.reading_as(MEI) as ws:
            found = {task.subject: (task.status, task.done_at is not None) for task in ws.iterate(Task)}
        assert found == {"call": ("done", True), "write": ("cancelled", False)}

    def test_moves(self, plain: CRM, tmp_path: Path) -> None:
        """A changed state is a move with its fact; where there is none, the row is refused and tells which are."""
        self.run(plain, tmp_path, "call,open\nwrite,cancelled\n")
        moved: list[tuple[str, int]] = []

        def hear(facts: Sequence[RecordsMoved]) -> None:
            moved.extend((fact.move, len(fact.ids)) for fact in facts)

        plain.on(RecordsMoved, hear)
        result = self.run(plain, tmp_path, "call,done\nwrite,done\n")

        (row,) = plain.imports.kept_rows(MEI, result.run)
        assert (row.line, row.problems[0]["code"]) == (3, "lifecycle.move_not_allowed")
        assert (row.problems[0]["facts"]["column"], row.problems[0]["facts"]["allowed"]) == ("Status", "reopen")
        assert (result.counts.updated, moved) == (1, [("complete", 1)])


class TestFacts:
    def test_once_per_batch(self, plain: CRM, tmp_path: Path) -> None:
        """Listeners hear once of what a batch did, not of each row."""
        heard: list[int] = []

        def hear(facts: Sequence[RecordsCreated]) -> None:
            heard.extend(len(fact.ids) for fact in facts if fact.entity == "account")

        plain.on(RecordsCreated, hear)
        rows = "".join(f"A{number},x,CN\n" for number in range(5))

        plain.imports.run(MEI, csv_file(tmp_path, f"No,Name,Country\n{rows}"), mapping(ACCOUNTS), batch_size=2)

        assert heard == [2, 2, 1]


@shouting.after_write(Account, changed="name")
def in_capitals(ws: Workspace, changes: ChangeSet[Account]) -> None:
    """Store another name than the one that was given."""
    for account in changes:
        if account.name == "loud":
            ws.update(ws.get(Account, account.id), name="LOUD")


class TestProof:
    def test_totals(self, plain: CRM, tmp_path: Path) -> None:
        """What was read is what was left out and what is stored, to the cent and by currency."""
        text = f'{ACCOUNTS}annual_revenue = "Revenue"\n'
        rows = "A1,one,CN,CNY 0.10\nA2,two,CN,CNY 0.20\nA3,three,XX,CNY 7\nA4,four,DE,EUR 1.5\n"

        result = plain.imports.run(MEI, csv_file(tmp_path, f"No,Name,Country,Revenue\n{rows}"), mapping(text))

        total = result.proof.entities["account"].totals["annual_revenue"]
        read, left, stored = (shown(plain, sums) for sums in (total.read, total.left, total.stored))
        assert (read, left, stored) == ("CNY 7.30, EUR 1.50", "CNY 7.00, EUR 0.00", "CNY 0.30, EUR 1.50")
        assert result.agrees

    @pytest.mark.parametrize("engine", DATABASES)
    def test_differences(self, engine: str, migrated: Callable[[str, Sequence[Plugin]], str], tmp_path: Path) -> None:
        """A value that is stored otherwise than it was read is told, with its line and both."""
        crm = CRM(migrated(engine, [shouting]), plugins=[shouting])

        result = crm.imports.run(MEI, csv_file(tmp_path, "No,Name,Country\nA1,x,CN\nA2,loud,CN\n"), mapping(ACCOUNTS))

        proof = result.proof.entities["account"]
        assert not result.agrees
        assert (proof.different, proof.read_digest == proof.stored_digest) == (1, False)
        (told,) = result.proof.differences
        assert (told.line, told.field, told.read, told.stored) == (3, "name", "loud", "LOUD")
        crm.close()


class TestSetAside:
    """What rows go in without, since the mapping leaves it out or replaces it."""

    TEXT = """
version = 1
[[entity]]
entity = "account"
by = ["name"]
[entity.fields]
name = "Name"
website = { column = "Site", on_problem = "empty" }
country = { column = "Country", on_problem = "default", default = "CN" }
owner = { column = "Owner", find = "name", otherwise = "empty" }
"""
    ROWS = """Name,Site,Country,Owner
one,none,DE,Anna
two,https://b.example.com,??,Anna
three,n/a,FR,
four,none,FR,Bo
"""

    def test_counted(self, plain: CRM, tmp_path: Path) -> None:
        """Each field and reason is told with its column, how many values it were, and the first different ones."""
        path = csv_file(tmp_path, self.ROWS)

        result = plain.imports.run(MEI, path, mapping(self.TEXT), batch_size=2)

        assert result.counts.created == 4
        assert self.told(result.proof) == [
            ("account", "website", "url.invalid", 3, [(2, "Site", "none"), (4, "Site", "n/a")]),
            ("account", "owner", "import.left_empty", 3, [(2, "Owner", "Anna"), (5, "Owner", "Bo")]),
            ("account", "country", "country.unknown", 1, [(3, "Country", "??")]),
        ]
        assert self.told(plain.imports.report(MEI, result.run).proof) == self.told(result.proof)

    def test_planned(self, plain: CRM, tmp_path: Path) -> None:
        """The plan tells it before, by row, too, and is what it was when it is read again."""
        path = csv_file(tmp_path, self.ROWS)

        plan = plain.imports.plan(MEI, path, mapping(self.TEXT))

        assert [each["code"] for each in plan.rows[0].problems] == ["url.invalid", "import.left_empty"]
        again = ImportPlan.from_data(json.loads(json.dumps(plan.to_data())))
        result = plain.imports.run(MEI, path, plan=again)
        assert self.told(again.proof) == self.told(plan.proof) == self.told(result.proof)
        assert result.as_planned

    def test_refused_rows(self, plain: CRM, tmp_path: Path) -> None:
        """A row that is refused for something else comes back whole, so nothing of it is put aside."""
        path = csv_file(tmp_path, "Name,Site,Country,Owner\n,none,DE,Anna\n")

        result = plain.imports.run(MEI, path, mapping(self.TEXT))

        assert (result.counts.refused, result.proof.set_aside) == (1, ())

    def test_columns_that_no_field_takes(self, plain: CRM, tmp_path: Path) -> None:
        """A column of which the mapping says nothing is told where it has a value, be it in the last row."""
        rows = "one,https://a.example.com,DE,,,,\ntwo,https://b.example.com,DE,, ,VIP,\nfour,https://c.example.com,?,,,,new\n"
        path = csv_file(tmp_path, f"Name,Site,Country,Owner,Blank,Grade,Note\n{rows}")
        text = self.TEXT.replace(', on_problem = "default", default = "CN"', "")

        result = plain.imports.run(MEI, path, mapping(text), batch_size=1)

        assert result.counts.refused == 1
        assert self.told(result.proof) == [("", "", "import.column_unused", 1, [(3, "Grade", "VIP")])]

    def test_rows_fed_again(self, plain: CRM, tmp_path: Path) -> None:
        """The columns behind the original ones, with reasons, count for nothing."""
        path, back = csv_file(tmp_path, "Name,Site,Country,Owner\n,,DE,\n"), tmp_path / "back.csv"
        first = plain.imports.run(MEI, path, mapping(self.TEXT))
        plain.imports.write_rows_back(MEI, first.run, back)
        back.write_text(back.read_text("utf-8-sig").replace("\n,,DE", "\nmended,,DE"), "utf-8")

        result = plain.imports.run(MEI, back, mapping(self.TEXT))

        assert (result.counts.created, result.proof.set_aside) == (1, ())

    def test_odd_values(self, plain: CRM, tmp_path: Path) -> None:
        """Of long values and headers the beginning is told, and what no database stores as text is written out."""
        row = {
            "y" * 300: "x",
            "Name": "one",
            "Site": "x" * 1_000,
            "Country": "DE",
            "Owner": "",
            "Revenue": "1\ud800",
        }
        path = tmp_path / "rows.jsonl"
        path.write_text(json.dumps(row), "utf-8")
        revenue = 'annual_revenue = { column = "Revenue", transforms = ["money(CNY)"], on_problem = "empty" }\n'

        result = plain.imports.run(MEI, path, mapping(self.TEXT + revenue))

        set_aside = plain.imports.report(MEI, result.run).proof.set_aside
        assert [each.examples[0]["facts"]["value"] for each in set_aside] == ["x" * 200, "1\\ud800", "x"]
        assert [each.column for each in set_aside] == ["Site", "Revenue", "y" * 200]

    @pytest.mark.parametrize("otherwise", ["empty", "refuse"])
    def test_several(self, plain: CRM, tmp_path: Path, otherwise: str) -> None:
        """Of several references in a cell each that leads nowhere is told, those to later rows, too."""
        with plain.acting_as(MEI) as ws:
            ws.define_field(Account, "partners", field.refs(Account))
            ws.create(Account(number="A0", name="there"))
        partners = f'{{ column = "Partners", split = ";", find = "number", otherwise = "{otherwise}" }}'
        path = csv_file(tmp_path, "No,Name,Country,Partners\nA1,one,CN,A0;A2;A9\nA2,two,CN,\n")

        result = plain.imports.run(MEI, path, mapping(f'{ACCOUNTS}"custom.partners" = {partners}\n'))

        if otherwise == "refuse":
            assert told(plain, result) == [(2, "refused", "import.not_found"), (2, "refused", "import.not_found")]
        else:
            assert self.told(result.proof) == [
                (
                    "account",
                    "custom.partners",
                    "import.left_empty",
                    2,
                    [(2, "Partners", "A2"), (2, "Partners", "A9")],
                )
            ]

    def told(self, proof: Proof) -> list[tuple[str, str, str, int, list[tuple[int, str, str]]]]:
        """Return what *proof* says was put aside: entity, field, code, count, and examples by line, column, value."""
        return [
            (
                each.entity,
                each.field,
                each.code,
                each.count,
                [tuple(example["facts"][name] for name in ("line", "column", "value")) for example in each.examples],
            )
            for each in proof.set_aside
        ]


class TestMeanwhile:
    """What happens to a field while an import goes on."""

    TEXT = ACCOUNTS + '"custom.size" = "Size"\n"custom.since" = "Since"\n'

    def run(self, crm: CRM, folder: Path, change: Callable[[Workspace], object]) -> ImportResult:
        """Import two rows, one by one, with *change* between them."""
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "size", field.text())
            ws.define_field(Account, "since", field.date(default=dt.date(2026, 1, 2)))
        path = csv_file(folder, "No,Name,Country,Size,Since\nA1,one,CN,large,2026-03-04\nA2,two,DE,large,\n")

        def between(progress: Progress) -> None:
            if progress.counts.rows == 1:
                with crm.acting_as(MEI) as ws:
                    change(ws)

        return crm.imports.run(MEI, path, mapping(self.TEXT), batch_size=1, on_progress=between)

    def test_nothing(self, plain: CRM, tmp_path: Path) -> None:
        """What a row leaves empty gets the field's default."""
        result = self.run(plain, tmp_path, lambda ws: None)

        assert result.counts.created == 2
        with plain.reading_as(MEI) as ws:
            stored = {each.number: each.custom["since"] for each in ws.iterate(Account)}
        assert stored == {"A1": dt.date(2026, 3, 4), "A2": dt.date(2026, 1, 2)}

    def test_retired(self, plain: CRM, tmp_path: Path) -> None:
        """A field that is retired in between takes no value any more."""
        result = self.run(plain, tmp_path, lambda ws: ws.retire_field(Account, "size"))

        assert told(plain, result) == [(3, "refused", "field.retired")]

    def test_converted(self, plain: CRM, tmp_path: Path) -> None:
        """Values are judged by what the field is when they are written."""
        result = self.run(plain, tmp_path, lambda ws: ws.convert_field(Account, "size", field.integer()))

        assert told(plain, result) == [(3, "refused", "integer.invalid")]


class TestSearch:
    def test_changed_in_a_large_batch(self, plain: CRM, tmp_path: Path) -> None:
        """What a large batch changes waits for search with what it creates, and is found when the run is over."""
        with plain.acting_as(MEI) as ws:
            ws.create(Account(number="A7", name="former"))
        rows = "".join(f"A{n},renamed {n},CN\n" for n in range(1_200))

        path, seen = csv_file(tmp_path, f"No,Name,Country\n{rows}"), []

        def look(_: object) -> None:
            with plain.reading_as(MEI) as ws:
                seen.append(ws.search("renamed 7").waiting)

        plain.imports.run(MEI, path, mapping(ACCOUNTS), on_progress=look)

        assert seen == [1_200]
        with plain.reading_as(MEI) as ws:
            assert [hit.title for hit in ws.search("former").hits] == []
            assert "renamed 7" in [hit.title for hit in ws.search("renamed 7").hits]

    def test_stopped(self, plain: CRM, tmp_path: Path) -> None:
        """What was written before an error is found; what a killed process left is found after it was gone on with."""
        rows = "".join(f"A{n},first {n},CN\n" for n in range(2_400))
        path = csv_file(tmp_path, f"No,Name,Country\n{rows}")

        def stop(_: object) -> None:
            raise RuntimeError("no paper")

        def interrupt(_: object) -> None:
            raise KeyboardInterrupt

        with pytest.raises(RuntimeError, match="no paper"):
            plain.imports.run(MEI, path, mapping(ACCOUNTS), batch_size=1_200, on_progress=stop)
        assert plain.index_waiting() == 0
        with plain.reading_as(MEI) as ws:
            (run,) = ws.iterate(ImportRun)
        with pytest.raises(KeyboardInterrupt):
            plain.imports.resume(MEI, run.number, source=path, on_progress=interrupt)
        plain.imports.resume(MEI, run.number, source=path)
        assert plain.index_waiting() == 0


class TestRowsBack:
    def test_ready_to_be_fed_again(self, plain: CRM, tmp_path: Path) -> None:
        """Refused rows come back in the shape of the source, with the reason; mended, they go in."""
        path = csv_file(tmp_path, "No,Name,Country\nA1,x,CN\nA2,=2+2,XX\n")
        result = plain.imports.run(MEI, path, mapping(ACCOUNTS))
        back = tmp_path / "refused.csv"

        assert plain.imports.write_rows_back(MEI, result.run, back) == 1
        text = back.read_text("utf-8-sig")
        assert text.splitlines()[0] == (
            "No,Name,Country,pycrm line,pycrm outcome,pycrm reason,pycrm record,pycrm types"
        )
        assert "A2,'=2+2,XX,3,refused," in text
        back.write_text(text.replace(",XX,", ",DE,"), "utf-8")
        again = plain.imports.run(MEI, back, mapping(ACCOUNTS))
        assert again.counts.created == 1
        assert names(plain) == {"A1": "x", "A2": "=2+2"}

    def test_in_chinese(self, quick: CRM, tmp_path: Path) -> None:
        """Reasons are told in the language of the importer."""
        result = quick.imports.run(MEI, csv_file(tmp_path, "No,Name,Country\nA1,x,XX\n"), mapping(ACCOUNTS))
        back = tmp_path / "refused.csv"

        quick.imports.write_rows_back(MEI, result.run, back, language="zh")
        assert "不是国家" in back.read_text("utf-8-sig")

    def fed_again(self, crm: CRM, path: Path, how: str, *, times: int = 1) -> ImportResult:
        """Import *path*, and what was refused of it so many times again, at last with a country for XX."""
        result = crm.imports.run(MEI, path, mapping(how))
        for time in range(1, times + 1):
            back = path.with_name(f"back {time}.csv")
            crm.imports.write_rows_back(MEI, result.run, back)
            if time == times:
                back.write_text(back.read_text("utf-8-sig").replace("XX", "DE"), "utf-8-sig")
            result = crm.imports.run(MEI, back, mapping(how))
        return result

    @pytest.mark.parametrize("times", [1, 2])
    def test_of_json(self, plain: CRM, tmp_path: Path, times: int) -> None:
        """Lists, numbers, truth values and texts that look like them are fed again as what they were."""
        with plain.acting_as(MEI) as ws:
            for name, kind in (("any", field.json()), ("all", field.json()), ("yes", field.boolean())):
                ws.define_field(Account, name, kind)
            ws.define_field(Account, "weight", field.decimal())
        how = ACCOUNTS + "".join(
            f"{path} = '{column}'\n"
            for path, column in {
                "tags": "Tags",
                '"custom.any"': "Any",
                '"custom.all"': "All",
                '"custom.yes"': "Yes",
                '"custom.weight"': "Weight",
            }.items()
        )
        record = (
            '{"No": "1", "Name": "[1]", "Country": "XX", "Tags": ["x; y", "=z"], "Any": [{"a": [1, null]}], '
            '"All": ["1.50", 150], "Yes": true, "Weight": 1.50}'
        )
        path = csv_file(tmp_path, f"{record}\n", "rows.jsonl")
        direct = csv_file(tmp_path, record.replace('"1"', '"2"').replace("XX", "DE"), "good.jsonl")
        assert plain.imports.run(MEI, direct, mapping(how)).counts.created == 1

        assert self.fed_again(plain, path, how, times=times).counts.created == 1
        with plain.reading_as(MEI) as ws:
            stored = [(each.name, each.country, each.tags, dict(each.custom)) for each in ws.iterate(Account)]
        assert stored[0] == stored[1]

    def test_list_mended(self, plain: CRM, tmp_path: Path) -> None:
        """A list is given back as JSON, and may be mended as such."""
        path = csv_file(tmp_path, '{"No": "1", "Name": "a", "Country": "CN", "Tags": ["fair", "XX"]}', "rows.jsonl")
        how = ACCOUNTS.replace('country = "Country"', 'country = { column = "Tags", split = ";", part = 2 }')

        self.fed_again(plain, path, f'{how}tags = "Tags"\n')
        with plain.reading_as(MEI) as ws:
            account = ws.find(Account, number="1")
        assert account is not None
        assert (account.country, account.tags) == ("DE", ("DE", "fair"))

    def test_of_cards(self, plain: CRM, tmp_path: Path) -> None:
        """All numbers of a card are fed again as several."""
        card = "BEGIN:VCARD\nVERSION:3.0\nFN:Li\nTEL:+8653212345678\nTEL:+8653212345679\nNOTE:XX\nEND:VCARD\n"
        how = """
version = 1
[[entity]]
entity = "account"
[entity.fields]
name = "FN"
country = "NOTE"
tags = "TEL"
"""

        self.fed_again(plain, csv_file(tmp_path, card, "rows.vcf"), how)
        with plain.reading_as(MEI) as ws:
            (account,) = ws.iterate(Account)
        assert (account.country, account.tags) == ("DE", ("+8653212345678", "+8653212345679"))

    def test_of_a_workbook(self, plain: CRM, tmp_path: Path) -> None:
        """Days and numbers of a workbook are fed again as such, wherever its table began."""
        with plain.acting_as(MEI) as ws:
            ws.define_field(Account, "since", field.date())
        book = openpyxl.Workbook()
        sheet = book.create_sheet("Data")
        for row in (["list of customers"], [], ["No", "Name", "Country", "Since", "Revenue"]):
            sheet.append(row)
        sheet.append(["1", "a", "XX", dt.datetime(2024, 3, 4), 1234.5])
        book.save(tmp_path / "rows.xlsx")
        how = ACCOUNTS.replace("version = 1", 'version = 1\n[reading]\nsheet = "Data"\nheader_row = 3') + (
            '"custom.since" = "Since"\n'
            'annual_revenue = { column = "Revenue", transforms = ["money(CNY, \'1.234,56\')"] }\n'
        )

        self.fed_again(plain, tmp_path / "rows.xlsx", how)
        with plain.reading_as(MEI) as ws:
            account = ws.find(Account, number="1")
        assert account is not None
        assert (account.custom.since, account.annual_revenue) == (dt.date(2024, 3, 4), Money("1234.5", "CNY"))

    def test_of_another_encoding(self, plain: CRM, tmp_path: Path) -> None:
        """What the mapping says of the first source's encoding and delimiter is not said of rows given back."""
        path = tmp_path / "rows.csv"
        path.write_bytes("No;Name;Country\n1;海晨, 青岛;XX\n".encode("gb18030"))
        how = ACCOUNTS.replace("version = 1", 'version = 1\n[reading]\nencoding = "gb18030"\ndelimiter = ";"')

        assert self.fed_again(plain, path, how, times=2).counts.created == 1
        assert names(plain) == {"1": "海晨, 青岛"}

    def test_saved_by_a_spreadsheet(self, quick: CRM, tmp_path: Path) -> None:
        """Rows given back are known with semicolons and in GBK, too, as spreadsheets save them."""
        result = quick.imports.run(MEI, csv_file(tmp_path, "No,Name,Country\n1,海晨,XX\n"), mapping(ACCOUNTS))
        back = tmp_path / "back.csv"
        quick.imports.write_rows_back(MEI, result.run, back)
        with back.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        rows[1][2] = "DE"
        with back.open("w", encoding="gb18030", newline="") as file:
            csv.writer(file, delimiter=";").writerows(rows)

        how = ACCOUNTS.replace("version = 1", 'version = 1\n[reading]\nencoding = "utf-8"\ndelimiter = ","')
        assert quick.imports.run(MEI, back, mapping(how)).counts.created == 1
        assert names(quick) == {"1": "海晨"}

    def test_line_of_the_first_source(self, quick: CRM, tmp_path: Path) -> None:
        """Rows that were given back twice still tell the line of the first source."""
        path = csv_file(tmp_path, "No,Name,Country\n1,a,CN\n2,b,CN\n3,c,XX\n")
        result = quick.imports.run(MEI, path, mapping(ACCOUNTS))
        for time in range(2):
            back = tmp_path / f"back {time}.csv"
            quick.imports.write_rows_back(MEI, result.run, back)
            result = quick.imports.run(MEI, back, mapping(ACCOUNTS))

        with back.open(encoding="utf-8-sig", newline="") as file:
            assert [row["pycrm line"] for row in csv.DictReader(file)] == ["4"]

    def test_decimal_in_a_list(self, plain: CRM, tmp_path: Path) -> None:
        """A refused record with fractions in a list is kept as it was read."""
        path = csv_file(tmp_path, '{"No": "1", "Name": "a", "Country": "XX", "Sizes": [1.50]}', "rows.jsonl")

        (row,) = plain.imports.kept_rows(MEI, plain.imports.run(MEI, path, mapping(ACCOUNTS)).run)
        assert list(row.cells) == ["1", "a", "XX", [Decimal("1.50")]]
