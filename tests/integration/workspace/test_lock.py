"""Locking records for the rest of a unit."""

from __future__ import annotations

import threading

import pytest
from tests.lab import BOB, MEI, Portion, Sample, sample

from pycrm import CRM, NotFoundError


class TestLock:
    def test_reloads(self, crm: CRM) -> None:
        """Locking gives a record the values of now, so that what is read and then written cannot conflict."""
        with crm.acting_as(MEI) as ws:
            made = ws.create(sample(count=1))
        with crm.acting_as(BOB) as ws:
            ws.update(ws.get(Sample, made.id), count=5, notes="theirs")
        with crm.acting_as(MEI) as ws:
            ws.lock([made])
            assert (made.count, made.notes, made.version) == (5, "theirs", 2)
            ws.update(made, count=made.count + 1)

        with crm.reading_as(MEI) as reader:
            assert reader.get(Sample, made.id).count == 6

    def test_keeps_others_waiting(self, crm: CRM) -> None:
        """Who wants to write a locked record waits until the unit ends, and then sees what it wrote."""
        with crm.acting_as(MEI) as ws:
            made = ws.create(sample(count=0))
        locked, waiting = threading.Event(), threading.Event()

        def other() -> None:
            locked.wait(30)
            with crm.acting_as(BOB) as ws:
                mine = ws.get(Sample, made.id)
                waiting.set()
                ws.lock([mine])
                ws.update(mine, count=mine.count + 1)  # type: ignore[operator]

        thread = threading.Thread(target=other)
        thread.start()
        with crm.acting_as(MEI) as ws:
            ws.lock([made])
            locked.set()
            waiting.wait(30)
            ws.update(made, count=10)
        thread.join(30)

        with crm.reading_as(MEI) as reader:
            assert reader.get(Sample, made.id).count == 11

    def test_several_entities(self, crm: CRM) -> None:
        """Records of several entities are locked in one call."""
        with crm.acting_as(MEI) as ws:
            made = ws.create(sample())
            part = ws.create(Portion(name="p", sample=made))
            ws.lock([part, made])

            assert (part.version, made.version) == (1, 1)

    def test_gone(self, crm: CRM) -> None:
        """What is gone cannot be locked."""
        with crm.acting_as(MEI) as ws:
            made = ws.create(sample())
        with crm.acting_as(BOB) as ws:
            ws.delete(ws.get(Sample, made.id))

        with crm.acting_as(MEI) as ws, pytest.raises(NotFoundError, match="gone or in the bin"):
            ws.lock([made])

    def test_put_back(self, crm: CRM) -> None:
        """A rollback puts the record back to what it was before it was locked."""
        with crm.acting_as(MEI) as ws:
            made = ws.create(sample(count=1))
        with crm.acting_as(BOB) as ws:
            ws.update(ws.get(Sample, made.id), count=5)

        with pytest.raises(RuntimeError), crm.acting_as(MEI) as ws:
            ws.lock([made])
            raise RuntimeError
        assert (made.count, made.version) == (1, 1)
