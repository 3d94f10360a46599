"""What holds for every basic kind, tried on generated values."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.errors import ConfigurationError, Problem
from pycrm.fields.attachment import AttachmentKind
from pycrm.fields.autonumber import AutonumberKind
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind, Option
from pycrm.fields.dates import DateKind, InstantKind
from pycrm.fields.identifier import IdKind
from pycrm.fields.kind import Kind, PartType
from pycrm.fields.money import MoneyKind
from pycrm.fields.numbers import LARGEST, SMALLEST, BooleanKind, DecimalKind, IntegerKind
from pycrm.fields.references import AnyRefKind, AnyRefsKind, RefKind, RefsKind
from pycrm.fields.registry import KINDS, SOURCE_NAMES, kind_from
from pycrm.fields.status import StatusKind
from pycrm.fields.tags import TagsKind
from pycrm.fields.text import LongTextKind, TextKind
from pycrm.values.currencies import MINOR_UNITS
from pycrm.values.lifecycle import Lifecycle, Move, State
from pycrm.values.money import Money
from pycrm.values.refs import Ref

PYTHON_TYPES = {
    PartType.TEXT: str,
    PartType.INTEGER: int,
    PartType.BOOLEAN: bool,
    PartType.DATE: dt.date,
    PartType.INSTANT: dt.datetime,
    PartType.ID: UUID,
    PartType.JSON: list,
}
INCOTERMS = ["FOB", "CIF", 'it\'s "so" {x}', "出厂"]
TASK = Lifecycle(
    State("open"), State("done", final=True, label={"zh": "完成"}), Move("complete", "open", "done", needs="done_at")
)

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
instants = st.datetimes(timezones=st.just(dt.UTC))
ids = st.uuids()


def scaled(places: int) -> st.SearchStrategy[Decimal]:
    return st.integers(SMALLEST, LARGEST).map(lambda number: Decimal(number).scaleb(-places))


@st.composite
def minor_money(draw: st.DrawFn) -> Money:
    currency = draw(st.sampled_from(sorted(MINOR_UNITS)))
    return Money(Decimal(draw(st.integers(-(10**14), 10**14))).scaleb(-MINOR_UNITS[currency]), currency)


CASES: list[tuple[Kind, st.SearchStrategy[Any]]] = [
    (TextKind(), texts),
    (TextKind(max_length=60), texts),
    (LongTextKind(), texts),
    (IntegerKind(), st.integers(SMALLEST, LARGEST)),
    (DecimalKind(), scaled(6)),
    (DecimalKind(places=0), scaled(0)),
    (DecimalKind(places=12), scaled(12)),
    (BooleanKind(), st.booleans()),
    (DateKind(), st.dates()),
    (InstantKind(), instants),
    (ChoiceKind(INCOTERMS), st.sampled_from(INCOTERMS)),
    (
        MultiChoiceKind(INCOTERMS),
        st.sets(st.sampled_from(INCOTERMS)).map(lambda s: tuple(sorted(s, key=INCOTERMS.index))),
    ),
    (MoneyKind(), minor_money()),
    (MoneyKind(places=6, currency="CNY"), st.builds(Money, scaled(6), st.sampled_from(sorted(MINOR_UNITS)))),
    (RefKind("account", many="orders", on_delete="cascade", part_of=True), ids | ids.map(Ref)),
    (RefsKind("user"), st.lists(ids, unique=True).map(tuple)),
    (AnyRefKind(), st.builds(Ref, ids, st.sampled_from(["account", "trade.sample"]))),
    (AnyRefKind(("account", "trade.sample")), st.builds(Ref, ids, st.sampled_from(["account", "trade.sample"]))),
    (
        AnyRefsKind(("user", "contact")),
        st.dictionaries(ids, st.sampled_from(["user", "contact"])).map(
            lambda found: tuple(Ref(id, entity) for id, entity in found.items())
        ),
    ),
    (AttachmentKind(max_bytes=5_000_000, content_types=("image/*",)), ids | ids.map(Ref)),
    (AutonumberKind("SO-{year}-{seq:05}"), texts),
    (TagsKind(), st.sets(texts.filter(bool)).map(lambda s: tuple(sorted(s)))),
    (StatusKind(TASK), st.sampled_from(["open", "done"])),
    (IdKind(), ids),
]
ANYTHING: st.SearchStrategy[Any] = st.one_of(
    st.text(),
    texts,
    st.integers(),
    st.floats(),
    st.decimals(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    instants,
    st.datetimes(timezones=st.timezones()),
    ids,
    ids.map(str),
    st.binary(max_size=20),
    st.lists(st.text(max_size=4) | ids | st.integers(), max_size=3),
    st.dictionaries(st.sampled_from(["amount", "currency", "entity", "id"]), st.text(max_size=4) | st.integers()),
    minor_money(),
    ids.map(Ref),
    st.builds(object),
    st.sampled_from(
        [*INCOTERMS, "open", "USD 1.50", "12", "1e5", "1E+999999999", "true", "2026-03-01", "a:b", Decimal("1E-999999")]
    ),
)

every_case = pytest.mark.parametrize(
    ("kind", "values"), CASES, ids=[f"{kind.name}-{n}" for n, (kind, _) in enumerate(CASES)]
)


def evaluate(source: str, **variables: Any) -> Any:
    return eval(source, {**SOURCE_NAMES, **variables})


def same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and a == b


def parse_or_problem(kind: Kind, value: Any) -> Any:
    try:
        return kind.parse(value)
    except Problem as problem:
        return problem


@every_case
@given(data=st.data())
def test_inside_values_parse_to_themselves(kind: Kind, values: st.SearchStrategy[Any], data: st.DataObject) -> None:
    """Parsing an inside value gives an equal one of the same type."""
    value = data.draw(values)

    assert same(kind.parse(value), value)


@every_case
@given(data=st.data())
def test_parts_round_trip(kind: Kind, values: st.SearchStrategy[Any], data: st.DataObject) -> None:
    """Parts are scalars of the promised types, and give the value back; generated source does the same."""
    value = data.draw(values)
    parts = kind.to_parts(value)
    names = [f"p{number}" for number in range(len(parts))]
    load, dump = kind.load_source(*names), kind.dump_source("v")

    assert [type(part) for part in parts] == [PYTHON_TYPES[part.type] for part in kind.parts]
    if kind.parts:
        back = kind.from_parts(*parts)
        assert back == value or back == value.id
        assert same(kind.to_parts(back), parts)
        assert load is None or same(evaluate(load, **dict(zip(names, parts, strict=True))), back)
    assert dump is None or same(tuple(evaluate(each, v=value) for each in dump), parts)


@every_case
@given(data=st.data())
def test_dump_parses_back(kind: Kind, values: st.SearchStrategy[Any], data: st.DataObject) -> None:
    """What is dumped is JSON and parses back to the value."""
    value = data.draw(values)
    back = kind.parse(json.loads(json.dumps(kind.dump(value))))

    assert back == value or back == value.id


@every_case
@given(data=st.data())
def test_dump_is_that_of_stored_value(kind: Kind, values: st.SearchStrategy[Any], data: st.DataObject) -> None:
    """A value goes out the same before it was stored and after it was loaded."""
    value = data.draw(values)

    assert not kind.parts or kind.dump(value) == kind.dump(kind.from_parts(*kind.to_parts(value)))


def test_equal_numbers_go_out_alike() -> None:
    """Outside a number has no exponent, no idle zeros and no negative zero, however it was written."""
    forms = ["0", "-0", "-0.00", "0E+3", "0E-999999", "1E+3", "1000.0", "-1.50", "120", "1E-6"]

    assert [DecimalKind().dump(Decimal(form)) for form in forms] == [
        *(["0"] * 5),
        *(["1000"] * 2),
        "-1.5",
        "120",
        "0.000001",
    ]


@pytest.mark.parametrize("kind", [MoneyKind(), MoneyKind(places=6), MoneyKind(places=1)])
def test_equal_amounts_go_out_alike(kind: MoneyKind) -> None:
    """Outside an amount has the digits that it would be loaded with, however it was written."""
    forms = ["0", "-0.00", "0E+3", "0E-7", "1E+3", "1.2E+5", "-1.5", "-1.50", "120", "1200.0000"]
    given = [Money(Decimal(form), currency) for form in forms for currency in ("USD", "JPY", "KWD", "CLF", "XAU")]
    taken = [money for money in given if parse_or_problem(kind, money) is money]
    stored = [kind.from_parts(*kind.to_parts(money)) for money in taken]

    assert len(taken) >= 40
    assert [kind.dump(money) for money in taken] == [
        {"amount": f"{money.amount:f}", "currency": money.currency} for money in stored
    ]


@every_case
@given(value=ANYTHING)
def test_anything_parses_or_is_a_problem(kind: Kind, values: st.SearchStrategy[Any], value: Any) -> None:
    """Whatever comes from outside is taken, and then again, or refused with code, sentence and value."""
    outcome = parse_or_problem(kind, value)

    if isinstance(outcome, Problem):
        assert outcome.code.count(".") == 1
        assert "value" in outcome.facts
        assert "{" not in outcome.template.format_map(dict.fromkeys(outcome.facts, ""))
        assert (outcome.record, outcome.field, outcome.level) == (None, None, "error")
    else:
        assert same(kind.parse(outcome), outcome)


@every_case
@given(data=st.data())
def test_source_agrees_with_parse(kind: Kind, values: st.SearchStrategy[Any], data: st.DataObject) -> None:
    """Where the source says that a value needs no parsing, parsing it changes nothing."""
    value = data.draw(values | ANYTHING)
    source = kind.parse_source("v")

    if source is not None and evaluate(source, v=value):
        assert same(kind.parse(value), value)


@pytest.mark.parametrize("kind", [kind for kind, _ in CASES], ids=lambda kind: kind.name)
def test_options_round_trip(kind: Kind) -> None:
    """A kind comes back equal from its name and options as JSON."""
    again = kind_from(kind.name, json.loads(json.dumps(kind.options())))

    assert same(again, kind)
    assert hash(again) == hash(kind)


@pytest.mark.parametrize("kind", [kind for kind, _ in CASES], ids=lambda kind: kind.name)
def test_json_schema_is_json(kind: Kind) -> None:
    """The JSON Schema of a kind is plain JSON with a type."""
    assert json.loads(json.dumps(kind.json_schema()))["type"] in {"string", "integer", "boolean", "array", "object"}


def test_all_kinds_are_tried() -> None:
    """Every registered kind is among the cases above, under its own name."""
    assert {kind.name for kind, _ in CASES} == set(KINDS)
    assert all(cls.name == name for name, cls in KINDS.items())


@pytest.mark.parametrize(
    ("kind", "fast"),
    [
        (TextKind(), "青岛海晨贸易有限公司"),
        (LongTextKind(), "two\nlines"),
        (IntegerKind(), 5),
        (BooleanKind(), False),
        (DateKind(), dt.date(2026, 3, 1)),
        (InstantKind(), dt.datetime(2026, 3, 1, tzinfo=dt.UTC)),
        (RefKind("account"), UUID(int=1)),
        (ChoiceKind(INCOTERMS), "出厂"),
        (StatusKind(TASK), "open"),
    ],
)
def test_usual_values_need_no_parsing(kind: Kind, fast: Any) -> None:
    """The source of hot kinds is true for usual values."""
    assert evaluate(str(kind.parse_source("v")), v=fast) is True


def test_retired_options_round_trip() -> None:
    """Labels and retirement of options survive."""
    kind = ChoiceKind([Option("FOB", {"zh": "离岸价"}), Option("DAF", retired=True), "CIF"])
    again = kind_from("choice", json.loads(json.dumps(kind.options())))

    assert again == kind
    assert kind.options()["options"][2] == "CIF"


def test_unknown_kind_is_refused() -> None:
    """A kind of an absent plugin is refused with the nearest name."""
    with pytest.raises(ConfigurationError, match=r"'txt'; install the plugin that brings it; did you mean 'text'"):
        kind_from("txt", {})


def test_unknown_option_is_refused() -> None:
    """Options that a kind does not take are refused."""
    with pytest.raises(ConfigurationError, match="'text' does not take"):
        kind_from("text", {"length": 5})
