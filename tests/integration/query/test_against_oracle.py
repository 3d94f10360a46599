"""Filters, orders, pages and measures of random data, compared with plain Python over the same records."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycrm.query import And, Compare, In, IsNull, Node, read_path
from pycrm.values.money import Money, Monies
from pycrm.values.refs import Ref

checked = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

# Small pools make ties. 𠀀 and 😀 lie beyond the 16-bit range, where UTF-16 order differs from code points.
TEXTS = ["", "a", "A", "Z", "ß", "é", "华东", "海晨贸易", "￿", "𠀀", "😀", "o'; --", '"q"\\', "%s :x", "a\n"]
INTEGERS = [-(2**63), -1, 0, 1, 2**53 + 1, 2**63 - 1]
DECIMALS = [
    Decimal(text) for text in ("-999999999999.999999", "-0.000001", "0", "0.1", "0.100000", "999999999999.999999")
]
MONIES = [
    *(Money(amount, "USD") for amount in ("-99999999999999.99", "-0.01", "0", "10.5", "99999999999999.99")),
    *(Money(amount, "EUR") for amount in ("-0.01", "0", "10.5")),
    Money("3", "JPY"),
]
PRICES = [Money("-0.000001", "USD"), Money("0", "USD"), Money("999999999999.999999", "USD"), Money("0.5", "JPY")]
DAYS = [date(1, 1, 1), date(999, 12, 31), date(2026, 2, 28), date(9999, 12, 31)]
INSTANTS = [
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2026, 3, 1, 8, 30, tzinfo=UTC),
    datetime(2026, 3, 1, 8, 30, 0, 1, tzinfo=UTC),
]
BOOLEANS = [False, True]
LEVELS = ["A", "B", "C"]

ORDERED = ["=", "!=", "<", "<=", ">", ">="]
EQUALITY = ["=", "!="]


class Asked(NamedTuple):
    """A path with the values and operators to ask it with; no values means that it is only tested for absence."""

    path: str
    pool: Sequence[Any]
    operators: Sequence[str]


ASKED = [
    Asked("name", TEXTS, ORDERED),
    Asked("rank", INTEGERS, ORDERED),
    Asked("qty", DECIMALS, ORDERED),
    Asked("amount", [*MONIES, 0], ORDERED),
    Asked("price", [*PRICES, 0], ORDERED),
    Asked("is_hot", BOOLEANS, EQUALITY),
    Asked("close_on", DAYS, ORDERED),
    Asked("met_at", INSTANTS, ORDERED),
    Asked("notes", TEXTS, EQUALITY),
    Asked("tags", [], []),
    Asked("custom.大区", ["华东"], EQUALITY),
    Asked("account.name", TEXTS, ORDERED),
    Asked("account.level", LEVELS, EQUALITY),
    Asked("account.parent.name", TEXTS, ORDERED),
    Asked("account.custom.market", TEXTS, ORDERED),
    Asked("account.custom.budget", [*MONIES, 0], ORDERED),
    Asked("account.custom.since", DAYS, ORDERED),
    Asked("account.custom.seen_at", INSTANTS, ORDERED),
    Asked("account.custom.score", INTEGERS, ORDERED),
    Asked("account.custom.share", DECIMALS, ORDERED),
    Asked("account.custom.vip", BOOLEANS, EQUALITY),
    Asked("account.custom.agent.name", TEXTS, ORDERED),
    Asked("account.parent.custom.agent.custom.market", TEXTS, ORDERED),
    Asked("account.custom.words", [], []),
    Asked("about", ["accounts"], EQUALITY),
    Asked("account", ["accounts"], EQUALITY),
    Asked("account.parent", ["accounts"], EQUALITY),
    Asked("account.custom.agent", ["accounts"], EQUALITY),
    Asked("id", ["deals"], EQUALITY),
    Asked("account.id", ["accounts"], EQUALITY),
]
UNSORTED = {"notes", "tags", "account.custom.words"}
SORTED = st.sampled_from([asked.path for asked in ASKED if asked.path not in UNSORTED])
OF_MONEY = {"amount", "price", "account.custom.budget"}
GROUPED = [asked.path for asked in ASKED if asked.path not in UNSORTED | OF_MONEY]
MEASURES = [
    "count()",
    "sum(amount)",
    "sum(price)",
    "sum(account.custom.budget)",
    "sum(rank)",
    "count_distinct(account)",
    "count_distinct(account.custom.market)",
    "count_distinct(name)",
]


def maybe(pool: Sequence[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from([None, None, *pool])


@st.composite
def records(draw: st.DrawFn, nouns: Any) -> tuple[list[Any], list[Any]]:
    """Accounts and deals, the former perhaps among each other, with many fields missing."""
    accounts: list[Any] = []
    for _ in range(draw(st.integers(0, 4))):
        parent, agent = (draw(st.sampled_from([None, *accounts])) for _ in range(2))
        custom = {
            "market": draw(maybe(TEXTS)),
            "budget": draw(maybe(MONIES)),
            "since": draw(maybe(DAYS)),
            "seen_at": draw(maybe(INSTANTS)),
            "score": draw(maybe(INTEGERS)),
            "share": draw(maybe(DECIMALS)),
            "vip": draw(maybe(BOOLEANS)),
            "agent": Ref.of(agent) if agent else None,
            "words": draw(st.sampled_from([(), ("a", "海")])),
        }
        account = nouns.Account(name=draw(maybe(TEXTS)), parent=parent, level=draw(maybe(LEVELS)), custom=custom)
        account.deleted_at = draw(maybe(INSTANTS))
        accounts.append(account)
    deals = [_deal(draw, nouns, accounts) for _ in range(draw(st.integers(0, 10)))]
    return accounts, deals


def _deal(draw: st.DrawFn, nouns: Any, accounts: list[Any]) -> Any:
    about = draw(st.sampled_from([None, *accounts]))
    deal = nouns.Deal(
        name=draw(maybe(TEXTS)),
        account=draw(st.sampled_from([None, *accounts])),
        amount=draw(maybe(MONIES)),
        price=draw(maybe(PRICES)),
        qty=draw(maybe(DECIMALS)),
        rank=draw(maybe(INTEGERS)),
        is_hot=draw(maybe(BOOLEANS)),
        close_on=draw(maybe(DAYS)),
        met_at=draw(maybe(INSTANTS)),
        notes=draw(maybe(TEXTS)),
        about=None if about is None else Ref(about.id, "account"),
        tags=draw(st.sampled_from([(), ("a", "b")])),
        custom={"大区": draw(maybe(["华东", "华北"]))},
    )
    deal.deleted_at = draw(st.sampled_from([None, None, None, INSTANTS[0]]))
    return deal


def _pool(asked: Asked, accounts: Sequence[Any], deals: Sequence[Any]) -> list[Any]:
    if list(asked.pool) == ["accounts"]:
        return [Ref(account.id, "account") if asked.path == "about" else account.id for account in accounts]
    return [deal.id for deal in deals] if list(asked.pool) == ["deals"] else list(asked.pool)


@st.composite
def conditions(draw: st.DrawFn, asked: Asked, pool: Sequence[Any]) -> Node:
    """A condition on one path, with values from *pool*."""
    path = read_path(asked.path)
    choice = draw(st.integers(0, 9))
    if not pool or choice == 0:
        return IsNull(path, draw(st.booleans()))
    if choice < 3:
        # A bare zero is compared with money, but is in no list of it.
        return In(path, tuple(draw(st.lists(st.sampled_from([each for each in pool if type(each) is type(pool[0])])))))
    return Compare(draw(st.sampled_from(asked.operators)), path, draw(st.sampled_from(pool)))


# The oracle


def value_at(record: Any, path: str) -> Any:
    """Return what *path* leads to from *record*, references as ids or, for any entity, as `Ref`; absence is None."""
    names = path.split(".")
    while names and record is not None:
        name = names.pop(0)
        value = record.custom[names.pop(0)] if name == "custom" else getattr(record, name)
        if isinstance(value, Ref) and names:
            value = value.record
        elif isinstance(value, Ref) and value.entity is None:
            value = value.id
        record = value
    return None if record == () else record


COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def holds(record: Any, node: Node) -> bool:
    match node:
        case And(items):
            return all(holds(record, item) for item in items)
        case IsNull(path, negated):
            return (value_at(record, path.text) is None) != negated
        case In(path, listed):
            return any(value_at(record, path.text) == value for value in listed)
        case Compare(symbol, path, wanted):
            value = value_at(record, path.text)
            if value is None:
                return symbol == "!="
            if isinstance(value, Money) and isinstance(wanted, Money) and value.currency != wanted.currency:
                return symbol == "!="
            return COMPARE[symbol](value, wanted)


def sort_key(value: Any) -> Any:
    if value is None:
        return (0,)
    if isinstance(value, Money):
        return (1, value.currency, value.amount)
    if isinstance(value, Ref):
        return (1, value.entity, value.id)
    return (1, value)


def in_order(deals: Sequence[Any], keys: Sequence[tuple[str, bool]]) -> list[Any]:
    ordered = sorted(deals, key=lambda deal: deal.id, reverse=bool(keys) and keys[-1][1])
    for path, descending in reversed(keys):
        ordered.sort(key=lambda deal: sort_key(value_at(deal, path)), reverse=descending)
    return ordered


def total(values: Sequence[Any]) -> Any:
    present = [value for value in values if value is not None]
    return Monies.of(present) if any(isinstance(value, Money) for value in present) else sum(present)


class _Undo(Exception):
    """Leaves an example's savepoint."""


