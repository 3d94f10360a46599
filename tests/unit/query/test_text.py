"""The short texts of the door."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.filters import said_operands

from pycrm.errors import QueryError, UnknownNameError
from pycrm.query.ast import Arithmetic, Call, Path, Relative
from pycrm.query.text import Measure, OrderKey, read_include, read_measure, read_order, read_path
from pycrm.query.writing import write_operand


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("amount", ("amount",)),
        ("account.custom.market", ("account", "custom", "market")),
        ("custom.大区", ("custom", "大区")),
        (" trade . incoterm ", ("trade", "incoterm")),
        ("desc", ("desc",)),
    ],
)
def test_path_is_split_at_dots(text: str, names: tuple[str, ...]) -> None:
    """Names are Python identifiers, Chinese ones too, taken as they stand."""
    assert read_path(text) == Path(names)


def test_order_reads_directions() -> None:
    """Ascending is the default; ASC and DESC are words in any case."""
    assert read_order("close_on, amount DESC,account.custom.市场 asc") == (
        OrderKey(Path(("close_on",))),
        OrderKey(Path(("amount",)), descending=True),
        OrderKey(Path(("account", "custom", "市场"))),
    )


def test_order_takes_direction_words_as_names() -> None:
    """What stands where a name is expected is a name."""
    assert read_order("desc DESC") == (OrderKey(Path(("desc",)), descending=True),)


@pytest.mark.parametrize("text", [None, ""])
def test_absent_texts_are_empty(text: str | None) -> None:
    """No text is no keys and no includes."""
    assert read_order(text) == ()
    assert read_include(text) == {}


def test_measure_keeps_its_text() -> None:
    """The caller finds the answer by what he wrote."""
    assert read_measure("sum( order.total )") == Measure("sum", Path(("order", "total")), "sum( order.total )")
    assert read_measure("count()") == Measure("count", None, "count()")
    assert read_measure("count_distinct(account)") == Measure(
        "count_distinct", Path(("account",)), "count_distinct(account)"
    )


def test_include_merges_into_tree() -> None:
    """Paths with a common beginning share it."""
    assert read_include("account lines.product  lines.order") == {
        "account": {},
        "lines": {"product": {}, "order": {}},
    }


@pytest.mark.parametrize(
    ("read", "text", "position", "message"),
    [
        (read_path, "account..name", 9, "field 'account..name': expected a name after '.' at character 9, got '.'"),
        (read_path, "", 1, "expected the name of a field at character 1, got the end"),
        (read_path, "a b", 3, "expected '.' or the end at character 3, got 'b'"),
        (read_path, "1st", 1, "got '1st'"),
        (read_path, "a; DROP TABLE crm_account", 1, "got 'a;'"),
        (read_order, "close_on DOWN", 10, "expected ASC, DESC, ',' or the end at character 10, got 'DOWN'"),
        (read_order, "close_on,", 10, "expected the name of a field at character 10, got the end"),
        (read_order, "a ASC DESC", 7, "got 'DESC'"),
        (read_measure, "sum()", 5, "expected the name of a field at character 5, got ')'"),
        (read_measure, "count(amount)", 7, "expected ')' at character 7, got 'amount'"),
        (read_measure, "sum(amount", 11, "expected ')' at character 11, got the end"),
        (read_measure, "count() x", 9, "expected the end at character 9"),
        (read_include, "account,lines", 8, "got ','"),
    ],
)
def test_errors_name_position(read: object, text: str, position: int, message: str) -> None:
    """An error says where, what was expected there and what was found."""
    with pytest.raises(QueryError) as caught:
        read(text)  # type: ignore[operator]

    assert caught.value.position == position
    assert message in caught.value.message


def test_unknown_measure_names_nearest() -> None:
    """A measure that does not exist is refused with those that do."""
    with pytest.raises(UnknownNameError, match=r"no count_distnct\(\), only count\(\).*'count_distinct'"):
        read_measure("count_distnct(account)")


@pytest.mark.parametrize("read", [read_path, read_order, read_measure, read_include])
def test_other_types_are_refused(read: object) -> None:
    """A list where a text belongs is a mistake to be told."""
    with pytest.raises(QueryError, match="is a text, not"):
        read(["amount"])  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "operand", "descending"),
    [
        ("PINYIN(name)", Call("PINYIN", (Path(("name",)),)), False),
        ("year(close_on) desc", Call("YEAR", (Path(("close_on",)),)), True),
        ("(amount * 2) DESC", Arithmetic("*", Path(("amount",)), 2), True),
        ("CONVERT(amount, 'USD', TODAY) ASC", Call("CONVERT", (Path(("amount",)), "USD", Relative("TODAY"))), False),
    ],
)
def test_order_of_what_is_computed(text: str, operand: object, descending: bool) -> None:
    """Functions and brackets stand beside fields."""
    (first, second) = read_order(f"{text}, close_on")

    assert (first.operand, first.descending) == (operand, descending)
    assert second == OrderKey(Path(("close_on",)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PINYIN(name", r"expected .*'\)' .*at character 12, got the end"),
        ("PINYIN(name) UP", r"order_by 'PINYIN\(name\) UP': expected .* at character 14, got 'UP'"),
        ("(name = 'a')", r"at character 7, got '='"),
    ],
)
def test_unreadable_computed_order_names_the_place(text: str, message: str) -> None:
    """As in filters."""
    with pytest.raises(QueryError, match=message):
        read_order(text)


@settings(deadline=None)
@given(operand=said_operands(), descending=st.booleans())
def test_computed_order_reads_back(operand: object, descending: bool) -> None:
    """What is written of an operand is read as the same operand."""
    text = f"({write_operand(operand)}){' DESC' * descending}"

    assert read_order(text) == (OrderKey(operand, descending),)
