"""A filter in words: what people call entities, fields and options, in their language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pycrm.errors import QueryError
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind
from pycrm.fields.names import english_label
from pycrm.fields.status import StatusKind
from pycrm.query.ast import (
    And,
    Arithmetic,
    Call,
    Compare,
    In,
    IsNull,
    Linked,
    Me,
    My,
    MyTeam,
    Node,
    Not,
    Operand,
    Or,
    Parameter,
    Path,
    Relative,
)
from pycrm.query.mentioned import id_in
from pycrm.query.paths import Hop, ResolvedPath, resolve, resolve_link
from pycrm.query.sorts import kind_sort
from pycrm.query.words import WORDS
from pycrm.schema import Entity, Record, Schema
from pycrm.schema.labels import ENGLISH, Labels
from pycrm.storage.functions import FUNCTIONS, Function
from pycrm.values.refs import Ref, reference_slot

__all__ = ["explain"]

_SIGNS = {"+": "+", "-": "-", "*": "×", "/": "÷"}
_ORDERS = ("<", "<=", ">", ">=")
_ONE_DAY = ("YESTERDAY", "TODAY", "TOMORROW", "N_DAYS_AGO")
_TIMES = ("date", "instant")


def explain(
    schema: Schema,
    entity: Entity,
    node: Node | None,
    labels: Labels,
    language: str = ENGLISH,
    titles: Mapping[UUID, str] | None = None,
) -> str:
    """Return what *node* asks of records of *entity*, as a sentence without its end.

    Args:
        schema: Resolves the names.
        entity: Whose records are asked for.
        node: A filter, with its parameters and relative dates as they were written; None for all records.
        labels: What everything is called.
        language: One of theirs.
        titles: What records are called, to be told in place of their ids.
    Raises:
        UnknownNameError: A name that leads nowhere.
        QueryError: A name that cannot be followed.
    """
    speaker = _Speaker(schema, labels, language, titles or {})
    return speaker.say("always") if node is None else speaker.condition(entity, node, inner=False)


class _Speaker:
    def __init__(self, schema: Schema, labels: Labels, language: str, titles: Mapping[UUID, str]) -> None:
        self.schema = schema
        self.labels = labels
        self.language = language
        self.titles = titles

    def say(self, key: str, /, *values: str, **parts: str) -> str:
        return self.labels.words(key, WORDS[key], self.language).format(*values, **parts)

    # Conditions

    def condition(self, entity: Entity, node: Node, *, inner: bool = True) -> str:
        """Return *node* in words; with *inner* it stands in brackets if it is made of several conditions."""
        match node:
            case And((Compare(">=", left, low), Compare("<=", other, high))) if left == other:
                words = {"low": self._operand(entity, low, left), "high": self._operand(entity, high, left)}
                return self.say("between", left=self._operand(entity, left), **words)
            case And(items) | Or(items):
                return self._joined(entity, node, items, inner=inner)
            case Not(item):
                return self._opposite(entity, item)
            case Linked():
                return self._linked(entity, node)
            case IsNull(left, negated):
                return self.say("is not null" if negated else "is null", left=self._operand(entity, left))
            case In(left, values):
                return self._listed(entity, "in", left, values)
            case Compare(operator, left, tuple() as values):
                return self._listed(entity, operator, left, values)
            case Compare():
                return self._compared(entity, node)

    def _joined(self, entity: Entity, node: And | Or, items: Sequence[Node], *, inner: bool) -> str:
        if not items:
            return self.say("always" if isinstance(node, And) else "never")
        told = _with_ranges(items) if isinstance(node, And) else items
        if len(told) == 1:
            return self.condition(entity, told[0], inner=inner)
        word = self.say("and" if isinstance(node, And) else "or")
        text = word.join(self.condition(entity, item) for item in told)
        return self.say("brackets", inside=text) if inner else text

    def _opposite(self, entity: Entity, item: Node) -> str:
        match item:
            case In(left, values):
                return self._listed(entity, "not in", left, values)
            case Compare("has any" | "has all" | "under" as operator, left, tuple() as values):
                return self._listed(entity, f"not {operator}", left, values)
            case Compare("contains" | "starts with" | "like" | "has" | "under" as operator, left, right):
                words = {"left": self._operand(entity, left), "right": self._operand(entity, right, left)}
                return self.say(f"not {operator}", **words)
            case And() | Or():
                return self.say("not", inside=self.condition(entity, item))
            case _:
                return self.say("not", inside=self.say("brackets", inside=self.condition(entity, item)))

    def _listed(self, entity: Entity, key: str, left: Operand, values: Sequence[Operand]) -> str:
        texts = [self._operand(entity, value, left) for value in values] or [self.say("nothing")]
        return self.say(key, left=self._operand(entity, left), right=self.say("list").join(texts))

    def _compared(self, entity: Entity, node: Compare) -> str:
        operator, left, right = node.operator, node.left, node.right
        key: str = operator
        if operator in _ORDERS and (self._is_time(entity, left) or self._is_time(entity, right)):
            key = f"time {operator}"
        elif operator in ("=", "!=") and isinstance(right, Relative) and right.name not in _ONE_DAY:
            key = f"period {operator}"
        return self.say(key, left=self._operand(entity, left, right), right=self._operand(entity, right, left))

    def _linked(self, entity: Entity, node: Linked) -> str:
        link = resolve_link(self.schema, entity, node.link)
        if not link.is_back:
            name = self.labels.field(link.source.name, link.field, self.language)
        elif self.language == ENGLISH:
            name = english_label(node.link.names[-1])
        else:
            name = self.labels.entity(link.target.name if link.target else "", self.language)
        said = self._over(link.hops, name)
        if node.condition is None:
            if node.mode == "all":
                return self.say("always")
            return self.say("there are" if node.mode == "any" else "there are no", link=said)
        if link.target is None:
            raise QueryError(f"{node.link.text} leads to records of several entities, which have no fields in common")
        inside = self.condition(link.target, node.condition, inner=False)
        return self.say(node.mode, link=said, inside=self.say("brackets", inside=inside))

    def _is_time(self, entity: Entity, operand: Operand) -> bool:
        match operand:
            case Path():
                return kind_sort(resolve(self.schema, entity, operand).field.kind) in _TIMES
            case Arithmetic(left=left, right=right):
                return self._is_time(entity, left) != self._is_time(entity, right)
            case Call(function):
                known = self._function(function)
                return known is not None and known.gives in _TIMES
            case _:
                return isinstance(operand, Relative | date)

    # Operands

    def _operand(self, entity: Entity, operand: Operand, beside: Operand = None) -> str:
        """Return *operand* in words; a value is told as the field *beside* it would be."""
        match operand:
            case Path():
                path = resolve(self.schema, entity, operand)
                return self._over(path.hops, self.labels.field(path.entity.name, path.field, self.language))
            case Parameter(name):
                return f":{name}"
            case Relative(name, count):
                return self.say(name, count=str(count)) if name in WORDS else name
            case Me():
                return self.say("me")
            case MyTeam():
                return self.say("my teams")
            case My(attribute):
                return self.say("my", attribute=attribute)
            case Arithmetic(sign, left, right):
                sides = (self._side(entity, left), self._side(entity, right))
                return f" {_SIGNS[sign]} ".join(sides)
            case Call("CONVERT", (money, currency, *day)) if len(day) < 2:
                told = currency if isinstance(currency, str) else self._operand(entity, currency)
                days = [self._operand(entity, each) for each in day]
                return self.say("CONVERT() on" if days else "CONVERT()", self._operand(entity, money), told, *days)
            case Call(function, arguments):
                return self._called(function, [self._operand(entity, argument) for argument in arguments])
            case tuple():
                return self.say("list").join(self._operand(entity, value, beside) for value in operand)
        return self._value(operand, resolve(self.schema, entity, beside) if isinstance(beside, Path) else None)

    def _side(self, entity: Entity, operand: Operand) -> str:
        text = self._operand(entity, operand)
        return self.say("brackets", inside=text) if isinstance(operand, Arithmetic) else text

    def _called(self, function: str, arguments: Sequence[str]) -> str:
        known = self._function(function)
        if known is not None and known.plugin and len(arguments) == len(known.takes):
            plain = f"{function}({', '.join(f'{{{number}}}' for number in range(len(arguments)))})"
            return self.labels.words(f"{function}()", known.words or plain, self.language).format(*arguments)
        if f"{function}()" in WORDS and known is not None and len(arguments) == len(known.takes):
            return self.say(f"{function}()", *arguments)
        return f"{function}({', '.join(arguments)})"

    def _function(self, name: str) -> Function | None:
        return FUNCTIONS.get(name) or self.schema.functions.get(name)

    def _over(self, hops: Sequence[Hop], name: str) -> str:
        """Return the *name* of something at the end of *hops*."""
        steps = [self.labels.field(hop.entity.name, hop.field, self.language) for hop in hops]
        said = steps[0] if steps else name
        for step in [*steps[1:], name] if steps else []:
            said = self.say("step", owner=said, field=step)
        return said

    def _value(self, value: Any, path: ResolvedPath | None) -> str:
        if path is not None and (label := self._label(value, path)) is not None:
            return label
        match value:
            case bool():
                return self.say("yes" if value else "no")
            case str():
                return self.say("quotes", text=value)
            case Decimal():
                return format(value, "f")
            case datetime():
                return value.isoformat(sep=" ", timespec="minutes")
            case Record() | Ref():
                return _title(value)
        return str(value)

    def _label(self, value: Any, path: ResolvedPath) -> str | None:
        entity, field = path.entity.name, path.field
        if self.titles and (id := id_in(value)) is not None and id in self.titles:
            return self.titles[id]
        match field.kind:
            case ChoiceKind(by_value=options) | MultiChoiceKind(by_value=options) if _is_key(value, options):
                return self.labels.option(entity, field, options[value], self.language)
            case StatusKind(lifecycle=lifecycle) if _is_key(value, lifecycle.states):
                return self.labels.state(entity, field, lifecycle.states[value], self.language)
            case kind if kind.sensitive:
                return kind.display(value)
        return None


def _with_ranges(items: Sequence[Node]) -> list[Node]:
    """Return *items* with a lower and an upper bound of one thing that follow each other as one item."""
    told: list[Node] = []
    for item in items:
        match told[-1:], item:
            case [Compare(">=", left)], Compare("<=", other) if left == other:
                told[-1] = And((told[-1], item))
            case _:
                told.append(item)
    return told


def _is_key(value: Any, known: Any) -> bool:
    return isinstance(value, str) and value in known


def _title(value: Any) -> str:
    reference = reference_slot(value)
    record = reference.record if isinstance(reference, Ref) and reference.is_loaded else value
    title = getattr(record, record.__title__, None) if isinstance(record, Record) else None
    return str(title or getattr(value, "id", value))
