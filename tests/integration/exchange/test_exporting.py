"""Exports: what stands in the files, under whose rights, and what becomes of a file that was not finished."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from tests.conftest import DATABASES
from tests.lab import MEI, Sample, lab

from pycrm import (
    CRM,
    Account,
    ConfigurationError,
    Contact,
    Money,
    Principal,
    QueryError,
    SavedView,
    UnknownNameError,
    User,
    field,
)
from pycrm.errors import ExportError
from pycrm.exchange.formulas import original
from pycrm.exchange.joined import parted
from pycrm.plugin import Plugin, Record


@pytest.fixture(params=DATABASES)
def crm(request: pytest.FixtureRequest, migrated: Callable[[str, Sequence[Plugin]], str]) -> Iterator[CRM]:
    """The laboratory on each database."""
    made = CRM(migrated(request.param, [lab]), plugins=[lab])
    yield made
    made.close()


@pytest.fixture
def local(migrated: Callable[[str, Sequence[Plugin]], str]) -> Iterator[CRM]:
    """The laboratory on SQLite, for what no database has a part in."""
    made = CRM(migrated("sqlite", [lab]), plugins=[lab])
    yield made
    made.close()


def fill(crm: CRM) -> None:
    """Make records with a value of every kind."""
    with crm.acting_as(MEI) as ws:
        ws.define_field(Account, "地区", field.choice(["华东", "华北"]), label={"zh": "地区"})
        ada = ws.create(User(key="ada", name="Ada"))
        firm = ws.create(Account(name="海晨, 贸易", country="CN", custom={"地区": "华东"}, tags=("a; b", "c")))
        first = ws.create(Sample(name="first", size="M"))
        ws.create(
            Sample(
                name='=1+1\r\n"two"',
                code="007",
                notes=" 𠀀\ttab ",
                count=-5,
                weight=Decimal("1.5"),
                is_new=False,
                made_on=date(2026, 3, 31),
                seen_at=datetime(2026, 3, 31, 8, 30, 1, 234567, UTC),
                size="S",
                colours=("blue", "red"),
                price=Money("-12.50", "USD"),
                cost=Money("0.000001", "KWD"),
                account=firm,
                origin=first,
                watchers=(ada,),
                about=firm,
                tags=("x", '"y"'),
            )
        )


def rows_of(data: bytes, encoding: str = "utf-8") -> list[dict[str, str]]:
    """Read a CSV as any program would."""
    return list(csv.DictReader(io.StringIO(data.decode(encoding), newline="")))


def exported(crm: CRM, entity: type[Record] | str, principal: Principal = MEI, **options: Any) -> bytes:
    """Return what an export writes."""
    file = io.BytesIO()
    crm.export(principal, entity, file, **{"format": "csv", **options})
    return file.getvalue()


def test_names_are_read_again(crm: CRM) -> None:
    """With names, each cell is what the field's kind takes for the value that was stored."""
    fill(crm)

    rows = rows_of(exported(crm, Sample))

    with crm.reading_as(MEI) as ws:
        samples, fields = list(ws.iterate(Sample, include="account origin watchers")), ws.fields(Sample)
    for row, sample in zip(rows, samples, strict=True):
        for path, kind in ((path, known.kind) for path, known in fields.items() if path in row):
            text = original(row[path])
            value = getattr(sample, path)
            given: Any = parted(text) if kind.empty == () else text
            assert (kind.parse(given) if text else kind.empty) == value, path
        assert row["account.number"] == (sample.account.record.number if sample.account else "")
        assert row["origin.number"] == (sample.origin.record.number if sample.origin else "")
        assert parted(row["watchers.key"]) == tuple(ref.record.key for ref in sample.watchers)


def test_labels_are_read_by_people(local: CRM) -> None:
    """With labels, options and references are told in the reader's language, and amounts have their currency beside."""
    fill(local)

    columns = "name, account, account.custom.地区, price, is_new, colours, seen_at, status, created_at"
    (_, row) = rows_of(exported(local, Sample, columns=columns, headers="labels", language="zh"))

    assert row["Account"] == "海晨, 贸易"
    assert (row["Price"], row["Price (币种)"]) == ("-12.50", "USD")
    assert row["Is new"] == "否"
    assert row["Account · 地区"] == "华东"
    assert row["Seen at (UTC)"] == "2026-03-31 08:30:01"


def test_equal_labels_are_told_apart(local: CRM) -> None:
    """Two columns of one label are followed by their paths, so that headers differ."""
    with local.acting_as(MEI) as ws:
        ws.define_field(Account, "name2", field.text(), label={"en": "Name"})
        ws.create(Account(name="a"))

    (row,) = rows_of(exported(local, Account, columns="name custom.name2", headers="labels"))

    assert list(row) == ["Name (name)", "Name (custom.name2)"]


