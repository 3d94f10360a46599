"""Questions that were made to take the memory or the time of the machine: each asks a reader, or a mapping is read."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pycrm import Account, F, Money
from pycrm.exchange.mapping import EntityMap, FieldMap, Mapping, bind_mapping, read_mapping_text
from pycrm.workspace import Reader

__all__ = ["QUESTIONS"]

QUESTIONS: dict[str, Callable[[Reader], Any]] = {}
MANY = 1_000_000


def _counted(case: str, make: Callable[[], Any], **values: Callable[[], Any]) -> None:
    """Register the filter that *make* makes, with parameters that are made as well."""
    QUESTIONS[case] = lambda reader: reader.count(
        Account, where=make(), values={key: value() for key, value in values.items()} or None
    )


def _listed(name: str, **question: Callable[[], Any]) -> None:
    QUESTIONS[name] = lambda reader: list(reader.list(Account, **{key: made() for key, made in question.items()}))


def _grouped(name: str, **question: Callable[[], Any]) -> None:
    QUESTIONS[name] = lambda reader: reader.aggregate(Account, **{key: made() for key, made in question.items()})


def _searched(name: str, text: Callable[[], str]) -> None:
    QUESTIONS[name] = lambda reader: list(reader.search(text()))


def _deep(levels: int, inner: Any, key: str) -> Any:
    for _ in range(levels):
        inner = {key: inner}
    return inner


def _nested(levels: int) -> Any:
    condition = F.name == "x"
    for _ in range(levels):
        condition = ~condition
    return condition


_counted("in_text", lambda: f"name IN ({', '.join(repr(f'n{number}') for number in range(MANY))})")
_counted("in_parameter", lambda: "name IN :names", names=lambda: [f"n{number}" for number in range(MANY)])
_counted("not_in_parameter", lambda: "name NOT IN :names", names=lambda: [f"n{number}" for number in range(MANY)])
_counted("in_builder", lambda: F.name.in_([f"n{number}" for number in range(MANY)]))
_counted("in_json", lambda: {"in": [{"path": "name"}, [f"n{number}" for number in range(MANY)]]})
_counted("has_any_parameter", lambda: "tags HAS ANY :tags", tags=lambda: [f"t{number}" for number in range(MANY)])
_counted("one_long_value", lambda: "name = :name", name=lambda: "x" * (64 << 20))
_counted("contains_long", lambda: "name CONTAINS :part", part=lambda: "ab" * (8 << 20))
_counted("like_percents", lambda: "description LIKE :like", like=lambda: "%a" * 450 + "%b")
_counted("like_many_percents", lambda: "description LIKE :like", like=lambda: "%a" * 500_000)
_counted("like_underlines", lambda: "description LIKE :like", like=lambda: "%" + "_%" * 400 + "b")
_counted("contains_percents", lambda: "description CONTAINS :part", part=lambda: "%_" * 5_000)
_counted("fifty_hops", lambda: ".".join(["parent"] * 50) + ".name = 'x'")
_counted("million_hops", lambda: "parent." * MANY + "name = 'x'")
_counted("hops_in_builder", lambda: {"=": [{"path": ".".join(["parent"] * 50) + ".name"}, "x"]})
_counted("many_links", lambda: "ANY(accounts, " * 50 + "name = 'x'" + ")" * 50)
_counted("under_many", lambda: "id UNDER :all", all=lambda: ["x"] * MANY)
_counted("open_brackets", lambda: "(" * MANY)
_counted("brackets", lambda: "(" * 9_000 + "name = 'x'" + ")" * 9_000)
_counted("nots", lambda: "NOT " * 4_900 + "name = 'x'")
_counted("nots_in_builder", lambda: _nested(20_000))
_counted("nots_in_json", lambda: _deep(MANY, {"=": [{"path": "name"}, "x"]}, "not"))
_counted("ors", lambda: " OR ".join(["name = 'x'"] * 1_500))
_counted("million_ors", lambda: " OR ".join(["name = 'x'"] * MANY))
_counted("ors_in_json", lambda: {"or": [{"=": [{"path": "name"}, f"n{number}"]} for number in range(300_000)]})
_counted("minuses", lambda: "employee_count = " + "-" * 19_000 + "1")
_counted("sum_of_ones", lambda: "employee_count = " + "+".join(["1"] * 9_000))
_counted("product_of_nines", lambda: "employee_count = " + "*".join(["999999999"] * 1_900))
_counted("long_number", lambda: "employee_count = " + "9" * 19_000)
_counted("huge_exponent", lambda: "employee_count = 1e999999999")
_counted("huge_parameter", lambda: "employee_count = :n", n=lambda: 10**100_000)
_counted("huge_decimal", lambda: "employee_count = :n", n=lambda: Decimal("1e999999999"))
_counted("tiny_decimal", lambda: "employee_count > :n", n=lambda: Decimal("1e-999999999"))
_counted("huge_money", lambda: "annual_revenue = :n", n=lambda: Money(Decimal("1e999999999"), "USD"))
_counted("huge_in_list", lambda: "employee_count IN :n", n=lambda: [1, 10**100_000])
_counted("last_n_days", lambda: "created_at = LAST_N_DAYS:999999999999999999")
_counted("open_quote", lambda: "name = '" + "x''" * MANY)
_counted("blanks", lambda: " " * (32 << 20) + "name = 'x'")
_counted("one_word", lambda: "n" * (16 << 20))
_listed("order_by_many", order_by=lambda: ", ".join(["name"] * MANY))
_listed("order_by_hops", order_by=lambda: "parent." * 50 + "name")
_listed("order_by_repeated", order_by=lambda: ", ".join(["name", "level DESC"] * 800))
_listed("include_many", include=lambda: ", ".join(["parent"] * 300_000))
_listed("include_hops", include=lambda: ".".join(["parent"] * 50))
_listed("include_all_ways", include=lambda: ", ".join(["accounts.parent.accounts.parent"] * 50))
_listed("limit_of_all", limit=lambda: 2**31 - 2)
_listed("limit_beyond", limit=lambda: 10**30)
_listed("long_cursor", after=lambda: "e" * (16 << 20))
_grouped("measures", measures=lambda: ["count()"] * 100_000)
_grouped("groups", measures=lambda: ["count()"], group_by=lambda: ["level"] * 100_000)
_grouped("measure_of_hops", measures=lambda: ["sum(" + "parent." * 50 + "employee_count)"])
_searched("long_text", lambda: "x" * (16 << 20))
_searched("long_chinese", lambda: "海" * (4 << 20))
_searched("many_words", lambda: " ".join(f"w{number}" for number in range(MANY)))
_searched("many_digits", lambda: "138" * MANY)
_searched("like_a_pattern", lambda: "(a+)+$" * 10_000)
_searched("like_a_query", lambda: '" OR grams NEAR(' * 10_000)


def _mapping(text: str) -> Callable[[Reader], Any]:
    return lambda reader: read_mapping_text(text)


_ENTITY = 'version = 1\n[[entity]]\nentity = "account"\n[entity.fields]\nname = '


def _bound(*transforms: str) -> Callable[[Reader], Any]:
    entity = EntityMap("account", fields=(FieldMap("name", ("Name",), transforms=transforms),))
    return lambda reader: bind_mapping(Mapping(entities=(entity,)), ["Name"], reader._reads.schema)


QUESTIONS["pattern_of_groups"] = _bound("replace_pattern('(a+)+$', 'b')")
QUESTIONS["pattern_of_repeats"] = _bound(f"replace_pattern('{'.*' * 40}b', 'b')")
QUESTIONS["pattern_of_millions"] = _bound("replace_pattern('a{1,999}b{1,999}c{1,999}d{1,999}', 'b')")
QUESTIONS["mapping_of_tables"] = _mapping("x = " + "[" * 100_000)
QUESTIONS["mapping_of_dots"] = _mapping("a." * 100_000 + "b = 1\n")
QUESTIONS["mapping_of_quoted_dots"] = _mapping("'a' . " * 100_000 + "b = 1\n")
QUESTIONS["mapping_of_one_word"] = _mapping("a" * (16 << 20) + " = 1\n")
QUESTIONS["mapping_of_fields"] = _mapping(_ENTITY + '"Name"\n' + "".join(f'f{n} = "c{n}"\n' for n in range(100_000)))
