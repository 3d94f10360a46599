"""Functions that plugins bring into filters and orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Integer, cast, create_engine, func
from tests.conftest import DATABASES
from tests.lab import MEI

from pycrm import CRM, Account, ConfigurationError, NameClashError, UnknownNameError
from pycrm.errors import FunctionFailedError, QueryError
from pycrm.plugin import Plugin
from pycrm.testing import check_functions

desk = Plugin("desk")


@desk.function(
    takes=["text", "number"],
    gives="text",
    words="the first {1} signs of {0}",
    postgresql=lambda text, count: func.left(text, cast(count, Integer())),
)
def first(text: str, count: Decimal) -> str:
    """Return the beginning of a text."""
    return text[: int(count)]


@desk.function(takes=["number"], gives="number", postgresql=lambda number: func.nullif(number % 7, 0))
def rest(number: Decimal) -> int | None:
    """Return the rest of a division, or nothing."""
    return int(number % 7) or None


@desk.function(takes=["instant"], gives="date", postgresql=lambda at: func.timezone("UTC", at))
def day(at: datetime) -> date:
    """Return the day in UTC."""
    return at.astimezone(UTC).date()


@desk.function(takes=["number"], gives="text", postgresql=lambda number: func.to_char(number, "FM999"))
def broken(number: Decimal) -> Any:
    """Raise for one number, and give what is no text for another."""
    if number == 1:
        raise KeyError("no ones")
    return number


test_forms_agree = check_functions(
    desk,
    {
        "first": [("青岛海晨", Decimal(2)), ("", Decimal(0)), ("a'b", Decimal(9))],
        "rest": [(Decimal(15),), (Decimal(14),), (0,)],
        "day": [(datetime(2026, 3, 1, 23, tzinfo=UTC),)],
    },
)


def test_disagreement_is_told() -> None:
    """The function, the sample, what Python gives and who says something else."""
    plugin = Plugin("apart")

    @plugin.function(takes=["number"], gives="number", postgresql=lambda number: number)
    def twice(number: Decimal) -> Decimal:
        return number * 2 if number else Decimal(datetime.now(UTC).microsecond)

    with pytest.raises(
        AssertionError, match=r"APART\.TWICE\(0,\): the Python form gives .* and sqlite says something else"
    ):
        check_functions(plugin, {"twice": [(1,), (0,)]})()


@pytest.fixture(params=DATABASES)
def crm(request: pytest.FixtureRequest, migrated: Callable[..., str]) -> Iterator[CRM]:
    """A CRM with the desk and three accounts."""
    made = CRM(migrated(request.param, [desk]), plugins=[desk])
    with made.acting_as(MEI) as ws:
        counts = {"海晨": 15, "海尔": 7, "Acme": None}
        ws.create_many([Account(name=name, employee_count=count) for name, count in counts.items()])
    yield made
    made.close()


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("DESK.FIRST(name, 1) = '海'", ["海尔", "海晨"]),
        ("desk.first(name, 1) starts with 'a'", ["Acme"]),
        ("DESK.REST(employee_count) = 1", ["海晨"]),
        ("DESK.REST(employee_count) IS NULL", ["Acme", "海尔"]),
        ("DESK.REST(employee_count + 1) * 2 = 4", ["海晨"]),
        ("DESK.DAY(created_at) = DESK.DAY(updated_at)", ["Acme", "海尔", "海晨"]),
        ({"=": [{"call": "desk.first", "with": [{"path": "name"}, 2]}, "海晨"]}, ["海晨"]),
    ],
)
def test_filters_call_it(crm: CRM, where: Any, expected: list[str]) -> None:
    """Like the language's own, on both databases; a missing argument makes the result missing."""
    with crm.reading_as(MEI) as ws:
        assert [each.name for each in ws.list(Account, where=where, order_by="name")] == expected


def test_orders_call_it(crm: CRM) -> None:
    """Missing results come first."""
    with crm.reading_as(MEI) as ws:
        found = ws.list(Account, order_by="DESK.REST(employee_count) DESC, DESK.FIRST(name, 1), name")

    assert [each.name for each in found] == ["海晨", "Acme", "海尔"]