def test_filter_order_columns(crm: CRM, tmp_path: Path) -> None:
    """A filter with values, an order and paths choose what is written; the report and the audit trail tell of it."""
    with crm.acting_as(MEI) as ws:
        ws.create_many([Account(name=f"n{number}", employee_count=number) for number in range(450)])

    report = crm.export(
        MEI,
        "account",
        tmp_path / "big.csv",
        where="employee_count >= :low",
        values={"low": 200},
        order_by="employee_count DESC",
        columns=["name", "owner.key"],
    )

    rows = rows_of((tmp_path / "big.csv").read_bytes())
    assert [row["name"] for row in rows] == [f"n{number}" for number in range(449, 199, -1)]
    assert (report.records, report.columns, report.format) == (250, ("name", "owner.key"), "csv")
    with crm.reading_as(MEI) as ws:
        (entry,) = ws.audit(kind="exported")
    assert (entry.actor, entry.entity, entry.fields) == ("mei", "account", ("name", "owner.key"))
    assert entry.facts == {
        "format": "csv",
        "count": 250,
        "file": "big.csv",
        "where": "employee_count >= :low",
        "values": {"low": "200"},
    }


def test_view(local: CRM) -> None:
    """A view gives filter, order and columns; a filter beside it narrows it further."""
    with local.acting_as(MEI) as ws:
        ws.create_many([Account(name=name, country=land) for name, land in (("b", "DE"), ("a", "DE"), ("c", "FR"))])
        view = SavedView(
            name="Germans", entity="account", where="country = 'DE'", order_by="name", columns="name country"
        )
        ws.create(view)

    rows = rows_of(exported(local, Account, view="Germans"))
    fewer = rows_of(exported(local, Account, view="Germans", where="name = 'a'", columns="name"))

    assert rows == [{"name": "a", "country": "DE"}, {"name": "b", "country": "DE"}]
    assert fewer == [{"name": "a"}]


def test_broken_view_is_refused(local: CRM) -> None:
    """A view that names what is gone is not exported as if it had said nothing."""
    with local.acting_as(MEI) as ws:
        ws.define_field(Account, "gone", field.text())
        ws.create(SavedView(name="old", entity="account", where="custom.gone = 'x'"))
        ws.retire_field(Account, "gone")

    with pytest.raises(QueryError, match="is broken"):
        exported(local, Account, view="old")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_encodings_hold_everything(local: CRM, encoding: str) -> None:
    """Every plane of Unicode comes back from either encoding."""
    name = "青岛 𠀀😀 é \u202e عرب \U0010fffd"
    with local.acting_as(MEI) as ws:
        ws.create(Account(name=name))

    (row,) = rows_of(exported(local, Account, columns="name", encoding=encoding), encoding)

    assert row == {"name": name}


def test_bom(local: CRM) -> None:
    """On request the file begins with the mark by which Excel knows UTF-8."""
    assert exported(local, Account, columns="name", bom=True) == b"\xef\xbb\xbfname\r\n"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"encoding": "gbk"}, "does not hold every character"),
        ({"format": "docx"}, "no format 'docx'"),
        ({"headers": "both"}, "neither 'names' nor 'labels'"),
        ({"format": "xlsx", "bom": True}, "has an encoding of its own"),
        ({"encoding": "gb18030", "bom": True}, "marks UTF-8"),
        ({"format": "vcard3", "columns": "name"}, "cards have no columns"),
    ],
)
def test_what_cannot_be_meant(local: CRM, options: dict[str, Any], told: str) -> None:
    """What does not go together is refused with the cure, before anything is written."""
    with pytest.raises(ConfigurationError, match=told):
        exported(local, Account, **options)


def test_workbook_has_types(local: CRM, tmp_path: Path) -> None:
    """Numbers and days are what they are; codes, long numbers and whatever looks like a formula are text."""
    fill(local)
    with local.acting_as(MEI) as ws:
        ws.create(Sample(name="<r>&lt;</r>", code="18446744073709551617", count=2**60, made_on=date(1899, 12, 31)))

    columns = "name code notes count weight is_new made_on seen_at price"
    local.export(MEI, Sample, tmp_path / "a.xlsx", columns=columns, order_by="created_at")
    local.export(MEI, Sample, tmp_path / "b.xlsx", columns="seen_at price", headers="labels", order_by="created_at")

    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    _, _, second, third = ([cell.value for cell in row] for row in sheet.iter_rows())
    assert second == [
        '\'=1+1_x000D_\n"two"',  # as XLSX spells a carriage return
        "007",
        " 𠀀\ttab ",
        -5,
        1.5,
        False,
        datetime(2026, 3, 31),
        "2026-03-31T08:30:01.234567Z",
        "USD -12.50",
    ]
    assert third[:4] == ["<r>&lt;</r>", "18446744073709551617", None, str(2**60)]
    assert third[6] == "1899-12-31"
    people = openpyxl.load_workbook(tmp_path / "b.xlsx").active
    assert [cell.value for cell in people[3]] == [datetime(2026, 3, 31, 8, 30, 1), -12.5, "USD"]


