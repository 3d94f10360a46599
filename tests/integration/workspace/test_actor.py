"""Who acts has a row among the users: its own, or one made on the first write."""

from __future__ import annotations

from tests.lab import MEI

from pycrm import CRM, F, Principal, User

LIN = Principal("lin", roles={"administrator"})


def test_first_write_makes_the_row(crm: CRM) -> None:
    """A key that nobody has yet becomes a user, once."""
    for _ in range(2):
        with crm.acting_as(LIN) as ws:
            made = ws.create(User(key=f"other {ws.count(User)}", name="x"))

    with crm.reading_as(MEI) as ws:
        (lin,) = ws.list(User, where=F.key == "lin")
        assert ws.count(User, where="key = 'lin' AND is_active = TRUE") == 1
    assert made.created_by.id == lin.id


def test_row_made_beforehand_is_used(crm: CRM) -> None:
    """A user whom somebody entered is the one who acts, in this process and in the next."""
    with crm.acting_as(MEI) as ws:
        entered = ws.create(User(key="lin", name="林晓雯"))

    with crm.acting_as(LIN) as ws:
        made = ws.create(User(key="other", name="x"))
        assert ws.count(User, where=F.key == "lin") == 1

    assert made.created_by.id == entered.id


def test_binned_row_still_acts(crm: CRM) -> None:
    """Whoever is in the bin can be referred to: the history keeps its author."""
    with crm.acting_as(MEI) as ws:
        entered = ws.create(User(key="lin", name="林晓雯"))
        ws.delete(entered)

    with crm.acting_as(LIN) as ws:
        made = ws.create(User(key="other", name="x"))

    assert made.created_by.id == entered.id
