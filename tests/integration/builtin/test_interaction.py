from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pycrm import Account, F, Interaction, SalesOrder, ValidationError, Workspace

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_interaction_is_about_anything(ws: Workspace) -> None:
    """What happened may be about a record of any entity, and is found by it."""
    account = ws.create(Account(name="Nordwind"))
    order = ws.create(SalesOrder(currency="EUR"))
    ws.create(Interaction(kind="visit", subject="样品室", happened_at=AT, about=account))
    ws.create(Interaction(kind="call", subject="delivery", happened_at=AT, direction="in", about=order))

    (about_order,) = ws.list(Interaction, where=F.about == order)
    assert about_order.subject == "delivery"
    assert about_order.about is not None
    assert (about_order.about.id, about_order.about.entity) == (order.id, "sales_order")


def test_interaction_needs_kind_and_time(ws: Workspace) -> None:
    """What happened has a kind and a moment."""
    with pytest.raises(ValidationError) as caught:
        ws.create(Interaction(subject="?"))

    assert {problem.field for problem in caught.value.problems} == {"kind", "happened_at"}