def test_cell_too_long(local: CRM, tmp_path: Path) -> None:
    """A text that no cell of a workbook holds is refused rather than cut, and no file is left."""
    with local.acting_as(MEI) as ws:
        ws.create(Sample(name="a", notes="😀" * 16_384))

    with pytest.raises(ExportError, match="32768 characters does not fit"):
        local.export(MEI, Sample, tmp_path / "a.xlsx")

    assert [file.name for file in tmp_path.iterdir() if file.suffix in {".xlsx", ".part"}] == []


def test_lines_are_exact(local: CRM) -> None:
    """JSON lines hold every value as `dump` gives it, over references, too."""
    fill(local)

    data = exported(local, Sample, format="jsonl", columns="price watchers about account.name cost tags count")
    first, second = (json.loads(line) for line in data.decode().splitlines())

    assert first["price"] is None
    assert first["tags"] == []
    assert second["price"] == {"amount": "-12.50", "currency": "USD"}
    assert second["cost"] == {"amount": "0.000001", "currency": "KWD"}
    assert second["account.name"] == "海晨, 贸易"
    assert second["about"]["entity"] == "account"
    assert second["count"] == -5


def test_unknown_column(local: CRM) -> None:
    """A path that leads nowhere is told with the nearest names."""
    with pytest.raises(UnknownNameError, match="did you mean 'name'"):
        exported(local, Account, columns="nmae")


def test_file_is_whole_or_absent(local: CRM, tmp_path: Path) -> None:
    """Whoever is stopped leaves the former file as it was and no other; the audit trail tells that it was tried."""
    with local.acting_as(MEI) as ws:
        ws.create_many([Account(name=f"n{number}") for number in range(450)])
    target = tmp_path / "out" / "a.csv"
    target.parent.mkdir()
    target.write_text("before")

    def stop(done: int, total: int) -> None:
        assert total == 450
        if done >= 400:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        local.export(MEI, Account, target, on_progress=stop)

    assert [file.name for file in target.parent.iterdir()] == ["a.csv"]
    assert target.read_text() == "before"
    with local.reading_as(MEI) as ws:
        (entry,) = ws.audit(kind="exported")
    assert entry.facts == {"format": "csv", "count": 400, "file": "a.csv", "failed": True, "rolled_back": True}


def test_killed_export(local: CRM, tmp_path: Path) -> None:
    """A process that is killed on the way leaves no file under the name."""
    with local.acting_as(MEI) as ws:
        ws.create_many([Account(name=f"n{number}") for number in range(450)])
    target = tmp_path / "out" / "a.xlsx"
    target.parent.mkdir()
    script = f"""
import os, signal
from pycrm import CRM, Principal
crm = CRM({str(local._database.engine.url)!r}, plugins=[])
kill = lambda done, total: os.kill(os.getpid(), signal.SIGKILL) if done >= 400 else None
crm.export(Principal("mei", roles={{"administrator"}}), "account", {str(target)!r}, on_progress=kill)
"""

    done = subprocess.run([sys.executable, "-c", script], capture_output=True)

    assert done.returncode == -signal.SIGKILL
    assert [file.suffix for file in target.parent.iterdir()] == [".part"]


def test_folder_is_missing(local: CRM, tmp_path: Path) -> None:
    """A place that cannot be written is told as such."""
    with pytest.raises(ExportError, match="cannot write"):
        local.export(MEI, Account, tmp_path / "no" / "a.csv")


def test_parquet_is_typed(local: CRM) -> None:
    """Columns have the types of their kinds, and amounts their currency beside them."""
    parquet = pytest.importorskip("pyarrow.parquet")
    fill(local)

    data = exported(local, Sample, format="parquet", columns="name count weight is_new made_on seen_at price tags")

    table = parquet.read_table(io.BytesIO(data))
    assert [str(each) for each in table.schema.types] == [
        "string",
        "int64",
        "decimal128(38, 6)",
        "bool",
        "date32[day]",
        "timestamp[us, tz=UTC]",
        "decimal128(38, 4)",
        "string",
        "string",
    ]
    row = table.to_pylist()[1]
    assert (row["price"], row["price_currency"]) == (Decimal("-12.5"), "USD")
    assert row["seen_at"] == datetime(2026, 3, 31, 8, 30, 1, 234567, UTC)
    assert row["name"] == '=1+1\r\n"two"'  # no spreadsheet


def test_many_kinds_of_contact(local: CRM) -> None:
    """What has parts is told so that it is not lost: an address of parts as JSON, of text as that text."""
    address = {"street": "Kai 1", "city": "Hamburg", "country": "DE"}
    with local.acting_as(MEI) as ws:
        ws.create_many([Contact(name="a", address=address), Contact(name="b", address="Kai 1; Hamburg")])  # type: ignore[arg-type]

    first, second = rows_of(exported(local, Contact, columns="address"))

    assert json.loads(first["address"]) == address
    assert second["address"] == "Kai 1; Hamburg"
