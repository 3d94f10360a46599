"""What holds for every field kind, tried without a database."""

from __future__ import annotations

import copy
import datetime as dt
import json
import pickle
import re
from decimal import Decimal
from importlib import import_module
from typing import Any
from uuid import UUID

import attrs

from pycrm.errors import MissingExtraError, Problem, ValidationError
from pycrm.fields.field import Field
from pycrm.fields.kind import ORDERED, PartType
from pycrm.fields.numbers import LARGEST, SMALLEST
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind
from pycrm.fields.registry import KINDS, check_kind_class, kind_from, source_names
from pycrm.schema import Entity, Record
from pycrm.schema.border import load_values
from pycrm.schema.diff import reader_of
from pycrm.schema.parser import make_parser
from pycrm.schema.record import make_record_class
from pycrm.testing.kind_case import Checks, KindCase, pairs, problem_of, require, same

__all__ = ["CHECKS"]

check: Checks[None] = Checks()
CHECKS = check.all

_code = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,2}").fullmatch
_REFERENCES = (RefKind, AnyRefKind, LinkKind)  # a slot holds an id, or a reference, or several
_TYPES: dict[PartType, tuple[type, ...]] = {
    PartType.TEXT: (str,),
    PartType.INTEGER: (int,),
    PartType.BOOLEAN: (bool,),
    PartType.DATE: (dt.date,),
    PartType.INSTANT: (dt.datetime,),
    PartType.ID: (UUID,),
    PartType.JSON: (list, dict, str, int, float, bool),
}
_JUNK: tuple[Any, ...] = (
    *("", " ", "x" * 2_000, "\0", "\ud800", "%s", "'", "-1", "1e999", "NaN", "é", "大", "😀", "\u202e", "1,2", "a:b"),
    *("1e999999", "1e999999, 0", "1e-999999 kg", "9" * 40),
    *(0, -1, 2**70, 1.5, float("nan"), float("inf"), True, Decimal("1E-30"), Decimal("sNaN"), 1j),
    *(b"", b"x", [], ["a"], (), [None], {}, {"amount": "1"}, {1: 2}, {"a"}, range(2), object(), object, len),
    *(dt.date.max, dt.datetime.min, dt.datetime.max.replace(tzinfo=dt.UTC), dt.time(1), dt.timedelta.max, UUID(int=0)),
)


@check
def class_is_sound(case: KindCase, _: None) -> None:
    """The class can be registered, and says in words what its values are."""
    cls = type(case.kind)
    if cls not in KINDS.values():
        check_kind_class(cls)
    require(bool(cls.__doc__ and cls.__doc__.strip()), case, cls, "the class has no docstring")


@check
def kind_is_a_value(case: KindCase, _: None) -> None:
    """Kinds of the same options are equal, can be keys, and refuse to be changed."""
    twin = copy.deepcopy(case.kind)
    require(twin == case.kind and hash(twin) == hash(case.kind), case, case.kind, "a copy is not equal")
    try:
        case.kind.name = "other"  # type: ignore[misc]
    except AttributeError:
        return
    require(False, case, case.kind, "can be changed; decorate the class with @attrs.frozen")


@check
def operators_make_sense(case: KindCase, _: None) -> None:
    """Comparisons are known ones; what has an order can be sorted by, and what can be summed is a whole number."""
    kind = case.kind
    require(kind.operators <= ORDERED, case, kind.operators, "holds an unknown comparison")
    if kind.operators == ORDERED:
        require(kind.sortable, case, kind.operators, "compares by order and cannot be sorted by")
    if kind.summable:
        require(kind.parts[0].type is PartType.INTEGER, case, kind.parts, "what is summed is no integer")
    if kind.unit_part is not None:
        require(0 < kind.unit_part < len(kind.parts), case, kind.unit_part, "is not the number of a further part")


@check
def options_round_trip(case: KindCase, _: None) -> None:
    """Name and options, as JSON, make an equal kind: so custom fields and snapshots keep it."""
    options = json.loads(json.dumps(case.kind.options(), allow_nan=False))
    again = kind_from(case.kind.name, options, {case.kind.name: type(case.kind)})
    require(again == case.kind, case, options, f"makes another kind, {again!r}")
    require(again.options() == case.kind.options(), case, options, "does not come back")