@pytest.fixture
def holding(world: Any) -> Any:
    """A block with the given records in the database, gone at its end."""

    @contextmanager
    def block(accounts: Sequence[Any], deals: Sequence[Any]) -> Iterator[Any]:
        with suppress(_Undo), world.unit.savepoint():
            world.insert(accounts)
            world.insert(deals)
            yield world
            raise _Undo

    return block


@checked
@given(data=st.data())
def test_filters_and_counts_equal_plain_python(holding: Any, nouns: Any, data: st.DataObject) -> None:
    """Conditions joined by AND select what Python selects, for every kind, path and operator."""
    accounts, deals = data.draw(records(nouns))
    with holding(accounts, deals) as world:
        nodes = [data.draw(conditions(asked, _pool(asked, accounts, deals))) for asked in ASKED]
        for node in [*nodes, *(And(tuple(data.draw(st.permutations(nodes))[:3])) for _ in range(3))]:
            expected = {deal.id for deal in deals if deal.deleted_at is None and holds(deal, node)}

            assert set(world.ids(node)) == expected
            assert world.count(node) == len(expected)
            assert world.count(node, cap=2) == min(2, len(expected))


@checked
@given(data=st.data())
def test_pages_equal_plain_python(holding: Any, nouns: Any, data: st.DataObject) -> None:
    """Under every mix of keys and directions pages hold every record once, in order, and end."""
    accounts, deals = data.draw(records(nouns))
    alive = [deal for deal in deals if deal.deleted_at is None]
    with holding(accounts, deals) as world:
        for _ in range(4):
            keys = data.draw(st.lists(st.tuples(SORTED, st.booleans()), max_size=3, unique_by=lambda key: key[0]))
            limit = data.draw(st.integers(1, 6))

            assert walked(world, keys, limit) == [deal.id for deal in in_order(alive, keys)]


