"""Suggestions: known headers, known products and the values themselves say what a column is, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.sheets import Sheet

from pycrm.errors import MappingError
from pycrm.exchange.mapping import (
    FieldMap,
    Mapping,
    Suggestion,
    bind_mapping,
    header_fingerprint,
    mapping_text,
    presets,
    read_mapping_text,
    suggest,
)
from pycrm.exchange.mapping.bound import BoundMapping, Prepared
from pycrm.exchange.mapping.suggesting.shipped import preset_for
from pycrm.schema import Schema
from pycrm.schema.labels import Labels

Customs = Callable[[Mapping], Schema]
Case = Callable[[str], Path]


def sheet(*columns: str, rows: tuple[tuple[Any, ...], ...] = ()) -> Sheet:
    """Return a table of these columns and rows."""
    return Sheet("customers.csv", columns, rows)


def field_of(suggestion: Suggestion, path: str, place: int = 0) -> FieldMap:
    """Return how the suggestion fills *path* of one of its entities."""
    return next(field for field in suggestion.mapping.entities[place].fields if field.path == path)


def paths(suggestion: Suggestion) -> dict[str, str]:
    """Return by column where it goes."""
    return {each.column: f"{each.entity}.{each.path}".strip(".") for each in suggestion.columns}


def test_labels_in_both_languages(schema: Schema, labels: Labels) -> None:
    """Headers are compared with the labels of fields, whatever language somebody works in."""
    table = sheet(
        "客户名称", "Industry", "国家/地区", "Website_URL", rows=(("海晨", "纺织", "中国", "haichen.example"),)
    )

    suggestion = suggest(table, schema, labels=labels)

    assert paths(suggestion) == {
        "客户名称": "account.name",
        "Industry": "account.industry",
        "国家/地区": "account.country",
        "Website_URL": "account.website",
    }
    assert suggestion.certainty >= 0.9
    assert field_of(suggestion, "country").transforms == ("country",)


def test_values_contradict_header(schema: Schema, labels: Labels) -> None:
    """A field is suggested only where it takes what the column holds."""
    rows = tuple((f"firm {number}", "by bicycle") for number in range(3))

    suggestion = suggest(sheet("Account name", "E-mail", rows=rows), schema, labels=labels, entity="account")

    assert paths(suggestion)["E-mail"] == "account.custom.email"


def test_values_without_header(schema: Schema, labels: Labels) -> None:
    """Addresses of mail are known by themselves, though less surely."""
    table = sheet("Name", "x17", rows=(("Mei", "mei@x.example"), ("Li", "li@y.example")))

    suggestion = suggest(table, schema, labels=labels, entity="contact")

    told = {each.column: each for each in suggestion.columns}["x17"]
    assert (told.path, told.reason) == ("email", "its values")
    assert told.certainty < 0.6
    assert suggestion.mapping.entities[0].by == ("email",)


@pytest.mark.parametrize(
    ("days", "transform"),
    [
        (("03/04/2024", "25/04/2024"), "date(dmy)"),
        (("03/04/2024", "04/25/2024"), "date(mdy)"),
        (("2024年3月5日", "2024/3/6"), "date"),
        (("2024-03-05", "2024-03-06"), None),
        (("2024/1/5", "45296"), "date(ymd, serial)"),
    ],
)
def test_order_of_days(schema: Schema, labels: Labels, days: tuple[str, ...], transform: str | None) -> None:
    """One day that can be read in one order only tells the order of its column."""
    table = sheet("Name", "Birthday", rows=tuple((f"n{day}", day) for day in days))

    suggestion = suggest(table, schema, labels=labels, entity="contact")

    assert field_of(suggestion, "birth_on").transforms == ((transform,) if transform else ())


def test_days_that_prove_nothing(schema: Schema, labels: Labels) -> None:
    """Where no day tells the order, none is guessed: the column becomes text, and somebody has to say."""
    table = sheet("Name", "Birthday", rows=(("a", "03/04/2024"), ("b", "05/06/2024")))

    suggestion = suggest(table, schema, labels=labels, entity="contact")

    assert paths(suggestion)["Birthday"] == "contact.custom.birthday"
    assert suggestion.custom_fields[0].kind == "text"


@pytest.mark.parametrize("cell", ["1" + " " * 60_000 + "x", ["1" + " " * 60_000 + "x"]], ids=["text", "list"])
def test_long_cells(schema: Schema, labels: Labels, cell: Any) -> None:
    """Of a cell that patterns would take minutes to refuse the beginning is looked at, in a list, too."""
    suggestion = suggest(sheet("Name", "Birthday", rows=(("a", cell),)), schema, labels=labels, entity="contact")

    assert paths(suggestion)["Birthday"] == "contact.custom.birthday"


@pytest.mark.parametrize(
    ("header", "others", "cells", "transform"),
    [
        ("Annual revenue", {}, ("1.234,50 €", "7,00 €"), ("money",)),
        ("Annual revenue USD", {}, ("1,000", "2,500.00"), ("money(USD, '1,234.56')",)),
        ("年营业额", {}, ("12.5万", "1,234,567.89元", "１，０００"), ("money(CNY, '1,234.56')",)),
        ("Annual revenue", {"Currency": "EUR"}, ("5", "6"), ("money({Currency})",)),
    ],
)
def test_forms_of_money(
    schema: Schema,
    labels: Labels,
    header: str,
    others: dict[str, str],
    cells: tuple[str, ...],
    transform: tuple[str, ...],
) -> None:
    """The currency is told by the cells, the header or a column beside; the form by what is unambiguous."""
    rows = tuple((f"n{cell}", cell, *others.values()) for cell in cells)
    table = sheet("Account name", header, *others, rows=rows)

    suggestion = suggest(table, schema, labels=labels, entity="account")

    assert field_of(suggestion, "annual_revenue").transforms == transform


def test_currency_that_nobody_tells(schema: Schema, labels: Labels) -> None:
    """Bare amounts are no money unless somebody says of what."""
    table = sheet("Account name", "Annual revenue", rows=(("a", "100"), ("b", "200.5")))

    silent = suggest(table, schema, labels=labels, entity="account")
    told = suggest(table, schema, labels=labels, entity="account", currency="GBP")

    assert paths(silent)["Annual revenue"] == "account.custom.annual_revenue"
    assert silent.custom_fields[0].kind == "decimal"
    assert field_of(told, "annual_revenue").transforms == ("money(GBP)",)


def test_options_by_label(schema: Schema, labels: Labels) -> None:
    """Texts of a choice are translated by the labels of its options."""
    table = sheet("Account name", "Source", "Status", rows=(("a", "Cold call", "Blocked"), ("b", "展会", "active")))

    suggestion = suggest(table, schema, labels=labels, entity="account")

    source = field_of(suggestion, "source").values
    assert source["Cold call"] == "cold_call"
    assert field_of(suggestion, "status").values == {"Blocked": "blocked"}


def test_rest_becomes_custom(schema: Schema, labels: Labels, with_customs: Customs) -> None:
    """What no field is for is kept in a custom field of a kind that fits; a column without values is left out."""
    columns = ("Account name", "Shop ID", "Opened", "Stars", "Paid", "Score", "Profile", "Terms", "Empty")
    rows = (
        ("a", "0071", "2024-01-05", "3", "yes", "1.5", "x@x.example", "x" * 300, ""),
        ("b", "0072", "2024-01-06", "4", "no", "2", "y@y.example", "y", ""),
    )

    suggestion = suggest(sheet(*columns, rows=rows), schema, labels=labels, entity="account")

    kinds = {field.name: field.kind for field in suggestion.custom_fields}
    assert kinds == {
        "shop_id": "text",
        "opened": "date",
        "stars": "integer",
        "paid": "boolean",
        "score": "decimal",
        "terms": "long_text",
    }
    assert paths(suggestion)["Empty"] == ""
    assert paths(suggestion)["Profile"] == "account.email"
    assert suggestion.mapping.entities[0].by == ("custom.shop_id",)
    assert suggestion.without_key == ()
    bound = bind_mapping(suggestion.mapping, columns, with_customs(suggestion.mapping))
    assert bound.unmapped == ("Empty",)


def test_contact_and_account_of_one_row(schema: Schema, labels: Labels) -> None:
    """A row that names a firm and a person becomes both, and the link between them."""
    table = sheet("客户名称", "联系人", "手机", rows=(("海晨", "王小明", "138 0000 0001"), ("海晨", "", "")))

    suggestion = suggest(table, schema, labels=labels)

    assert suggestion.without_key == ("contact",)
    whens = {each.alias: each.when for each in suggestion.mapping.entities}
    assert paths(suggestion) == {"客户名称": "account.name", "联系人": "contact.name", "手机": "contact.mobile"}
    assert whens == {
        "contact": "联系人 IS NOT NULL",
        "account": "客户名称 IS NOT NULL",
        "account_contact": "联系人 IS NOT NULL AND 客户名称 IS NOT NULL",
    }


def test_saved_mapping_comes_first(schema: Schema, labels: Labels) -> None:
    """A mapping that was saved for the same headers, in any order, is found again, unless it no longer fits."""
    table = sheet("Company", "Mail", rows=(("a", "a@x.example"),))
    saved = read_mapping_text(
        f'version = 1\nname = "mine"\nfingerprint = "{header_fingerprint(["mail", "company"])}"\n'
        '[[entity]]\nentity = "account"\n[entity.fields]\nname = "Company"'
    )
    stale = attrs.evolve(saved, entities=(attrs.evolve(saved.entities[0], entity="gone"),))

    found = suggest(table, schema, labels=labels, saved=[stale, saved])

    assert (found.mapping, found.origin, found.preset) == (saved, "saved", "mine")
    assert paths(found) == {"Company": "account.name", "Mail": ""}
    assert suggest(table, schema, labels=labels, saved=[stale]).origin == "headers"


def test_empty_table(schema: Schema, labels: Labels) -> None:
    """Headers alone are enough for a suggestion."""
    suggestion = suggest(sheet("Account name", "Phone"), schema, labels=labels)

    assert paths(suggestion) == {"Account name": "account.name", "Phone": "account.phone"}


@pytest.mark.parametrize("name", sorted(presets()))
def test_presets_are_sound(schema: Schema, with_customs: Customs, name: str) -> None:
    """Each shipped mapping can be read, written back, and bound to the export that it is for."""
    preset = presets()[name]
    columns = sorted(preset.columns | _mentioned(preset.mapping, preset.columns, with_customs))

    bound = bind_mapping(preset.mapping, columns, with_customs(preset.mapping))

    assert read_mapping_text(mapping_text(preset.mapping)) == preset.mapping
    assert len(bound.entities) == len(preset.mapping.entities)
    assert preset_for({*columns, *preset.needs}) is preset


def _mentioned(mapping: Mapping, columns: frozenset[str], with_customs: Customs) -> set[str]:
    """Return the columns that only conditions, arguments and defaults of *mapping* mention."""
    more: set[str] = set()
    while missing := _missing(mapping, sorted(columns | more), with_customs):
        more |= missing
    return more


def _missing(mapping: Mapping, columns: list[str], with_customs: Customs) -> set[str]:
    """Return the columns that a source lacks for *mapping*; nothing else may be wrong with it."""
    try:
        bind_mapping(mapping, columns, with_customs(mapping))
    except MappingError as error:
        return {problem.facts["value"] for problem in error.problems if problem.code == "mapping.unknown_column"}
    return set()


def prepared(table: Sheet, suggestion: Suggestion, with_customs: Customs) -> tuple[BoundMapping, dict[str, Prepared]]:
    """Return what the suggestion makes of all rows, by alias."""
    bound = bind_mapping(suggestion.mapping, table.columns, with_customs(suggestion.mapping))
    return bound, {each.alias: each.prepare(list(table.rows())) for each in bound.entities}


@pytest.mark.parametrize("folder", ["export-hubspot-api", "export-salesforce-api"])
def test_api_exports_lose_nothing(
    case: Case, schema: Schema, labels: Labels, with_customs: Customs, folder: str
) -> None:
    """Every column with values goes somewhere, every row is taken or was deleted there, and ids are kept as text."""
    for path in sorted(case(folder).glob("*.csv")):
        table = Sheet.of_file(path)
        suggestion = suggest(table, schema, labels=labels)

        bound, made = prepared(table, suggestion, with_customs)

        assert suggestion.origin == "preset", path.name
        filled = {name for place, name in enumerate(table.columns) if any(row[place] for row in table.cells)}
        used = {each.column for each in suggestion.columns if each.path}
        asked = {column for column in table.columns if column not in bound.unmapped}
        assert filled <= used | asked, path.name
        assert not any(each.problems for each in made.values()), path.name
        deleted = [name for name in table.columns if name in ("is_deleted", "_fivetran_deleted")]
        for place, row in enumerate(table.cells):
            is_deleted = any(row[table.columns.index(name)].lower() == "true" for name in deleted)
            assert any(each.wanted[place] for each in made.values()) is not is_deleted, path.name


def test_hubspot_screen_export(case: Case, schema: Schema, labels: Labels, with_customs: Customs) -> None:
    """A row without a name goes by its e-mail, opting out is kept, and two rows of one person have one key."""
    table = Sheet.of_file(case("export-ui-headers") / "hubspot_contacts.csv")
    suggestion = suggest(table, schema, labels=labels)

    _, made = prepared(table, suggestion, with_customs)

    contact = made["contact"].values
    assert suggestion.preset == "hubspot-contacts"
    assert contact["name"] == ["Gaëlle Exemple", "NoName@Example.example", "王明", "Gaelle Exemple"]
    assert contact["email"][0] == contact["email"][3]
    assert contact["phone"][0] == "+33450112233" == contact["phone"][3]
    assert contact["do_not_contact"] == [False, True, None, None]
    assert made["second account"].values["name"] == [None, None, "示例集团", None]
    assert contact["custom.hubspot_id"] == ["901", "902", "903", "904"]


def test_google_contacts(case: Case, schema: Schema, labels: Labels, with_customs: Customs) -> None:
    """Several values of a cell are told apart, a birthday without a year is kept as it is, a firm may be alone."""
    table = Sheet.of_file(case("export-ui-headers") / "google_contacts.csv")

    _, made = prepared(table, suggest(table, schema, labels=labels), with_customs)

    assert made["contact"].wanted == [True, True, False]
    assert made["contact"].values["name"][:2] == ["王小明", "Zoë van der Test"]
    assert made["contact"].values["tags"][0] == ("myContacts", "展会2024")
    assert made["contact"].values["custom.birthday"][:2] == ["--03-15", "1984-02-29"]
    assert [problem.field for problem in made["contact"].notes[0]] == ["birth_on"]
    assert made["organization"].values["name"] == [None, None, "Only Company GmbH"]
    assert made["organization"].values["phone"][2] == "+49301234567"
    points = [
        made[alias].values["value"][0] for alias in ("email 2.1", "email 2.2", "phone 1.2") if made[alias].wanted[0]
    ]
    assert points == ["xm@home.example", "xm2@home.example", "+8613900000002"]


def test_zoho_leads(case: Case, schema: Schema, labels: Labels, with_customs: Customs) -> None:
    """A converted lead keeps its links, and the record's id is what a second import finds it by."""
    table = Sheet.of_file(case("export-ui-headers") / "zoho_leads.csv")
    suggestion = suggest(table, schema, labels=labels)

    bound, made = prepared(table, suggestion, with_customs)

    converted = made["converted lead"]
    assert (made["lead"].wanted, converted.wanted) == ([True, False], [False, True])
    assert converted.records == {
        "converted_account": "account",
        "converted_contact": "contact",
        "converted_opportunity": "opportunity",
    }
    assert made["account"].values["name"][1] == "Ohne GmbH"
    assert converted.values["company"][1] is None
    assert made["lead"].values["custom.tags"][0] == ("hot", "sandton")
    assert {entity.map.by for entity in bound.entities if entity.alias.endswith("lead")} == {("custom.zoho_id",)}


def test_chinese_sheet(case: Case, schema: Schema, labels: Labels, with_customs: Customs) -> None:
    """A messy Chinese sheet: forms told by the column, lost digits and impossible days on their rows only."""
    table = Sheet.of_file(case("csv-chinese-excel") / "customers_excel_cn_gbk.csv", "gb18030")

    _, made = prepared(table, suggest(table, schema, labels=labels), with_customs)

    account = made["account"]
    codes = {place: [problem.code for problem in problems] for place, problems in account.problems.items()}
    assert codes == {3: ["import.lost_digits"], 5: ["import.no_date"]}
    assert [str(money) for money in account.values["annual_revenue"][:3]] == [
        "CNY 1234567.89",
        "CNY 1234567.89",
        "CNY 125000",
    ]
    assert account.values["name"][4:6] == ["=cmd|calc", "全角空格公司"]
    assert len({str(day) for day in account.values["custom.签约日期"][:4]}) == 1
