"""Rows are written, merged, guarded and read again."""

from __future__ import annotations

import itertools
import random
from datetime import date, timedelta
from typing import Any

import pytest
from tests.shop import NOW, Item, User, full_item, plain, stamped

from pycrm.storage import ForeignKeyViolation, UniqueViolation
from pycrm.values.ids import new_id
from pycrm.values.money import Money

LATER = NOW + timedelta(hours=1)


def make_items(count: int) -> list[Item]:
    return stamped(*(Item(name=f"item {number}", rank=number) for number in range(count)))


def change(shop: Any, record: Any, **values: Any) -> Any:
    """Set *values* and write them in a unit of its own."""
    for path, value in values.items():
        setattr(record, path, value)
    with shop.unit() as unit:
        return shop.writer().update(unit, record, shop.fields(*values), at=LATER, by=None)


@pytest.mark.parametrize("count", [1, 3, 50])
def test_insert_keeps_all_values(shop: Any, count: int) -> None:
    """One row, a few and a COPY store the same."""
    user = stamped(User(name="mei"))[0]
    shop.insert(user)
    items = [
        full_item(code=f"c{number}", rank=number, owner=user, custom={"agent": user.id, "score": number})
        for number in range(count)
    ]
    shop.insert(*items)

    found = shop.read(*(item.id for item in items))

    assert [plain(record) for record in found] == [plain(item) for item in items]


@pytest.mark.parametrize("count", [2, 60])
def test_records_of_a_batch_refer_forward(shop: Any, count: int) -> None:
    """A batch may be written in any order."""
    items = make_items(count)
    for item, later in itertools.pairwise(items):
        item.parent = later

    shop.insert(*items)

    assert [record._parent for record in shop.read(*(item.id for item in items))] == [
        *(item.id for item in items[1:]),
        None,
    ]


@pytest.mark.parametrize("count", [1, 60])
def test_reference_to_nothing_fails_at_once(shop: Any, count: int) -> None:
    """The call that writes a dangling reference raises, not a later one."""
    items = make_items(count)
    items[-1].owner = new_id()
    unit = shop.unit()

    with pytest.raises(ForeignKeyViolation):
        shop.writer().insert(unit, items)
    unit.close()

    assert shop.read(items[0].id) == [None]


@pytest.mark.parametrize("count", [1, 60])
def test_unique_violation_is_ours(shop: Any, count: int) -> None:
    """COPY and INSERT report a duplicate alike, and nothing of the batch stays."""
    items = make_items(count)
    shop.insert(full_item(code="same"))
    items[-1].code = "same"
    unit = shop.unit()

    with pytest.raises(UniqueViolation):
        shop.writer().insert(unit, items)
    unit.close()

    assert shop.read(items[0].id) == [None]


def test_unique_is_outside_the_bin_only(shop: Any) -> None:
    """A code in the bin may be used again."""
    first = full_item(code="same")
    shop.insert(first)
    with shop.unit() as unit:
        shop.writer().bin(unit, shop.read(first.id), at=LATER, by=None)

    shop.insert(full_item(code="same", name="other"))


def test_absent_rows_are_inserted(shop: Any) -> None:
    """Rows that break a unique key are passed over."""
    items = make_items(40)
    shop.insert(items[0])

    with shop.unit() as unit:
        shop.writer().insert(unit, items, if_absent=True)

    assert all(shop.read(*(item.id for item in items)))


def test_update_writes_changed_fields(shop: Any) -> None:
    """An update counts the version up and says who and when."""
    item = full_item()
    shop.insert(item)
    (record,) = shop.read(item.id)

    outcome = change(shop, record, name="new", tags=("b",), price=None)

    (found,) = shop.read(item.id)
    assert (outcome.version, outcome.merged) == (2, False)
    assert (found.name, found.tags, found.price, found.notes) == ("new", ("b",), None, item.notes)
    assert (found.version, found.updated_at, found.created_at) == (2, LATER, NOW)


def test_other_fields_merge(shop: Any) -> None:
    """Two people who change different fields of one record both win."""
    item = full_item()
    shop.insert(item)
    (mine,) = shop.read(item.id)
    (theirs,) = shop.read(item.id)
    change(shop, theirs, notes="theirs")

    outcome = change(shop, mine, name="mine")

    (found,) = shop.read(item.id)
    assert (outcome.version, outcome.merged) == (3, True)
    assert (found.name, found.notes) == ("mine", "theirs")


