from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pycrm import Account, Contract, Money, MoveNotAllowedError, ValidationError, Workspace


def make_contract(ws: Workspace, **values: object) -> Contract:
    account = ws.create(Account(name="Nordwind"))
    return ws.create(Contract(account=account, name="Frame agreement 2026", **values))  # type: ignore[arg-type]


def test_contract_is_signed(ws: Workspace) -> None:
    """A contract goes through approval and is signed; the time of it is kept."""
    contract = make_contract(ws, amount=Money("12000", "EUR"), starts_on=date(2026, 4, 1), ends_on=date(2027, 3, 31))

    for move in ("submit", "approve", "sign"):
        ws.move(contract, move)
    read = ws.get(Contract, contract.id)
    assert (read.number, read.status, read.signed_at) == ("CON-2026-00001", "signed", ws.now())
    ws.move(read, "terminate")
    with pytest.raises(MoveNotAllowedError):
        ws.move(read, "sign")


def test_given_time_of_signing_stays(ws: Workspace) -> None:
    """A contract that was signed on paper before says when."""
    signed_at = datetime(2026, 2, 27, 9, 30, tzinfo=UTC)
    contract = make_contract(ws)

    ws.move(contract, "sign", signed_at=signed_at)
    assert contract.signed_at == signed_at


def test_contract_ends_after_start(ws: Workspace) -> None:
    """The last day is not before the first; one day is enough."""
    day = date(2026, 4, 1)
    contract = make_contract(ws, starts_on=day, ends_on=day)

    with pytest.raises(ValidationError) as caught:
        ws.update(contract, starts_on=date(2026, 4, 2))
    (problem,) = caught.value.problems
    assert (problem.code, problem.field) == ("contract.ends_before_start", "ends_on")


def test_signed_contract_is_not_cancelled(ws: Workspace) -> None:
    """A draft is cancelled, a signed contract terminated."""
    draft, signed = make_contract(ws), make_contract(ws)
    ws.move(signed, "sign")

    ws.move(draft, "cancel")
    assert [move.name for move in ws.moves(signed)] == ["expire", "terminate"]
