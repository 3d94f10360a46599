"""Whole public cases through a mapping: every row, every total."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from tests.sheets import Prepare, Sheet

from pycrm.exchange.mapping import bind_mapping, read_mapping_text
from pycrm.schema import Schema

Case = Callable[[str], Path]

RETAIL = """
version = 1
name = "Orders of a gift wholesaler"

[[entity]]
entity = "account"
when = "CustomerID IS NOT NULL"
by = ["number"]
[entity.fields]
number = { column = "CustomerID", transforms = ["whole_number"] }
name = { column = "CustomerID", transforms = ["whole_number", "add_prefix('Customer ')"] }
country = { column = "Country", transforms = ["country"], on_problem = "empty" }
description = "Country"

[[entity]]
entity = "product"
by = ["code"]
[entity.fields]
code = "StockCode"
name = { column = "Description", transforms = ["trim"], default = "{StockCode}" }

[[entity]]
entity = "sales_order"
when = "CustomerID IS NOT NULL AND NOT InvoiceNo STARTS WITH 'C' AND Quantity > 0 AND UnitPrice > 0"
by = ["number"]
[entity.fields]
number = "InvoiceNo"
account = { record = "account" }
currency = { default = "GBP" }
ordered_at = { column = "InvoiceDate", transforms = ["datetime('Europe/London')"] }

[[entity]]
entity = "sales_order_line"
when = "CustomerID IS NOT NULL AND NOT InvoiceNo STARTS WITH 'C' AND Quantity > 0 AND UnitPrice > 0"
by = ["order", "position"]
[entity.fields]
order = { record = "sales_order" }
position = { column = "#" }
product = { record = "product" }
qty = "Quantity"
unit_price = { column = "UnitPrice", transforms = ["money(GBP)"] }
"""


def test_retail_orders(case: Case, schema: Schema) -> None:
    """A month of real orders: accounts, products, orders and lines of one row each, to the penny."""
    table = Sheet.of_file(case("retail-orders") / "orders.csv")
    bound = bind_mapping(read_mapping_text(RETAIL), table.columns, schema)
    rows = list(table.rows())
    batches = [rows[start : start + 1000] for start in range(0, len(rows), 1000)]

    customers, invoices, products, count, total = set(), set(), set(), 0, Decimal()
    for batch in batches:
        made = {entity.alias: entity.prepare(batch) for entity in bound.entities}
        line, order = made["sales_order_line"], made["sales_order"]
        assert not any(each.problems for each in made.values())
        products.update(made["product"].values["code"])
        for place, wanted in enumerate(line.wanted):
            if wanted:
                count += 1
                total += line.values["qty"][place] * line.values["unit_price"][place].amount
                invoices.add(order.values["number"][place])
                customers.add(made["account"].values["number"][place])

    assert (len(rows), len(products)) == (42_481, 2_822)
    assert (count, len(invoices), len(customers), total) == (26_157, 1_400, 885, Decimal("572713.89"))


def test_nasty_strings(case: Case, prepare: Prepare) -> None:
    """Every text that a file may hold is kept to the character; what a database cannot store is told."""
    texts = [text for text in json.loads((case("nasty-strings") / "blns.json").read_text("utf-8")) if text]

    prepared = prepare('[[entity]]\nentity = "account"\n[entity.fields]\ndescription = "T"', "T", [(t,) for t in texts])

    for place, text in enumerate(texts):
        kept = prepared.values["description"][place]
        assert kept == text or [each.code for each in prepared.problems[place]] == ["text.unstorable"]
    assert len(prepared.problems) <= 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_countries(case: Case, schema: Schema, encoding: str) -> None:
    """The countries of a Chinese sheet are known by their codes and by nearly all of their names."""
    name = "countries_gbk.csv" if encoding == "gb18030" else "countries_utf8_bom.csv"
    table = Sheet.of_file(case("csv-chinese-excel") / name, encoding)
    text = '[[entity]]\nentity = "account"\n[entity.fields]\ncountry = { column = "%s", transforms = ["country"] }'
    mappings = [read_mapping_text("version = 1\n" + text % column) for column in ("国家代码", "中文简称")]

    codes, names = (
        bind_mapping(mapping, table.columns, schema).entities[0].prepare(list(table.rows())) for mapping in mappings
    )

    agreed = [code == name for code, name in zip(codes.values["country"], names.values["country"], strict=True)]
    assert not codes.problems
    assert sum(agreed) >= 0.9 * len(agreed)
    assert all(agreed[place] for place in range(len(agreed)) if names.values["country"][place])
