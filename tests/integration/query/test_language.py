"""Random filters on random data: SQLite, PostgreSQL and the evaluator in memory select the same records."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pycrm.errors import QueryError
from pycrm.query import And, Compare, Linked, Node, Not, Or, read_path
from pycrm.query.ast import Arithmetic, Call, IsNull
from pycrm.query.evaluate import Evaluator
from pycrm.query.paths import ToMany
from pycrm.schema import Entity, Record
from pycrm.values.money import Money
from pycrm.values.periods import Period
from pycrm.values.refs import Ref

from .test_against_oracle import ASKED, DAYS, DECIMALS, INSTANTS, INTEGERS, _pool, conditions, holding, records

__all__ = ["holding"]  # the fixture

# Each example asks 25 filters of each engine; `make reliability` asks more, and others each time.
EXAMPLES = int(os.environ.get("PYCRM_FILTER_EXAMPLES", "0"))
checked = settings(
    max_examples=EXAMPLES or 40,
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


ZONES = st.sampled_from(["Asia/Shanghai", "UTC", "America/New_York", "Pacific/Kiritimati"])


def monies(depth: int = 1) -> st.SearchStrategy[Any]:
    """Expressions that are an amount of money."""
    leaves = st.sampled_from(OF_MONEY).map(path) | st.sampled_from([Money("10.5", "USD"), Money("-0.01", "EUR")])
    if not depth:
        return leaves
    return st.one_of(
        leaves,
        st.builds(Arithmetic, st.sampled_from("+-"), leaves, leaves),
        st.builds(Arithmetic, st.sampled_from("*/"), leaves, numbers(0)),
        st.builds(lambda number, money: Arithmetic("*", number, money), numbers(0), leaves),
    )


def computing() -> st.SearchStrategy[Node]:
    """Comparisons of what is computed."""
    texts = st.sampled_from(OF_TEXT).map(path)
    lowered = texts | texts.map(lambda text: Call("LOWER", (text,))) | texts.map(lambda text: Call("FOLD", (text,)))
    compared = st.sampled_from(COMPARED)
    return st.one_of(
        st.builds(Compare, compared, numbers(), numbers()),
        st.builds(Compare, compared, dates(), dates()),
        st.builds(Compare, compared, monies(), monies()),
        st.builds(Compare, compared, monies(), st.just(0)),
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

    def __init__(self, accounts: Sequence[Any], deals: Sequence[Any]) -> None:
        self._all = {record.id: record for record in [*accounts, *deals]}

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
    with holding(accounts, deals) as world:
        alive = [deal for deal in deals if deal.deleted_at is None]
        memory = InMemory(accounts, deals)
        drawn = Filters(data.draw, accounts, deals)
        for _ in range(25):
            node = drawn.node()
            try:
                holds = Evaluator(world.schema, world.deal, node, memory).holds
            except QueryError as error:
                # A value that the field could never hold.
                with pytest.raises(QueryError, match=re.escape(error.message)):
                    world.ids(node)
                continue

            assert set(world.ids(node)) == {deal.id for deal in alive if holds(deal)}, node
