from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pycrm import (
    CRM,
    Account,
    Contact,
    F,
    Interaction,
    Principal,
    Ref,
    SalesOrder,
    Task,
    User,
    ValidationError,
    Workspace,
    field,
)
from pycrm.plugin import Record
from pycrm.storage.changes import read_changes
from pycrm.storage.upgrade.renaming import rename_links

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_interaction_is_about_anything(ws: Workspace) -> None:
    """What happened may be about a record of any entity, and is found by it."""
    account = ws.create(Account(name="Nordwind"))
    order = ws.create(SalesOrder(currency="EUR"))
    ws.create(Interaction(kind="visit", subject="样品室", happened_at=AT, about=account))
    ws.create(Interaction(kind="call", subject="delivery", happened_at=AT, direction="in", about=order))

    (about_order,) = ws.list(Interaction, where=F.about == order)
    assert about_order.subject == "delivery"
    assert about_order.about is not None
    assert (about_order.about.id, about_order.about.entity) == (order.id, "sales_order")


def test_interaction_needs_kind_and_time(ws: Workspace) -> None:
    """What happened has a kind and a moment."""
    with pytest.raises(ValidationError) as caught:
        ws.create(Interaction(subject="?"))

    assert {problem.field for problem in caught.value.problems} == {"kind", "happened_at"}


@pytest.fixture
def people(ws: Workspace) -> list[Contact | User]:
    """Two contacts and a user."""
    return [
        ws.create(Contact(name="Anna")),
        ws.create(User(key="li", name="Li")),
        ws.create(Contact(name="Ben")),
    ]


def meeting(ws: Workspace, *participants: Record) -> Interaction:
    return ws.create(Interaction(kind="meeting", happened_at=AT, participants=participants))


def names(ws: Workspace, interaction: Interaction) -> list[str]:
    found = ws.get(Interaction, interaction.id, include="participants")
    return [each.record.name for each in found.participants]  # type: ignore[attr-defined]


def test_participants_are_contacts_and_users(ws: Workspace, people: list[Contact | User]) -> None:
    """Those who took part come back in the order given, of whichever entity they are."""
    met = meeting(ws, *people)

    found = ws.get(Interaction, met.id)
    assert [(each.id, each.entity) for each in found.participants] == [
        (people[0].id, "contact"),
        (people[1].id, "user"),
        (people[2].id, "contact"),
    ]
    assert names(ws, met) == ["Anna", "Li", "Ben"]
    assert names(ws, meeting(ws)) == []


def test_participants_load_what_is_theirs(ws: Workspace, people: list[Contact | User]) -> None:
    """What is behind a participant is loaded where its entity has it."""
    ws.create(Task(subject="call", assignee=people[1].id))
    met = meeting(ws, people[1])

    (participant,) = ws.get(Interaction, met.id, include="participants.tasks").participants
    assert [task.subject for task in participant.record.related("tasks")] == ["call"]


def test_others_take_no_part(ws: Workspace, people: list[Contact | User]) -> None:
    """An account is no participant, and neither is somebody who does not exist."""
    account = ws.create(Account(name="Elbe"))
    for wrong, code in [
        (account, "any_ref.wrong_entity"),
        (Ref(account.id, "contact"), "ref.unknown"),
        (account.id, "any_ref.no_entity"),
    ]:
        with pytest.raises(ValidationError) as caught:
            ws.create(Interaction(kind="call", happened_at=AT, participants=[people[0], wrong]))
        assert [(problem.code, problem.field) for problem in caught.value.problems] == [(code, "participants")]


def test_participants_change(ws: Workspace, people: list[Contact | User]) -> None:
    """Participants are added, taken out and put in another order; a change that is none writes nothing."""
    met = meeting(ws, people[0])
    for participants, shown in [
        (people, ["Anna", "Li", "Ben"]),
        ([people[2], people[1]], ["Ben", "Li"]),
        ([people[1], people[2]], ["Li", "Ben"]),
        ((), []),
    ]:
        ws.update(ws.get(Interaction, met.id), participants=participants)
        assert names(ws, met) == shown

    version = ws.get(Interaction, met.id).version
    ws.update(ws.get(Interaction, met.id), participants=[])
    assert ws.get(Interaction, met.id).version == version