@pytest.mark.parametrize(
    ("path", "theirs", "ours"),
    [
        ("notes", "theirs", "ours"),
        ("notes", None, "ours"),
        ("tags", ("t",), ()),
        ("price", None, None),
        ("colours", (), ("green",)),
    ],
)
def test_same_field_conflicts(shop: Any, path: str, theirs: Any, ours: Any) -> None:
    """A field that somebody else changed meanwhile is not overwritten."""
    item = full_item()
    shop.insert(item)
    (one,) = shop.read(item.id)
    (other,) = shop.read(item.id)
    change(shop, one, **{path: theirs})

    outcome = change(shop, other, **{path: ours})

    assert not outcome
    assert getattr(shop.read(item.id)[0], path) == theirs


def write_custom(shop: Any, record: Any, **values: Any) -> Any:
    record.custom = values
    with shop.unit() as unit:
        return shop.writer().update(
            unit, record, shop.fields(*(f"custom.{name}" for name in values)), at=LATER, by=None
        )


@pytest.mark.parametrize("custom", [{}, full_item().custom])
def test_document_keys_are_set_one_by_one(shop: Any, custom: Any) -> None:
    """A custom field is set, or emptied, without touching the others, whether or not there was a document."""
    item = full_item(custom=dict(custom))
    shop.insert(item)
    (record,) = shop.read(item.id)
    values = {"score": None, "it's": "'; --", "marks": ("m",), "budget": None}

    assert write_custom(shop, record, **values).version == 2

    expected = {**custom, **values}
    assert dict(shop.read(item.id)[0].custom) == {name: each for name, each in expected.items() if each is not None}


def test_document_keys_merge(shop: Any) -> None:
    """Two people who set different custom fields both win; the same one conflicts."""
    item = full_item()
    shop.insert(item)
    (one,), (other,), (third,) = shop.read(item.id), shop.read(item.id), shop.read(item.id)
    write_custom(shop, one, score=1, marks=())

    merged = write_custom(shop, other, region="华北", is_vip=True)
    lost = [write_custom(shop, third, **values) for values in ({"score": 2}, {"marks": ("z",)})]

    (found,) = shop.read(item.id)
    assert merged.merged
    assert not any(lost)
    assert (found.custom.score, found.custom.region, found.custom.is_vip) == (1, "华北", True)


@pytest.mark.parametrize("name", full_item().custom)
def test_document_guards_know_every_kind(shop: Any, name: str) -> None:
    """A stale record may write a custom field of any kind that still holds its loaded value."""
    item = full_item()
    shop.insert(item)
    (one,), (other,) = shop.read(item.id), shop.read(item.id)
    change(shop, one, notes="x")

    assert write_custom(shop, other, **{name: None}).merged

    assert shop.read(item.id)[0].custom.get(name) in (None, ())


def test_unknown_keys_survive(shop: Any) -> None:
    """What an absent plugin keeps in the document stays there."""
    item = full_item(custom={"score": 1})
    shop.insert(item)
    quoted = shop.database.dialect.sa.identifier_preparer.format_table(shop.tables.table("item"))
    with shop.unit() as unit:
        unit.execute(f"""UPDATE {quoted} SET doc = '{{"score":1,"gone.key":"kept"}}'""")
    (record,) = shop.read(item.id)

    assert write_custom(shop, record, score=2)

    with shop.database.reading_unit() as unit:
        ((doc,),) = unit.rows(f"SELECT CAST(doc AS TEXT) FROM {quoted}")
    assert "kept" in doc
    assert dict(shop.read(item.id)[0].custom) == {"score": 2}


def test_required_state_guards(shop: Any) -> None:
    """A move is written only from the state that it starts from."""
    item = full_item(size="S")
    shop.insert(item)
    (record,) = shop.read(item.id)
    record.notes = "moved"

    outcomes = []
    for size in ("M", "S"):
        with shop.unit() as unit:
            outcomes.append(
                shop.writer().update(unit, record, shop.fields("notes"), at=LATER, by=None, require={"size": size})
            )

    assert [outcome.version for outcome in outcomes] == [None, 2]


@pytest.mark.parametrize("count", [1, 30])
def test_update_many_writes_groups(shop: Any, count: int) -> None:
    """Records with different changed fields are written in one call."""
    items = make_items(count)
    shop.insert(*items)
    records = shop.read(*(item.id for item in items))
    changes = []
    for number, record in enumerate(records):
        path = "notes" if number % 2 else "name"
        setattr(record, path, "new")
        changes.append((record, shop.fields(path)))

    with shop.unit() as unit:
        outcome = shop.writer().update_many(unit, changes, at=LATER, by=None)

    assert outcome.versions == dict.fromkeys((item.id for item in items), 2)
    assert not outcome.lost
    assert not outcome.merged
    assert all("new" in (record.name, record.notes) for record in shop.read(*outcome.versions))


