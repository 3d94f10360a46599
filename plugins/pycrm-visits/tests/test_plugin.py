"""The plugin loads, works beside the built-in ones, and leaves nothing behind in a CRM without it."""

from __future__ import annotations

from collections.abc import Iterator

from pycrm import CRM, Account, Principal, discover
from pycrm_visits import LastVisit, Visit, check_in, plugin

MEI = Principal("mei", roles={"administrator"})


def labelled(crm: CRM) -> Iterator[tuple[str, ...]]:
    """Yield the label key of everything of the plugin that people see."""
    visit = crm.schema.entities["visits.visit"]
    yield "entities", visit.name
    yield "fields", "account", "visits.last_visit_on"
    for path, field in visit.fields.items():
        if path not in Account.__declared_fields__ or path == "status":
            yield "fields", visit.name, path
        for option in getattr(field.kind, "choices", ()):
            yield "options", visit.name, path, option.value
        if lifecycle := getattr(field.kind, "lifecycle", None):
            yield from (("states", visit.name, path, state) for state in lifecycle.states)
            yield from (("moves", visit.name, path, move) for move in lifecycle.moves)


def test_loads_by_entry_point() -> None:
    """An installed plugin is found, and knows the version that was installed."""
    assert plugin in discover()
    assert plugin in CRM("sqlite://").plugins
    assert plugin.version != "0"


def test_works() -> None:
    """It brings its entity, its field, its hook and its action, all under its name."""
    crm = CRM("sqlite://", plugins=[plugin])
    crm.migrate()

    assert crm.entities["visits.visit"] is Visit
    assert "visits.last_visit_on" in crm.schema.entities["account"].fields
    assert "visits.visits" in crm.schema.entities["account"].back
    assert crm.actions["visits.visit.check_in"] is check_in
    assert [declared.name for declared, _, _ in crm.hooks.listing() if declared.plugin == "visits"] == [
        "visits:keep_last_visit"
    ]


def test_unloads_clean() -> None:
    """A CRM without it knows nothing of it, though both live in one process."""
    before = CRM("sqlite://", plugins=[])
    during = CRM("sqlite://", plugins=[plugin])
    during.migrate()
    during.close()
    after = CRM("sqlite://", plugins=[])
    after.migrate()

    for crm in (before, after):
        assert not [name for name in crm.entities if name.startswith("visits.")]
        assert not [name for name in crm.actions if name.startswith("visits.")]
        assert not [declared for declared, _, _ in crm.hooks.listing() if declared.plugin == "visits"]
        assert not [path for entity in crm.schema.entities.values() for path in entity.fields if "visits." in path]
    with after.acting_as(MEI) as ws:
        assert ws.create(Account(name="青岛海晨贸易有限公司"))[LastVisit].last_visit_on is None


def test_everything_has_chinese() -> None:
    """Every name has its Chinese label, and no label is left over."""
    crm = CRM("sqlite://", plugins=[plugin])
    ours = {key for key in crm.labels.texts["zh"] if any("visits." in name for name in key)}

    assert ours == set(labelled(crm))
