"""Random filters on random data: SQLite, PostgreSQL and the evaluator in memory select the same records."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pycrm.entities import ExchangeRate
from pycrm.query import And, Compare, In, Linked, Node, Not, Or, read_path
from pycrm.query.ast import Arithmetic, Call, IsNull
from pycrm.query.evaluate import Evaluator, computed_of
from pycrm.query.paths import ToMany
from pycrm.query.text import OrderKey
from pycrm.schema import Entity, Record
from pycrm.values.money import Money
from pycrm.values.periods import Period
from pycrm.values.refs import Ref

from .test_against_oracle import ASKED, DAYS, DECIMALS, INSTANTS, INTEGERS, _pool, conditions, holding, records

__all__ = ["holding"]  # the fixture

# Each example asks 25 filters; a number in the environment asks more, and others each time.
EXAMPLES = int(os.environ.get("PYCRM_FILTER_EXAMPLES", "0"))
checked = settings(
    max_examples=EXAMPLES or 20,
    deadline=None,
    derandomize=not EXAMPLES,
    # Made smaller, a failure takes minutes; the filter that fails is in the message as it is.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
COMPARED = ["=", "!=", "<", "<=", ">", ">="]
OF_TEXT = ["name", "account.name", "account.custom.market", "notes", "custom.大区", "account.level"]
OF_NUMBER = ["rank", "qty", "account.custom.score", "account.custom.share"]
OF_DATE = ["close_on", "account.custom.since"]
OF_INSTANT = ["met_at", "account.custom.seen_at", "created_at"]
OF_MONEY = ["amount", "price", "account.custom.budget"]
SEARCHED = ["", "a", "A", "ａ", "ß", "SS", "华", "东", "海晨", "😀", "'", "%", "_", "\\", "％", "İ", "ﬁ"]
PATTERNS = ["", "%", "_", "a%", "%東", "%东", "海__易", "\\%%", "%\\", "__", "Ａ", "%a_", "_\\_%"]
NUMBERS: list[Any] = [0, 1, -1, 2, 3, 7, Decimal("0.5"), Decimal("-0.000001"), 10**18, 2**63, Decimal("1e-9")]


def path(text: str) -> Any:
    return read_path(text)


def numbers(depth: int = 2) -> st.SearchStrategy[Any]:
    """Expressions that are a number."""
    leaves = st.one_of(
        st.sampled_from(OF_NUMBER).map(path),
        st.sampled_from(NUMBERS + INTEGERS + DECIMALS),
        st.sampled_from(OF_TEXT).map(lambda name: Call("LENGTH", (path(name),))),
        st.sampled_from(OF_DATE).flatmap(
            lambda name: st.sampled_from(["YEAR", "QUARTER", "MONTH", "DAY", "WEEKDAY"]).map(
                lambda function: Call(function, (path(name),))
            )
        ),
    )
    if not depth:
        return leaves
    inner = numbers(depth - 1)
    return st.one_of(
        leaves,
        st.builds(Arithmetic, st.sampled_from("+-*/"), inner, inner),
        st.builds(lambda number: Call("ABS", (number,)), inner),
        st.builds(lambda number, places: Call("ROUND", (number, places)), inner, st.sampled_from([0, 1, 2, -1, 7])),
        st.builds(lambda one, other: Arithmetic("-", one, other), dates(0), dates(0)),
    )


def dates(depth: int = 1) -> st.SearchStrategy[Any]:
    """Expressions that are a date."""
    leaves = st.one_of(
        st.sampled_from(OF_DATE).map(path),
        st.sampled_from(DAYS),
        st.builds(lambda name, zone: Call("DATE", (path(name), zone)), st.sampled_from(OF_INSTANT), ZONES),
    )
    if not depth:
        return leaves
    return leaves | st.builds(Arithmetic, st.sampled_from("+-"), leaves, st.sampled_from([0, 1, -40, 10**7, 2**40]))


# What no field of numbers, or of money, could hold: too large, or too precise.
UNHELD = [Decimal("1.5"), Decimal("0.0000001"), 2**63, -(2**63) - 1, 10**30, Decimal("1e-20"), 0.1 + 0.2]
UNHELD_MONIES = [Money(text, "USD") for text in ("10.5", "10.500001", "1e30", "-0.0000001")] + [Money("2.5", "JPY")]
CURRENCIES = st.sampled_from(["USD", "EUR", "JPY"])
BASES = st.sampled_from(["", "USD", "EUR"])
QUOTED = [Decimal(text) for text in ("0.0000000001", "0.0484", "1", "1.6", "3", "7.1025", "922337203.6854775807")]


@st.composite
def rates(draw: st.DrawFn) -> list[ExchangeRate]:
    """Exchange rates of a few pairs and days, also several of one; some in the bin."""
    drawn = st.tuples(CURRENCIES, CURRENCIES, st.sampled_from(DAYS), st.sampled_from(QUOTED), st.booleans())
    made = []
    for number, (one, other, day, quoted, binned) in enumerate(draw(st.lists(drawn, max_size=8))):
        rate = ExchangeRate(from_currency=one, to_currency=other, quoted_on=day, rate=quoted, source=str(number))
        rate.deleted_at = INSTANTS[0] if binned else None
        made.append(rate)
    return made


ZONES = st.sampled_from(["Asia/Shanghai", "UTC", "America/New_York", "Pacific/Kiritimati"])


def monies(depth: int = 1) -> st.SearchStrategy[Any]:
    """Expressions that are an amount of money."""
    leaves = st.sampled_from(OF_MONEY).map(path) | st.sampled_from([Money("10.5", "USD"), Money("-0.01", "EUR")])
    if not depth:
        return leaves
    days = dates(0)
    converted = st.builds(
        lambda money, currency, day, base: Call("CONVERT", (money, currency, day, base)),
        leaves,
        CURRENCIES,
        days,
        BASES,
    )
    return st.one_of(
        leaves,
        converted,
        st.builds(Arithmetic, st.sampled_from("+-"), leaves, converted),
        st.builds(Arithmetic, st.sampled_from("+-"), leaves, leaves),
        st.builds(Arithmetic, st.sampled_from("*/"), leaves, numbers(0)),
        st.builds(lambda number, money: Arithmetic("*", number, money), numbers(0), leaves),
    )


def computed_texts() -> st.SearchStrategy[Any]:
    """Texts that are computed."""
    texts = st.sampled_from(OF_TEXT).map(path)
    functions = st.sampled_from(["LOWER", "FOLD", "PINYIN", "PINYIN_NAME"])
    return st.builds(lambda function, text: Call(function, (text,)), functions, texts)


def computing() -> st.SearchStrategy[Node]:
    """Comparisons of what is computed."""
    texts = st.sampled_from(OF_TEXT).map(path)
    lowered = texts | computed_texts()
    compared = st.sampled_from(COMPARED)
    return st.one_of(
        st.builds(Compare, compared, numbers(), numbers()),
        st.builds(Compare, compared, dates(), dates()),
        st.builds(Compare, compared, monies(), monies()),
        st.builds(Compare, compared, monies(), st.just(0)),
        st.builds(Compare, compared, st.sampled_from(OF_NUMBER).map(path), st.sampled_from(UNHELD)),
        st.builds(In, st.sampled_from(OF_NUMBER).map(path), st.lists(st.sampled_from([0, 1, *UNHELD])).map(tuple)),
        st.builds(Compare, compared, st.sampled_from(OF_MONEY).map(path), st.sampled_from(UNHELD_MONIES)),
        st.builds(In, st.sampled_from(OF_MONEY).map(path), st.lists(st.sampled_from(UNHELD_MONIES)).map(tuple)),
        st.builds(Compare, compared, lowered, lowered),
        st.builds(Compare, compared, st.sampled_from(OF_INSTANT).map(path), st.sampled_from(OF_INSTANT).map(path)),
        st.builds(IsNull, numbers() | dates() | monies(), st.booleans()),
    )


def searching() -> st.SearchStrategy[Node]:
    """Texts, several values, stretches of days."""
    texts = st.sampled_from(OF_TEXT).map(path)
    days = st.sampled_from([*DAYS, *(instant.date() for instant in INSTANTS)])
    spans = st.integers(0, 40).map(lambda length: timedelta(days=length))
    zones = st.sampled_from([UTC, SHANGHAI])
    periods = st.builds(lambda day, span, zone: Period(day, _later(day, span), zone), days, spans, zones)
    moments = st.sampled_from(OF_DATE + OF_INSTANT).map(path) | dates()
    tagged = st.sampled_from(["tags", "account.custom.words"]).map(path)
    words = st.lists(st.sampled_from(["a", "b", "海", "c"]), min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Compare, st.sampled_from(["contains", "starts with"]), texts, st.sampled_from(SEARCHED)),
        st.builds(Compare, st.just("like"), texts, st.sampled_from(PATTERNS)),
        st.builds(Compare, st.sampled_from(COMPARED), moments, periods),
        st.builds(Compare, st.just("has"), tagged, st.sampled_from(["a", "b", "海"])),
        st.builds(Compare, st.sampled_from(["has any", "has all"]), tagged, words),
    )


def _later(day: date, span: timedelta) -> date:
    return day + min(span, date.max - day)


class Filters:
    """Draws filters on the deals of one example.

    Strategies are drawn from one by one: put together into one, they would be described at length for each failure.
    """

    def __init__(self, draw: st.DrawFn, accounts: Sequence[Any], deals: Sequence[Any]) -> None:
        self._draw = draw
        self._accounts, self._deals = accounts, deals
        self._ids = [account.id for account in accounts] or [UUID(int=1)]

    def node(self, depth: int = 2) -> Node:
        """Return a filter that is nested so deep at most."""
        choice = self._draw(st.integers(0, 9))
        if depth and choice < 4:
            items = tuple(self.node(depth - 1) for _ in range(self._draw(st.integers(0, 3))))
            return And(items) if choice < 2 else Or(items)
        if depth and choice < 6:
            return Not(self.node(depth - 1))
        return self._leaf()

    def _leaf(self) -> Node:
        match self._draw(st.integers(0, 6)):
            case 0 | 1:
                return self._draw(COMPUTING)
            case 2 | 3:
                return self._draw(SEARCHING)
            case 4:
                return self._linked()
            case 5:
                reference = self._draw(st.sampled_from(["account", "account.parent", "account.custom.agent"]))
                ids = st.sampled_from(self._ids)
                return Compare("under", path(reference), self._draw(ids | st.lists(ids, max_size=3).map(tuple)))
            case _:
                return self._asked(self._draw(st.sampled_from(ASKED)))

    def _asked(self, asked: Any) -> Node:
        return self._draw(conditions(asked, _pool(asked, self._accounts, self._deals)))

    def _linked(self) -> Node:
        mode = self._draw(MODES)
        if self._draw(st.booleans()):
            condition = self._asked(self._draw(st.sampled_from(ASKED))) if self._draw(st.booleans()) else None
            return Linked(mode, path("account.deals"), condition)
        asked = self._draw(st.sampled_from([each for each in ASKED if each.path.startswith("account.")]))
        link = self._draw(st.sampled_from(["account.children", "account.parent.children"]))
        return Linked(mode, path(link), self._asked(asked._replace(path=asked.path.removeprefix("account."))))


MODES = st.sampled_from(["any", "all", "none"])


COMPUTING, SEARCHING = computing(), searching()


class InMemory:
    """The records of an example, as the evaluator asks for them."""

    def __init__(self, accounts: Sequence[Any], deals: Sequence[Any], rates: Sequence[Any] = ()) -> None:
        self._all = {record.id: record for record in [*accounts, *deals]}
        self._rates = sorted((rate for rate in rates if rate.deleted_at is None), key=lambda rate: rate.id)

    def rates(self) -> Sequence[Any]:
        return self._rates

    def one(self, entity: Entity, reference: UUID | Ref[Any]) -> Record:
        found: Record = self._all[reference.id if isinstance(reference, Ref) else reference]
        return found

    def many(self, link: ToMany, record: Record) -> Sequence[Record]:
        slot = f"_{link.field.name}"
        target = link.target
        assert target is not None
        return [
            each
            for each in self._all.values()
            if isinstance(each, target.record_class)
            and each.deleted_at is None
            and _id(getattr(each, slot)) == record.id
        ]


def _id(reference: Any) -> Any:
    return reference.id if isinstance(reference, Ref) else reference


@checked
@given(data=st.data())
def test_databases_and_memory_agree(holding: Any, nouns: Any, data: st.DataObject) -> None:
    """Whatever is asked, in whatever combination, the same records answer."""
    accounts, deals = data.draw(records(nouns))
    quoted = data.draw(rates())
    with holding(accounts, deals) as world:
        world.insert(quoted)
        alive = [deal for deal in deals if deal.deleted_at is None]
        memory = InMemory(accounts, deals, quoted)
        drawn = Filters(data.draw, accounts, deals)
        for _ in range(25):
            node = drawn.node()
            holds = Evaluator(world.schema, world.deal, node, memory).holds

            assert set(world.ids(node)) == {deal.id for deal in alive if holds(deal)}, node


@settings(checked, max_examples=EXAMPLES or 10)
@given(data=st.data())
def test_computed_orders_agree(holding: Any, nouns: Any, data: st.DataObject) -> None:
    """Whatever is computed may be sorted by; pages hold every record once, in the order of memory, and end."""
    accounts, deals = data.draw(records(nouns))
    quoted = data.draw(rates())
    with holding(accounts, deals) as world:
        world.insert(quoted)
        memory = InMemory(accounts, deals, quoted)
        alive = [deal for deal in deals if deal.deleted_at is None]
        for _ in range(4):
            keys = [OrderKey(data.draw(SORTED), data.draw(st.booleans())) for _ in range(data.draw(st.integers(1, 2)))]
            expected = sorted(alive, key=lambda deal: deal.id, reverse=keys[-1].descending)
            for key in reversed(keys):
                read = computed_of(world.schema, world.deal, key.operand, memory)
                expected.sort(key=lambda deal, read=read: _sort_key(read(deal)), reverse=key.descending)

            assert walked_by(world, keys, data.draw(st.integers(1, 6))) == [deal.id for deal in expected], keys


def _by(sign: str, neutral: Any) -> Callable[[Any], Any]:
    """Return how an operand becomes one that is computed."""
    return lambda operand: operand if isinstance(operand, Arithmetic | Call) else Arithmetic(sign, operand, neutral)


SORTED = st.one_of(computed_texts(), numbers(1).map(_by("+", 0)), monies().map(_by("*", 1)), dates().map(_by("+", 0)))


def _sort_key(value: Any) -> Any:
    """Missing is smallest; of an amount the unit comes first."""
    if value is None:
        return (0,)
    return (1, value[1], value[0]) if isinstance(value, tuple) else (1, value)


def walked_by(world: Any, keys: Sequence[OrderKey], limit: int) -> list[Any]:
    """Return the ids of all deals, read page by page."""
    found: list[Any] = []
    cursor = None
    while True:
        page = world.compiler.page(world.deal, None, keys, limit=limit, after=cursor).read(world.unit.rows)
        found += [record.id for record in world.load(world.deal, page.rows)]
        if (cursor := page.next_cursor) is None:
            return found