def test_it_is_told_in_words(crm: CRM) -> None:
    """By the words of its author, or as it is written."""
    with crm.reading_as(MEI) as ws:
        assert ws.explain(Account, "DESK.FIRST(name, 1) = 'a'") == "the first 1 signs of Name is “a”"
        assert ws.explain(Account, "DESK.REST(employee_count) = 1") == "DESK.REST(Employee count) is 1"


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("DESK.FIRST(name) = 'a'", r"DESK\.FIRST\(\) takes 2 values, not 1"),
        ("DESK.REST(name) = 1", r"DESK\.REST\(\) takes a number, not a text"),
        ("DESK.RST(employee_count) = 1", r"no function DESK\.RST\(\); did you mean 'DESK\.REST'"),
    ],
)
def test_wrong_calls_are_refused(crm: CRM, where: str, message: str) -> None:
    """Before the database is asked."""
    with crm.reading_as(MEI) as ws, pytest.raises((QueryError, UnknownNameError), match=message):
        ws.list(Account, where=where)


@pytest.mark.parametrize(
    ("number", "message"), [(1, r"raised KeyError: 'no ones'"), (2, r"gave Decimal\('2'\), and a text is of the type")]
)
def test_failure_names_the_plugin(migrated: Callable[..., str], number: int, message: str) -> None:
    """On SQLite, which calls it: the plugin and the function are named, and the cause is chained."""
    crm = CRM(migrated("sqlite", [desk]), plugins=[desk])
    with crm.acting_as(MEI) as ws:
        ws.create(Account(name="a", employee_count=number))
    with pytest.raises(FunctionFailedError, match=message) as caught, crm.reading_as(MEI) as ws:
        ws.count(Account, where="DESK.BROKEN(employee_count) = '1'")
    crm.close()

    assert (caught.value.plugin, caught.value.function) == ("desk", "DESK.BROKEN")


def test_two_crms_share_an_engine(tmp_path: Any) -> None:
    """Each calls the function of its own plugin, even where both have one name."""
    engine = create_engine(f"sqlite:///{tmp_path}/both.db")
    found = []
    for prefix, factor in (("a_", 2), ("b_", 3)):
        plugin = Plugin("mine")

        @plugin.function(takes=["number"], gives="number", postgresql=lambda number: number)
        def times(number: Decimal, factor: int = factor) -> Decimal:
            return number * factor

        found.append(CRM(engine, plugins=[plugin], prefix=prefix))
    for crm in found:
        crm.migrate()
        with crm.acting_as(MEI) as ws:
            ws.create(Account(name="one", employee_count=1))

    for crm, result in zip([*found, *found], [2, 3, 2, 3], strict=True):
        with crm.reading_as(MEI) as reader:
            assert reader.count(Account, where=f"MINE.TIMES(employee_count) = {result}") == 1
    engine.dispose()


def test_wrong_declarations_are_refused() -> None:
    """At import, naming the plugin and what to write."""
    plugin = Plugin("bad")

    with pytest.raises(ConfigurationError, match=r"plugin 'bad': BAD\.A\(\) takes and gives number, .*, not 'money'"):

        @plugin.function(takes=["money"], gives="number", postgresql=abs)
        def a(number: Decimal) -> Decimal:
            return number

    with pytest.raises(ConfigurationError, match=r"BAD\.B\(\): its Python form must be a function of 2 arguments"):

        @plugin.function(takes=["number", "text"], gives="number", postgresql=max)
        def b(number: Decimal) -> Decimal:
            return number


def test_two_of_one_name_are_refused() -> None:
    """The plugin is named when a CRM takes it."""
    plugin = Plugin("twice")
    for _ in range(2):

        @plugin.function(takes=["number"], gives="number", postgresql=abs)
        def same(number: Decimal) -> Decimal:
            return number

    with pytest.raises(NameClashError, match=r"plugin 'twice' brings two filter functions TWICE\.SAME\(\)"):
        CRM("sqlite://", plugins=[plugin])
