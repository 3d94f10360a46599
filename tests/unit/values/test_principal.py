"""Principals."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from pycrm.errors import ConfigurationError
from pycrm.values.principal import Principal


def test_principal_freezes_what_it_gets() -> None:
    """Roles, teams and attributes are copied and cannot be changed later."""
    roles, attributes = {"salesperson"}, {"region": "east"}
    mei = Principal("mei", roles=roles, attributes=attributes)
    roles.add("administrator")
    attributes["region"] = "west"

    assert (mei.roles, mei.attributes) == (frozenset({"salesperson"}), {"region": "east"})
    assert not mei.is_administrator
    with pytest.raises(TypeError):
        mei.attributes["region"] = "west"  # type: ignore[index]


def test_principal_is_value() -> None:
    """Principals are equal by what they say, and hashable."""
    assert Principal("mei", teams=["a", "b"]) == Principal("mei", teams={"b", "a"})
    assert pickle.loads(pickle.dumps(Principal("mei", attributes={"a": 1}))) == Principal("mei", attributes={"a": 1})
    assert len({Principal("mei", attributes={"a": 1}), Principal("mei", attributes={"a": 1})}) == 1


def test_administrator_by_role() -> None:
    """The role administrator makes an administrator."""
    assert Principal("root", roles={"administrator"}).is_administrator


def test_anonymous_has_nothing() -> None:
    """Anonymous is a principal without name and rights."""
    nobody = Principal.anonymous()

    assert (nobody.is_anonymous, nobody.roles, nobody.plugin_name) == (True, frozenset(), None)


def test_plugin_principal() -> None:
    """A plugin's service principal knows its plugin."""
    trade = Principal.plugin("trade")

    assert (trade.user, trade.plugin_name, trade.is_anonymous) == ("plugin:trade", "trade", False)


@pytest.mark.parametrize("wrong", [{"roles": "administrator"}, {"teams": "east"}])
def test_bare_text_is_refused(wrong: dict[str, Any]) -> None:
    """One text for a set of names is refused: its characters are not meant."""
    with pytest.raises(ConfigurationError, match="sets of names; write"):
        Principal("mei", **wrong)