@check
def good_values_are_taken(case: KindCase, _: None) -> None:
    """Every good value is taken, and there are enough of them to tell something."""
    require(len(case.values) >= 2, case, case.good, "are not two different values; give more")
    for value in case.good:
        parsed = case.kind.parse(value)
        fits = isinstance(case.kind, _REFERENCES) or isinstance(parsed, case.kind.python_type)
        require(fits, case, value, f"became {parsed!r}, which is no {case.kind.python_type.__name__}")


@check
def parsing_twice_changes_nothing(case: KindCase, _: None) -> None:
    """Parsing an inside value gives an equal one of the same type."""
    for value in case.good:
        parsed = case.kind.parse(value)
        again = case.kind.parse(parsed)
        require(type(again) is type(parsed) and again == parsed, case, value, f"became {parsed!r}, then {again!r}")


@check
def parsing_leaves_its_argument_alone(case: KindCase, _: None) -> None:
    """What was given is the same afterwards."""
    for value in (*case.good, *case.bad):
        before = repr(value)
        problem_of(case.kind, value)
        require(repr(value) == before, case, value, f"was {before} before it was parsed")


@check
def values_never_change(case: KindCase, _: None) -> None:
    """Inside values can be keys, equal ones have equal hashes, and copies and pickles are equal."""
    for value in case.values:
        require(not isinstance(value, (list, dict, set, bytearray)), case, value, "can be changed in place")
        twin = case.kind.parse(copy.deepcopy(value))
        copied = copy.deepcopy(value), pickle.loads(pickle.dumps(value))  # noqa: S301 - our own
        require(twin == value and hash(twin) == hash(value), case, value, "an equal value has another hash")
        require(all(each == value for each in copied), case, value, "a copy is not equal")


@check
def different_values_differ(case: KindCase, _: None) -> None:
    """Values that are stored differently are not equal, so that a change is noticed."""
    # An id and a reference to it are stored alike, and are not equal.
    for one, other in [] if isinstance(case.kind, _REFERENCES) else pairs(case.values):
        require((one == other) == same(case.kind, one, other), case, (one, other), "are equal, but not as stored")


@check
def dumped_values_are_json(case: KindCase, _: None) -> None:
    """What is dumped is JSON."""
    for value in case.values:
        dumped = case.kind.dump(value)
        require(json.loads(json.dumps(dumped, allow_nan=False)) == dumped, case, dumped, "is not what JSON makes of it")


@check
def dumped_values_parse_back(case: KindCase, _: None) -> None:
    """What is dumped, sent as JSON and parsed, is the value."""
    for value in case.values:
        back = case.kind.parse(json.loads(json.dumps(case.kind.dump(value))))
        require(same(case.kind, back, value), case, value, f"came back as {back!r}")


@check
def dumped_values_fit_json_schema(case: KindCase, _: None) -> None:
    """The JSON Schema is one, and every dumped value fits it."""
    validator = _validator_of(case)
    for value in case.values:
        dumped = case.kind.dump(value)
        errors = [error.message for error in validator.iter_errors(dumped)]
        require(not errors, case, dumped, f"does not fit {case.kind.json_schema()}: {errors}")


def _validator_of(case: KindCase) -> Any:
    try:
        library: Any = import_module("jsonschema")
    except ImportError as error:
        raise MissingExtraError(
            "check_kind needs jsonschema; run `pip install 'pycrm[testing]'`", extra="testing"
        ) from error
    schema = case.kind.json_schema()
    library.Draft202012Validator.check_schema(schema)
    return library.Draft202012Validator(schema)


@check
def values_are_shown_as_text(case: KindCase, _: None) -> None:
    """What people read is text, and a sensitive value is not among it."""
    for value in case.values:
        shown = case.kind.display(value)
        require(type(shown) is str, case, value, f"is shown as {shown!r}, which is no text")
        if case.kind.sensitive:
            require(str(case.kind.dump(value)) not in shown, case, value, "is sensitive and is shown whole")


