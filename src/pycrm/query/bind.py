"""Filters are given their meaning on an entity: `Binder` turns nodes into `pycrm.query.bound`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from pycrm.errors import Problem, QueryError, UnknownNameError, nearest
from pycrm.fields.choices import MultiChoiceKind
from pycrm.fields.kind import PartType
from pycrm.fields.references import LinkKind, RefKind, id_of
from pycrm.fields.tags import TagsKind
from pycrm.fields.text import take_text
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
    Operator,
    Or,
    Parameter,
    Path,
    Relative,
    bucket,
    is_bare_zero,
    sort_of,
)
from pycrm.query.bound import (
    AllOf,
    ArithmeticTerm,
    Bound,
    CallTerm,
    FieldTest,
    HasTest,
    LinkTest,
    ListTest,
    Matching,
    MatchTest,
    NullTest,
    OneOf,
    Opposite,
    PathTerm,
    PeriodTest,
    Slot,
    Take,
    Term,
    TermTest,
    UnderTest,
    ValueTerm,
)
from pycrm.query.judge import Judge, is_zero_of_any_unit
from pycrm.query.paths import ResolvedPath, resolve, resolve_link
from pycrm.query.sorts import kind_places, kind_sort, take_of
from pycrm.schema import Entity, Schema
from pycrm.storage.functions import FUNCTIONS, Sort
from pycrm.values.folding import fold, fold_pattern
from pycrm.values.periods import Period

__all__ = ["bind", "require_operator"]

_MIRRORED: dict[Operator, Operator] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_MEASURED: tuple[Sort, ...] = ("money", "quantity")
_ORDERLESS: tuple[Sort, ...] = ("boolean", "id")


def bind(schema: Schema, entity: Entity, node: Node) -> Bound:
    """Return what *node* means on records of *entity*.

    Raises:
        UnknownNameError: A name that leads nowhere; the nearest names are given.
        QueryError: A comparison that cannot be made.
    """
    return _Binder(schema).node(entity, node)


def require_operator(path: ResolvedPath, operator: str) -> None:
    """Raise `QueryError` unless the field's kind offers *operator*."""
    kind = path.field.kind
    if operator not in kind.operators:
        if isinstance(kind, LinkKind):
            cure = f"it leads to many records: say ANY({path}) or {path} HAS …"
        else:
            cure = f"it offers {', '.join(sorted(kind.operators)) or 'no comparison'}"
        raise QueryError(
            f"{path}: a {kind.name} field is not compared by {operator!r}; {cure}",
            path=path.path.text,
            operator=operator,
        )


