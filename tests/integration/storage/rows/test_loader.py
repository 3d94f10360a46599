"""What is stored is what is read, whatever it is."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from tests.shop import NOW, User, full_item, plain, stamped

from pycrm.values.refs import Ref

NASTY = [
    "",
    " ",
    "\t\n\r",
    "' OR 1=1 --",
    '"',
    "\\",
    "\\N",
    "\\.",
    "大区",
    "😀👩‍👩‍👧",
    "e\u0301",
    "\u200f\ufeff",
    "%s %(x)s",
    "\x01\x7f",
    "x" * 5_000,
]


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("count", [1, 30])
def test_text_is_kept(shop: Any, text: str, count: int) -> None:
    """No text is stripped, normalised or taken for something else, in columns and documents."""
    items = [
        full_item(name=text, code=f"{at}{text}", notes=text, rank=at, custom={"it's": text, "marks": (text,)})
        for at in range(count)
    ]
    shop.insert(*items)

    found = shop.read(*(item.id for item in items))

    assert [plain(record) for record in found] == [plain(item) for item in items]


def test_reference_to_anything_knows_its_entity(shop: Any) -> None:
    """A polymorphic reference comes back with id and entity."""
    (user,) = stamped(User(name="mei"))
    item = full_item(about=Ref(user.id, "user"))
    shop.insert(item)

    (found,) = shop.read(item.id)

    assert (found.about.id, found.about.entity) == (user.id, "user")


def test_instants_are_utc_in_any_session(shop: Any) -> None:
    """Psycopg answers in the time zone of the session; records are in UTC all the same."""
    if shop.dialect_name == "sqlite":
        pytest.skip("SQLite has no time zones")
    item = full_item()
    shop.insert(item)

    with shop.database.writing_unit() as unit:
        unit.execute("SET LOCAL TIME ZONE 'Asia/Shanghai'")
        (found,) = shop.writer().current(unit, [item.id])

    assert found.created_at == NOW
    assert found.created_at.tzinfo is UTC
