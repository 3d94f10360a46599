"""Savepoints: the damage of an error stays in its block."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from tests.lab import MEI, Sample, sample

from pycrm import CRM, Account, UnknownNameError, ValidationError, Workspace, field
from pycrm.errors import UnitFailedError
from pycrm.signals import RecordsCreated

DATABASE_ERROR = "a column that the code declares"


class TestUndo:
    def test_rows(self, ws: Workspace) -> None:
        """What was written in the block is undone, and the unit goes on."""
        kept = ws.create(sample(code="kept"))
        with pytest.raises(RuntimeError), ws.savepoint():
            ws.create(sample(code="lost"))
            ws.update(kept, count=5)
            raise RuntimeError

        assert [(each.code, each.count) for each in ws.list(Sample)] == [("kept", None)]

    def test_record_state(self, crm: CRM) -> None:
        """Records are what they were before the block: values, version, number."""
        with crm.acting_as(MEI) as ws:
            kept, lost = ws.create(sample(count=1)), sample()
            with pytest.raises(RuntimeError), ws.savepoint():
                ws.create(lost)
                ws.update(kept, count=5)
                raise RuntimeError
            assert (kept.count, kept.version) == (1, 1)
            assert (lost.version, lost.number, lost.owner) == (None, None, None)
            ws.create(lost)
            ws.update(kept, count=6)

        with crm.reading_as(MEI) as reader:
            assert reader.get(Sample, lost.id).number == lost.number
            assert reader.get(Sample, kept.id).count == 6

    def test_signals(self, crm: CRM) -> None:
        """Facts queued in the block go with it."""
        told: list[Any] = []
        crm.on(RecordsCreated, told.extend)
        with crm.acting_as(MEI) as ws:
            kept = ws.create(sample())
            with pytest.raises(RuntimeError), ws.savepoint():
                ws.create(sample())
                raise RuntimeError

        assert [fact.ids for fact in told] == [(kept.id,)]

    def test_schema_is_held_again(self, crm: CRM) -> None:
        """A unit that writes after a block went back keeps others from changing the schema under it."""
        definer = threading.Thread(target=self._define, args=(crm,))
        with crm.acting_as(MEI) as ws:
            with pytest.raises(RuntimeError), ws.savepoint():
                ws.create(sample())
                raise RuntimeError
            ws.create(sample())
            definer.start()
            definer.join(0.3)
            assert definer.is_alive()
        definer.join()

        assert "custom.shelf" in crm.schema.entity(Sample).fields

    @staticmethod
    def _define(crm: CRM) -> None:
        with crm.acting_as(MEI) as ws:
            ws.define_field(Sample, "shelf", field.text())

    def test_custom_field(self, ws: Workspace) -> None:
        """A custom field that was defined in the block is unknown after it."""
        with pytest.raises(RuntimeError), ws.savepoint():
            ws.define_field(Account, "region", field.text(indexed=True))
            raise RuntimeError

        with pytest.raises(UnknownNameError):
            ws.aggregate(Account, measures=["count()"], group_by="custom.region")
        assert ws.define_field(Account, "region", field.integer()).kind.name == "integer"

    def test_nested(self, ws: Workspace) -> None:
        """An inner block is undone without the outer one, and with it."""
        with ws.savepoint():
            ws.create(sample(code="outer"))
            with pytest.raises(RuntimeError), ws.savepoint():
                ws.create(sample(code="inner"))
                raise RuntimeError
        with pytest.raises(RuntimeError), ws.savepoint():
            with ws.savepoint():
                ws.create(sample(code="released"))
            raise RuntimeError

        assert [each.code for each in ws.list(Sample)] == ["outer"]

    def test_first_statement_inside(self, crm: CRM) -> None:
        """A block may begin before the unit's first statement, and before its first write."""
        with crm.acting_as(MEI) as ws:
            with pytest.raises(RuntimeError), ws.savepoint():
                assert ws.count(Sample) == 0
                ws.create(sample())
                raise RuntimeError
            ws.create(sample(code="after"))

        with crm.reading_as(MEI) as reader:
            assert [each.code for each in reader.list(Sample)] == ["after"]


class TestFailure:
    def test_database_error(self, ws: Workspace) -> None:
        """A database error inside the block fails the block, not the unit."""
        with pytest.raises(Exception, match=DATABASE_ERROR), ws.savepoint():
            ws._ctx.unit.rows("SELECT no_such_column FROM crm_state")

        assert ws.create(sample()).version == 1

    def test_swallowed(self, ws: Workspace) -> None:
        """A block that swallowed an error is rolled back all the same, and says why."""
        with pytest.raises(UnitFailedError, match="the savepoint was rolled back") as error, ws.savepoint():
            ws.create(sample())
            with pytest.raises(Exception, match=DATABASE_ERROR):
                ws._ctx.unit.rows("SELECT no_such_column FROM crm_state")

        assert re.search(DATABASE_ERROR, str(error.value.first))
        assert ws.count(Sample) == 0

    def test_problem_needs_none(self, ws: Workspace) -> None:
        """A record's problems undo nothing, in a block as elsewhere."""
        with ws.savepoint():
            ws.create(sample(code="kept"))
            with pytest.raises(ValidationError):
                ws.create(sample(count="x"))

        assert ws.count(Sample) == 1
