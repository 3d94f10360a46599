"""References to records."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from pycrm.errors import ConfigurationError, Problem
from pycrm.fields.references import MAX_REFERENCES, AnyRefKind, AnyRefsKind, RefKind, RefsKind
from pycrm.values.refs import Ref

A, B = UUID(int=1), UUID(int=2)


class Account:
    def __init__(self, id: UUID | None, entity: str | None = None) -> None:
        self.id = id
        self._entity = SimpleNamespace(name=entity) if entity else None


def code(kind: Any, value: Any) -> str:
    with pytest.raises(Problem) as caught:
        kind.parse(value)
    return caught.value.code


@pytest.mark.parametrize("value", [A, str(A), Ref(A), Ref(A, "account"), Account(A), Account(A, "account")])
def test_ref_takes_references(value: Any) -> None:
    """A reference is an id, its text, a Ref or a record."""
    assert RefKind("account").to_parts(RefKind("account").parse(value)) == (A,)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("acme", "ref.invalid"),
        (5, "ref.invalid"),
        ([A], "ref.invalid"),
        (Account(None), "ref.no_id"),
        (Ref(A, "contact"), "ref.wrong_entity"),
        (Account(A, "contact"), "ref.wrong_entity"),
    ],
)
def test_ref_refuses_others(value: Any, expected: str) -> None:
    """What leads nowhere, or to another entity, is refused."""
    assert code(RefKind("account"), value) == expected


def test_ref_keeps_record() -> None:
    """A record that was given stays at hand after parsing."""
    account = Account(A, "account")

    assert RefKind("account").parse(account).record is account


def test_ref_to_a_class() -> None:
    """Before a schema resolves the class to a name, the entity is not judged."""
    assert RefKind(Account).parse(Ref(A, "contact")) == Ref(A)


def test_unknown_on_delete_is_refused() -> None:
    """What deleting the target does is one of three words."""
    with pytest.raises(ConfigurationError, match=r"on_delete='cascaded' is none of .*; did you mean 'cascade'"):
        RefKind("account", on_delete="cascaded")


def test_refs_stand_once() -> None:
    """A multi-reference keeps the order given, and each record once."""
    kind = RefsKind("user")
    parsed = kind.parse([B, Account(A, "user"), str(B)])

    assert kind.dump(parsed) == [str(B), str(A)]
    assert (kind.to_parts(parsed), kind.from_parts(), kind.empty) == ((), (), ())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (str(A), "values.invalid"),
        (A, "values.invalid"),
        ([A, 5], "ref.invalid"),
        ([Ref(A, "contact")], "ref.wrong_entity"),
        ([UUID(int=n) for n in range(MAX_REFERENCES + 1)], "refs.too_many"),
    ],
)
def test_refs_refuse_others(value: Any, expected: str) -> None:
    """Each member has to be a reference, and there is a limit."""
    assert code(RefsKind("user"), value) == expected


@pytest.mark.parametrize(
    "value", [Ref(A, "account"), Account(A, "account"), f"account:{A}", {"entity": "account", "id": str(A)}]
)
def test_any_ref_knows_its_entity(value: Any) -> None:
    """A polymorphic reference comes with its entity."""
    parsed = AnyRefKind(("account", "contact")).parse(value)

    assert (parsed.id, parsed.entity) == (A, "account")


def test_any_ref_learns_entity_late() -> None:
    """A record that was created after it was referred to says its entity by then."""
    account = Account(A)
    ref = Ref.of(account)
    account._entity = SimpleNamespace(name="account")
    parsed = AnyRefKind().parse(ref)

    assert (parsed.entity, parsed.record) == ("account", account)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (A, "any_ref.no_entity"),
        (str(A), "any_ref.no_entity"),
        (Ref(A), "any_ref.no_entity"),
        (Account(A), "any_ref.no_entity"),
        (Ref(A, "order"), "any_ref.wrong_entity"),
        ("account:5", "ref.invalid"),
        ({"entity": "account"}, "ref.invalid"),
        (5, "ref.invalid"),
    ],
)
def test_any_ref_refuses_others(value: Any, expected: str) -> None:
    """An id without entity, or of an entity that is not among the targets, is refused."""
    assert code(AnyRefKind(("account", "contact")), value) == expected


def test_any_ref_of_one_target() -> None:
    """One target may stand alone, and none is every entity."""
    assert AnyRefKind("account").targets == ("account",)
    assert AnyRefKind().targets == ("*",)


def test_any_refs_know_their_entities() -> None:
    """References to records of several entities keep the order given and each record once, with its entity."""
    kind = AnyRefsKind(("user", "contact"))
    parsed = kind.parse([f"user:{B}", Account(A, "contact"), Ref(B, "user")])

    assert [(each.id, each.entity) for each in parsed] == [(B, "user"), (A, "contact")]
    assert kind.dump(parsed) == [{"entity": "user", "id": str(B)}, {"entity": "contact", "id": str(A)}]
    assert kind.parse(kind.dump(parsed)) == parsed


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"user:{A}", "values.invalid"),
        ([A], "any_ref.no_entity"),
        ([Ref(A, "user"), Ref(B, "account")], "any_ref.wrong_entity"),
        ([Ref(UUID(int=n), "user") for n in range(MAX_REFERENCES + 1)], "refs.too_many"),
    ],
)
def test_any_refs_refuse_others(value: Any, expected: str) -> None:
    """Each of them says of which entity it is, one of the targets."""
    assert code(AnyRefsKind(("user", "contact")), value) == expected
