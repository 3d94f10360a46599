"""What each transform makes of a value, and what it refuses because it could mean two things."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sheets import Prepare

from pycrm import Money
from pycrm.errors import Problem
from pycrm.exchange.mapping.arguments import ColumnRef, Step, read_step
from pycrm.exchange.mapping.transforms import BASIC, known_transforms
from pycrm.exchange.mapping.transforms.patterns import objection
from pycrm.schema import Schema

ROOT = Path(__file__).resolve().parents[4]


def made(step: str, value: Any) -> Any:
    """Return what *step* makes of *value*; the code of the problem where it refuses it."""
    read = read_step(step)
    try:
        return BASIC[read.name].function(value, *read.arguments)
    except Problem as problem:
        return problem.code


@pytest.mark.parametrize(
    ("step", "value", "expected"),
    [
        ("trim", "\u3000 张三 \u200b", "张三"),
        ("trim", "  ", None),
        ("collapse", " a \n b ", "a b"),
        ("lower", "MEI@X.Example", "mei@x.example"),
        ("upper", "cn", "CN"),
        ("title", "o'brien's SHOP", "O'brien's Shop"),
        ("half_width", "１３９（上海）", "139(上海)"),
        ("digits", "+86 １38-0000", "861380000"),
        ("digits", "none", None),
        ("whole_number", "17850.0", "17850"),
        ("whole_number", 17850.0, "17850"),
        ("whole_number", "17850.5", "17850.5"),
        ("first_line", "one\ntwo", "one"),
        ("strip_prefix('* ')", "* vip", "vip"),
        ("strip_suffix(.0)", "7.0", "7"),
        ("add_prefix(C-)", 7, "C-7"),
        ("add_suffix(!)", "a", "a!"),
        ("replace('-', '')", "a-b-c", "abc"),
        (r"replace_pattern('^(\d+)-(\d+)$', '\2-\1')", "12-34", "34-12"),
        ("empty_if('-', 'n/a')", " N/A", None),
        ("empty_if('-')", "x", "x"),
    ],
)
def test_texts(step: str, value: Any, expected: Any) -> None:
    """Transforms of text leave None where nothing is left."""
    assert made(step, value) == expected


@pytest.mark.parametrize(
    ("step", "value", "expected"),
    [
        ("number", "1,234,567.89", Decimal("1234567.89")),
        ("number", "1.234,56", Decimal("1234.56")),
        ("number", "1 234,56", Decimal("1234.56")),
        ("number", "1'234.50", Decimal("1234.50")),
        ("number", "1,23,456", Decimal(123456)),
        ("number", "１２．５万", Decimal(125000)),
        ("number", "1.2亿", Decimal(120000000)),
        ("number", "(1,200.00)", Decimal(-1200)),
        ("number", "5-", Decimal(-5)),
        ("number", "−5", Decimal(-5)),
        ("number", "15%", Decimal("0.15")),
        ("number", "1e6", Decimal(1000000)),
        ("number", "-", None),
        ("number", 1.5, Decimal("1.5")),
        ("number", "1,234", "import.ambiguous_number"),
        ("number", "１，０００", "import.ambiguous_number"),
        ("number", "+1+1", "import.no_number"),
        ("number", "12 apples", "import.no_number"),
        ("number", "9.14403E+17", "import.lost_digits"),
        ("number", 2.0**53, "import.lost_digits"),
        ("number('1,234.56')", "1,234", Decimal(1234)),
        ("number('1.234,56')", "1.234", Decimal(1234)),
        ("number('1,234.56')", "12,34", "import.no_number"),
        ("number('1.234,56')", "12,34", Decimal("12.34")),
        ("divide(100)", "75", Decimal("0.75")),
    ],
)
def test_numbers(step: str, value: Any, expected: Any) -> None:
    """A number is read where its marks leave no doubt; else the mapping has to tell."""
    assert made(step, value) == expected


@pytest.mark.parametrize(
    ("step", "value", "expected"),
    [
        ("money", "USD 1000", Money("1000", "USD")),
        ("money", "1,000.50 EUR", Money("1000.50", "EUR")),
        ("money", "€ 12,50", Money("12.50", "EUR")),
        ("money", "1234567.89元", Money("1234567.89", "CNY")),
        ("money", "8万元", Money("80000", "CNY")),
        ("money", "1.2万美元", Money("12000", "USD")),
        ("money", "US$ 3", Money("3", "USD")),
        ("money", "-€5.00", Money("-5.00", "EUR")),
        ("money", "(USD 5.00)", Money("-5.00", "USD")),
        ("money", "$5", "import.ambiguous_currency"),
        ("money", "¥1,200.50", "import.ambiguous_currency"),
        ("money", "1.2万", "import.no_currency"),
        ("money", "EUR 5 USD", "import.no_money"),
        ("money", "$.50", "import.no_money"),
        ("money", "much", "import.no_money"),
        ("money", "9.1E+17", "import.lost_digits"),
        ("money(CNY)", "￥1,234,567.89", Money("1234567.89", "CNY")),
        ("money(CNY)", "12.5万", Money("125000", "CNY")),
        ("money(CNY)", "$3", "import.ambiguous_currency"),
        ("money(CNY)", "USD 3", Money("3", "USD")),
        ("money(EUR, '1.234,56')", "1.234", Money("1234", "EUR")),
        ("money(USD)", 12.5, Money("12.5", "USD")),
        ("money(USD)", "-", None),
    ],
)
def test_money(step: str, value: Any, expected: Any) -> None:
    """Money says its currency, or the mapping does; a sign of several currencies is refused unless told."""
    assert made(step, value) == expected


@pytest.mark.parametrize(
    ("step", "value", "form"),
    [
        ("number", "1,234", "number('1,234.56')"),
        ("money", "EUR 1,234", "money(CNY, '1,234.56')"),
        ("money(EUR)", "1,234", "money(EUR, '1,234.56')"),
        ("money(EUR, '1.234,56')", "3.4", "money(EUR, '1.234,56')"),
    ],
)
def test_advice(step: str, value: str, form: str) -> None:
    """What does not say its form is told how the mapping can, in the words of the transform that was used."""
    read = read_step(step)
    with pytest.raises(Problem, match=re.escape(f"as in {form}")):
        BASIC[read.name].function(value, *read.arguments)


@pytest.mark.parametrize(
    ("step", "value", "expected"),
    [
        ("date", "2024/1/5", dt.date(2024, 1, 5)),
        ("date", "2024.01.05", dt.date(2024, 1, 5)),
        ("date", "2024年1月5日", dt.date(2024, 1, 5)),
        ("date", "20240105", dt.date(2024, 1, 5)),
        ("date", "5 Jan 2024", dt.date(2024, 1, 5)),
        ("date", "January 5, 2024", dt.date(2024, 1, 5)),
        ("date", "5. März 2024", dt.date(2024, 3, 5)),
        ("date", "13/04/2024", dt.date(2024, 4, 13)),
        ("date", "03/03/2024", dt.date(2024, 3, 3)),
        ("date", "2024-02-29 23:59:59", dt.date(2024, 2, 29)),
        ("date", dt.datetime(2024, 1, 5, 8), dt.date(2024, 1, 5)),
        ("date", "03/04/2024", "import.ambiguous_date"),
        ("date", "24-01-05", "import.ambiguous_date"),
        ("date", "2024-13-45", "import.no_date"),
        ("date", "45296", "import.no_date"),
        ("date", f"2024-01-05{' ' * 60_000}x", "import.no_date"),
        ("date(dmy)", "03/04/2024", dt.date(2024, 4, 3)),
        ("date(mdy)", "03/04/2024", dt.date(2024, 3, 4)),
        ("date(mdy)", "13/04/2024", "import.no_date"),
        ("date(ymd, serial)", "24-1-5", dt.date(2024, 1, 5)),
        ("date(ymd, serial)", "45296", dt.date(2024, 1, 5)),
        ("date(serial1904)", "43834", dt.date(2024, 1, 5)),
        ("date('%d.%m.%y')", "05.01.24", dt.date(2024, 1, 5)),
        ("date('%d/%m/%Y')", "1/2/3", "import.no_date"),
    ],
)
def test_days(step: str, value: Any, expected: Any) -> None:
    """A day is read where it can be only one; else the mapping tells the order."""
    assert made(step, value) == expected


@pytest.mark.parametrize(
    ("step", "value", "expected"),
    [
        ("datetime", "2020-03-02T21:00:33+08:00", dt.datetime(2020, 3, 2, 13, 0, 33, tzinfo=dt.UTC)),
        ("datetime(UTC)", "2019-07-05 20:35:26", dt.datetime(2019, 7, 5, 20, 35, 26, tzinfo=dt.UTC)),
        ("datetime(UTC)", "2020-03-02 21:00:33.301", dt.datetime(2020, 3, 2, 21, 0, 33, 301000, tzinfo=dt.UTC)),
        ("datetime(mdy, UTC)", "3/4/24 5:06 PM", dt.datetime(2024, 3, 4, 17, 6, tzinfo=dt.UTC)),
        ("datetime('Asia/Shanghai')", "2024-01-05 8:00", dt.datetime(2024, 1, 5, tzinfo=dt.UTC)),
        ("datetime(UTC)", dt.date(2024, 1, 5), dt.datetime(2024, 1, 5, tzinfo=dt.UTC)),
        ("datetime(serial, UTC)", "45296.5", dt.datetime(2024, 1, 5, 12, tzinfo=dt.UTC)),
        ("datetime(UTC)", "2024-01-05 25:00", "import.no_date"),
        ("datetime", "2024-01-05 08:00", dt.datetime(2024, 1, 5, 8)),
    ],
)
def test_moments(step: str, value: Any, expected: Any) -> None:
    """A moment has the zone that it says, or else the one that the mapping tells, or none."""
    assert made(step, value) == expected


@pytest.mark.parametrize(
    ("step", "value", "expected"),
    [
        ("boolean", "是", True),
        ("boolean", "N", False),
        ("boolean", "FALSE", False),
        ("boolean", 1, True),
        ("boolean", "maybe", "import.no_boolean"),
        ("boolean(subscribed, unsubscribed)", "Unsubscribed", False),
        ("boolean(subscribed)", "yes", "import.no_boolean"),
    ],
)
def test_truth_values(step: str, value: Any, expected: Any) -> None:
    """Yes and no are known in some languages; other words are told."""
    assert made(step, value) == expected


@pytest.mark.parametrize(
    ("name", "given", "family"),
    [
        ("王小明", "小明", "王"),
        ("王 小明", "小明", "王"),
        ("欧阳锋", "锋", "欧阳"),
        ("欧阳", "阳", "欧"),
        ("约翰·史密斯", "约翰", "史密斯"),
        ("John van der Berg", "John", "van der Berg"),
        ("Dr. Zoë Smith PhD", "Zoë", "Smith"),
        ("Smith, John", "John", "Smith"),
        ("Madonna", "Madonna", None),
    ],
)
def test_split_name(name: str, given: str, family: str | None) -> None:
    """A Chinese name begins with the family, of one character or of a known two; others end with it."""
    assert made("split_name(given)", name) == given
    assert made("split_name(family)", name) == family


@pytest.mark.parametrize(
    ("step", "value", "expected"),
    [
        ("country", "EIRE", "IE"),
        ("country", "the Netherlands", "NL"),
        ("country", "中国", "CN"),
        ("country", "de", "DE"),
        ("language", "English", "en"),
        ("language", "zh_CN.UTF-8", "zh-CN"),
        ("phone(FR)", "04 50 11 22 33", "+33450112233"),
        ("phone(France)", "04 50 11 22 33", "+33450112233"),
        ("full_name", "王, 小明", "王小明"),
        ("full_name", "Exemple, Gaëlle", "Gaëlle Exemple"),
        ("full_name", "Plato", "Plato"),
    ],
)
def test_of_builtin_kinds(schema: Schema, step: str, value: str, expected: str) -> None:
    """Kinds bring transforms of their own, through the seam that plugins use."""
    read = read_step(step)

    assert known_transforms(schema)[read.name].function(value, *read.arguments) == expected


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes a transform fail: it gives a value, nothing, or a problem."""
    for step in ("number", "money", "money(USD)", "date", "date(dmy, serial)", "datetime(UTC)", "boolean", "trim"):
        if text:
            made(step, text)
    for part in ("given", "family"):
        made(f"split_name({part})", text)


