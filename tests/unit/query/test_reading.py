"""Filters as text, read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from pycrm.errors import QueryError
from pycrm.query.ast import (
    And,
    Arithmetic,
    Call,
    Compare,
    In,
    IsNull,
    Linked,
    Me,
    My,
    MyTeam,
    Node,
    Not,
    Operator,
    Or,
    Parameter,
    Path,
    Relative,
)
from pycrm.query.builder import F
from pycrm.query.reading import place_of, read_filter
from pycrm.values.money import Money
from pycrm.values.quantity import Quantity

A = Path(("a",))


def is_(operator: Operator, right: Any) -> Node:
    return Compare(operator, A, right)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a = 1", is_("=", 1)),
        ("a=1", is_("=", 1)),
        ("a != 1", is_("!=", 1)),
        ("a <> 1", is_("!=", 1)),
        ("a < 1", is_("<", 1)),
        ("a <= 1", is_("<=", 1)),
        ("a > 1", is_(">", 1)),
        ("a >= 1", is_(">=", 1)),
        ("1 < a", Compare("<", 1, A)),
        ("a = b.c", is_("=", Path(("b", "c")))),
        ("a CONTAINS 'x'", is_("contains", "x")),
        ("a NOT CONTAINS 'x'", Not(is_("contains", "x"))),
        ("a STARTS WITH 'x'", is_("starts with", "x")),
        ("a NOT STARTS WITH 'x'", Not(is_("starts with", "x"))),
        ("a LIKE 'x%'", is_("like", "x%")),
        ("a NOT LIKE 'x%'", Not(is_("like", "x%"))),
        ("a IN (1, 'x')", In(A, (1, "x"))),
        ("a IN ()", In(A, ())),
        ("a NOT IN (1)", Not(In(A, (1,)))),
        ("a IN :list", In(A, (Parameter("list"),))),
        ("a IN (:list)", In(A, (Parameter("list"),))),
        ("a IN MY_TEAM", In(A, (MyTeam(),))),
        ("a IN MY.regions", In(A, (My("regions"),))),
        ("a HAS 'x'", is_("has", "x")),
        ("a HAS ANY ('x', 'y')", is_("has any", ("x", "y"))),
        ("a HAS ALL ('x')", is_("has all", ("x",))),
        ("a HAS NONE ('x')", Not(is_("has any", ("x",)))),
        ("a HAS ANY :tags", is_("has any", (Parameter("tags"),))),
        ("a UNDER 'x'", is_("under", "x")),
        ("a UNDER ('x', 'y')", is_("under", ("x", "y"))),
        ("a UNDER ()", is_("under", ())),
        ("a IS NULL", IsNull(A)),
        ("a IS NOT NULL", IsNull(A, negated=True)),
        ("a BETWEEN 1 AND 2", And((is_(">=", 1), is_("<=", 2)))),
        ("a NOT BETWEEN 1 AND 2", Not(And((is_(">=", 1), is_("<=", 2))))),
        ("ANY(a)", Linked("any", A)),
        ("ALL(a, b = 1)", Linked("all", A, Compare("=", Path(("b",)), 1))),
        ("NONE(a.b, c IS NULL)", Linked("none", Path(("a", "b")), IsNull(Path(("c",))))),
        ("NOT a = 1", Not(is_("=", 1))),
        ("NOT NOT a = 1", Not(Not(is_("=", 1)))),
    ],
)
def test_each_operator(text: str, node: Node) -> None:
    """What each way to compare is, and its opposite."""
    assert read_filter(text) == node


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'it''s'", "it's"),
        ("''", ""),
        ("'a\nb'", "a\nb"),
        ("'\\'", "\\"),
        ("'海晨 😀'", "海晨 😀"),
        ("12", 12),
        ("-12", -12),
        ("1.50", Decimal("1.50")),
        ("-0.1234567890123456789012345678901234", Decimal("-0.1234567890123456789012345678901234")),
        ("TRUE", True),
        ("false", False),
        ("2026-03-01", date(2026, 3, 1)),
        ("2026-03-01T08:30Z", datetime(2026, 3, 1, 8, 30, tzinfo=UTC)),
        ("2026-03-01t08:30:15.25+08:00", datetime(2026, 3, 1, 0, 30, 15, 250_000, tzinfo=UTC)),
        ("2026-03-01T08:30-03:30", datetime(2026, 3, 1, 8, 30, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))),
        ("USD 1000", Money(1000, "USD")),
        ("USD   -0.50", Money("-0.50", "USD")),
        ("ALL 5", Money(5, "ALL")),
        ("5 kg", Quantity(5, "kg")),
        ("5kg", Quantity(5, "kg")),
        ("-2.5 '箱'", Quantity("-2.5", "箱")),
        ("TODAY", Relative("TODAY")),
        ("this_fiscal_quarter", Relative("THIS_FISCAL_QUARTER")),
        ("LAST_N_DAYS:30", Relative("LAST_N_DAYS", 30)),
        ("next_n_months:2", Relative("NEXT_N_MONTHS", 2)),
        ("ME", Me()),
        ("my_team", MyTeam()),
        ("MY.region", My("region")),
        ('MY."and"', My("and")),
        (":low", Parameter("low")),
        (":低", Parameter("低")),
    ],
)
def test_each_literal(text: str, value: Any) -> None:
    """What each value is, of which type."""
    node = read_filter(f"a = {text}")

    assert node == is_("=", value)
    assert type(node.right) is type(value)  # type: ignore[union-attr]  # it is a Compare


@pytest.mark.parametrize(
    ("text", "operand"),
    [
        ("b + 1", Arithmetic("+", Path(("b",)), 1)),
        ("b-1", Arithmetic("-", Path(("b",)), 1)),
        ("b * 2 + 1", Arithmetic("+", Arithmetic("*", Path(("b",)), 2), 1)),
        ("1 + b * 2", Arithmetic("+", 1, Arithmetic("*", Path(("b",)), 2))),
        ("(1 + b) * 2", Arithmetic("*", Arithmetic("+", 1, Path(("b",))), 2)),
        ("b - 1 - 2", Arithmetic("-", Arithmetic("-", Path(("b",)), 1), 2)),
        ("-b", Arithmetic("-", 0, Path(("b",)))),
        ("b / -2", Arithmetic("/", Path(("b",)), -2)),
        ("TODAY + 7", Arithmetic("+", Relative("TODAY"), 7)),
        ("YEAR(b)", Call("YEAR", (Path(("b",)),))),
        ("round(b, 2)", Call("ROUND", (Path(("b",)), 2))),
        ("NOW()", Call("NOW", ())),
    ],
)
def test_what_is_computed(text: str, operand: Any) -> None:
    """Products bind tighter than sums, both go from left to right; functions are in capitals."""
    assert read_filter(f"a = {text}") == is_("=", operand)


def test_not_and_or() -> None:
    """NOT binds tightest, then AND, then OR; lists of one kind are flat."""
    a, b, c = (Compare("=", Path((name,)), 1) for name in "abc")

    assert read_filter("a = 1 AND b = 1 OR NOT c = 1") == Or((And((a, b)), Not(c)))
    assert read_filter("a = 1 AND (b = 1 OR c = 1)") == And((a, Or((b, c))))
    assert read_filter("a = 1 AND (b = 1 AND c = 1)") == And((a, b, c))
    assert read_filter("(((a = 1)))") == a


@pytest.mark.parametrize(
    "text",
    [
        "a in (1) and b is not null or not c between 1 and 2",
        "A In (1) And B Is Not Null".lower(),
        "any(lines, qty > 1) OR none(lines) or All(lines, qty is null)",
        "a starts With 'x' aNd b has ANY ('y')",
    ],
)
def test_keywords_in_any_case(text: str) -> None:
    """Small, large or mixed, keywords are keywords."""
    words = {"in", "and", "is", "not", "null", "or", "between", "any", "none", "all", "starts", "with", "has"}
    upper = " ".join(word.upper() if word.lower() in words else word for word in text.split(" "))

    assert read_filter(text) == read_filter(upper)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a.b.c", ("a", "b", "c")),
        ("custom.大区", ("custom", "大区")),
        ("客户.名称", ("客户", "名称")),
        ("_x1", ("_x1",)),
        ("Name", ("Name",)),
        ('"order"."like"', ("order", "like")),
        ('"today"', ("today",)),
        ('a."b c".d', ("a", "b c", "d")),
        ('"say ""hi"""', ('say "hi"',)),
        ('"a.b"', ("a.b",)),
        ("all_in", ("all_in",)),
        ("notes", ("notes",)),
        ("today.x", ("today", "x")),
    ],
)
def test_names(text: str, names: tuple[str, ...]) -> None:
    """Letters of any script, as they stand; in double quotes any text."""
    assert read_filter(f"{text} = 1") == Compare("=", Path(names), 1)
    assert read_filter(f"ANY({text})") == Linked("any", Path(names))


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", None, "the filter is empty; leave where= out"),
        ("  ", None, "the filter is empty"),
        ("a", 2, "expected .*a comparison.* at character 2, got the end"),
        ("a = ", 5, "expected .*a value.* at character 5, got the end"),
        ("a = 1 AND", 10, "at character 10, got the end"),
        ("a = 'x' b = 2", 9, "expected AND or OR at character 9, got 'b'"),
        ("a == 1", 4, "at character 4, got '='"),
        ("a = 'x", 5, 'at character 5, got "\'"'),
        ("a IN (1", 8, r"expected .*'\)' or ','|expected .*',' or '\)'"),
        ("(a = 1", 7, r"expected .*'\)'"),
        ("a = 1)", 7 - 1, r"at character 6, got '\)'"),
        ("a STARTS 'x'", 10, "expected WITH at character 10"),
        ("海晨 ~ 1", 4, "at character 4, got '~'"),
        ("a = 2026-02-30", 5, "at character 5 of the filter: there is no day 2026-02-30"),
        ("a = 2026-01-01T25:00Z", 5, "there is no time"),
        ("a = 2026-01-01T08:00", 5, r"has no time zone; write 2026-01-01T08:00\+08:00, or 2026-01-01T08:00Z for UTC"),
        ("a = XYZ 5", 5, "at character 5 of the filter: .*XYZ"),
        ("a = 5 'no unit'", 7, "at character 7 of the filter: .*no unit of measure"),
        ("a = SOON:5", 5, "SOON is no relative date"),
        ("a = " + "9" * 61, 5, "at most 60 digits"),
        ("a IN b", 6, r"at character 6 of the filter: a list stands in brackets: write \(b\) instead of b"),
        ("a = NULL", 5, "by IS NULL or IS NOT NULL"),
        ("a AND b", 3, "at character 3, got 'AND'"),
        ("ANY(a, 1)", 9, "at character 9"),
        ("a = :1", 5, "at character 5, got ':'"),
        ("SELECT 1; DROP TABLE x", 8, "at character 8, got '1'"),
    ],
)
def test_unreadable_text_names_the_place(text: str, place: int | None, message: str) -> None:
    """The number of the character, what was expected there, and what stands there."""
    with pytest.raises(QueryError, match=message) as caught:
        read_filter(text)

    assert caught.value.facts.get("position") == place


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = '" + "x" * 20_000 + "'", "at most 20000 characters, not 20006; give long lists as :parameters"),
        ("NOT " * 41 + "a = 1", "nested at most 40 deep"),
        ("(" * 9_000 + "a = 1" + ")" * 9_000 + "x", "filter .*…"),
        ("a = " + "-" * 5_000 + "b", "nested at most 40 deep"),
        ("a = " + "ABS(" * 60 + "b" + ")" * 60, "nested at most 40 deep"),
        (5, "a filter is a text, not 5"),
    ],
)
def test_limits(text: Any, message: str) -> None:
    """Length and depth are bounded, and nothing falls over before."""
    with pytest.raises(QueryError, match=message) as caught:
        read_filter(text)

    assert len(str(caught.value)) < 600


def test_brackets_are_no_depth() -> None:
    """They make no nodes."""
    assert read_filter("(" * 5_000 + "a = 1" + ")" * 5_000) == is_("=", 1)


def test_same_filter_as_the_builder() -> None:
    """Text and `F` make the same nodes."""
    text = "stage.outcome = 'open' AND (amount > USD 1000 OR tags HAS 'vip')"

    assert (
        read_filter(text) == ((F.stage.outcome == "open") & ((F.amount > Money(1000, "USD")) | F.tags.has("vip"))).node
    )


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("b", "a = 'b' AND b = 1", 13),
        ("a.b", "a = 1 OR a.b = 2", 10),
        ("a", "ba = 1 AND x.a = 2 AND a = 3", 24),
        ("order", '"order" = 1', 1),
        ("大区", "x = '大区''大区' AND 大区 = 1", 18),
        ("x", "a = 1", None),
    ],
)
def test_place_of_a_name(name: str, text: str, place: int | None) -> None:
    """Where a name stands, outside texts and not as a part of another name."""
    assert place_of(name, text) == place
