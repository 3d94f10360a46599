from __future__ import annotations

from pycrm.builtin.sales import CONTRACT, LEAD, QUOTE


def test_accepted_quote_stays_accepted() -> None:
    """Nothing leads away from what the customer accepted, and nothing from what was superseded."""
    assert [QUOTE.moves_from(state) for state in ("accepted", "superseded")] == [(), ()]


def test_every_other_quote_can_be_revised() -> None:
    """A revision takes the place of a quote in any other state."""
    assert set(QUOTE.sources("supersede")) == set(QUOTE.states) - {"accepted", "superseded"}


def test_approving_is_a_right_of_its_own() -> None:
    """Who may write quotes and contracts may not therefore approve them."""
    assert {lifecycle.moves["approve"].may for lifecycle in (QUOTE, CONTRACT)} == {"approve"}


def test_lead_is_converted_from_every_open_state() -> None:
    """A lead may become a customer at once; a disqualified one is reopened first."""
    assert LEAD.sources("convert") == ("new", "working", "qualified")
    assert [move.name for move in LEAD.moves_from("disqualified")] == ["reopen"]
