"""Moves of a lifecycle: changing the status, by whatever call, is the move."""

from __future__ import annotations

import pytest
from tests.lab import BOB, MEI, Sample, sample

from pycrm import CRM, ConflictError, MoveNotAllowedError, Principal, ValidationError, Workspace
from pycrm.signals import RecordsMoved


class TestMove:
    def test_by_name(self, ws: Workspace) -> None:
        """A move sets the status and whatever is given with it."""
        made = ws.create(sample())
        ws.move(made, "send", size="M")

        read = ws.get(Sample, made.id)
        assert (read.status, read.size, read.version) == ("sent", "M", 2)

    def test_by_update(self, ws: Workspace) -> None:
        """Setting the status is the move, with the same needs."""
        made = ws.create(sample())

        with pytest.raises(ValidationError, match=r"lab\.sample\.size.*lifecycle\.needs"):
            ws.update(made, status="sent")
        assert ws.update(made, status="sent", size="S").status == "sent"

    def test_no_move_by_update(self, ws: Workspace) -> None:
        """A status that no move leads to from here is refused with the moves that there are."""
        made = ws.create(sample())

        with pytest.raises(MoveNotAllowedError, match="no move from asked to approved; allowed: send") as error:
            ws.update(made, status="approved")
        assert error.value.allowed == ("send",)

    def test_none_from_here(self, ws: Workspace) -> None:
        """A move that does not start here is refused with those that do."""
        made = ws.create(sample())

        with pytest.raises(MoveNotAllowedError, match="no move 'approve' from asked; allowed: send") as error:
            ws.move(made, "approve")
        assert error.value.allowed == ("send",)

    def test_misspelt(self, ws: Workspace) -> None:
        """A name that no move has is answered with the nearest."""
        made = ws.create(sample())

        with pytest.raises(MoveNotAllowedError, match="did you mean 'approve'"):
            ws.move(made, "aprove")

    def test_from_final_state(self, ws: Workspace) -> None:
        """Nothing leads out of a final state."""
        made = ws.move(ws.move(ws.create(sample(size="S")), "send"), "approve")

        assert ws.moves(made) == ()
        with pytest.raises(MoveNotAllowedError, match="allowed: none"):
            ws.move(made, "reject")

    def test_listed(self, ws: Workspace) -> None:
        """`moves` tells what may come next, after a change that is not written yet as well."""
        made = ws.create(sample(size="S"))
        made.status = "sent"

        assert [move.name for move in ws.moves(made)] == ["send"]

    def test_announced(self, crm: CRM) -> None:
        """A move is announced by its name."""
        told: list[RecordsMoved] = []
        crm.on(RecordsMoved, told.extend)
        with crm.acting_as(MEI) as ws:
            made = ws.move(ws.create(sample(size="S")), "send")

        assert [(fact.move, fact.ids) for fact in told] == [("send", (made.id,))]

    def test_unknown_state(self, ws: Workspace) -> None:
        """A status that the lifecycle lacks is a bad value."""
        with pytest.raises(ValidationError, match="asked"):
            ws.update(ws.create(sample()), status="lost")

    def test_second_mover(self, crm: CRM) -> None:
        """Of two who move one record from the same state, the second meets a conflict."""
        with crm.acting_as(MEI) as ws:
            made = ws.move(ws.create(sample(size="S")), "send")
        with crm.reading_as(MEI) as reader:
            mine, theirs = reader.get(Sample, made.id), reader.get(Sample, made.id)
        with crm.acting_as(BOB) as ws:
            ws.move(theirs, "approve")

        with crm.acting_as(MEI) as ws, pytest.raises(ConflictError) as error:
            ws.move(mine, "reject", notes="broken")
        assert (error.value.field, error.value.theirs) == ("status", "approved")


class TestCreatedLater:
    def test_by_administrator(self, ws: Workspace) -> None:
        """A record of history may be created in a later state by who may set states."""
        assert ws.create(sample(status="approved")).status == "approved"

    def test_initial_state(self, ws: Workspace) -> None:
        """Naming the first state asks for nothing."""
        assert ws.create(sample(status="asked")).status == "asked"

    def test_by_plugin(self, crm: CRM) -> None:
        """A plugin sets the states of its own records."""
        with crm.acting_as(Principal.plugin("lab")) as ws:
            assert ws.create(sample(status="sent", owner=None)).status == "sent"
