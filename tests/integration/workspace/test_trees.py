"""Trees: no record lies below itself, whichever entity, path and number of records."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import DATABASES
from tests.lab import MEI

from pycrm import CRM, Account, ConfigurationError, ConflictError, ProductCategory, Team, User, ValidationError, field
from pycrm.plugin import Plugin, Record, Ref, Workspace

from .conftest import Open


@pytest.fixture(params=DATABASES)
def crm(request: pytest.FixtureRequest, migrated: Callable[..., str], open_crm: Open) -> CRM:
    """A migrated CRM of the built-in plugins alone, on each database."""
    return open_crm(migrated(request.param), plugins=[])


def chain(ws: Workspace, count: int) -> list[Account]:
    """Return so many accounts, each below the one before it."""
    accounts: list[Account] = []
    for number in range(count):
        parent = accounts[-1] if accounts else None
        accounts.append(ws.create(Account(name=f"A{number}", parent=parent)))
    return accounts


def refused(caught: pytest.ExceptionInfo[ValidationError]) -> list[tuple[str, str | None, str]]:
    return [(problem.code, problem.field, problem.facts["way"]) for problem in caught.value.problems]


def test_parent_is_not_record_itself(crm: CRM) -> None:
    """Neither a new record nor a stored one lies below itself."""
    with crm.acting_as(MEI) as ws:
        new = Account(name="A")
        new.parent = new
        (stored,) = chain(ws, 1)
        with pytest.raises(ValidationError) as caught_new:
            ws.create(new)
        with pytest.raises(ValidationError) as caught_stored:
            ws.update(stored, parent=stored)

    assert refused(caught_new) == [("ref.cycle", "parent", "A → A")]
    assert refused(caught_stored) == [("ref.cycle", "parent", "A0 → A0")]


def test_parent_lies_not_below(crm: CRM) -> None:
    """The way round is named; a long one is shortened."""
    with crm.acting_as(MEI) as ws:
        accounts = chain(ws, 9)
        with pytest.raises(ValidationError) as near:
            ws.update(accounts[0], parent=accounts[2])
        with pytest.raises(ValidationError) as far:
            ws.update(ws.get(Account, accounts[0].id), parent=accounts[8])

    assert refused(near) == [("ref.cycle", "parent", "A0 → A2 → A1 → A0")]
    assert refused(far) == [("ref.cycle", "parent", "A0 → A8 → A7 → A6 → … → A0")]


def test_moving_a_branch(crm: CRM) -> None:
    """A record goes below any other that is not below it, with all that lies below itself."""
    with crm.acting_as(MEI) as ws:
        first, second, third, fourth = chain(ws, 4)
        ws.update(third, parent=first)
        ws.update(second, parent=fourth)

        assert ws.get(Account, second.id).parent.id == fourth.id


def test_batch_closes_no_circle(crm: CRM) -> None:
    """Changes of one batch are judged together: two that close a circle are refused, the others are written."""
    with crm.acting_as(MEI) as ws:
        one, two, three = ws.create_many([Account(name=name) for name in ("one", "two", "three")]).created
        one.parent, two.parent, three.parent = two, one, one
        result = ws.update_many([one, two, three], on_problem="refuse")

    assert [each.record.name for each in result.refused] == ["one", "two"]
    assert {problem.code for each in result.refused for problem in each.problems} == {"ref.cycle"}
    assert [account.name for account in result.updated] == ["three"]


def test_batch_may_turn_a_branch_over(crm: CRM) -> None:
    """What holds is how things are after the batch, not the order within it."""
    with crm.acting_as(MEI) as ws:
        top, below = chain(ws, 2)
        top.parent, below.parent = below, None
        ws.update_many([top, below])

        assert ws.get(Account, top.id).parent.id == below.id


def test_new_records_of_one_batch(crm: CRM) -> None:
    """New records may refer to each other, but not round in a circle."""
    with crm.acting_as(MEI) as ws:
        one, two = Account(name="one"), Account(name="two")
        one.parent, two.parent = two, one
        with pytest.raises(ValidationError) as caught:
            ws.create_many([one, two])
        two.parent = None
        created = ws.create_many([two, one]).created

    assert [code for code, _, _ in refused(caught)] == ["ref.cycle", "ref.cycle"]
    assert len(created) == 2


def test_stale_copy_in_batch(crm: CRM) -> None:
    """Of a record that is in the batch for another field, the stored parent counts."""
    with crm.acting_as(MEI) as ws:
        one, two = ws.create_many([Account(name="one"), Account(name="two")]).created
        stale = ws.get(Account, one.id)
        ws.update(one, parent=two)
        stale.name, two.parent = "still one", stale
        with pytest.raises(ValidationError) as caught:
            ws.update_many([stale, two])

    assert [code for code, _, _ in refused(caught)] == ["ref.cycle"]


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (lambda: Team(name="x"), "parent"),
        (lambda: User(key="x", name="x"), "manager"),
        (lambda: ProductCategory(name="x"), "parent"),
        (lambda: Account(name="x"), "parent"),
    ],
    ids=["team", "user", "product_category", "account"],
)
def test_every_tree_of_ours(crm: CRM, make: Callable[[], Record], path: str) -> None:
    """Teams, users, categories and accounts are trees."""
    with crm.acting_as(MEI) as ws:
        record = ws.create(make())
        with pytest.raises(ValidationError) as caught:
            ws.update(record, **{path: record})

    assert [(code, where) for code, where, _ in refused(caught)] == [("ref.cycle", path)]


def test_custom_tree(crm: CRM) -> None:
    """A custom reference may be a tree too."""
    with crm.acting_as(MEI) as ws:
        ws.define_field(Account, "reports_to", field.ref("account", tree=True))
        first = ws.create(Account(name="first"))
        second = ws.create(Account(name="second", custom={"reports_to": first}))
        first.custom.reports_to = second
        with pytest.raises(ValidationError) as caught:
            ws.update(first)

    assert refused(caught) == [("ref.cycle", "custom.reports_to", "first → second → first")]


def test_tree_leads_to_own_entity(crm: CRM) -> None:
    """A parent is a record of the same entity."""
    forest = Plugin("forest", version="1")

    @forest.entity(title="name")
    class Leaf(Record):
        name: str = field.text()
        account: Ref[Account] = field.ref(Account, tree=True)

    with pytest.raises(ConfigurationError, match=r"forest.leaf.account refers to 'account', and tree=True is for"):
        CRM("sqlite://", plugins=[forest])
    with crm.acting_as(MEI) as ws, pytest.raises(ConfigurationError, match="tree=True is for a parent of the same"):
        ws.define_field(Account, "chief", field.ref("contact", tree=True))


@given(moves=st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 5)), max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_verdicts_are_those_of_brute_force(crm: CRM, moves: list[tuple[int, int | None]]) -> None:
    """Whatever is moved where: exactly what would close a circle is refused."""
    parents: dict[int, int | None] = dict.fromkeys(range(6))
    with crm.acting_as(MEI) as ws:
        accounts = ws.create_many([Account(name=str(number)) for number in parents]).created
        for child, parent in moves:
            up = parent
            while up is not None and up != child:
                up = parents[up]
            closes = up == child
            result = ws.update_many(
                [_with_parent(ws, accounts[child], None if parent is None else accounts[parent])], on_problem="refuse"
            )
            assert bool(result.refused) == closes
            if not closes:
                parents[child] = parent


def _with_parent(ws: Workspace, account: Account, parent: Account | None) -> Account:
    fresh = ws.get(Account, account.id)
    fresh.parent = parent
    return fresh


def test_two_units_close_no_circle(crm: CRM) -> None:
    """Of two units that would close a circle together, one is refused or has to try again."""
    with crm.acting_as(MEI) as ws:
        one, two = ws.create_many([Account(name="one"), Account(name="two")]).created
    outcomes: list[str] = []
    both_ready = threading.Barrier(2, timeout=30)

    def move(child: Account, parent: Account) -> None:
        try:
            with crm.acting_as(MEI) as ws:
                fresh = ws.get(Account, child.id)
                both_ready.wait()
                ws.update(fresh, parent=parent.id)
            outcomes.append("moved")
        except (ConflictError, ValidationError) as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=move, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count("moved") == 1