@given(st.decimals(-(10**9), 10**9, places=2), st.sampled_from(["1,234.56", "1.234,56", "1'234.56", "1 234,56"]))
def test_told_forms(number: Decimal, sample: str) -> None:
    """A number written in the told form is that number."""
    group, mark = sample[1], sample[-3]
    written = f"{number:,.2f}".replace(",", "g").replace(".", mark).replace("g", group)

    assert made(f'number("{sample}")', written) == number


@given(
    st.dates(dt.date(1970, 1, 1), dt.date(2068, 12, 31)), st.sampled_from(["dmy", "mdy", "ymd"]), st.sampled_from("/-.")
)
def test_told_orders(day: dt.date, order: str, mark: str) -> None:
    """A day written in the told order is that day, and without being told never another."""
    forms = {"dmy": "%d{0}%m{0}%Y", "mdy": "%m{0}%d{0}%Y", "ymd": "%Y{0}%m{0}%d"}
    written = day.strftime(forms[order].format(mark))

    assert made(f"date({order})", written) == day
    assert made("date", written) in (day, "import.ambiguous_date")


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        (r"^\d{1,4}-[a-z]+$", True),
        (r"(a|b)c?", True),
        (r"\(.*\)", True),
        ("(a+)+", False),
        ("a*a*a*b", False),
        ("a{1,99}b{1,99}c{1,99}d{1,99}", False),
        ("(?=x)", False),
        (r"(a)\1", False),
        ("*a", False),
        ("[", False),
        ("[a--b]", False),
        ("x" * 300, False),
    ],
)
def test_patterns_are_bounded(pattern: str, allowed: bool) -> None:
    """A pattern that could run for long is refused as the mapping is read."""
    assert bool(objection(pattern)) is not allowed