class _Binder:
    """Walks a filter in the order of reading, which is that of `ast.values`."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._slots = 0

    def node(self, entity: Entity, node: Node) -> Bound:
        match node:
            case And(items):
                return AllOf(tuple(self.node(entity, item) for item in items))
            case Or(items):
                return OneOf(tuple(self.node(entity, item) for item in items))
            case Not(item):
                return Opposite(self.node(entity, item))
            case Linked(mode, link, condition):
                to_many = resolve_link(self._schema, entity, link)
                if condition is None:
                    return LinkTest(mode, to_many, None)
                if to_many.target is None:
                    raise QueryError(
                        f"{link.text} leads to records of several entities, which have no fields in common; ask by "
                        f"{link.text} HAS …, or by ANY({link.text}) alone",
                        path=link.text,
                    )
                return LinkTest(mode, to_many, self.node(to_many.target, condition))
            case IsNull(Path() as path, negated):
                resolved = resolve(self._schema, entity, path)
                require_operator(resolved, "is null")
                return NullTest(resolved, negated)
            case IsNull(left, negated):
                return NullTest(self._term(entity, left), negated)
            case In(left, listed):
                return self._one_of(entity, left, listed)
            case Compare():
                return self._compare(entity, node)

    def _slot(self, take: Take, count: int | None = None) -> Slot:
        slot = Slot(self._slots, take, count)
        self._slots += 1
        return slot

    # Comparisons

    def _one_of(self, entity: Entity, left: Operand, listed: tuple[Any, ...]) -> Bound:
        for value in listed:
            _refuse_unsettled(value)
            if isinstance(value, Path | Arithmetic | Call):
                raise QueryError("IN takes values; compare with another field by = and OR")
        if not isinstance(left, Path):
            raise QueryError("IN asks for a field; compare what is computed by = and OR")
        path = resolve(self._schema, entity, left)
        require_operator(path, "in")
        return ListTest(path, self._slot(Judge(path, "in"), bucket(len(listed))))

    def _compare(self, entity: Entity, node: Compare) -> Bound:
        operator, left, right = node.operator, node.left, node.right
        if operator == "contains" or operator == "starts with" or operator == "like":
            return self._match(entity, operator, left, right)
        if operator in ("has", "has any", "has all"):
            return self._has(entity, node)
        if operator == "under":
            return self._under(entity, left, right)
        if isinstance(right, Path) and _is_value(left):
            operator, left, right = _MIRRORED[operator], right, left
        if isinstance(right, Period) or isinstance(left, Period):
            return self._period(entity, operator, left, right)
        if isinstance(left, Path) and _is_value(right):
            return self._field(entity, operator, left, right)
        return self._terms(entity, operator, left, right)

    def _field(self, entity: Entity, operator: Operator, left: Path, right: Any) -> Bound:
        _refuse_unsettled(right)
        path = resolve(self._schema, entity, left)
        require_operator(path, operator)
        zero = is_zero_of_any_unit(path, right)
        return FieldTest(operator, path, self._slot(Judge(path, operator, zero)), zero)

    def _period(self, entity: Entity, operator: Operator, left: Operand, right: Operand) -> Bound:
        if isinstance(left, Period):
            slot = self._slot(_first_and_last(self._sort(entity, right)))
            return PeriodTest(_MIRRORED[operator], self._term(entity, right), slot)
        term = self._term(entity, left)
        return PeriodTest(operator, term, self._slot(_first_and_last(term.sort)))

    def _match(self, entity: Entity, operator: Matching, left: Operand, right: Operand) -> Bound:
        term = self._term(entity, left)
        if term.sort != "text":
            raise QueryError(f"{operator.upper()} searches texts, and this is a {term.sort}")
        if not isinstance(right, str):
            raise QueryError(f"{operator.upper()} takes a text, as in {operator.upper()} '海晨', not {right!r}")
        prepare = fold_pattern if operator == "like" else fold
        return MatchTest(operator, term, self._slot(_of_text(prepare)))

    def _has(self, entity: Entity, node: Compare) -> Bound:
        if not isinstance(node.left, Path):
            raise QueryError(f"{node.operator.upper()} asks a field of several values")
        path = resolve(self._schema, entity, node.left)
        listed = node.right if isinstance(node.right, tuple) else (node.right,)
        for value in listed:
            _refuse_unsettled(value)
        if not listed and node.operator == "has all":
            raise QueryError(f"{path} HAS ALL: name one value at least", path=path.path.text)
        # `ast.values` yields a tuple where one was given.
        count = bucket(len(listed)) if isinstance(node.right, tuple) else None
        return HasTest(path, self._slot(_member(path), count), every=node.operator == "has all")

    def _under(self, entity: Entity, left: Operand, right: Operand) -> Bound:
        if not isinstance(left, Path):
            raise QueryError("UNDER asks a reference into a tree")
        for value in right if isinstance(right, tuple) else (right,):
            _refuse_unsettled(value)
        path = resolve(self._schema, entity, left)
        target, parents = self._tree(path)
        if len(parents) != 1:
            several = f"; of {', '.join(each.path for each in parents)} one must be declared with tree=True"
            raise QueryError(
                f"{path} UNDER: {path.field.path} does not lead into a tree{several if parents else ''}",
                path=path.path.text,
            )
        count = bucket(len(right)) if isinstance(right, tuple) else None
        slot = self._slot(Judge(path, "="), count)
        return UnderTest(path, target, parents[0], slot)

    def _tree(self, path: ResolvedPath) -> tuple[Entity, list[Any]]:
        kind = path.field.kind
        name = path.entity.name if path.field.path == "id" else str(getattr(kind, "target", ""))
        target = self._schema.entities.get(name)
        if target is None:
            return path.entity, []
        own = [each for each in target.fields.values() if isinstance(each.kind, RefKind) and each.kind.target == name]
        return target, [each for each in own if each.kind.tree] or own  # type: ignore[attr-defined]  # of a RefKind

    # Operands that have a sort

    def _terms(self, entity: Entity, operator: Operator, left: Operand, right: Operand) -> Bound:
        first, second = self._pair(entity, left, right)
        if first.sort in _ORDERLESS and operator not in ("=", "!="):
            raise QueryError(f"a {first.sort} has no order; compare it by = or !=")
        return TermTest(operator, first, second)

    def _pair(self, entity: Entity, left: Operand, right: Operand) -> tuple[Term, Term]:
        """Return both sides of a comparison; a literal is read as the other side wants it."""
        first = self._term(entity, left, like=self._sort(entity, right))
        second = self._term(entity, right, like=first.sort)
        if first.sort != second.sort and not _is_zero_beside(first, second, left, right):
            raise QueryError(_unlike(first.sort, second.sort))
        return first, second

    def _sort(self, entity: Entity, operand: Operand) -> Sort | None:
        if _is_value(operand):
            return None
        return _Binder(self._schema)._term(entity, operand).sort

    def _term(self, entity: Entity, operand: Operand, like: Sort | None = None) -> Term:
        match operand:
            case Path():
                return self._path_term(resolve(self._schema, entity, operand))
            case Arithmetic(sign, left, right):
                first, second = self._term(entity, left), self._term(entity, right)
                return ArithmeticTerm(sign, first, second, _result(sign, first.sort, second.sort))
            case Call():
                return self._call(entity, operand)
            case _:
                return self._value(operand, like)

    def _path_term(self, path: ResolvedPath) -> Term:
        kind = path.field.kind
        sort = kind_sort(kind)
        if sort is None:
            raise QueryError(f"{path}: a {kind.name} field is compared with values only", path=path.path.text)
        has_places = sort in ("number", *_MEASURED)
        return PathTerm(path, sort, kind_places(kind) if has_places else 0)

    def _call(self, entity: Entity, call: Call) -> Term:
        function = FUNCTIONS.get(call.function)
        if function is None:
            raise UnknownNameError(
                f"there is no function {call.function}(){nearest(call.function, FUNCTIONS)}", name=call.function
            )
        takes: tuple[Sort, ...] = (*function.takes, "text") if function.zoned else function.takes
        if len(call.arguments) != len(takes):
            given = len(call.arguments) - function.zoned
            raise QueryError(f"{function.name}() takes {len(function.takes)} values, not {given}")
        arguments = tuple(
            self._term(entity, argument, like=sort) for argument, sort in zip(call.arguments, takes, strict=True)
        )
        for argument, sort in zip(arguments, takes, strict=True):
            if argument.sort != sort:
                hint = "; turn it into a date by DATE(…)" if (argument.sort, sort) == ("instant", "date") else ""
                raise QueryError(f"{function.name}() takes a {sort}, not a {argument.sort}{hint}")
        return CallTerm(function, arguments, function.gives)

    def _value(self, value: Any, like: Sort | None) -> Term:
        _refuse_unsettled(value)
        if isinstance(value, tuple | list | set | frozenset):
            raise QueryError("a list is asked for by IN")
        found = sort_of(value)
        if isinstance(value, Period) or found == "other":
            raise QueryError(f"{value!r} is nothing to compute with", value=value)
        sort: Sort = like if like is not None and found == "text" else found  # type: ignore[assignment]  # see above
        return ValueTerm(self._slot(take_of(sort)), sort)


def _is_value(operand: Operand) -> bool:
    return not isinstance(operand, Path | Arithmetic | Call)


def _refuse_unsettled(value: Any) -> None:
    if isinstance(value, Parameter | Relative | Me | MyTeam | My):
        raise QueryError(f"{value!r} has no value here; settle the filter first, as a door to the data does")


def _is_zero_beside(first: Term, second: Term, left: Operand, right: Operand) -> bool:
    """Return whether money or a quantity is compared with the number 0."""
    return (first.sort in _MEASURED and is_bare_zero(right)) or (second.sort in _MEASURED and is_bare_zero(left))


def _unlike(first: Sort, second: Sort) -> str:
    text = f"a {first} is not compared with a {second}"
    return f"{text}; turn the instant into a date by DATE(…)" if {first, second} == {"date", "instant"} else text


def _result(sign: str, left: Sort, right: Sort) -> Sort:
    """Return the sort of ``left sign right``."""
    match left, sign, right:
        case ("number", _, "number"):
            return "number"
        case ("date", "+" | "-", "number"):
            return "date"
        case ("number", "+", "date"):
            return "date"
        case ("date", "-", "date"):
            return "number"
        case ("money" | "quantity", "+" | "-", _) if left == right:
            return left
        case ("money" | "quantity", "/", _) if left == right:
            return "number"
        case ("money" | "quantity", "*" | "/", "number"):
            return left
        case ("number", "*", "money" | "quantity"):
            return right
    raise QueryError(f"a {left} {sign} a {right} has no meaning")


def _of_text(prepare: Callable[[str], str]) -> Take:
    def take(value: Any) -> tuple[str]:
        try:
            return (prepare(take_text(value)),)
        except Problem as problem:
            raise QueryError(f"the text {problem.message}", value=value) from problem

    return take


def _first_and_last(sort: Sort | None) -> Take:
    """Return how a period becomes the first and the last of what a date or an instant can be within it."""
    if sort == "date":
        return lambda value: (value.first, value.last)
    if sort == "instant":
        return lambda value: (value.start, value.end)
    raise QueryError(f"only dates and times are compared with a relative date, not a {sort or 'value'}")


def _member(path: ResolvedPath) -> Take:
    """Return how one value becomes a member of what the field at *path* holds several of."""
    kind = path.field.kind
    if isinstance(kind, LinkKind):
        return _linked(path, kind)
    if not isinstance(kind, TagsKind | MultiChoiceKind) or kind.parts[0].type is not PartType.JSON:
        raise QueryError(
            f"{path}: HAS asks fields of several values, and a {kind.name} field has one; compare it by = or IN",
            path=path.path.text,
        )

    def take(value: Any) -> tuple[str]:
        try:
            if isinstance(kind, MultiChoiceKind) and value in kind.by_value:
                return (str(value),)
            (member,) = kind.parse([value])
        except Problem as problem:
            raise QueryError(f"{path} has {value!r}: {problem.message}", path=path.path.text, value=value) from problem
        return (str(member),)

    return take


def _linked(path: ResolvedPath, kind: LinkKind) -> Take:
    def take(value: Any) -> tuple[UUID]:
        try:
            return (id_of(kind.take(value)),)
        except Problem as problem:
            raise QueryError(f"{path} has {value!r}: {problem.message}", path=path.path.text, value=value) from problem

    return take