@check
def parts_round_trip(case: KindCase, _: None) -> None:
    """The parts of a value give it back."""
    if not case.is_linked:
        for value in case.values:
            back = case.kind.from_parts(*case.kind.to_parts(value))
            require(same(case.kind, back, value), case, value, f"came back as {back!r}")


@check
def parts_are_of_their_sort(case: KindCase, _: None) -> None:
    """Parts are plain scalars of the promised sorts, and the first one is never missing."""
    for value in () if case.is_linked else case.values:
        parts = case.kind.to_parts(value)
        require(len(parts) == len(case.kind.parts) and parts[0] is not None, case, value, f"has the parts {parts!r}")
        for scalar, part in zip(parts, case.kind.parts, strict=True):
            fits = scalar is None or type(scalar) in _TYPES[part.type]
            require(fits, case, value, f"has the part {scalar!r}, which is no {part.type.value}")


@check
def parts_can_be_stored(case: KindCase, _: None) -> None:
    """Whole numbers fit 64 bits, instants are in UTC, and texts hold neither NUL nor halves of surrogate pairs."""
    for value in () if case.is_linked else case.values:
        for scalar in case.kind.to_parts(value):
            if type(scalar) is int:
                require(SMALLEST <= scalar <= LARGEST, case, value, f"has the part {scalar}, more than 64 bits")
            if isinstance(scalar, dt.datetime):
                require(scalar.tzinfo is dt.UTC, case, value, f"has the part {scalar!r}, not in UTC")
            if isinstance(scalar, (str, list, dict)):
                text = json.dumps(scalar, ensure_ascii=False)
                fine = "\\u0000" not in text and not re.search("[\ud800-\udfff]", text)
                require(fine, case, value, "has a part that PostgreSQL cannot store")


@check
def order_of_parts_is_order_of_values(case: KindCase, _: None) -> None:
    """What is sorted by its parts is in the order of the values; amounts of different units have none."""
    kind = case.kind
    if not kind.sortable or "<" not in kind.operators:
        return
    for one, other in pairs(case.values):
        first, second = kind.to_parts(one), kind.to_parts(other)
        if kind.unit_part is None or first[kind.unit_part] == second[kind.unit_part]:
            require((one < other) == (first[0] < second[0]), case, (one, other), f"are stored as {first} and {second}")


@check
def load_source_agrees(case: KindCase, _: None) -> None:
    """The generated source that loads a value does what `from_parts` does."""
    names = [f"p{number}" for number in range(len(case.kind.parts))]
    source = None if case.is_linked else case.kind.load_source(*names)
    for value in () if source is None else case.values:
        parts = case.kind.to_parts(value)
        loaded = _evaluate(case, str(source), dict(zip(names, parts, strict=True)))
        wanted = case.kind.from_parts(*parts)
        require(type(loaded) is type(wanted) and loaded == wanted, case, value, f"{source} gives {loaded!r}")


@check
def dump_source_agrees(case: KindCase, _: None) -> None:
    """The generated source that stores a value does what `to_parts` does."""
    sources = case.kind.dump_source("v")
    for value in () if sources is None or case.is_linked else case.values:
        dumped = tuple(_evaluate(case, source, {"v": value}) for source in sources or ())
        wanted = case.kind.to_parts(value)
        fits = dumped == wanted and list(map(type, dumped)) == list(map(type, wanted))
        require(fits, case, value, f"{sources} gives {dumped!r}, not {wanted!r}")


@check
def parse_source_agrees(case: KindCase, _: None) -> None:
    """Where the generated source says that a value needs no parsing, parsing it changes nothing."""
    source = case.kind.parse_source("v")
    for value in () if source is None else (*case.values, *case.good, *case.bad, *_JUNK):
        if _evaluate(case, str(source), {"v": value}):
            problem = problem_of(case.kind, value)
            require(problem is None, case, value, f"{source} is true, and parse says {problem}")
            parsed = case.kind.parse(value)
            require(type(parsed) is type(value) and parsed == value, case, value, f"{source} is true, not {parsed!r}")


