from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.policies.test_roles import definitions, role

from pycrm.policies.grants import EntityGrant
from pycrm.policies.role_diff import RoleDifference, role_differences, to_store
from pycrm.policies.roles import RoleDefinition, merge_stored, read_role

CODE = {
    "clerk": read_role(
        "clerk",
        {"parent": "chief", "rights": {"account": {"read": "team", "write": "own"}, "lead": {"read": "all"}}},
        "test",
    )
}


def test_differences_name_their_place() -> None:
    """Each part that would change is told with what it is and what it shall be; what is not named stays."""
    wanted = role(
        "clerk",
        account={"read": "team", "write": ["own", {"where": "owner = ME"}], "deny": {"fields": ["phone"]}},
    )

    assert role_differences(CODE, {"clerk": wanted}) == (
        RoleDifference("clerk", "rights.account.write", "own", ["own", {"where": "owner = ME"}]),
        RoleDifference("clerk", "rights.account.deny.fields", None, ["phone"]),
    )


def test_empty_table_takes_everything_away() -> None:
    """An entity with an empty table is closed; one that the role did not have is no difference."""
    wanted = role("clerk", account={}, task={})

    assert [(each.path, each.wanted) for each in role_differences(CODE, {"clerk": wanted})] == [
        ("rights.account.read", None),
        ("rights.account.write", None),
    ]


def test_new_role_is_one_difference() -> None:
    """A role that there is not is new as a whole, be it empty."""
    assert role_differences(CODE, {"empty": role("empty")}) == (RoleDifference("empty", "", None, {}),)


@pytest.mark.parametrize("stored", [None, role("clerk", lead={"read": "own"}, account={"read": "all"})])
def test_only_what_code_does_not_say_is_kept(stored: RoleDefinition | None) -> None:
    """What the code says too is not kept, so that its later releases count."""
    wanted = role("clerk", account={"read": "team", "write": "own"}, task={"read": "own"})

    kept = to_store(CODE["clerk"], stored, wanted)
    expected = (
        role("clerk", task={"read": "own"})
        if stored is None
        else role("clerk", lead={"read": "own"}, task={"read": "own"})
    )
    assert kept.grants == expected.grants


@given(definitions, definitions, st.none() | definitions)
def test_what_is_kept_makes_roles_as_wanted(
    code: RoleDefinition, wanted: RoleDefinition, stored: RoleDefinition | None
) -> None:
    """Together with the code, what is kept has every part as wanted, and the others as they were."""
    wanted = attrs.evolve(wanted, name="clerk")
    declared = {"clerk": attrs.evolve(code, name="clerk")}
    before = {} if stored is None else {"clerk": attrs.evolve(stored, name="clerk")}

    kept = to_store(declared["clerk"], before.get("clerk"), wanted)

    now, then = merge_stored(declared, before)["clerk"], merge_stored(declared, {"clerk": kept})["clerk"]
    assert role_differences({"clerk": then}, {"clerk": wanted}) == ()
    for entity in (now.grants.keys() | then.grants.keys()) - wanted.grants.keys():
        assert then.grants.get(entity, EntityGrant()) == now.grants.get(entity, EntityGrant())