def walked(world: Any, keys: Sequence[tuple[str, bool]], limit: int) -> list[Any]:
    """Return the ids of all deals, read page by page."""
    text = ", ".join(f"{path} DESC" if descending else path for path, descending in keys)
    found: list[Any] = []
    cursor = None
    while True:
        page = world.compiler.page(world.deal, None, text, limit=limit, after=cursor).read(world.unit.rows)
        found += [record.id for record in world.load(world.deal, page.rows)]
        assert len(page.rows) == limit or page.next_cursor is None
        if (cursor := page.next_cursor) is None:
            return found


@checked
@given(data=st.data())
def test_measures_equal_plain_python(holding: Any, nouns: Any, data: st.DataObject) -> None:
    """Counts and sums per group are exact, in group order."""
    accounts, drawn = data.draw(records(nouns))
    # SQLite adds up to 64 bits; a test of its own says what happens beyond.
    deals = [deal for deal in drawn if abs(deal.rank or 0) < 2**60]
    alive = [deal for deal in deals if deal.deleted_at is None]
    with holding(accounts, deals) as world:
        for _ in range(4):
            groups = data.draw(st.lists(st.sampled_from(GROUPED), max_size=2, unique=True))
            measures = data.draw(st.lists(st.sampled_from(MEASURES), min_size=1, unique=True))
            found = world.aggregate(*measures, group_by=groups)

            assert [_comparable(row) for row in found] == expected_groups(alive, groups, measures)


def _comparable(row: Mapping[str, Any]) -> dict[str, Any]:
    """References other than to any entity are compared by id."""
    return {name: value.id if isinstance(value, Ref) and name != "about" else value for name, value in row.items()}


def expected_groups(deals: Sequence[Any], groups: Sequence[str], measures: Sequence[str]) -> list[dict[str, Any]]:
    found: dict[Any, tuple[list[Any], list[Any]]] = {}
    if not groups:
        found[()] = ([], list(deals))
    else:
        for deal in deals:
            values = [value_at(deal, path) for path in groups]
            found.setdefault(tuple(map(sort_key, values)), (values, []))[1].append(deal)
    return [
        dict(zip(groups, found[key][0], strict=True))
        | {measure: measured(measure, found[key][1]) for measure in measures}
        for key in sorted(found)
    ]


def measured(measure: str, deals: Sequence[Any]) -> Any:
    function, _, path = measure.rstrip(")").partition("(")
    if function == "count":
        return len(deals)
    values = [value for value in (value_at(deal, path) for deal in deals) if value is not None]
    if function == "count_distinct":
        return len(set(values))
    return sum(values) if path == "rank" else Monies.of(values)