OTHER: dict[str, Any] = {
    "name": "other",
    "notes": None,
    "weight": None,
    "is_new": True,
    "made_on": date(2026, 2, 28),
    "seen_at": None,
    "size": "L",
    "colours": (),
    "price": Money("1", "EUR"),
    "cost": None,
    "tags": ("b",),
    "custom.region": "华北",
    "custom.score": None,
    "custom.budget": Money("4", "USD"),
    "custom.marks": (),
    "custom.it's": "other",
}


OURS = {"name": "ours", "notes": "ours", "rank": 1, "size": "S", "custom.score": 1, "custom.region": "华北"}


def set_path(record: Any, path: str, value: Any) -> None:
    if "." in path:
        record.set_document_value(path, value)
    else:
        setattr(record, path, value)


def test_update_many_writes_each_its_own_fields(shop: Any) -> None:
    """Records that all change other fields, to values or to nothing, are stored as one update each would store them."""
    rng = random.Random(20)
    items = stamped(*(full_item(code=f"c{number}", rank=number) for number in range(100, 140)), *make_items(20))
    shop.insert(*items)
    chosen = [rng.sample(sorted(OTHER), rng.randint(1, 6)) for _ in items]
    together = shop.read(*(item.id for item in items))
    for record, paths in zip(together, chosen, strict=True):
        for path in paths:
            set_path(record, path, OTHER[path])

    with shop.unit() as unit:
        changes = [(record, shop.fields(*paths)) for record, paths in zip(together, chosen, strict=True)]
        outcome = shop.writer().update_many(unit, changes, at=LATER, by=None)

    assert outcome.versions == dict.fromkeys((item.id for item in items), 2)
    stored = [plain(record) for record in shop.read(*(item.id for item in items))]
    with shop.unit() as unit:
        shop.writer().purge(unit, [item.id for item in items])
    shop.insert(*items)
    for record, paths in zip(shop.read(*(item.id for item in items)), chosen, strict=True):
        for path in paths:
            set_path(record, path, OTHER[path])
        with shop.unit() as unit:
            shop.writer().update(unit, record, shop.fields(*paths), at=LATER, by=None)
    assert [plain(record) for record in shop.read(*(item.id for item in items))] == stored


def test_update_many_beside_stale_records(shop: Any) -> None:
    """One record that somebody else changed does not make the others go one by one."""
    items = make_items(200)
    shop.insert(*items)
    records = shop.read(*(item.id for item in items))
    (theirs,) = shop.read(items[0].id)
    change(shop, theirs, made_on=date(2026, 1, 1))
    changes = []
    for record, (path, value) in zip(records, itertools.cycle(OURS.items())):
        set_path(record, path, value)
        changes.append((record, shop.fields(path)))

    with shop.unit() as unit:
        outcome = shop.writer().update_many(unit, changes, at=LATER, by=None)
        asked = unit.statement_count

    assert outcome.merged == [records[0]]
    assert len(outcome.versions) == 200
    assert asked < 12


def test_update_many_of_all_sorts_tells_stale_records_apart(shop: Any) -> None:
    """Also where each record changes other fields: others' fields stay, and an overlap is told."""
    items = make_items(30)
    shop.insert(*items)
    records = shop.read(*(item.id for item in items))
    merging, losing = shop.read(*(item.id for item in items[:2]))
    change(shop, merging, made_on=date(2026, 1, 1))
    change(shop, losing, notes="theirs")
    changes = []
    for record, (path, value) in zip(records, itertools.cycle(OURS.items())):
        set_path(record, path, value)
        changes.append((record, shop.fields(path)))

    with shop.unit() as unit:
        outcome = shop.writer().update_many(unit, changes, at=LATER, by=None)

    assert outcome.merged == [records[0]]
    assert outcome.lost == [records[1]]
    stored = shop.read(*(item.id for item in items))
    assert (stored[0].name, stored[0].made_on) == ("ours", date(2026, 1, 1))
    assert stored[1].notes == "theirs"
    assert [(record.version, dict(record.custom)) for record in stored[3:6]] == [
        (2, {}),
        (2, {"score": 1}),
        (2, {"region": "华北"}),
    ]


