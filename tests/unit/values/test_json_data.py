"""JSON values."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.values.json_data import Json

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
data = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


@given(data)
def test_data_comes_back(given_data: Any) -> None:
    """The data comes back equal, from the value, its text and its pickle."""
    value = Json(given_data)

    assert value.data == given_data
    assert Json(json.loads(value.text)) == pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == value
    assert eval(repr(value)) == value


@given(st.dictionaries(st.text(), scalars))
def test_order_of_keys_is_of_no_matter(given_data: dict[str, Any]) -> None:
    """Two objects with the same members are one value."""
    turned = dict(reversed(given_data.items()))

    assert Json(turned) == Json(given_data)
    assert hash(Json(turned)) == hash(Json(given_data))


@pytest.mark.parametrize(("one", "other"), [(1, True), (0, False), ("1", 1), ([], {}), (None, 0)])
def test_sorts_of_values_differ(one: Any, other: Any) -> None:
    """What Python takes for equal is not, where JSON tells a difference."""
    assert Json([one]) != Json([other])


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (0, -0.0), ((1, 2), [1, 2])])
def test_same_value_has_one_text(one: Any, other: Any) -> None:
    """Where JSON tells no difference the text is one."""
    assert Json(one).text == Json(other).text


def test_data_is_a_copy() -> None:
    """Changing what `data` gave changes nothing."""
    value = Json({"a": [1]})
    value.data["a"].append(2)

    assert value.data == {"a": [1]}


@pytest.mark.parametrize("value", [{1: 2}, {"a": object()}, [float("nan")], {"a": float("inf")}])
def test_refuses_what_json_lacks(value: Any) -> None:
    """What JSON has no word for is refused."""
    with pytest.raises((TypeError, ValueError)):
        Json(value)
