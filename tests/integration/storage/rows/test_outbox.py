"""Facts ride in the transaction that they tell about."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.shop import NOW

from pycrm.signals import RecordsCreated, RecordsUpdated
from pycrm.storage.outbox import OutboxRow, is_visible, write_outbox
from pycrm.values.ids import new_id


def write(shop: Any, unit: Any, *facts: Any) -> None:
    write_outbox(unit, shop.tables, [OutboxRow.of(fact, unit_id=unit.unit_id, at=NOW) for fact in facts])


@pytest.mark.parametrize("count", [1, 30])
def test_facts_are_kept(shop: Any, count: int) -> None:
    """A row says event, entity and the rest of the fact as JSON."""
    record = new_id()
    fact = RecordsUpdated("item", (record,), "mei", changed=(frozenset({"name", "custom.it's"}),))

    with shop.unit() as unit:
        write(shop, unit, *[fact] * count)
    with shop.database.reading_unit() as unit:
        rows = unit.rows("SELECT event, entity, CAST(payload AS TEXT) FROM crm_outbox")

    assert len(rows) == count
    event, entity, payload = rows[0]
    assert (event, entity) == ("RecordsUpdated", "item")
    assert json.loads(payload) == {"ids": [record.hex], "actor": "mei", "changed": [["custom.it's", "name"]]}


def test_visible_once_committed(shop: Any) -> None:
    """Another connection sees the row after the commit, and of another unit never."""
    seen = []
    unit = shop.unit()
    write(shop, unit, RecordsCreated("item", (), "mei"))
    for act in (lambda: None, unit.commit):
        act()
        with shop.database.engine.connect() as connection:
            seen.append(is_visible(connection, shop.tables, unit.unit_id))
            seen.append(is_visible(connection, shop.tables, new_id()))
    unit.close()

    assert seen == [False, False, True, False]
