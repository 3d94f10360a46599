"""Lifecycles."""

from __future__ import annotations

import json
import pickle

import pytest

from pycrm.errors import ConfigurationError
from pycrm.values.lifecycle import Lifecycle, Move, State

ORDER = Lifecycle(
    State("draft", label={"zh": "草稿"}),
    State("confirmed", category="running"),
    State("shipped"),
    State("cancelled", final=True),
    Move("confirm", "draft", "confirmed", needs="account ordered_at", may="confirm_orders"),
    Move("ship", "draft confirmed", "shipped"),
    Move("cancel", "*", "cancelled", label={"zh": "取消"}),
    Move("reopen", ["cancelled"], "draft"),
)


def test_first_state_is_initial() -> None:
    """New records begin in the first state."""
    assert ORDER.initial == "draft"
    assert list(ORDER.states) == ["draft", "confirmed", "shipped", "cancelled"]


def test_sources_of_star() -> None:
    """A star stands for every state that is not final."""
    assert ORDER.sources("cancel") == ("draft", "confirmed", "shipped")
    assert ORDER.sources("ship") == ("draft", "confirmed")


def test_star_leaves_out_target() -> None:
    """A star does not lead from a state to itself."""
    assert Lifecycle(State("a"), State("b"), Move("reset", "*", "a")).sources("reset") == ("b",)


def test_moves_from_state() -> None:
    """The moves from a state stand in the order given; a final state has those that name it."""
    assert [move.name for move in ORDER.moves_from("draft")] == ["confirm", "ship", "cancel"]
    assert [move.name for move in ORDER.moves_from("cancelled")] == ["reopen"]
    assert ORDER.moves_from("nowhere") == ()


def test_move_between_states() -> None:
    """Two states are joined by one move or none."""
    assert ORDER.move_between("draft", "confirmed") is ORDER.moves["confirm"]
    assert ORDER.move_between("shipped", "draft") is None
    assert ORDER.moves["confirm"].needs == ("account", "ordered_at")


def test_category_of_state() -> None:
    """A state is open and a final one closed, unless it says otherwise."""
    assert [state.category for state in ORDER.states.values()] == ["open", "running", "open", "closed"]


def test_options_round_trip() -> None:
    """A lifecycle comes back equal from JSON."""
    again = Lifecycle.from_options(json.loads(json.dumps(ORDER.options())))

    assert again == ORDER
    assert hash(again) == hash(ORDER)
    assert again.states["draft"].label == {"zh": "草稿"}
    assert pickle.loads(pickle.dumps(ORDER)) == ORDER


def test_different_lifecycles_differ() -> None:
    """Lifecycles are equal by states and moves, and show both."""
    assert Lifecycle(State("a")) != Lifecycle(State("b"))
    assert Lifecycle(State("a")) != "a"
    assert repr(Lifecycle(State("a"))) == "Lifecycle(states=['a'], moves=[])"


def test_lifecycle_never_changes() -> None:
    """States and moves cannot be exchanged."""
    with pytest.raises(AttributeError):
        ORDER.initial = "shipped"  # type: ignore[misc]
    with pytest.raises(TypeError):
        ORDER.states["x"] = State("x")  # type: ignore[index]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "needs at least one State"),
        ([State("a"), State("a")], "two states are named 'a'"),
        ([State("a b")], "'a b' cannot name a state"),
        ([State("_a")], "'_a' cannot name a state"),
        ([State("a"), State("b"), Move("go", "a", "b"), Move("go", "b", "a")], "two moves are named 'go'"),
        ([State("draft"), Move("go", "drift", "draft")], "'drift', which is not among draft; did you mean 'draft'"),
        ([State("a"), Move("go", "a", "b")], "names the state 'b'"),
        ([State("a"), State("b"), Move("go", "", "b")], "starts from no state"),
        ([State("a"), Move("go", "a", "a")], "from 'a' to itself"),
        ([State("a"), State("b"), Move("go", "a", "b", needs="x y-z")], "needs 'y-z', which is no field name"),
        ([State("a"), State("b"), Move("go", "a", "b"), Move("run", "*", "b")], "'go' and 'run' both lead from 'a'"),
    ],
)
def test_bad_lifecycle_is_refused(parts: list[State | Move], message: str) -> None:
    """What cannot work is refused when the lifecycle is put together."""
    with pytest.raises(ConfigurationError, match=message):
        Lifecycle(*parts)
