"""Filters are given their meaning on an entity: `bind` turns nodes into `pycrm.query.bound`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from pycrm.errors import Problem, QueryError
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
    Node,
    Not,
    Operand,
    Operator,
    Or,
    Path,
    bucket,
)
from pycrm.query.bind_terms import TermBinder, is_value, refuse_unsettled
from pycrm.query.bound import (
    AllOf,
    Bound,
    FieldTest,
    HasTest,
    LinkTest,
    ListTest,
    Matching,
    MatchTest,
    NullTest,
    OneOf,
    Opposite,
    PeriodTest,
    Take,
    Term,
    TermTest,
    UnderTest,
)
from pycrm.query.judge import Judge, is_countable, is_zero_of_any_unit
from pycrm.query.paths import ResolvedPath, resolve, resolve_link
from pycrm.schema import Entity, Schema
from pycrm.storage.functions import Sort
from pycrm.values.folding import fold, fold_pattern
from pycrm.values.periods import Period

__all__ = ["bind", "bind_operand", "require_operator"]

_MIRRORED: dict[Operator, Operator] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
MAX_PATTERN = 1_000
_ORDERLESS: tuple[Sort, ...] = ("boolean", "id")


def bind(schema: Schema, entity: Entity, node: Node, *, exact: bool = False, first_slot: int = 0) -> Bound:
    """Return what *node* means on records of *entity*.

    Args:
        schema: Resolves the names.
        entity: Whose records.
        node: A settled filter.
        exact: Numbers may be such as no field could hold.
        first_slot: The number of its first value.
    Raises:
        UnknownNameError: A name that leads nowhere; the nearest names are given.
        QueryError: A comparison that cannot be made.
    """
    return _Binder(schema, exact=exact, first_slot=first_slot).node(entity, node)


def bind_operand(schema: Schema, entity: Entity, operand: Operand, first_slot: int = 0) -> Term:
    """Return what *operand* by itself means on records of *entity*.

    Args:
        schema: Resolves the names.
        entity: Whose records.
        operand: A settled one.
        first_slot: The number of its first value.
    Raises:
        UnknownNameError: A name that leads nowhere; the nearest names are given.
        QueryError: What cannot be computed.
    """
    return TermBinder(schema, first_slot).term(entity, operand)


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

    def __init__(self, schema: Schema, *, exact: bool = False, first_slot: int = 0) -> None:
        self._schema = schema
        self._exact = exact
        self._terms = TermBinder(schema, first_slot)

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
                return NullTest(self._terms.term(entity, left), negated)
            case In(left, listed):
                return self._one_of(entity, left, listed)
            case Compare():
                return self._compare(entity, node)

    # Comparisons

    def _one_of(self, entity: Entity, left: Operand, listed: tuple[Any, ...]) -> Bound:
        for value in listed:
            refuse_unsettled(value)
            if isinstance(value, Path | Arithmetic | Call):
                where = {"path": value.text} if isinstance(value, Path) else {}
                raise QueryError("IN takes values; compare with another field by = and OR", **where)
        if not isinstance(left, Path):
            raise QueryError("IN asks for a field; compare what is computed by = and OR")
        path = resolve(self._schema, entity, left)
        require_operator(path, "in")
        return ListTest(path, self._terms.slot(Judge(path, "in"), bucket(len(listed))))

    def _compare(self, entity: Entity, node: Compare) -> Bound:
        operator, left, right = node.operator, node.left, node.right
        if operator == "contains" or operator == "starts with" or operator == "like":
            return self._match(entity, operator, left, right)
        if operator in ("has", "has any", "has all"):
            return self._has(entity, node)
        if operator == "under":
            return self._under(entity, left, right)
        if isinstance(right, Path) and is_value(left):
            operator, left, right = _MIRRORED[operator], right, left
        if isinstance(right, Period) or isinstance(left, Period):
            return self._period(entity, operator, left, right)
        if isinstance(left, Path) and is_value(right):
            return self._field(entity, operator, left, right)
        return self._computed(entity, operator, left, right)

    def _field(self, entity: Entity, operator: Operator, left: Path, right: Any) -> Bound:
        refuse_unsettled(right)
        path = resolve(self._schema, entity, left)
        require_operator(path, operator)
        zero = is_zero_of_any_unit(path, right)
        if self._exact and not zero and is_countable(path.field.kind, right):
            return self._computed(entity, operator, left, right)
        return FieldTest(operator, path, self._terms.slot(Judge(path, operator, zero)), zero)

    def _period(self, entity: Entity, operator: Operator, left: Operand, right: Operand) -> Bound:
        if isinstance(left, Period):
            slot = self._terms.slot(_first_and_last(self._terms.sort(entity, right)))
            return PeriodTest(_MIRRORED[operator], self._terms.term(entity, right), slot)
        term = self._terms.term(entity, left)
        return PeriodTest(operator, term, self._terms.slot(_first_and_last(term.sort)))

    def _match(self, entity: Entity, operator: Matching, left: Operand, right: Operand) -> Bound:
        term = self._terms.term(entity, left)
        if term.sort != "text":
            where = {"path": left.text} if isinstance(left, Path) else {}
            raise QueryError(f"{operator.upper()} searches texts, and this is a {term.sort}", **where)
        if not isinstance(right, str):
            raise QueryError(f"{operator.upper()} takes a text, as in {operator.upper()} '海晨', not {right!r}")
        prepare = _folded_pattern if operator == "like" else fold
        return MatchTest(operator, term, self._terms.slot(_of_text(prepare)))

    def _has(self, entity: Entity, node: Compare) -> Bound:
        if not isinstance(node.left, Path):
            raise QueryError(f"{node.operator.upper()} asks a field of several values")
        path = resolve(self._schema, entity, node.left)
        listed = node.right if isinstance(node.right, tuple) else (node.right,)
        for value in listed:
            refuse_unsettled(value)
        if not listed and node.operator == "has all":
            raise QueryError(f"{path} HAS ALL: name one value at least", path=path.path.text)
        # `ast.values` yields a tuple where one was given.
        count = bucket(len(listed)) if isinstance(node.right, tuple) else None
        return HasTest(path, self._terms.slot(_member(path), count), every=node.operator == "has all")

    def _under(self, entity: Entity, left: Operand, right: Operand) -> Bound:
        if not isinstance(left, Path):
            raise QueryError("UNDER asks a reference into a tree")
        for value in right if isinstance(right, tuple) else (right,):
            refuse_unsettled(value)
        path = resolve(self._schema, entity, left)
        target, parents = self._tree(path)
        if len(parents) != 1:
            several = f"; of {', '.join(each.path for each in parents)} one must be declared with tree=True"
            raise QueryError(
                f"{path} UNDER: {path.field.path} does not lead into a tree{several if parents else ''}",
                path=path.path.text,
            )
        count = bucket(len(right)) if isinstance(right, tuple) else None
        slot = self._terms.slot(Judge(path, "="), count)
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

    def _computed(self, entity: Entity, operator: Operator, left: Operand, right: Operand) -> Bound:
        first, second = self._terms.pair(entity, left, right)
        if first.sort in _ORDERLESS and operator not in ("=", "!="):
            raise QueryError(f"a {first.sort} has no order; compare it by = or !=")
        return TermTest(operator, first, second)


def _folded_pattern(pattern: str) -> str:
    if len(pattern) > MAX_PATTERN:
        raise QueryError(
            f"LIKE takes a pattern of at most {MAX_PATTERN} characters, not {len(pattern)}; CONTAINS takes long texts"
        )
    return fold_pattern(pattern)


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