def test_update_many_tells_stale_records_apart(shop: Any) -> None:
    """Among many, what can be merged is merged, what conflicts or is gone is left, and the rest is written."""
    items = make_items(30)
    shop.insert(*items)
    records = shop.read(*(item.id for item in items))
    merging, losing, gone = shop.read(*(item.id for item in items[:3]))
    change(shop, merging, notes="theirs")
    change(shop, losing, name="theirs")
    with shop.unit() as unit:
        shop.writer().purge(unit, [gone.id])
    for record in records:
        record.name = "ours"

    with shop.unit() as unit:
        outcome = shop.writer().update_many(unit, [(each, shop.fields("name")) for each in records], at=LATER, by=None)

    assert outcome.merged == [records[0]]
    assert outcome.lost == [records[1], records[2]]
    assert outcome.versions == {records[0].id: 3} | dict.fromkeys((each.id for each in records[3:]), 2)


def test_bin_and_back(shop: Any) -> None:
    """The bin takes a record whatever was changed in it, once, and gives it back."""
    items = make_items(5)
    shop.insert(*items)
    ids = [item.id for item in items]
    stale = shop.read(*ids)
    change(shop, shop.read(ids[0])[0], name="theirs")

    with shop.unit() as unit:
        binned = shop.writer().bin(unit, stale, at=LATER, by=None)
    again = shop.read(*ids)
    with shop.unit() as unit:
        twice = shop.writer().bin(unit, again, at=LATER, by=None)
        restored = shop.writer().unbin(unit, again, at=LATER, by=None)

    assert [binned.versions[each] for each in ids] == [3, 2, 2, 2, 2]
    assert binned.merged == [stale[0]]
    assert {record.deleted_at for record in again} == {LATER}
    assert len(twice.lost) == 5
    assert not restored.lost
    assert {record.deleted_at for record in shop.read(*ids)} == {None}


def test_record_in_the_bin_is_not_updated(shop: Any) -> None:
    """Who updates a record that went to the bin meanwhile has lost."""
    item = full_item()
    shop.insert(item)
    (record,) = shop.read(item.id)
    with shop.unit() as unit:
        shop.writer().bin(unit, shop.read(item.id), at=LATER, by=None)

    assert not change(shop, record, name="late")


@pytest.mark.parametrize("count", [1, 7, 120, 1_050])
def test_lists_of_ids_of_any_length(shop: Any, count: int) -> None:
    """Reading, locking and purging take as many ids as they are given."""
    items = make_items(count)
    shop.insert(*items)
    ids = [item.id for item in items]

    with shop.unit() as unit:
        found = shop.writer().current(unit, ids)
        locked = shop.writer().lock(unit, list(reversed(ids)))
        purged = shop.writer().purge(unit, ids)

    assert {record.id for record in found} == set(ids)
    assert [record.id for record in locked] == sorted(ids)
    assert purged == count
    assert shop.read(ids[0]) == [None]


def test_referenced_record_is_not_purged(shop: Any) -> None:
    """The database itself keeps a record that another one refers to."""
    parent, child = make_items(2)
    child.parent = parent
    shop.insert(parent, child)
    unit = shop.unit()

    with pytest.raises(ForeignKeyViolation):
        shop.writer().purge(unit, [parent.id])
    unit.close()


@pytest.mark.parametrize("count", [3, 60])
def test_host_rollback_takes_rows_with_it(shop: Any, count: int) -> None:
    """Rows written inside a host's transaction, by COPY too, are its to keep or undo."""
    items = make_items(count)
    with shop.database.engine.connect() as connection:
        with shop.database.joined_unit(connection=connection) as unit:
            shop.writer().insert(unit, items)
        connection.rollback()

    assert shop.read(items[0].id) == [None]


def test_copy_of_an_untouched_unit_is_committed(shop: Any) -> None:
    """A unit whose only statement is a COPY keeps its rows."""
    items = make_items(60)
    with shop.unit() as unit:
        shop.writer().insert(unit, items)

    assert all(shop.read(*(item.id for item in items)))


def test_savepoint_undoes_a_failed_copy(shop: Any) -> None:
    """After a duplicate in a COPY the unit goes on behind its savepoint."""
    shop.insert(full_item(code="same"))
    bad, good = make_items(60), make_items(60)
    bad[30].code = "same"

    with shop.unit() as unit:
        with pytest.raises(UniqueViolation), unit.savepoint():
            shop.writer().insert(unit, bad)
        shop.writer().insert(unit, stamped(*(Item(name="other", rank=1_000 + at) for at, _ in enumerate(good))))

    assert shop.read(bad[0].id) == [None]