def test_loaded_participants_are_no_change(ws: Workspace, people: list[Contact | User]) -> None:
    """Reading participants does not change the interaction."""
    met = ws.get(Interaction, meeting(ws, *people).id, include="participants")
    ws.update(met, subject="fair")
    ws.update(met)

    assert met.version == 2
    assert names(ws, met) == ["Anna", "Li", "Ben"]


def test_participants_of_two_writers_are_merged(crm: CRM, mei: Principal) -> None:
    """What one adds and what another takes out both count."""
    with crm.acting_as(mei) as ws:
        anna, li, ben = (
            ws.create(Contact(name="Anna")),
            ws.create(User(key="li", name="Li")),
            ws.create(Contact(name="Ben")),
        )
        mine = ws.create(Interaction(kind="meeting", happened_at=AT, participants=[anna, ben]))
    with crm.acting_as(mei) as ws:
        ws.update(ws.get(Interaction, mine.id), participants=[anna, ben, li])
    with crm.acting_as(mei) as ws:
        ws.update(mine, participants=[ben])

    with crm.acting_as(mei) as ws:
        assert names(ws, mine) == ["Ben", "Li"]


def test_change_row_tells_participants(ws: Workspace, people: list[Contact | User]) -> None:
    """The change row says who took part before, as it says of every field."""
    met = meeting(ws, people[0], people[1])
    ws.update(met, participants=[people[2]])

    (row,) = read_changes(ws._ctx.unit, ws._ctx.tools.tables, "interaction", met.id, since_version=1)
    assert row.changed == ("participants",)
    assert row.old["participants"] == [
        {"entity": "contact", "id": str(people[0].id)},
        {"entity": "user", "id": str(people[1].id)},
    ]


def test_participant_cannot_be_purged(ws: Workspace, people: list[Contact | User]) -> None:
    """A participant may go into the bin, and stays there while an interaction has them."""
    met = meeting(ws, *people)
    ws.delete(people[0])
    with pytest.raises(ValidationError) as caught:
        ws.purge(people[0])
    assert [problem.code for problem in caught.value.problems] == ["record.referenced"]

    ws.update(met, participants=people[1:])
    ws.purge(people[0])
    assert names(ws, met) == ["Li", "Ben"]


def test_participants_survive_the_bin(ws: Workspace, people: list[Contact | User]) -> None:
    """An interaction that comes back from the bin has its participants; a purged one leaves nothing."""
    met = meeting(ws, *people)
    ws.delete(met)
    ws.restore(met)
    assert names(ws, met) == ["Anna", "Li", "Ben"]

    ws.delete(met)
    ws.purge(met)
    ws.purge(people[0])


def test_many_interactions_have_participants(ws: Workspace, people: list[Contact | User]) -> None:
    """A batch writes the participants of all its records."""
    many = [Interaction(kind="call", happened_at=AT, participants=[person]) for person in people for _ in range(20)]
    ws.create_many(many)

    found = {each.id: each.participants for each in ws.iterate(Interaction)}
    assert all([ref.id for ref in found[each.id]] == [each.participants[0].id] for each in many)


def test_custom_field_of_several_entities(ws: Workspace, people: list[Contact | User]) -> None:
    """A custom field may refer to several records of several entities, too."""
    ws.define_field(Account, "circle", field.any_refs(Contact, Account))
    elbe = ws.create(Account(name="Elbe"))
    rhein = ws.create(Account(name="Rhein", custom={"circle": [people[0], elbe]}))
    ws.update(ws.get(Account, rhein.id), custom={"circle": [elbe, people[2]]})

    found = ws.get(Account, rhein.id, include="custom.circle")
    assert [each.record.name for each in found.custom.circle] == ["Elbe", "Ben"]
    assert [each.entity for each in found.custom.circle] == ["account", "contact"]


def test_participants_follow_their_field(ws: Workspace, people: list[Contact | User]) -> None:
    """An upgrade that renames the field takes the links of all entities along, and no others."""
    meeting(ws, people[0], people[1])
    unit, link = ws._ctx.unit, ws._ctx.tools.tables.link
    rename_links(unit, link, "interaction.part", "interaction.wrong")
    rename_links(unit, link, "interaction.participants", "interaction.attendees")

    found = unit.rows(f"SELECT field FROM {link.name} ORDER BY position", {})
    assert found == [("interaction.attendees:contact",), ("interaction.attendees:user",)]
