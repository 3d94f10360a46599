from __future__ import annotations

import pytest

from pycrm import Account, SavedView, Team, User, ValidationError, Workspace, field


def test_view_belongs_to_its_maker(ws: Workspace) -> None:
    """A view is its maker's own, until it is shared or given to a team."""
    view = ws.create(
        SavedView(
            entity="account",
            name="华东重点客户",
            columns="number name level country",
            where="level = 'A' AND custom.region = '华东'",
            order_by="name, created_at DESC",
            group_by="country",
            colour_rule="level = 'A': red",
        )
    )
    team = ws.create(Team(name="East"))

    read = ws.get(SavedView, view.id, include="owner")
    assert (read.owner and read.owner.record.key, read.team, read.is_shared) == ("mei", None, False)
    shared = ws.update(read, team=team, is_shared=True)
    assert (shared.team and shared.team.id, shared.is_shared) == (team.id, True)


def test_view_of_missing_field_is_kept(ws: Workspace) -> None:
    """What a view names need not be there: it is kept as it was written, before, without and after the field."""
    text = {"columns": "name custom.region trade.incoterm", "where": "custom.region = '华东'", "order_by": "gone"}
    view = ws.create(SavedView(entity="account", name="华东", **text))
    ws.define_field(Account, "region", field.text())
    ws.retire_field(Account, "region")
    other = ws.create(SavedView(entity="nowhere.nothing", name="gone"))

    read = ws.get(SavedView, view.id)
    assert {name: getattr(read, name) for name in text} == text
    assert ws.get(SavedView, other.id).entity == "nowhere.nothing"


def test_name_is_unique_per_owner_and_entity(ws: Workspace) -> None:
    """Two users may use one name, and one user may for two entities."""
    bob = ws.create(User(key="bob", name="Bob"))
    ws.create_many(
        [
            SavedView(entity="account", name="Mine"),
            SavedView(entity="contact", name="Mine"),
            SavedView(entity="account", name="Mine", owner=bob),
        ]
    )

    with pytest.raises(ValidationError) as caught:
        ws.create(SavedView(entity="account", name="Mine"))
    assert [problem.code for problem in caught.value.problems] == ["field.not_unique"]
