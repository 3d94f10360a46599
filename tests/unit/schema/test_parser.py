"""The generated parser: it agrees with the kinds, collects everything, and takes hostile names as mere names."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.shop import CUSTOM, HOSTILE, Item, full_item, make_schema, plain

from pycrm.errors import Problem
from pycrm.fields.field import Field, Place
from pycrm.schema import Entity
from pycrm.schema.diff import value_at
from pycrm.schema.parser import make_parser, missing, parse_fields
from pycrm.values.money import Money

SCHEMA = make_schema()
ITEM = SCHEMA.entity("item")
PARSE = make_parser(ITEM)

OUTSIDE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**63) - 2, 2**63 + 2),
    st.floats(),
    st.decimals(),
    st.text(st.characters(), max_size=300),
    st.binary(max_size=5),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.uuids(),
    st.uuids().map(str),
    st.sampled_from(
        ["S", "M", "red", "华东", "2026-03-01", "2026-03-01T08:30:00Z", "USD 12.50", "true", "", "\x00", "\ud800"]
    ),
    st.lists(st.sampled_from(["red", "blue", "x", 5, None]), max_size=3),
    st.builds(Money, st.integers(-(10**20), 10**20), st.sampled_from(["USD", "JPY", "KWD"])),
    st.dictionaries(st.sampled_from(["amount", "currency", "entity", "id"]), st.sampled_from(["12.5", "USD", "item"])),
)


def by_kind(field: Field, value: Any) -> tuple[Any, str | None]:
    """Return what the kind itself makes of *value*: the value, or the code of its refusal."""
    if value is None or (field.kind.empty is not None and value == field.kind.empty):
        return None if "." in field.path else field.kind.empty, None
    try:
        parsed = field.kind.parse(value)
    except Problem as problem:
        return value, problem.code
    # A document keeps no empty value.
    return None if "." in field.path and parsed == field.kind.empty else parsed, None


def same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and (one == other or repr(one) == repr(other)))


@pytest.mark.parametrize("path", [path for path in ITEM.fields if path not in {"id", "version", "created_at"}])
def test_every_field_has_a_parser(path: str) -> None:
    """A field that callers may give is parsed, wherever it is stored."""
    if path.split("_", maxsplit=1)[0] in {"created", "updated", "deleted"}:
        return
    item = Item(custom={path.removeprefix("custom."): object()}) if "." in path else Item(**{path: object()})
    problems: list[Problem] = []
    PARSE(item, problems)

    assert [problem.field for problem in problems] == [path]


@settings(max_examples=400, deadline=None)
@given(field=st.sampled_from([*ITEM.own_fields, *ITEM.document_fields]), value=OUTSIDE)
def test_agrees_with_kind(field: Field, value: Any) -> None:
    """For every value from outside, parser and kind say the same."""
    document = "." in field.path
    item = Item(custom={field.name: value}) if document else Item(**{field.name: value})
    # The constructor puts references into their slot; what the parser meets is what stands there.
    before = item.document_values()[field.path] if document else value_at(item, field)
    expected, code = by_kind(field, before)
    problems: list[Problem] = []
    PARSE(item, problems)

    now = item.document_values().get(field.path) if document else value_at(item, field)
    assert [problem.code for problem in problems] == ([code] if code else [])
    assert same(now, expected)


@settings(max_examples=100, deadline=None)
@given(field=st.sampled_from([*ITEM.own_fields, *ITEM.document_fields]), value=OUTSIDE)
def test_parsing_twice_changes_nothing(field: Field, value: Any) -> None:
    """What was parsed is parsed to itself."""
    item = Item(custom={field.name: value}) if "." in field.path else Item(**{field.name: value})
    problems: list[Problem] = []
    PARSE(item, problems)
    if problems:
        return
    first = value_at(item, field)
    PARSE(item, problems)

    assert same(value_at(item, field), first)
    assert problems == []


def test_collects_everything() -> None:
    """All problems of a record come back, each with its record and field."""
    item = full_item(rank="x", size="XL", seen_at=datetime(2026, 3, 1), custom={"score": "y", "nothing": 1})
    problems: list[Problem] = []
    PARSE(item, problems)

    assert {(problem.record, problem.field) for problem in problems} == {
        (item, path) for path in ("rank", "size", "seen_at", "custom.score", "custom.nothing")
    }


def test_sound_record_is_unchanged() -> None:
    """A record of inside values passes as it is."""
    item = full_item()
    before = plain(item)
    problems: list[Problem] = []
    PARSE(item, problems)

    assert (problems, plain(item)) == ([], before)


def test_some_fields_only() -> None:
    """`parse_fields` looks at the fields it is given and no other."""
    item = full_item(rank="7", size="XL", custom={"score": "8"})
    problems: list[Problem] = []
    parse_fields(ITEM, item, [ITEM.fields["rank"], ITEM.fields["custom.score"]], problems)

    assert (item.rank, item.custom.score, problems) == (7, 8, [])


def test_missing_values() -> None:
    """A required field without a value, or with empty text, is missing."""
    fields = [field for field in ITEM.own_fields if field.required]

    assert [problem.field for problem in missing(ITEM, Item(name=""), fields)] == ["name"]
    assert missing(ITEM, Item(name=" "), fields) == []


def test_unknown_field_has_nearest_name() -> None:
    """An unknown custom field is answered with the nearest one."""
    problems: list[Problem] = []
    PARSE(full_item(custom={"regoin": "x"}), problems)

    assert "did you mean 'custom.region'" in problems[0].message


class TestHostileNames:
    """Names enter generated source only quoted or as constants."""

    def test_as_field_names(self) -> None:
        """Whatever a field is called, its values are parsed and nothing else happens."""
        item = full_item()
        problems: list[Problem] = []
        PARSE(item, problems)

        assert problems == []
        assert all(item.custom[name] == f"value of {name}" for name in HOSTILE)

    @pytest.mark.parametrize("path", ["x'); raise SystemExit  #", 'a"\nimport os\n"', "\\", "{0}", "é\u2028x"])
    def test_in_problem(self, path: str) -> None:
        """A path that is no identifier comes back in the problem, character by character."""
        field = Field(CUSTOM["score"].kind, name="rank", path=path, place=Place.COLUMN)
        entity = Entity("item", "core", Item, {path: field, "custom.x": field})
        # Own fields have no dot in their path; the slot is the field's name.
        problems: list[Problem] = []
        make_parser(entity)(Item(name="x", rank="no"), problems)

        assert [problem.field for problem in problems] == ([path] if "." not in path else [])

    def test_options(self) -> None:
        """Options of a choice are constants of the parser, quotes and all."""
        nasty = ["'", '"', "'}) or print({", "\\", "\n", "{x}", "'''", "😀"]
        from pycrm.fields import declare

        entity = make_schema({"pick": declare.choice(nasty)}).entity("item")
        for option in nasty:
            item, problems = Item(name="x", custom={"pick": option}), []
            make_parser(entity)(item, problems)
            assert (problems, item.custom.pick) == ([], option)


def test_inside_forms() -> None:
    """Values in the forms that callers have become the inside values."""
    target = uuid4()
    item = Item(
        name="x",
        rank="-5",
        weight="1.250",
        is_new="true",
        made_on="2026-03-01",
        seen_at="2026-03-01T08:30:00+08:00",
        colours=["blue", "red", "blue"],
        price="USD 12.5",
        parent=str(target),
        tags=["b", "a", "b"],
    )
    problems: list[Problem] = []
    PARSE(item, problems)

    assert problems == []
    assert (item.rank, item.weight, item.is_new, item.made_on) == (-5, Decimal("1.250"), True, date(2026, 3, 1))
    assert item.seen_at == datetime(2026, 3, 1, 0, 30, tzinfo=UTC)
    assert (item.colours, item.price, item.tags) == (("red", "blue"), Money("12.50", "USD"), ("a", "b"))
    assert item.parent is not None
    assert item.parent.id == target
