"""What ``--where`` takes: the language, and the short form."""

from __future__ import annotations

from typing import Any

import pytest

from pycrm import CRM, F, Money
from pycrm.cli.errors import describe
from pycrm.cli.filters import conditions, pointing
from pycrm.cli.texts import Texts
from pycrm.errors import PycrmError, QueryError, UnknownNameError
from pycrm.query import node_of
from pycrm.query.bind import bind
from pycrm.schema import Schema

SCHEMA: Schema = CRM("sqlite://", plugins=[]).schema


def node(*words: str, entity: str = "account") -> Any:
    """Return the node of conditions that look nothing up."""
    return node_of(conditions(None, SCHEMA, SCHEMA.entities[entity], words))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("country=DE", F.country == "DE"),
        ("country = DE", F.country == "DE"),
        ("name=A AND B", F.name == "A AND B"),
        ("name=O'Brien", F.name == "O'Brien"),
        ("name=Muster (Nord) GmbH", F.name == "Muster (Nord) GmbH"),
        ("name=TODAY", F.name == "TODAY"),
        ("name=owner", F.name == "owner"),
        ("number=SO-2026-0001", F.number == "SO-2026-0001"),
        ("number = SO-2026-0001", F.number == "SO-2026-0001"),
        ("annual_revenue >= USD 1000", F.annual_revenue >= "USD 1000"),
        ("country in DE,CN", F.country.in_(["DE", "CN"])),
        ("level is null", F.level.is_null()),
        ("level:=null", F.level.is_null()),
    ],
)
def test_short_form_takes_the_value_as_typed(word: str, meant: Any) -> None:
    """One comparison with a bare value needs no quotes."""
    assert node(word) == meant.node


@pytest.mark.parametrize(
    "word",
    [
        "name='it''s'",
        "country = 'DE' AND level IN ('A', 'B')",
        "a=1 AND b=2",
        "country in ('DE', 'CN')",
        "created_at=TODAY",
        "created_at < LAST_N_DAYS:30",
        "owner=ME",
        "created_at = updated_at",
        "annual_revenue * 2 > USD 5",
        "employee_count > ABS(employee_count)",
        "NOT ANY(opportunities)",
        "tags HAS 'vip'",
    ],
)
def test_all_else_is_the_language(word: str) -> None:
    """As ``where=`` reads it."""
    assert node(word) == node_of(word)


def test_several_hold_together() -> None:
    """Short ones and long ones are joined by AND."""
    assert (
        node("country=DE", "annual_revenue > USD 5 OR level IS NULL")
        == ((F.country == "DE") & ((F.annual_revenue > Money(5, "USD")) | F.level.is_null())).node
    )
    assert node() is None


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("country = 'DE' AND", "  country = 'DE' AND\n                    ^"),
        ("name = '海晨' AND ~", "  name = '海晨' AND ~\n                    ^"),
        ("level = 'A' AND contry = 'DE'", "  level = 'A' AND contry = 'DE'\n                  ^"),
        ("contry=DE", "  contry=DE\n  ^"),
        ("birth_on = 2026-02-30 AND a = 1", "  birth_on = 2026-02-30 AND a = 1\n             ^"),
    ],
)
def test_errors_point_at_the_place(word: str, shown: str) -> None:
    """A caret stands under it, also behind letters of double width."""
    with pytest.raises(PycrmError) as caught, pointing([word]):
        bind(SCHEMA, SCHEMA.entity("account"), node(word))

    assert describe(caught.value, Texts()).endswith(f"\n\n{shown}")


def test_long_or_unprintable_text_gets_no_caret() -> None:
    """It would stand in the wrong place."""
    for text in ("a" * 501, "a\n= ~"):
        error = QueryError("no filter", text=text, position=3)

        assert describe(error, Texts()) == "no filter"
    assert describe(UnknownNameError("no field", position=1), Texts()) == "no field"
