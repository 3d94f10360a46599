"""Mapping files: what they say is read, what is wrong is told at once, and any mapping comes back as it was."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.errors import MappingError
from pycrm.exchange.mapping import (
    CustomField,
    EntityMap,
    FieldMap,
    Mapping,
    mapping_text,
    read_mapping,
    read_mapping_text,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = TEXTS.filter(bool)
SCALARS = (
    TEXTS
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.booleans()
    | st.dates(dt.date(1, 1, 1))
    | st.datetimes()
)
FIELDS = st.builds(
    FieldMap,
    path=NAMES.filter(lambda name: name != "custom"),
    columns=st.lists(NAMES, max_size=3).map(tuple),
    join=TEXTS,
    split=TEXTS,
    part=st.none() | st.integers(-9, 9),
    transforms=st.lists(TEXTS, max_size=2).map(tuple),
    values=st.dictionaries(TEXTS, SCALARS, max_size=3),
    default=st.none() | SCALARS | st.lists(TEXTS, max_size=2),
    on_problem=st.sampled_from(["refuse", "empty", "default"]),
    record=TEXTS,
    find=TEXTS,
    otherwise=st.sampled_from(["create", "empty", "refuse"]),
)
ENTITIES = st.builds(
    EntityMap,
    entity=NAMES,
    alias=NAMES,
    fields=st.lists(FIELDS, max_size=3, unique_by=lambda field: field.path).map(tuple),
    when=TEXTS,
    by=st.lists(NAMES, max_size=2).map(tuple),
    or_by=st.lists(st.lists(NAMES, min_size=1, max_size=2).map(tuple), max_size=2).map(tuple),
    on_match=st.sampled_from(["update", "skip", "queue"]),
    on_new=st.sampled_from(["create", "skip", "refuse"]),
    update_fields=st.none() | st.lists(NAMES, max_size=2).map(tuple),
    only_empty=st.booleans() | st.lists(NAMES, max_size=2).map(tuple),
    newest=TEXTS,
)
CUSTOMS = st.builds(
    CustomField,
    entity=NAMES,
    name=NAMES,
    kind=NAMES,
    label=st.dictionaries(NAMES, TEXTS, max_size=2),
    unique=st.booleans(),
)
MAPPINGS = st.builds(
    Mapping,
    name=TEXTS,
    entities=st.lists(ENTITIES, max_size=2).map(tuple),
    reading=st.dictionaries(st.sampled_from(["encoding", "sheet", "time_zone"]), NAMES, max_size=2),
    fingerprint=TEXTS,
    acknowledge=st.lists(NAMES, max_size=2).map(tuple),
    custom_fields=st.lists(CUSTOMS, max_size=2).map(tuple),
)


@given(MAPPINGS)
def test_text_comes_back(mapping: Mapping) -> None:
    """Whatever a mapping says, its text says the same."""
    assert read_mapping_text(mapping_text(mapping)) == mapping


def test_short_form() -> None:
    """A header alone is a column, one text stands for a list, and dots need no quotes."""
    text = """
        version = 1
        [[entity]]
        entity = "account"
        by = "number"
        [entity.fields]
        name = "Company"
        number = { column = "No", transforms = "whole_number" }
        custom.region = "Region"
        address.city = "City"
    """

    (entity,) = read_mapping_text(text).entities

    assert entity.by == ("number",)
    assert entity.fields == (
        FieldMap("name", ("Company",)),
        FieldMap("number", ("No",), transforms=("whole_number",)),
        FieldMap("custom.region", ("Region",)),
        FieldMap("address.city", ("City",)),
    )


def told(text: str) -> dict[str | None, str]:
    """Return by place what is wrong with a mapping."""
    with pytest.raises(MappingError) as caught:
        read_mapping_text(text)
    return {problem.field: str(problem.message) for problem in caught.value.problems}


def test_everything_wrong_is_told() -> None:
    """Unknown keys come with the nearest names, values of another sort with what is taken, all at once."""
    problems = told(
        """
        version = 2
        nam = "x"
        [[entity]]
        entity = "account"
        on_match = "updte"
        [entity.fields]
        name = 3
        phone = { colum = "Tel", part = "1" }
        email = { column = "Mail", columns = ["Mail"] }
        [[custom_field]]
        name = "region"
        """
    )

    assert problems["version"].startswith("is 2")
    assert "did you mean 'name'" in problems["nam"]
    assert "did you mean 'update'" in problems["account.on_match"]
    assert problems["account.name"] == "takes the header of a column, or a table"
    assert "did you mean 'column'" in problems["account.phone.colum"]
    assert problems["account.phone.part"] == "takes a whole number"
    assert problems["account.email"] == "takes column or columns, not both"
    assert problems["custom_field 1.entity"] == "takes a name"


def test_unreadable_file(tmp_path: Path) -> None:
    """What is no TOML is no mapping, and the error names file and line."""
    file = tmp_path / "customers.toml"
    file.write_text("version = 1\nname = \n", encoding="utf-8")

    with pytest.raises(MappingError, match=r"customers\.toml.*\n.*line 2"):
        read_mapping(file)


def test_other_encoding(tmp_path: Path) -> None:
    """A mapping file is UTF-8."""
    file = tmp_path / "customers.toml"
    file.write_bytes('version = 1\nname = "客户"'.encode("gb18030"))

    with pytest.raises(MappingError, match="no UTF-8"):
        read_mapping(file)