def _evaluate(case: KindCase, source: str, variables: dict[str, Any]) -> Any:
    return eval(source, {**source_names([case.kind]), **variables})  # noqa: S307 - a kind's own source


@check
def bad_values_are_problems(case: KindCase, _: None) -> None:
    """Every bad value is refused by a `Problem`, and there is one."""
    require(bool(case.bad), case, case.bad, "are no bad values; give some")
    for value in case.bad:
        require(problem_of(case.kind, value) is not None, case, value, "is taken")


@check
def problems_tell_what_is_wrong(case: KindCase, _: None) -> None:
    """A problem has a code, a whole sentence and the value, and leaves record and field to the parser."""
    for value in case.bad:
        problem = problem_of(case.kind, value)
        if problem is None:
            continue
        require(bool(_code(problem.code)), case, value, f"has the code {problem.code!r}, not such as 'text.too_long'")
        require("value" in problem.facts, case, value, f"the facts of {problem.code} lack the value")
        missing = re.findall(r"{(\w+)", problem.template)
        require(set(missing) <= problem.facts.keys(), case, value, f"the sentence lacks facts: {problem.template!r}")
        require(bool(problem.template), case, value, f"{problem.code} has no sentence")
        bare = (problem.record, problem.field, problem.level) == (None, None, "error")
        require(bare, case, value, "the problem names a record or a field")
        if case.kind.sensitive and isinstance(value, str) and len(value) > 8:
            require(value not in str(problem.facts["value"]), case, value, "is sensitive and stands in the problem")


@check
def anything_is_taken_or_a_problem(case: KindCase, _: None) -> None:
    """Whatever comes from outside is taken, and then again, or refused by a `Problem`; nothing else is raised."""
    for value in _JUNK:
        try:
            parsed = case.kind.parse(value)
        except Problem:
            continue
        require(case.kind.parse(parsed) == parsed, case, value, f"became {parsed!r}, which is not taken again")
        case.kind.dump(parsed)


@check
def unstorable_text_is_refused(case: KindCase, _: None) -> None:
    """NUL and halves of surrogate pairs are refused wherever a good text holds them."""
    for value in case.good:
        for text in _spoiled(value):
            require(problem_of(case.kind, text) is not None, case, text, "is taken, and PostgreSQL cannot store it")


def _spoiled(value: Any) -> list[Any]:
    """Return *value* with what cannot be stored at its end, in as many ways as it has texts."""
    if isinstance(value, str):
        return [f"{value}\0", f"{value}\ud800"]
    if isinstance(value, (list, tuple)):
        return [[*value[:-1], spoiled] for spoiled in _spoiled(value[-1])] if value else []
    if isinstance(value, dict):
        return [{**value, key: spoiled} for key in value for spoiled in _spoiled(value[key])]
    return []


@check
def border_and_parser_agree(case: KindCase, _: None) -> None:
    """A record's generated parser and the marshmallow border take and refuse the same values, by the same codes."""
    entity = _specimen(case)
    parse, read = make_parser(entity), reader_of(entity.fields["value"])
    new: Any = entity.record_class
    for value in (*case.good, *case.bad):
        record: Any = new(value=value)
        problems: list[Problem] = []
        parse(record, problems)
        codes = [problem.code for problem in problems]
        try:
            loaded = load_values(entity, {"value": value})["value"]
        except ValidationError as error:
            require([each.code for each in error.problems] == codes, case, value, f"the parser says {codes}")
        else:
            parsed = read(record)
            require(not codes and loaded == parsed, case, value, f"became {loaded!r} at the border, else {parsed!r}")


def _specimen(case: KindCase) -> Entity:
    """Return an entity with one field of the kind, outside any schema."""
    body = {"value": Field(kind=case.kind), "__annotations__": {"value": "Any | None"}, "__module__": __name__}
    record_class: type[Record] = make_record_class(type("Specimen", (Record,), body))
    fields = {path: attrs.evolve(field, path=path) for path, field in record_class.__declared_fields__.items()}
    return Entity(name="specimen", owner="core", record_class=record_class, fields=fields)
