"""Cursors: what was written comes back, and nothing else does."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.errors import QueryError
from pycrm.fields.kind import PartType
from pycrm.query.ast import shape
from pycrm.query.cursor import CursorSeal
from pycrm.query.reading import read_filter

SECRET = b"s" * 32
TYPES = [PartType.TEXT, PartType.INTEGER, PartType.DATE, PartType.INSTANT, PartType.ID]
VALUES = ["海晨?&=/+", 7, date(2026, 3, 4), datetime(2026, 3, 4, 1, tzinfo=UTC), UUID(int=5)]
ORDER = "name, count, made_on, made_at, id"


def seal(where: str = "country = 'CN'", *, secret: bytes = SECRET, number: int = 3) -> CursorSeal:
    """Return the seal of a list with this filter."""
    return CursorSeal.of(secret, shape(read_filter(where)), number)


def written(values: list[Any] | None = None, **options: Any) -> str:
    """Return a cursor of that list."""
    return seal(**options).write("account", ORDER, TYPES, values or VALUES)


def refused(cursor: object, reader: CursorSeal | None = None, types: list[PartType] = TYPES) -> tuple[str, str]:
    """Return why *cursor* is refused: the reason, and what is said."""
    with pytest.raises(QueryError, match="start again without after=") as caught:
        (reader or seal()).read(cursor, "account", ORDER, types)
    return caught.value.facts["reason"], str(caught.value)


texts = st.text(st.characters(codec="utf-8"))
rows = st.tuples(
    texts, st.integers(-(2**63), 2**63 - 1), st.dates(), st.datetimes(timezones=st.just(UTC)), st.uuids()
).map(list)


@given(rows.flatmap(lambda row: st.tuples(*(st.none() | st.just(value) for value in row))).map(list))
def test_values_come_back(values: list[Any]) -> None:
    """Of every type, missing ones too, in text that a URL takes as it is."""
    cursor = written(values)

    assert seal().read(cursor, "account", ORDER, TYPES) == values
    assert cursor.isascii()
    assert cursor.replace("-", "").replace("_", "").isalnum()


def test_no_flipped_bit_is_taken() -> None:
    """Whichever of the bits it is; those to spare in the last character, too."""
    for values in (VALUES, [*VALUES[:-1], None], ["a" * n for n in range(1)] + VALUES[1:]):
        cursor = written(values)
        for place, character in enumerate(cursor):
            for bit in range(8):
                changed = cursor[:place] + chr(ord(character) ^ 1 << bit) + cursor[place + 1 :]

                assert refused(changed)[0] == "altered"


def test_no_part_of_one_is_taken() -> None:
    """Nor one with more at its end, nor the end of one behind the beginning of another."""
    first, second = written(), written(["b", *VALUES[1:]])

    for place in range(len(first)):
        for changed in (first[:place], first[place + 1 :], first[:place] + second[place:]):
            assert changed in (first, second) or refused(changed)[0] == "altered"
    assert refused(first + "A")[0] == refused(first + "=")[0] == refused(first + "\n")[0] == "altered"


@given(st.text() | st.binary() | st.none() | st.integers())
def test_nothing_invented_is_taken(cursor: object) -> None:
    """Whatever comes instead of one."""
    assert refused(cursor)[0] == "altered"


def test_another_secret_refuses() -> None:
    """A cursor of one database is none of another."""
    reason, said = refused(written(secret=b"other"))

    assert reason == "altered"
    assert "after= takes the next_cursor of a page, unchanged and on the same database" in said


@pytest.mark.parametrize("where", ["country = 'CN' AND level = 'A'", "country != 'CN'", "industry = 'CN'"])
def test_another_filter_refuses(where: str) -> None:
    """A filter with another structure is another list."""
    assert refused(written(), seal(where)) == (
        "other list",
        "this cursor continues a list of account with another filter; start again without after=",
    )


def test_values_of_the_filter_may_differ() -> None:
    """A relative date is another one tomorrow, and the list is the same."""
    assert seal("country = 'DE'").read(written(), "account", ORDER, TYPES) == VALUES


def test_another_order_or_entity_refuses() -> None:
    """Both are named."""
    with pytest.raises(QueryError, match=r"a list of account ordered by 'name, .*', not of contact ordered by 'id'"):
        seal().read(written(), "contact", "id", [PartType.ID])


def test_another_schema_refuses_what_does_not_fit() -> None:
    """The number alone says nothing against a cursor; other types of values do."""
    newer = attrs.evolve(seal(), schema_number=4)
    converted = [PartType.INTEGER, *TYPES[1:]]

    assert newer.read(written(), "account", ORDER, TYPES) == VALUES
    reason, said = refused(written(), newer, converted)
    assert reason == "older schema"
    assert "from schema number 3, under which 'name, count" in said


def test_secret_is_not_shown() -> None:
    """Neither in a traceback nor in a log."""
    assert SECRET.decode() not in repr(seal())
