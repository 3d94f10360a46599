"""Out and in again: what an export with names writes, an import of it by its suggested mapping makes anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.lab import MEI

from pycrm import CRM, Account, Address, Contact, Money, User, field
from pycrm.exchange.reading import open_source
from pycrm.plugin import Record

KEPT = {"id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at"}


@pytest.fixture
def two(migrated: Callable[..., str], tmp_path: Path) -> Iterator[tuple[CRM, CRM]]:
    """Two CRMs with the same custom fields: one with records, one without."""
    made = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        url = migrated("sqlite", [])
        target = folder / "crm.db"
        Path(url.removeprefix("sqlite:///")).replace(target)
        crm = CRM(f"sqlite:///{target}", plugins=[])
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "地区", field.choice(["华东", "华北"]))
            ws.define_field(Account, "limit", field.money())
            ws.create(User(key="ada", name="Ada"))
        made.append(crm)
    yield made[0], made[1]
    for crm in made:
        crm.close()


def fill(crm: CRM) -> None:
    """Make accounts and contacts with whatever a spreadsheet could spoil."""
    with crm.acting_as(MEI) as ws:
        ada = ws.find(User, key="ada")
        ws.create_many(
            [
                Account(
                    name="=HYPERLINK(1)",
                    owner=ada,
                    country="CN",
                    annual_revenue=Money("-12.50", "USD"),
                    tags=("a;b", 'c"', "'=d"),
                    roles=("customer", "supplier"),
                    phone="+8613800138000",
                    website="https://x.test/a,b",
                    address=Address(street="x", city="Berlin", country="DE"),
                    description=' a\r\n"b"\t',
                    custom={"地区": "华东", "limit": Money("3", "EUR")},
                ),
                Account(
                    name="海晨, 贸易", kind="person", birth_on=date(1890, 1, 31), address=Address(text="free; text")
                ),
                Account(name="'s-Hertogenbosch", tax_number="000123456789012345678", employee_count=0),
                *(Account(name=f"n{number}", email=f"a{number}@x.test") for number in range(20)),
            ]
        )


def values_of(crm: CRM, entity: type[Record]) -> list[dict[str, Any]]:
    """Return the business fields of all records."""
    with crm.reading_as(MEI) as ws:
        paths = [path for path in ws.fields(entity) if path not in KEPT]
        return [{path: _value(record, path) for path in paths} for record in ws.iterate(entity, include="owner")]


def _value(record: Any, path: str) -> Any:
    if path == "owner":
        return record.owner.record.key
    return record.custom[path.removeprefix("custom.")] if path.startswith("custom.") else getattr(record, path)


@pytest.mark.parametrize("file", ["a.csv", "a.xlsx", "gb.csv"], ids=["csv", "xlsx", "gb18030"])
def test_equal_in_business_fields(file: str, two: tuple[CRM, CRM], tmp_path: Path) -> None:
    """Nothing is told but the file: headers are paths, formulas are restored, and a second import finds nothing new."""
    source, target = two
    fill(source)
    encoding = "gb18030" if file.startswith("gb") else "utf-8"
    source.export(MEI, Account, tmp_path / file, encoding=encoding)

    suggestion = target.imports.suggest(MEI, tmp_path / file, entity="account")
    result = target.imports.run(MEI, tmp_path / file, suggestion.mapping)
    again = target.imports.run(MEI, tmp_path / file, suggestion.mapping)

    assert (result.counts.created, result.counts.refused) == (23, 0)
    assert values_of(target, Account) == values_of(source, Account)
    assert (again.counts.skipped, again.counts.created) == (23, 0)
    assert suggestion.certainty == 1


def test_cards_are_read_again(two: tuple[CRM, CRM], tmp_path: Path) -> None:
    """The reader of cards finds in ours what was put there."""
    source, _ = two
    with source.acting_as(MEI) as ws:
        ws.create(
            Contact(
                name="王小明",
                family_name="王",
                given_name="小明",
                job_title="采购; 经理",
                email="wang@example.com",
                mobile="+8613800138000",
                description="first\nsecond, third",
                tags=("a,b", "c"),
            )
        )

    for kind in ("vcard3", "vcard4"):
        source.export(MEI, Contact, tmp_path / f"{kind}.vcf", format=kind)
        table = open_source(tmp_path / f"{kind}.vcf").tables[0]
        (row,) = table.rows()

        card = dict(zip(table.columns, row.cells, strict=True))
        assert [card[name] for name in ("FN", "N.family", "N.given", "TITLE")] == ["王小明", "王", "小明", "采购; 经理"]
        assert [card[name] for name in ("EMAIL.work", "TEL.cell")] == ["wang@example.com", "+8613800138000"]
        assert (card["NOTE"], card["CATEGORIES"]) == ("first\nsecond, third", ["a,b", "c"])
