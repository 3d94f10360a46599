"""Small change rows are appended and read back by record and version."""

from __future__ import annotations

from typing import Any

import pytest
from tests.shop import NOW

from pycrm.storage.changes import ChangeRow, read_changes, write_changes
from pycrm.values.ids import new_id


@pytest.mark.parametrize("count", [1, 3, 40])
def test_changes_come_back(shop: Any, count: int) -> None:
    """One row, a few or a COPY are the same."""
    batch = new_id()
    rows = [
        ChangeRow(
            entity="item",
            record_id=new_id(),
            version=2,
            kind="update",
            actor="梅",
            at=NOW,
            batch=batch,
            changed=("name", "custom.it's"),
            old={"name": 'a "b"', "price": {"amount": "1.50", "currency": "USD"}},
            plugin="visits" if at % 2 else None,
            facts={"move": "confirm"} if at % 2 else {},
        )
        for at in range(count)
    ]

    with shop.unit() as unit:
        write_changes(unit, shop.tables, rows)
        found = [read_changes(unit, shop.tables, "item", row.record_id) for row in rows]

    assert found == [[row] for row in rows]


def test_changes_since_a_version(shop: Any) -> None:
    """Who merges asks what happened after the version that he loaded, oldest first."""
    record, other, batch = new_id(), new_id(), new_id()
    kinds = {1: "create", 2: "update", 3: "delete", 4: "restore"}
    rows = [
        ChangeRow(entity="item", record_id=each, version=version, kind=kind, actor="mei", at=NOW, batch=batch)
        for each in (record, other)
        for version, kind in reversed(kinds.items())
    ]

    with shop.unit() as unit:
        write_changes(unit, shop.tables, rows)
        found = read_changes(unit, shop.tables, "item", record, since_version=2)
        of_another_entity = read_changes(unit, shop.tables, "user", record)

    assert [(row.version, row.kind) for row in found] == [(3, "delete"), (4, "restore")]
    assert not of_another_entity


def test_no_changes_are_written(shop: Any) -> None:
    """Nothing to write is nothing done."""
    with shop.unit() as unit:
        write_changes(unit, shop.tables, [])
