"""Hypothesis strategies for filters: any node, and those that text can say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

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
    Operand,
    Or,
    Parameter,
    Path,
    Relative,
)
from pycrm.values.currencies import CURRENCIES
from pycrm.values.money import Money
from pycrm.values.periods import COUNTED, RELATIVE
from pycrm.values.quantity import Quantity
from pycrm.values.refs import Ref

__all__ = ["any_nodes", "hostile_names", "nodes", "said_nodes", "said_operands"]

_WORDS = ["name", "amount", "大区", "close_on", "ÄRGER", "a1", "_x"]
# Words that mean something else in a filter, in several cases, and names that only quotes can hold.
_HOSTILE = [
    *["and", "OR", "Not", "like", "contains", "starts", "WITH", "in", "HAS", "any", "all", "none", "under", "is"],
    *["null", "TRUE", "false", "between", "me", "MY", "my_team", "today", "THIS_WEEK", "last_n_days", "li\u212ae"],
    *["USD", "ALL", "kg", "a.b", "1st", 'quo"te', '""', "a b", "'", "\n", "😀", "DATE '2026-01-01'"],
]


def hostile_names() -> st.SearchStrategy[str]:
    """Names of fields, most of which have to be quoted."""
    return st.sampled_from(_WORDS) | st.sampled_from(_HOSTILE) | st.text(min_size=1, max_size=5)


def _identifiers() -> st.SearchStrategy[str]:
    return st.sampled_from(["region", "低", "x1", "Today", "AND", "ME"])


def _amounts() -> st.SearchStrategy[Decimal]:
    drawn = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**25), max_value=10**25, places=6)
    long = Decimal("1" + "0" * 30 + "." + "1" * 25)
    return drawn | st.sampled_from([Decimal(0), Decimal("0.10"), Decimal("-1.5"), long])


def _instants() -> st.SearchStrategy[datetime]:
    zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
    odd = st.just(timezone(timedelta(hours=8, minutes=5, seconds=43)))
    return st.datetimes(
        min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31), timezones=zones | odd | st.just(UTC)
    )


def _said_values() -> st.SearchStrategy[Any]:
    """Values that have a form of their own in text."""
    return st.one_of(
        st.text(max_size=12),
        st.sampled_from(["", "it's", "'", "''", "50% _\\", "青岛", "a\nb"]),
        st.booleans(),
        st.integers(-(10**40), 10**40),
        _amounts().filter(lambda amount: amount != amount.to_integral_value()),
        st.dates(),
        _instants(),
        st.builds(Money, _amounts() | st.integers(-99, 99), st.sampled_from([*sorted(CURRENCIES), "ALL", "USD"])),
        st.builds(Quantity, _amounts() | st.integers(-99, 99), st.sampled_from(["kg", "in", "箱", "and", "my_box"])),
    )


def _relatives() -> st.SearchStrategy[Relative]:
    return st.sampled_from(sorted(RELATIVE)).map(Relative) | st.builds(
        Relative, st.sampled_from(sorted(COUNTED)), st.integers(0, 10**6)
    )


def _paths() -> st.SearchStrategy[Path]:
    return st.lists(hostile_names(), min_size=1, max_size=4).map(lambda names: Path(tuple(names)))


def _operands(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Operand]:
    simple = st.one_of(
        values,
        _paths(),
        _relatives(),
        st.builds(Parameter, _identifiers()),
        st.builds(My, hostile_names()),
        st.just(Me()),
        st.just(MyTeam()),
    )
    functions = st.sampled_from(["YEAR", "CONVERT", "大写", "AND", "TRADE.MARGIN"])
    return st.recursive(
        simple,
        lambda inner: st.one_of(
            st.builds(Arithmetic, st.sampled_from("+-*/"), inner, inner),
            st.builds(Call, functions, st.lists(inner, max_size=3).map(tuple)),
        ),
        max_leaves=4,
    )


def _comparisons(operands: st.SearchStrategy[Operand]) -> st.SearchStrategy[Node]:
    listed = st.lists(operands, max_size=4).map(tuple)
    one = st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "contains", "starts with", "like", "has", "under"])
    return st.one_of(
        st.builds(Compare, one, operands, operands),
        st.builds(Compare, st.sampled_from(["has any", "has all"]), operands, listed),
        st.builds(Compare, st.just("under"), operands, st.lists(operands, min_size=2, max_size=3).map(tuple)),
        st.builds(In, operands, listed),
        st.builds(IsNull, operands, st.booleans()),
        st.builds(Linked, st.sampled_from(["any", "all", "none"]), _paths()),
    )


def _joined(inner: st.SearchStrategy[Node], least: int) -> st.SearchStrategy[Node]:
    """And, Or and what else holds conditions; a list within a list of its kind is one list, as everywhere made."""

    def flat(kind: type[And | Or]) -> st.SearchStrategy[Node]:
        items = inner.map(lambda item: Not(item) if isinstance(item, kind) else item)
        return st.lists(items, min_size=least, max_size=3).map(lambda found: kind(tuple(found)))

    return st.one_of(
        flat(And),
        flat(Or),
        st.builds(Not, inner),
        st.builds(Linked, st.sampled_from(["any", "all", "none"]), _paths(), inner),
    )


def nodes(values: st.SearchStrategy[Any], least: int = 2) -> st.SearchStrategy[Node]:
    """Filters over *values*; joined are *least* conditions or more."""
    return st.recursive(_comparisons(_operands(values)), lambda inner: _joined(inner, least), max_leaves=6)


def said_nodes() -> st.SearchStrategy[Node]:
    """Filters that text can say without changing the type of a value."""
    return nodes(_said_values())


def said_operands() -> st.SearchStrategy[Operand]:
    """What a filter compares and an order sorts by, as far as text can say it."""
    return _operands(_said_values())


def any_nodes() -> st.SearchStrategy[Node]:
    """Filters with values of every type, empty lists of conditions among them."""
    unsaid = st.one_of(
        _amounts(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.uuids(),
        st.builds(Ref, st.uuids(), st.sampled_from(["account", "trade.sample", None])),
        st.just(date(1, 1, 1)),
    )
    return nodes(_said_values() | unsaid, least=0)
