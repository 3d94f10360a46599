"""Which values stored under one kind another one takes over."""

from __future__ import annotations

from typing import Any

import pytest

from pycrm.fields import declare as field
from pycrm.fields.choices import Option
from pycrm.fields.kind import Fit
from pycrm.values.lifecycle import Lifecycle, Move, State

SHORT = Lifecycle(State("open"), State("done"), Move("finish", "open", "done"))
LONG = Lifecycle(State("open"), State("late"), State("done"), Move("finish", "open late", "done"))

ALL, SOME, NONE = Fit.ALL, Fit.SOME, Fit.NONE


@pytest.mark.parametrize(
    ("old", "new", "fit"),
    [
        (field.text(), field.text(), ALL),
        (field.text(max_length=9), field.text(max_length=10), ALL),
        (field.text(max_length=10), field.text(max_length=9), SOME),
        (field.text(), field.long_text(), ALL),
        (field.long_text(), field.text(), SOME),
        (field.choice(["a"]), field.text(), ALL),
        (field.choice(["a"]), field.text(max_length=3), SOME),
        (field.text(), field.choice(["a"]), SOME),
        (field.choice(["a"]), field.choice(["b", "a"]), ALL),
        (field.choice(["a", "b"]), field.choice(["a"]), SOME),
        (field.choice(["a", "b"]), field.choice(["a", Option("b", retired=True)]), ALL),
        (field.choice(["a"]), field.multi_choice(["a"]), NONE),
        (field.multi_choice(["a"]), field.tags(), SOME),
        (field.tags(), field.multi_choice(["a"]), SOME),
        (field.tags(), field.tags(), ALL),
        (field.status(SHORT), field.status(LONG), ALL),
        (field.status(LONG), field.status(SHORT), SOME),
        (field.text(), field.status(SHORT), SOME),
        (field.integer(), field.status(SHORT), NONE),
        (field.integer(), field.decimal(), NONE),
        (field.decimal(places=2), field.decimal(places=3), NONE),
        (field.money(), field.money(currency="EUR"), ALL),
        (field.money(), field.money(places=4), ALL),
        (field.money(places=4), field.money(), SOME),
        (field.money(places=4), field.money(places=6), NONE),
        (field.date(), field.datetime(), NONE),
        (field.autonumber("A-{seq}"), field.autonumber("B-{year}-{seq}"), ALL),
        (field.text(), field.autonumber("A-{seq}"), ALL),
        (field.ref("user"), field.ref("user", many="x", on_delete="clear", part_of=True, soft=True), ALL),
        (field.ref("user"), field.ref("team"), NONE),
        (field.ref("user"), field.any_ref("user"), NONE),
        (field.refs("user"), field.refs("user"), ALL),
        (field.refs("user"), field.refs("team"), NONE),
        (field.any_ref("user"), field.any_ref("team"), ALL),
    ],
)
def test_fit(old: Any, new: Any, fit: Fit) -> None:
    """Wider options bear all values, narrower ones those that parse, another form of storage none."""
    assert new.kind.fit(old.kind) is fit


@pytest.mark.parametrize("declare", [field.choice, field.multi_choice])
def test_keeping(declare: Any) -> None:
    """A choice keeps options that are no longer declared, retired and last; nothing else keeps anything."""
    old, new = declare(["a", Option("b", {"zh": "乙"}), "c"]).kind, declare(["c", "a"]).kind
    kept = new.keeping(old)

    assert kept.choices == (Option("c"), Option("a"), Option("b", {"zh": "乙"}, retired=True))
    assert kept.keeping(old) == kept
    assert new.keeping(new) is new
    assert new.keeping(field.text().kind) is new
    assert field.text(max_length=3).kind.keeping(field.text().kind) == field.text(max_length=3).kind
