"""`check_kind` passes a sound kind of a plugin and finds what is wrong with others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import attrs
import pytest

from pycrm.plugin import EQUALITY, ORDERED, ConfigurationError, Part, PartType, Plugin, Problem, ScalarKind, take_text
from pycrm.testing import check_kind
from pycrm.testing.kind_case import KindCase
from pycrm.testing.kind_checks import CHECKS
from pycrm.testing.kind_stored import STORED_CHECKS

trade = Plugin("trade")


@trade.field_kind
@attrs.frozen
class HsCodeKind(ScalarKind):
    """A code of the harmonised system, of 6 to 10 digits, kept without dots."""

    name: ClassVar[str] = "trade.hs_code"
    python_type: ClassVar[type] = str

    digits: int = 10

    def parse(self, value: Any) -> str:
        digits = take_text(value).replace(".", "")
        if not re.fullmatch(r"[0-9]{6,10}", digits) or len(digits) > self.digits:
            raise Problem("trade.no_hs_code", message="is no HS code; write it as 8471.30", value=value)
        return digits

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[0-9]{6,10}$"}


GOOD, BAD = ["8471.30", "8471300000", "010121"], ["", "84.7", "84713000001", 847130]

test_hs_code = check_kind(HsCodeKind(), good=GOOD, bad=BAD, plugins=[trade])


def broken(**members: Any) -> type[HsCodeKind]:
    """Return a kind like `HsCodeKind` in which *members* are otherwise."""
    body = {"__doc__": "A broken kind.", "__module__": __name__, "__annotations__": {}, **members}
    return attrs.frozen(type("BrokenKind", (HsCodeKind,), body))


def take_anything(self: Any, value: Any) -> Any:
    return value


def crash(self: Any, value: Any) -> Any:
    if not isinstance(value, str):
        raise TypeError("unexpected")
    return HsCodeKind().parse(value)


def add_zero(self: Any, value: Any) -> str:
    return HsCodeKind(11).parse(f"{HsCodeKind().parse(value)}0"[:10])


def parse_to_list(self: Any, value: Any) -> list[str]:
    return [HsCodeKind().parse(value[0] if isinstance(value, list) else value)]


def refuse(code: str, **facts: Any) -> Any:
    def parse(self: Any, value: Any) -> str:
        try:
            return HsCodeKind().parse(value)
        except Problem:
            raise Problem(code, **facts) from None

    return parse


def store_number(self: Any, value: str) -> tuple[Any]:
    return (int(value),)


def store_backwards(self: Any, value: str) -> tuple[Any]:
    return (value[::-1],)


def load_backwards(self: Any, *parts: Any) -> str:
    return str(parts[0][::-1])


def answer(given: Any) -> Any:
    return lambda self, *arguments: given


@pytest.mark.parametrize(
    ("rule", "members"),
    [
        ("class_is_sound", {"name": "HS"}),
        ("class_is_sound", {"__doc__": " "}),
        ("class_is_sound", {"source_names": {"table": {}}}),
        ("operators_make_sense", {"sortable": False, "operators": ORDERED}),
        ("operators_make_sense", {"summable": True}),
        ("operators_make_sense", {"unit_part": 1}),
        ("options_round_trip", {"options": answer({"digits": 8})}),
        ("good_values_are_taken", {"python_type": int}),
        ("parsing_twice_changes_nothing", {"parse": add_zero}),
        ("values_never_change", {"parse": parse_to_list}),
        ("different_values_differ", {"to_parts": answer(("1",))}),
        ("dumped_values_are_json", {"dump": answer(("1",))}),
        ("dumped_values_parse_back", {"dump": answer("000000")}),
        ("dumped_values_fit_json_schema", {"json_schema": answer({"type": "integer"})}),
        ("values_are_shown_as_text", {"display": answer(1)}),
        ("values_are_shown_as_text", {"sensitive": property(answer(True))}),
        ("parts_round_trip", {"from_parts": answer("000000")}),
        ("parts_are_of_their_sort", {"to_parts": store_number}),
        ("parts_are_of_their_sort", {"to_parts": answer((None,))}),
        ("parts_can_be_stored", {"to_parts": answer(("\0",))}),
        ("parts_can_be_stored", {"to_parts": answer((2**63,))}),
        ("order_of_parts_is_order_of_values", {"to_parts": store_backwards, "from_parts": load_backwards}),
        ("load_source_agrees", {"load_source": answer("p0 + ''.join('0')")}),
        ("dump_source_agrees", {"dump_source": answer(("v.upper() + '0'",))}),
        ("parse_source_agrees", {"parse_source": answer("type(v) is str")}),
        ("bad_values_are_problems", {"parse": take_anything}),
        ("problems_tell_what_is_wrong", {"parse": refuse("BadCode", message="is bad", value=1)}),
        ("problems_tell_what_is_wrong", {"parse": refuse("trade.bad", message="is {bad}", value=1)}),
        ("problems_tell_what_is_wrong", {"parse": refuse("trade.bad", message="is bad")}),
        ("problems_tell_what_is_wrong", {"parse": refuse("trade.bad", value=1)}),
        ("problems_tell_what_is_wrong", {"sensitive": property(answer(True))}),
        ("anything_is_taken_or_a_problem", {"parse": crash}),
        ("unstorable_text_is_refused", {"parse": take_anything}),
    ],
)
def test_broken_kinds_are_found(rule: str, members: Mapping[str, Any]) -> None:
    """Each rule is broken by a kind made for it, and says so; the sound kind keeps it."""
    (check,) = [check for check in CHECKS if check.name == rule]
    check.run(KindCase(HsCodeKind(), GOOD, BAD), None)

    with pytest.raises((AssertionError, ConfigurationError, TypeError), match=r"trade\.hs_code|BrokenKind|unexpected"):
        check.run(KindCase(broken(**members)(), GOOD, [*BAD, "not a code at all"]), None)


def test_few_values_are_not_enough() -> None:
    """Without two different good values, or without a bad one, little is shown, and the checks say so."""
    rules = {check.name: check.run for check in CHECKS}

    with pytest.raises(AssertionError, match="are not two different values"):
        rules["good_values_are_taken"](KindCase(HsCodeKind(), ["847130", "8471.30"], BAD), None)
    with pytest.raises(AssertionError, match="are no bad values"):
        rules["bad_values_are_problems"](KindCase(HsCodeKind(), GOOD, []), None)


def test_checks_are_many() -> None:
    """There are at least twenty, each with a rule in words, and no two of one name."""
    checks = [*CHECKS, *STORED_CHECKS]

    assert len(checks) >= 20
    assert len({check.name for check in checks}) == len(checks)
    assert all(check.rule.endswith(".") for check in checks)


def test_parts_of_one_kind() -> None:
    """A kind is tried by itself and on both databases; the states of a lifecycle are never custom fields."""
    (mark,) = [mark for mark in test_hs_code.pytestmark if mark.name == "parametrize"]  # type: ignore[attr-defined]
    ids = [param.id for param in mark.args[1]]

    assert len(ids) == len(CHECKS) + 2 * len(STORED_CHECKS)
    assert "trade.hs_code-stored_values_are_read_back-postgresql" in ids


@attrs.frozen
class PairKind(HsCodeKind):
    """Compares by what its stored parts do not tell."""

    name: ClassVar[str] = "trade.pair"
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.TEXT), Part(PartType.TEXT, "_x"))
    operators: ClassVar[frozenset[str]] = EQUALITY

    def load_source(self, *parts: str) -> str:
        return f"{parts[0]} + {parts[1]}"

    def dump_source(self, value: str) -> tuple[str, ...]:
        return f"{value}[:4]", f"{value}[4:]"

    def to_parts(self, value: str) -> tuple[str, str]:
        return value[:4], value[4:]

    def from_parts(self, *parts: Any) -> str:
        return "".join(parts)


def test_kind_of_two_parts() -> None:
    """A kind of several parts is tried alike."""
    for check in CHECKS:
        check.run(KindCase(PairKind(), GOOD, BAD), None)