@given(st.text("ab(){}[]*+?|\\^$.,1d-", max_size=12))
def test_patterns_compile(pattern: str) -> None:
    """What there is no objection to can be compiled, without a warning."""
    if not objection(pattern):
        re.compile(pattern)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("trim", Step("trim")),
        (" trade.incoterm ( FOB ) ", Step("trade.incoterm", ("FOB",))),
        ("date(dmy, serial)", Step("date", ("dmy", "serial"))),
        ("number('1.234,56')", Step("number", ("1.234,56",))),
        ("replace(\"it's\", 'a''b')", Step("replace", ("it's", "a'b"))),
        ("add_suffix('')", Step("add_suffix", ("",))),
        ("phone({Country/Region})", Step("phone", (ColumnRef("Country/Region"),))),
    ],
)
def test_steps_are_read(text: str, step: Step) -> None:
    """A step is a name, with arguments that stand bare, in quotes, or in braces for a column."""
    assert read_step(text) == step


@pytest.mark.parametrize("text", ["", "1x", "trim(", "trim)", "date(dmy,)", "date(,dmy)", "f('a)", "f('a' b)", "f({})"])
def test_steps_that_cannot_be_read(text: str) -> None:
    """Anything else is a problem."""
    with pytest.raises(Problem, match="unreadable_step"):
        read_step(text)


def test_argument_from_another_column(prepare: Prepare) -> None:
    """An argument in braces is what that column of the row holds."""
    fields = 'annual_revenue = { column = "A", transforms = ["money({C})"] }'
    text = f'[[entity]]\nentity = "account"\n[entity.fields]\n{fields}'

    prepared = prepare(text, "AC", [("5", "EUR"), ("6", "USD"), ("7", "")])

    assert prepared.values["annual_revenue"] == [Money(5, "EUR"), Money(6, "USD"), None]
    assert [problem.code for problem in prepared.problems[2]] == ["import.no_currency"]


def test_every_transform_is_documented(schema: Schema) -> None:
    """The table of the reference has each transform, and none that there is not."""
    page = (ROOT / "docs" / "reference" / "import-mapping.md").read_text("utf-8")
    table = page[page.index("## Transforms\n") :].partition("\n## ")[0]

    assert set(re.findall(r"^\| `(\w+)", table, re.MULTILINE)) == set(known_transforms(schema))
