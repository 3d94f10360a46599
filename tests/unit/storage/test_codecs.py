"""Parts travel to the drivers and back unchanged, by function and by generated source alike."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.fields.kind import PartType
from pycrm.storage.codecs import CODEC_NAMES, CODECS, document_decode, document_encode, json_text

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
PARTS: dict[PartType, st.SearchStrategy[Any]] = {
    PartType.TEXT: TEXT,
    PartType.INTEGER: st.integers(-(2**63), 2**63 - 1),
    PartType.BOOLEAN: st.booleans(),
    PartType.DATE: st.dates(),
    PartType.INSTANT: st.datetimes(timezones=st.just(UTC)),
    PartType.ID: st.uuids(),
    PartType.JSON: st.recursive(
        TEXT | st.integers(-(2**60), 2**60) | st.booleans() | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner | st.none()) | st.dictionaries(TEXT, inner | st.none()),
        max_leaves=8,
    ),
}
ANY_PART = st.sampled_from(PartType).flatmap(lambda part_type: st.tuples(st.just(part_type), PARTS[part_type]))


@pytest.mark.parametrize("dialect_name", CODECS)
@given(case=ANY_PART)
def test_parts_come_back(dialect_name: str, case: tuple[PartType, Any]) -> None:
    """Decoding undoes encoding, and the source forms do the same as the functions."""
    part_type, value = case
    codec = CODECS[dialect_name]
    encode, decode = codec.encode(part_type), codec.decode(part_type)

    encoded = encode(value) if encode else value
    by_source = eval(codec.encode_source(part_type, "v"), {**CODEC_NAMES, "v": value})
    decoded = decode(encoded) if decode else encoded

    assert by_source == encoded
    assert decoded == value
    assert type(decoded) is type(value)
    assert eval(codec.decode_source(part_type, "v"), {**CODEC_NAMES, "v": encoded}) == value


@given(case=ANY_PART)
def test_document_parts_come_back(case: tuple[PartType, Any]) -> None:
    """The JSON form of a part is JSON and leads back."""
    part_type, value = case
    encode, decode = document_encode(part_type), document_decode(part_type)

    encoded = encode(value) if encode else value
    decoded = decode(encoded) if decode else encoded

    assert json_text(encoded)
    assert decoded == value


@given(st.tuples(PARTS[PartType.INSTANT], PARTS[PartType.INSTANT]))
def test_instant_text_sorts_as_time(instants: tuple[datetime, datetime]) -> None:
    """Text order is time order on SQLite and in documents, from the year 1 on."""
    for encode in (CODECS["sqlite"].encode(PartType.INSTANT), document_encode(PartType.INSTANT)):
        assert encode is not None
        one, other = map(encode, instants)

        assert (one < other) == (instants[0] < instants[1])
        assert len(one) == len("2026-03-01T08:30:00.000000Z")


def test_instant_of_another_zone_is_utc() -> None:
    """Psycopg answers in the zone of the session; records hold UTC."""
    decode = CODECS["postgresql"].decode(PartType.INSTANT)
    assert decode is not None

    decoded = decode(datetime(2026, 3, 1, 16, tzinfo=timezone(timedelta(hours=8))))

    assert decoded.tzinfo is UTC
    assert decoded.hour == 8


def test_copy_form_of_json_is_binary() -> None:
    """COPY takes jsonb's own binary form, and other parts as any statement does."""
    source = CODECS["postgresql"].copy_source(PartType.JSON, "v")

    assert eval(source, {**CODEC_NAMES, "v": ["大"]}) == b"\x01" + '["大"]'.encode()
    assert CODECS["postgresql"].copy_source(PartType.DATE, "v") == "v"


@pytest.mark.parametrize(
    ("part_type", "value"),
    [(PartType.ID, UUID(int=1)), (PartType.DATE, date(1, 1, 1)), (PartType.BOOLEAN, True), (PartType.TEXT, "")],
)
def test_absent_stays_absent(part_type: PartType, value: Any) -> None:
    """None is no value; an empty text, false or zero is one."""
    codec = CODECS["sqlite"]

    assert codec.encode_value(part_type, None) is None
    assert codec.encode_value(part_type, value) is not None
