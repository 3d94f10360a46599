"""Autonumbers through the door: with gaps, or without where declared."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
from tests.lab import MEI

from pycrm import CRM
from pycrm.plugin import OwnedRecord, Plugin, Workspace, field

office = Plugin("office")


@office.entity(title="number")
class Invoice(OwnedRecord):
    number: str = field.autonumber("INV-{year}-{seq:04}", gap_free=True, unique=True)


@office.entity(title="number")
class Note(OwnedRecord):
    number: str = field.autonumber("N-{seq}", unique=True)


@office.on_install
def first_note(ws: Workspace) -> None:
    """Write a record with a number while the tables are being made."""
    ws.create(Note())


@pytest.fixture
def crm(open_crm: Any, database_url: str) -> CRM:
    """The office's CRM on each database."""
    crm: CRM = open_crm(database_url, [office])
    crm.migrate()
    return crm


def give_up(crm: CRM, entity: type[Any]) -> None:
    """Create three records and roll back."""
    with contextlib.suppress(KeyError), crm.acting_as(MEI) as ws:
        ws.create_many([entity() for _ in range(3)])
        raise KeyError


def numbers(crm: CRM, entity: type[Any]) -> list[str]:
    with crm.reading_as(MEI) as reader:
        return [record.number for record in reader.list(entity, order_by="created_at, number")]


def test_gap_free_numbers_follow_one_another(crm: CRM) -> None:
    """What a unit rolled back is given again."""
    give_up(crm, Invoice)
    with crm.acting_as(MEI) as ws:
        year = ws.now().year
        ws.create_many([Invoice(), Invoice()])
        with contextlib.suppress(KeyError), ws.savepoint():
            ws.create(Invoice())
            raise KeyError
        ws.create(Invoice())

    assert numbers(crm, Invoice) == [f"INV-{year}-{seq:04}" for seq in (1, 2, 3)]


def test_other_numbers_may_have_gaps(crm: CRM, database_url: str) -> None:
    """What a unit rolled back is lost on PostgreSQL; the note of the installation has the first number on both."""
    give_up(crm, Note)
    with crm.acting_as(MEI) as ws:
        ws.create(Note())

    assert numbers(crm, Note) == ["N-1", "N-2" if database_url.startswith("sqlite") else "N-5"]


@pytest.mark.parametrize("entity", [Invoice, Note])
def test_writers_never_share_a_number(crm: CRM, entity: type[Any]) -> None:
    """Several writers, each of which gives up every third unit, get numbers of their own."""

    def work() -> None:
        for turn in range(6):
            with contextlib.suppress(KeyError), crm.acting_as(MEI) as ws:
                ws.create(entity())
                if turn % 3 == 0:
                    raise KeyError

    writers = [threading.Thread(target=work) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    given = {int(number.rpartition("-")[2]) for number in numbers(crm, entity)}

    assert len(given) == 12 + (entity is Note)
    if entity is Invoice:
        assert given == set(range(1, 13))
