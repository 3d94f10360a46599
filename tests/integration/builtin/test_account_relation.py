from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from pycrm import Account, AccountRelation, ValidationError, Workspace


@pytest.fixture
def accounts(ws: Workspace) -> tuple[Account, Account, Account]:
    """Three stored accounts."""
    one, two, three = ws.create_many([Account(name=name) for name in ("海晨集团", "海晨青岛", "Elbe Import")]).created
    return one, two, three


def codes(caught: pytest.ExceptionInfo[ValidationError]) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.field) for problem in caught.value.problems]


def relate(one: Account, kind: str, other: Account, since: str = "", until: str = "") -> AccountRelation:
    return AccountRelation(
        from_account=one,
        to_account=other,
        kind=kind,
        since_on=date.fromisoformat(since) if since else None,
        until_on=date.fromisoformat(until) if until else None,
    )


def test_relation_is_seen_from_both(ws: Workspace, accounts: tuple[Account, ...]) -> None:
    """The one leads to it by `relations`, the other by `relations_to_it`."""
    _, ours, buyer = accounts
    ws.create(relate(ours, "agent", buyer, since="2026-01-01"))

    (mine,) = ws.get(Account, ours.id, include="relations.to_account").related("relations")
    (theirs,) = ws.get(Account, buyer.id, include="relations_to_it.from_account").related("relations_to_it")
    assert (mine.kind, mine.to_account.record.name) == ("agent", "Elbe Import")
    assert (theirs.kind, theirs.from_account.record.name) == ("agent", "海晨青岛")


def test_no_relation_to_itself(ws: Workspace, accounts: tuple[Account, ...]) -> None:
    """An account is not its own agent."""
    with pytest.raises(ValidationError) as caught:
        ws.create(relate(accounts[0], "agent", accounts[0]))
    assert codes(caught) == [("account_relation.to_itself", "to_account")]


def test_ends_after_start(ws: Workspace, accounts: tuple[Account, ...]) -> None:
    """A relation of one day is one; one that ends before it begins is none."""
    one, two, _ = accounts
    relation = ws.create(relate(one, "parent", two, "2026-03-01", "2026-03-01"))

    with pytest.raises(ValidationError) as caught:
        ws.update(relation, until_on=date(2026, 2, 28))
    assert codes(caught) == [("account_relation.ends_before_start", "until_on")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("", ""), ("", "")),
        (("2026-01-01", ""), ("", "")),
        (("2026-01-01", "2026-06-30"), ("2026-06-30", "")),
        (("", "2026-06-30"), ("2026-01-01", "2026-01-01")),
    ],
)
def test_same_relation_once_at_a_time(
    ws: Workspace, accounts: tuple[Account, ...], first: tuple[str, str], second: tuple[str, str]
) -> None:
    """Two accounts are one thing to each other once on any day; both ends count."""
    one, two, _ = accounts
    ws.create(relate(one, "agent", two, *first))

    with pytest.raises(ValidationError) as caught:
        ws.create(relate(one, "agent", two, *second))
    assert codes(caught) == [("account_relation.duplicate", "kind")]


@pytest.mark.parametrize(
    ("first", "second"), [(("", "2026-06-30"), ("2026-07-01", "")), (("2026-07-01", ""), ("2026-01-01", "2026-06-30"))]
)
def test_same_relation_again(
    ws: Workspace, accounts: tuple[Account, ...], first: tuple[str, str], second: tuple[str, str]
) -> None:
    """After its end a relation may begin again."""
    one, two, _ = accounts
    ws.create(relate(one, "agent", two, *first))

    assert ws.create(relate(one, "agent", two, *second)).version == 1


def test_other_way_round(ws: Workspace, accounts: tuple[Account, ...]) -> None:
    """That A is B's parent says what B's being A's subsidiary says; an agent has no such other side."""
    one, two, three = accounts
    ws.create_many([relate(one, "parent", two), relate(one, "partner", three), relate(one, "agent", three)])

    for duplicate in (relate(two, "subsidiary", one), relate(three, "partner", one)):
        with pytest.raises(ValidationError) as caught:
            ws.create(duplicate)
        assert codes(caught) == [("account_relation.duplicate", "kind")]
    ws.create_many([relate(three, "agent", one), relate(two, "parent", three), relate(one, "consignee", two)])


def test_duplicates_within_batch(ws: Workspace, accounts: tuple[Account, ...]) -> None:
    """Of two equal relations in one batch the second is refused."""
    one, two, three = accounts
    result = ws.create_many(
        [relate(one, "agent", two), relate(two, "agent", one), relate(one, "agent", two), relate(one, "agent", three)],
        on_problem="refuse",
    )

    assert [refused.position for refused in result.refused] == [2]


def test_update_is_judged(ws: Workspace, accounts: tuple[Account, ...]) -> None:
    """A relation may change, but not into another one that is there; two may change places in one batch."""
    one, two, _ = accounts
    agent, payer = ws.create_many([relate(one, "agent", two), relate(one, "payer", two)]).created
    ws.update(agent, since_on=date(2026, 1, 1))

    with pytest.raises(ValidationError) as caught:
        ws.update(ws.get(AccountRelation, payer.id), kind="agent")
    assert codes(caught) == [("account_relation.duplicate", "kind")]
    agent.kind, payer = "payer", ws.get(AccountRelation, payer.id)
    payer.kind = "agent"
    assert len(ws.update_many([agent, payer]).updated) == 2


def test_restored_relation_is_judged(ws: Workspace, accounts: tuple[Account, ...]) -> None:
    """A relation stays in the bin while another one says the same."""
    one, two, _ = accounts
    old = ws.create(relate(one, "agent", two))
    ws.delete(old)
    new = ws.create(relate(one, "agent", two))

    with pytest.raises(ValidationError) as caught:
        ws.restore(old)
    assert codes(caught) == [("account_relation.duplicate", "kind")]
    ws.delete(new)
    ws.restore(old)


def test_relations_go_with_either_account(ws: Workspace, accounts: tuple[Account, ...]) -> None:
    """Who is in the bin has no relations."""
    one, two, three = accounts
    ws.create_many([relate(one, "agent", two), relate(three, "agent", one), relate(two, "agent", three)])

    ws.delete(one)
    assert ws.count(AccountRelation) == 1
    ws.restore(one)
    assert ws.count(AccountRelation) == 3


def test_many_relations_in_one_batch(ws: Workspace) -> None:
    """A large batch is compared with all that is stored."""
    accounts = ws.create_many([Account(name=f"A{number}") for number in range(1200)]).created
    pairs = list(pairwise(accounts))
    ws.create_many([relate(one, "parent", two) for one, two in pairs])

    result = ws.create_many([relate(two, "subsidiary", one) for one, two in pairs], on_problem="refuse")
    assert len(result.refused) == len(pairs)
