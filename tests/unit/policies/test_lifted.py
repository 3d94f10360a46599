"""What a section with further rights adds to the rights to fields."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.policies.test_roles import entity_grants, field

from pycrm.policies.grants import FIELD_RIGHTS, EntityGrant, FieldRight, field_right, lifted

paths = st.sampled_from(["name", "phone", "custom.margin", "trade.incoterm"])
kinds = st.fixed_dictionaries({}, optional={"sensitive": st.just(True), "open": st.just(True)})


def at_least(right: FieldRight, least: FieldRight) -> FieldRight:
    return max(right, least, key=FIELD_RIGHTS.index)


@given(entity_grants(), paths, kinds, st.booleans())
def test_reading_is_reading(grant: EntityGrant, path: str, facts: dict[str, bool], may_write: bool) -> None:
    """Who may read in it reads every field, denied ones too, and writes exactly those that he wrote before."""
    known = field(path, **facts)

    before, after = (field_right(each, known, may_write) for each in (grant, lifted(grant, frozenset({"read"}))))
    assert after == at_least(before, "read")


@given(entity_grants(), paths, kinds, st.sampled_from(["write", "create"]))
def test_writing_is_writing(grant: EntityGrant, path: str, facts: dict[str, bool], action: str) -> None:
    """Who may write in it writes every field."""
    assert field_right(lifted(grant, frozenset({action})), field(path, **facts), True) == "write"


@given(entity_grants(), st.sets(st.sampled_from(["read", "write", "delete", "approve"]), min_size=1))
def test_actions(grant: EntityGrant, actions: set[str]) -> None:
    """Named actions reach all records, whatever is denied; others reach what they reached."""
    further = lifted(grant, frozenset(actions))

    for action in {*grant.actions, *grant.denied, *actions}:
        expected = ("all",) if action in actions else grant.actions.get(action)
        assert further.actions.get(action) == expected
        assert further.denied.get(action) == (None if action in actions else grant.denied.get(action))


@given(entity_grants(), paths, kinds, st.booleans())
def test_other_actions_open_no_field(grant: EntityGrant, path: str, facts: dict[str, bool], may_write: bool) -> None:
    """An action that is neither reading nor writing says nothing of fields."""
    further = lifted(grant, frozenset({"delete"}))

    assert field_right(further, field(path, **facts), may_write) == field_right(grant, field(path, **facts), may_write)
