"""`F` and conditions."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pycrm.errors import QueryError
from pycrm.query.ast import And, Compare, In, IsNull, Path
from pycrm.query.builder import Condition, F, node_of

UNTYPED: Any = F
"""For what a type checker refuses, too."""


@pytest.mark.parametrize(
    ("condition", "node"),
    [
        (F.amount == 1, Compare("=", Path(("amount",)), 1)),
        (F.amount != 1, Compare("!=", Path(("amount",)), 1)),
        (F.amount < 1, Compare("<", Path(("amount",)), 1)),
        (F.amount <= 1, Compare("<=", Path(("amount",)), 1)),
        (F.amount > 1, Compare(">", Path(("amount",)), 1)),
        (1 <= F.amount, Compare(">=", Path(("amount",)), 1)),  # noqa: SIM300
        (F["trade.incoterm"] == "FOB", Compare("=", Path(("trade", "incoterm")), "FOB")),
        (F.stage.outcome != "won", Compare("!=", Path(("stage", "outcome")), "won")),
        (F.custom["大区"].in_(["华东", "华北"]), In(Path(("custom", "大区")), ("华东", "华北"))),
        (F.close_on.is_null(), IsNull(Path(("close_on",)))),
        (F.close_on.is_not_null(), IsNull(Path(("close_on",)), negated=True)),
        (F["in_"] == 1, Compare("=", Path(("in_",)), 1)),
    ],
)
def test_comparison_makes_node(condition: Condition, node: object) -> None:
    """Each way to compare has its node."""
    assert node_of(condition) == node


def test_and_is_flat() -> None:
    """However it is bracketed, one list of conditions comes out."""
    a, b, c = F.a == 1, F.b == 2, F.c == 3

    assert node_of((a & b) & c) == node_of(a & (b & c)) == And((a.node, b.node, c.node))


def test_lists_may_be_any_iterable() -> None:
    """A generator is read once and kept."""
    assert node_of(F.n.in_(n for n in range(3))) == In(Path(("n",)), (0, 1, 2))


@pytest.mark.parametrize(
    ("misuse", "cure"),
    [
        (lambda: F.close_on == None, r"F.close_on = None: use F.close_on.is_null\(\)"),  # noqa: E711
        (lambda: F.close_on != None, r"or F.close_on.is_not_null\(\)"),  # noqa: E711
        (lambda: F.close_on > None, r"is_null\(\)"),
        (lambda: F.n.in_([1, None]), r"is_null\(\)"),
        (lambda: F.name.in_("abc"), r"write in_\(\['abc'\]\)"),
        (lambda: F.a == 1 and F.b == 2, "join conditions with & and . instead of `and`"),
        (lambda: 1 < F.a < 5, "write no chain"),
        (lambda: not F.is_active, "compare it, as in F.is_active == True"),
        (lambda: F == 1, "F alone names no field"),
        (lambda: F.a == (F.b == 1), "compared with a value, not with a condition"),
        (lambda: F.a.in_([F.b]), "compared with a list of values"),
        (lambda: F["a b"], "expected '.' or the end at character 3"),
        (lambda: node_of(["a"]), r"where= takes a condition such as F.name == 'x', .*not \['a'\]"),  # type: ignore[arg-type]
        (lambda: node_of({"a": 1}), "filter: expected a condition, by one of and, or, not, .* got a mapping with 'a'"),
    ],
)
def test_misuse_names_cure(misuse: Any, cure: str) -> None:
    """What Python would quietly make of it is refused, with what to write instead."""
    with pytest.raises(QueryError, match=cure):
        misuse()


@pytest.mark.parametrize(
    "misuse",
    [
        lambda: "x" in UNTYPED.name,
        lambda: list(UNTYPED.name),
        lambda: {UNTYPED.name: 1},
        lambda: (UNTYPED.a == 1) & True,
    ],
)
def test_absent_operators_are_type_errors(misuse: Any) -> None:
    """Operators that do not exist fail at once instead of meaning something else."""
    with pytest.raises(TypeError):
        misuse()


def test_private_names_are_no_fields() -> None:
    """Python's own protocols, such as copying, do not mistake a path for an object that takes part."""
    assert not hasattr(F.name, "__deepcopy__")
    assert repr(copy.copy(F.account.name)) == "F.account.name"
