"""References: the value and the properties of records."""

from __future__ import annotations

import copy
import pickle
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from pycrm.errors import NotLoadedError
from pycrm.values.ids import new_id
from pycrm.values.refs import Ref, RefProperty, RefsProperty, entity_of, reference_slot, references_slot

A, B = UUID(int=1), UUID(int=2)


class Account:
    """A record as references see it."""

    def __init__(self, id: UUID | None, entity: str | None = None) -> None:
        self.id = id
        self._entity = SimpleNamespace(name=entity) if entity else None


class Order:
    __slots__ = ("_account", "_watchers")

    account = RefProperty("_account", "account", "account")
    watchers = RefsProperty("_watchers", "watchers")

    def __init__(self, account: Any = None, watchers: Any = None) -> None:
        self._account = reference_slot(account)
        self._watchers = references_slot(watchers)


class FrozenOrder(Order):
    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> None:
        if hasattr(self, "_watchers"):
            raise AttributeError("frozen")
        super().__setattr__(name, value)


def test_refs_equal_by_id() -> None:
    """Refs are equal by id, and by entity where both know it; never equal to a UUID."""
    assert Ref[Any](A) == Ref[Any](A, "account")
    assert Ref[Any](A, "account") != Ref[Any](A, "contact")
    assert Ref[Any](A) != Ref[Any](B)
    assert Ref[Any](A) != A
    assert len({Ref[Any](A), Ref[Any](A, "account"), Ref[Any](B)}) == 2


@pytest.mark.parametrize("value", [A, str(A), Ref[Any](A), Account(A)])
def test_of_takes_references(value: Any) -> None:
    """`Ref.of` takes a record, an id, its text and a Ref."""
    assert Ref.of(value) == Ref[Any](A)


@pytest.mark.parametrize("value", ["x", 5, None, Account(None), object()])
def test_of_refuses_others(value: Any) -> None:
    """`Ref.of` says what it takes."""
    with pytest.raises(ValueError, match="is no reference; give a record"):
        Ref.of(value)


def test_record_of_loaded() -> None:
    """A record that was given is at hand, with its entity."""
    account = Account(A, "account")
    ref = Ref.of(account)

    assert (ref.record, ref.is_loaded, ref.entity) == (account, True, "account")
    assert not ref.with_record(None).is_loaded
    assert Ref[Any](A, name="owner").with_record(account).record is account


def test_record_not_loaded() -> None:
    """The error names the include that loads the record."""
    with pytest.raises(NotLoadedError, match=r"account: account .*0001 was not loaded; read with include='account'"):
        Ref[Any](A, "account", name="account").record  # noqa: B018
    with pytest.raises(NotLoadedError, match="include= naming the field"):
        Ref[Any](A).record  # noqa: B018


def test_ref_never_changes() -> None:
    """A Ref is immutable, can be copied, and shows its id."""
    ref = Ref[Any](A, "account", name="payer")

    with pytest.raises(AttributeError, match="Ref never changes"):
        ref.id = B  # type: ignore[misc]
    for again in (pickle.loads(pickle.dumps(ref)), copy.deepcopy(ref)):
        assert (again, again.name, again.entity) == (ref, "payer", "account")
    assert repr(ref) == f"Ref('{A}', 'account')"
    assert repr(Ref[Any](A)) == f"Ref('{A}')"


def test_slot_keeps_strangers() -> None:
    """What cannot be a reference is kept for the door to report."""
    lost = Account(None)

    assert [reference_slot(value) for value in ("x", 5, lost, None)] == ["x", 5, lost, None]
    assert [references_slot(value) for value in ("ab", 5, None, {"a": 1})] == ["ab", 5, None, {"a": 1}]
    assert references_slot(iter([A, "x"])) == (A, "x")


def test_property_wraps_once() -> None:
    """A loaded id becomes a Ref at the first look and is kept."""
    order = Order()
    order._account = A

    first = order.account

    assert first == Ref[Any](A, "account")
    assert first.name == "account"
    assert order.account is first
    assert order._account is first


def test_property_reads_none() -> None:
    """A missing reference reads as None, a missing multi-reference as an empty tuple."""
    order = Order()

    assert (order.account, order.watchers) == (None, ())


@pytest.mark.parametrize("value", [A, str(A), Ref[Any](A), Account(A)])
def test_property_takes_references(value: Any) -> None:
    """Setting takes what `Ref.of` takes."""
    order = Order()
    order.account = value

    assert order.account.id == A


def test_property_keeps_record() -> None:
    """A record that was set is at hand."""
    account = Account(A)
    order = Order(account=account)

    assert order.account.record is account


def test_property_renames_refs() -> None:
    """A Ref of another field takes this field's name for its error, and keeps entity and record."""
    account = Account(A)
    order = Order(account=Ref(A, "partner", name="payer", record=account))

    assert (order.account.name, order.account.entity, order.account.record) == ("account", "partner", account)


def test_property_waits_for_id() -> None:
    """A record that had no id when it was set is a reference once it has one."""
    account = Account(None)
    order = Order(account=account)

    assert order.account is account
    account.id = A
    assert order.account == Ref[Any](A)


def test_property_shows_strangers() -> None:
    """What is no reference reads as it was given."""
    order = Order(account="nonsense", watchers="abc")

    assert (order.account, order.watchers) == ("nonsense", "abc")


def test_property_on_class() -> None:
    """On the class the property itself is read."""
    assert Order.account.slot == "_account"
    assert isinstance(Order.watchers, RefsProperty)


def test_refs_property_wraps_all() -> None:
    """A multi-reference reads as a tuple of Refs, the same one each time."""
    order = Order(watchers=[A, Account(B)])

    first = order.watchers

    assert [watcher.id for watcher in first] == [A, B]
    assert first[1].is_loaded
    assert order.watchers is first


def test_refs_property_takes_iterables() -> None:
    """Setting a multi-reference takes any iterable, or None."""
    order = Order()
    order.watchers = (id for id in (A, str(B)))

    assert [watcher.id for watcher in order.watchers] == [A, B]
    order.watchers = None
    assert order.watchers == ()


def test_reading_is_no_change() -> None:
    """Reading a reference of a record that refuses changes works."""
    order = FrozenOrder(account=A, watchers=[B])

    assert order.account.id == A
    assert order.watchers[0].id == B
    with pytest.raises(AttributeError, match="frozen"):
        order.account = B


def test_entity_of_record() -> None:
    """A record knows its entity once a workspace has seen it."""
    assert entity_of(Account(new_id(), "account")) == "account"
    assert entity_of(Account(new_id())) is None
    assert entity_of(object()) is None
