"""Which transforms make the cells of a column values of a field: candidates by kind, judged by trying them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs

from pycrm.errors import Problem
from pycrm.exchange.mapping.fields import FieldBinder
from pycrm.exchange.mapping.headers import normal_header
from pycrm.exchange.mapping.model import EntityMap, FieldMap, Otherwise
from pycrm.exchange.mapping.plan import Refused
from pycrm.exchange.mapping.steps import fold
from pycrm.exchange.mapping.suggesting.sample import Column, Sample
from pycrm.exchange.mapping.transforms import BASIC
from pycrm.exchange.mapping.transforms.dates import ORDERS, readings_of
from pycrm.exchange.mapping.transforms.numbers import decimal_mark
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind
from pycrm.fields.dates import DateKind, InstantKind
from pycrm.fields.field import Field
from pycrm.fields.money import MoneyKind
from pycrm.fields.numbers import BooleanKind, DecimalKind, IntegerKind
from pycrm.fields.references import LinkKind, RefKind
from pycrm.fields.status import StatusKind
from pycrm.fields.tags import TagsKind
from pycrm.schema import Entity, Schema
from pycrm.schema.labels import Labels
from pycrm.values.currencies import CURRENCIES

__all__ = ["Form", "Former", "date_orders"]

SPLITS = (" ::: ", ";", "；", "|", ",", "，", "、", "\n")
_whole = re.compile(r"\d+\.0").fullmatch
_serial = re.compile(r"[34]\d{4}").fullmatch
_grouped = re.compile(r"\d{1,3}(?:[,.' ]\d{3})+(?:[.,]\d+)?|\d+[.,]\d+")


@attrs.frozen
class Form:
    """A way from a column into a field.

    Attributes:
        field: How the mapping would say it.
        share: Of the filled cells of the sample that it takes.
        note: What somebody should know about it, an empty text for nothing.
    """

    field: FieldMap
    share: float
    note: str = ""


@attrs.frozen
class Former:
    """Finds forms for the fields of one entity.

    Attributes:
        schema: Of the CRM.
        entity: Whose fields.
        sample: Of the source.
        labels: By which options are recognised.
        language: In which headers and options are likely to be.
        currency: Of amounts that do not say; an empty text where nobody told.
    """

    schema: Schema
    entity: Entity
    sample: Sample
    labels: Labels
    language: str
    currency: str = ""

    def best(self, path: str, column: Column) -> Form:
        """Return the form by which most cells of *column* become values at *path*; of equals the simplest."""
        field = self.entity.fields.get(path)
        best: Form | None = None
        for candidate, note in self._candidates(path, field, column):
            form = Form(candidate, self.share(candidate, column), note)
            if best is None or form.share > best.share + 1e-9:
                best = form
            if best.share == 1:
                break
        assert best is not None  # every column has the plain form
        return best

    def share(self, map: FieldMap, column: Column) -> float:
        """Return of how many filled cells of *column* *map* makes a value, 0 to 1; 1 where none is filled."""
        binder = FieldBinder(
            self.entity, EntityMap(self.entity.name), tuple(self.sample.columns), self.schema, zone=None, needed=()
        )
        plan = next(binder.plans_of((map,)), None)
        if plan is None:
            return 0.0
        cells = [each.cells for each in self.sample.columns.values()]
        values = plan.values(cells, self.sample.rows)
        taken = [
            type(value) is not Refused
            for value, cell in zip(values, column.cells, strict=True)
            if cell is not None and cell != ""
        ]
        return sum(taken) / len(taken) if taken else 1.0

    def _candidates(self, path: str, field: Field | None, column: Column) -> Iterator[tuple[FieldMap, str]]:
        plain = FieldMap(path, (column.name,))
        kind = None if field is None else field.kind
        blanks = any(isinstance(cell, str) and cell != cell.strip() for cell in column.filled)
        trim = ("trim",) if blanks else ()
        if isinstance(kind, RefKind | LinkKind):
            yield from ((each, "") for each in self._references(plain, field, column))
            return
        if kind is None:  # a part of an address
            yield attrs.evolve(plain, transforms=("country",) if path.endswith(".country") else trim), ""
            return
        for cls, make in _BY_KIND:
            if isinstance(kind, cls):
                yield from ((attrs.evolve(plain, transforms=steps), note) for steps, note in make(self, field, column))
        if isinstance(kind, ChoiceKind | StatusKind):
            yield attrs.evolve(plain, transforms=trim, values=self._options(field, column)), ""
        if isinstance(kind, MultiChoiceKind | TagsKind):
            values = self._options(field, column) if isinstance(kind, MultiChoiceKind) else {}
            yield attrs.evolve(plain, split=_split_of(column), values=values), ""
        if kind.name in ("country", "language", "phone") and kind.name in self.schema.transforms:
            yield plain, ""
            yield attrs.evolve(plain, transforms=self._named(kind.name, column)), ""
        if column.texts and all(map(_whole, column.texts)) and issubclass(kind.python_type, str):
            yield attrs.evolve(plain, transforms=("whole_number",)), "a spreadsheet's .0 is taken off"
        yield attrs.evolve(plain, transforms=trim), ""
        yield attrs.evolve(plain, transforms=("half_width", "trim")), ""

    def _named(self, name: str, column: Column) -> tuple[str, ...]:
        """Return the transform of the kind *name*; a phone number without a country may be of that of its row."""
        country = next(
            (each.name for each in self.sample.columns.values() if normal_header(each.name) in _COUNTRY_HEADERS), None
        )
        if name != "phone" or country is None or country == column.name or set("{}") & set(country):
            return (name,)
        return (f"phone({{{country}}})",)

    def _options(self, field: Field | None, column: Column) -> dict[str, str]:
        """Return what texts of *column* stand for which options, by the labels of the options in all languages."""
        assert field is not None
        names: dict[str, str] = {}
        for language in dict.fromkeys((self.language, *self.labels.languages)):
            for option, label in self._option_labels(field, language):
                names.setdefault(fold(label), option)
                names.setdefault(fold(option), option)
                names.setdefault(normal_header(option), option)
        found: dict[str, str] = {}
        for text in dict.fromkeys(_members(column, field)):
            known = names.get(fold(text)) or names.get(normal_header(text)) or text
            if known != text:
                found[text] = known
        return found

    def _option_labels(self, field: Field, language: str) -> Iterator[tuple[str, str]]:
        kind = field.kind
        if isinstance(kind, StatusKind):
            for state in kind.lifecycle.states.values():
                yield state.name, self.labels.state(self.entity.name, field, state, language)
        elif isinstance(kind, ChoiceKind | MultiChoiceKind):
            for option in kind.choices:
                yield option.value, self.labels.option(self.entity.name, field, option, language)

    def _references(self, plain: FieldMap, field: Field | None, column: Column) -> Iterator[FieldMap]:
        assert field is not None
        target = self.schema.entities.get(str(getattr(field.kind, "target", "")))
        if target is None:
            yield plain
            return
        otherwise: Otherwise = "create" if _needs_title_alone(target) and target.name not in _PEOPLE else "empty"
        keys = ["number", "code", "key", "email", target.title]
        for key in keys if any("@" in text for text in column.texts) else [key for key in keys if key != "email"]:
            known = target.fields.get(key)
            if known is None or (key in ("number", "code", "key") and not _is_code(column)):
                continue
            yield attrs.evolve(plain, find=key, otherwise=otherwise if key == target.title else "empty")


_PEOPLE = frozenset({"user", "team"})
_GIVEN = frozenset({"autonumber", "status"})


def _needs_title_alone(target: Entity) -> bool:
    """Return whether a record of *target* can be made of nothing but its title."""
    needed = {
        path
        for path, field in target.fields.items()
        if field.required and field.default is None and not field.read_only and field.kind.name not in _GIVEN
    }
    return needed <= {target.title}


def _members(column: Column, field: Field) -> Iterator[str]:
    split = _split_of(column) if isinstance(field.kind, MultiChoiceKind) else ""
    for text in column.texts:
        yield from (each.strip() for each in text.split(split)) if split else (text,)


def _split_of(column: Column) -> str:
    """Return what separates several values in the cells of *column*; a semicolon where nothing shows."""
    return next((mark for mark in SPLITS if any(mark in text for text in column.texts)), ";")


def _is_code(column: Column) -> bool:
    return all(text.isascii() and " " not in text and any(map(str.isdigit, text)) for text in column.texts)


_COUNTRY_HEADERS = frozenset(
    {"country", "country region", "国家", "国家 地区", "国家地区", "country code", "billing country"}
)
Steps = tuple[str, ...]


def _number_forms(_: Former, field: Field | None, column: Column) -> Iterator[tuple[Steps, str]]:
    yield (), ""
    yield ("number",), ""
    for sample in _number_samples(column):
        yield (f"number('{sample}')",), ""


def _number_samples(column: Column) -> list[str]:
    """Return the forms of numbers that *column* proves, by what its unambiguous cells show."""
    proofs = {_proof(text) for text in column.texts} - {""}
    known = {".": ["1,234.56"], ",": ["1.234,56"]}
    return known[proofs.pop()] if len(proofs) == 1 else []


def _proof(text: str) -> str:
    """Return the decimal mark that *text* proves; an empty text where it could be read in two ways."""
    found = _grouped.search(text.replace("\u00a0", " "))
    if found is None:
        return ""
    number = found[0]
    marks = [mark for mark in number if mark in ".,"]
    if len(set(marks)) == 2:
        return decimal_mark(number)[0]
    if len(marks) > 1:
        return "," if marks[0] == "." else "."
    if marks and len(number.partition(marks[0])[2]) != 3:
        return marks[0]
    return ""


def _money_forms(former: Former, field: Field | None, column: Column) -> Iterator[tuple[Steps, str]]:
    yield ("money",), ""
    currency = _currency_of(former, field, column)
    told = "" if currency is None else currency
    for form in ("", *(f", '{sample}'" for sample in _number_samples(column))):
        if told:
            yield (
                (f"money({told}{form})",),
                "" if told.startswith("{") else f"amounts that do not say are taken as {told}",
            )


_CURRENCY_HEADERS = frozenset({"currency", "currency code", "currency iso code", "deal currency", "币种", "货币"})


def _currency_of(former: Former, field: Field | None, column: Column) -> str | None:
    """Return the currency of amounts that do not say: a column beside, the header, the other cells, the field."""
    for each in former.sample.columns.values():
        if normal_header(each.name) in _CURRENCY_HEADERS:
            return f"{{{each.name}}}" if not set("{}") & set(each.name) else None
    named = [word for word in re.findall(r"[A-Za-z]+", column.name) if word in CURRENCIES]
    if len(named) == 1:
        return str(named[0])
    if field is not None and isinstance(field.kind, MoneyKind) and field.kind.currency:
        return str(field.kind.currency)
    return next((code for code in map(_told_currency, column.texts) if code is not None), former.currency or None)


def _told_currency(text: str) -> str | None:
    try:
        money = BASIC["money"].function(text)
    except Problem:
        return "CNY" if re.search(r"[万亿元]", text) else None
    return None if money is None else str(money.currency)


def _date_forms(_: Former, field: Field | None, column: Column) -> Iterator[tuple[Steps, str]]:
    yield (), ""
    yield ("date",), ""
    yield from (((f"date({told})",), note) for told, note in date_orders(column))


def _datetime_forms(_: Former, field: Field | None, column: Column) -> Iterator[tuple[Steps, str]]:
    note = "times without a zone are taken as UTC"
    yield (), ""
    yield ("datetime",), ""
    yield ("datetime(UTC)",), note
    yield from (((f"datetime({told}, UTC)",), note) for told, _ in date_orders(column))


def date_orders(column: Column) -> Iterator[tuple[str, str]]:
    """Yield the orders of day, month and year that *column* proves, with serial numbers where it has some."""
    possible = [order for order in ORDERS if _reads(column, order)]
    serial = any(_serial(text) for text in column.texts)
    proven = [order for order in possible if any(set(readings_of(_day_of(text))) == {order} for text in column.texts)]
    for order in ("ymd", *proven) if serial or proven else ():
        yield (f"{order}, serial" if serial else order), f"the column shows the order {order}"
    if proven and "ymd" not in proven:
        yield f"{proven[0]}, ymd" + (", serial" if serial else ""), f"the column shows the order {proven[0]}"


def _reads(column: Column, order: str) -> bool:
    readings = [readings_of(_day_of(text)) for text in column.texts]
    return any(order in each for each in readings) and all(
        order in each for each in readings if "dmy" in each or "mdy" in each
    )


def _day_of(text: str) -> str:
    return re.split(r"[T ]+\d{1,2}:", text, maxsplit=1)[0]


def _boolean_forms(_: Former, field: Field | None, column: Column) -> Iterator[tuple[Steps, str]]:
    yield (), ""
    yield ("boolean",), ""


Maker = Callable[[Former, Field | None, Column], Iterator[tuple[Steps, str]]]
_BY_KIND: Sequence[tuple[type[Any], Maker]] = (
    (IntegerKind, _number_forms),
    (DecimalKind, _number_forms),
    (MoneyKind, _money_forms),
    (DateKind, _date_forms),
    (InstantKind, _datetime_forms),
    (BooleanKind, _boolean_forms),
)
