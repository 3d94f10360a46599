"""A change set: what hooks see of a write."""

from __future__ import annotations

from typing import Any

import pytest
from tests.shop import Item, full_item, make_schema

from pycrm.errors import HookConflictError, PycrmError, UnknownNameError
from pycrm.schema import ChangeSet
from pycrm.schema.changes import Derivations
from pycrm.schema.diff import make_remember

ITEM = make_schema().entity("item")


def change_set(*records: Item, kind: str = "update", changed: str = "rank", **options: Any) -> ChangeSet[Item]:
    """Return a change set in which the fields *changed* of every record change."""
    return ChangeSet(ITEM, kind, records, lambda record: frozenset(changed.split()), **options)


def derivations(given: str = "") -> Derivations:
    return Derivations(lambda record, field: field.path in given.split())


class TestSequence:
    def test_reads_as_one(self) -> None:
        """It is a sequence of the records."""
        first, second = full_item(), full_item()
        changes = change_set(first, second)

        assert (list(changes), len(changes), changes[1], changes[:1]) == ([first, second], 2, second, (first,))

    def test_facts(self) -> None:
        """It names the entity and the kind of write, and tells what changes."""
        item = full_item()
        changes = change_set(item, kind="create")

        assert (changes.entity, changes.kind, changes.move) == ("item", "create", None)
        assert changes.changed(item) == {"rank"}

    def test_before(self) -> None:
        """It knows each value before the write; at a creation there was none."""
        item = full_item(rank=1)
        make_remember(ITEM)(item)
        item.rank, item.custom.score = 2, 3

        assert change_set(item).before(item, "rank") == 1
        assert change_set(item).before(item, "custom.score") == 2**63 - 1
        assert change_set(item, kind="create").before(item, "rank") is None

    def test_unknown_field(self) -> None:
        """An unknown name is answered with the nearest."""
        item = full_item()

        with pytest.raises(UnknownNameError, match="did you mean 'rank'"):
            change_set(item).before(item, "rnak")


class TestMoves:
    def test_one_move(self) -> None:
        """Where all records make one move, that is the set's."""
        first, second = full_item(), full_item()
        moves = {first.id: "send", second.id: "send"}

        assert change_set(first, second, moves=moves).move == "send"
        assert change_set(first, second, moves={first.id: "send"}).move is None
        assert change_set(first, second, moves=moves).move_of(first) == "send"

    def test_narrowed_by_move(self) -> None:
        """A hook of one move sees the records that make it."""
        first, second = full_item(), full_item()
        changes = change_set(first, second, moves={first.id: "send"})

        assert list(changes.narrowed(frozenset(), "send")) == [first]

    def test_narrowed_by_change(self) -> None:
        """A hook of some fields sees updates of these, and every creation."""
        item = full_item()

        assert list(change_set(item).narrowed(frozenset({"name"}), None)) == []
        assert list(change_set(item).narrowed(frozenset({"name", "rank"}), None)) == [item]
        assert list(change_set(item, kind="create").narrowed(frozenset({"name"}), None)) == [item]


class TestSet:
    def test_sets(self) -> None:
        """A derive hook sets fields of its records, custom ones by path."""
        item = full_item()
        changes = change_set(item, derivations=derivations())
        changes.speaking("a:derive", frozenset())
        changes.set(item, rank=5, **{"custom.score": 6})

        assert (item.rank, item.custom.score) == (5, 6)

    def test_only_in_derive(self) -> None:
        """Elsewhere nothing is set."""
        item = full_item()

        with pytest.raises(PycrmError, match="works in derive hooks only"):
            change_set(item).set(item, rank=5)

    def test_two_hooks_disagree(self) -> None:
        """Two hooks that derive different values are in conflict, both named."""
        item = full_item()
        changes = change_set(item, derivations=derivations())
        changes.speaking("a:one", frozenset())
        changes.set(item, rank=5)
        changes.speaking("b:two", frozenset())

        with pytest.raises(HookConflictError, match="a:one derives 5 and b:two derives 6") as error:
            changes.set(item, rank=6)
        assert error.value.hooks == ("a:one", "b:two")

    def test_declared_order(self) -> None:
        """A hook that declared to come after the other has the last word."""
        item = full_item()
        changes = change_set(item, derivations=derivations())
        changes.speaking("a:one", frozenset())
        changes.set(item, rank=5)
        changes.speaking("b:two", frozenset({"a"}))
        changes.set(item, rank=6)

        assert item.rank == 6

    def test_given_by_caller(self) -> None:
        """The caller's own value yields to `override` only."""
        item = full_item(rank=1)
        changes = change_set(item, derivations=derivations("rank"))
        changes.speaking("a:one", frozenset())
        with pytest.raises(HookConflictError, match="the caller gave 1"):
            changes.set(item, rank=5)
        changes.set(item, rank=1)
        changes.set(item, override=True, rank=5)

        assert item.rank == 5
