"""Which rows of each table somebody may read, as conditions of the statements that he causes.

Each table that a statement reads gets the rule of its entity, wherever it stands: the one that is asked for, one that
a reference leads to, one inside ``ANY(…)``. What a reference leads to and may not be read is as missing. A rule itself
is asked of everything: whether an account's owner is in a team does not depend on who may read users.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import attrs
from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, exists, false, literal_column, or_, select

from pycrm.query.ast import Node, Path, shape, values
from pycrm.query.bind import bind
from pycrm.query.bound import Bound
from pycrm.query.conditions import Conditions
from pycrm.query.paths import ResolvedPath, resolve
from pycrm.query.scope import Scope
from pycrm.schema import Entity, Schema
from pycrm.storage.types import BIGINT, TEXT

__all__ = ["ACCESS_NUMBER", "LedRule", "RowRule", "RowRules", "RuledTables"]

ACCESS_NUMBER = "_access"
"""The parameter that has the number of changes to rights that a statement was made after."""

_FIRST_SLOT = 2_000_000
"""The number of the first value of a rule, beyond those of filters and orders."""
_SLOTS = 50_000
"""So many values has one rule at most."""
_ONE: ColumnElement[int] = literal_column("1", Integer())


@attrs.frozen
class LedRule:
    """The rule of records that are read with what a reference to records of several entities leads to.

    Attributes:
        path: The reference.
        targets: Entity name to which of its records the reference may lead to; None for all. To others it may not.
    """

    path: Path
    targets: tuple[tuple[str, RowRule | None], ...]


RowRule: TypeAlias = Node | LedRule


def rule_shape(rule: RowRule | None) -> Hashable:
    """Return the structure of *rule* without its values."""
    if isinstance(rule, LedRule):
        return ("led", rule.path.names, *((name, rule_shape(inner)) for name, inner in rule.targets))
    return shape(rule)


def rule_values(rule: RowRule | None) -> list[Any]:
    """Return the values of *rule* in the order of reading."""
    if isinstance(rule, LedRule):
        return [value for _, inner in rule.targets for value in rule_values(inner)]
    return values(rule)


@attrs.frozen(eq=False)
class RowRules:
    """What one principal may read.

    Attributes:
        whole: The schema that the rules are about, with nothing hidden.
        rules: Entity name to a settled filter; an entity that is absent is read whole.
        number: The changes to rights that were known when the rules were made.
    """

    whole: Schema
    rules: Mapping[str, RowRule]
    number: int

    @cached_property
    def shape(self) -> Hashable:
        """The structure of all rules without their values."""
        return frozenset((name, rule_shape(rule)) for name, rule in self.rules.items())

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of every statement under these rules."""
        return {ACCESS_NUMBER: self.number}

    def values_of(self, entities: Sequence[str]) -> list[Any]:
        """Return the values of the rules of *entities*, one after the other."""
        return [value for name in entities for value in self._values[name]]

    @cached_property
    def _values(self) -> dict[str, list[Any]]:
        return {name: rule_values(rule) for name, rule in self.rules.items()}


class RuledTables:
    """Adds the rules to the tables of one statement.

    Attributes:
        entities: Those whose rules are in the statement, in the order in which their values follow.
    """

    def __init__(self, rules: RowRules, conditions: Conditions, *, exact: bool) -> None:
        self.entities: list[str] = []
        self._rules = rules
        self._conditions = conditions
        self._exact = exact
        self._bound: dict[str, _Rule] = {}

    def has_rule(self, entity: Entity) -> bool:
        """Return whether *entity* is not read whole."""
        return entity.name in self._rules.rules

    def of_root(self, scope: Scope) -> list[ColumnElement[bool]]:
        """Return the conditions on the rows of *scope*, which may gain joined tables by it."""
        rule = self._rule(scope.entity)
        return [] if rule is None else self._clauses(scope.apart(), rule)

    def of_joined(self, scope: Scope, entity: Entity, table: Any) -> list[ColumnElement[bool]]:
        """Return the conditions on *table*, which *scope* is about to join; they name no other table of it."""
        rule = self._rule(entity)
        if rule is None:
            return []
        inner = scope.unruled_at(entity, table)
        clauses = self._clauses(inner, rule)
        if inner.source is table:
            return clauses
        again = scope.unruled(entity)
        clauses = self._clauses(again, rule)
        found: Select[Any] = select(_ONE).select_from(again.source).where(again.root.c.id == table.c.id, *clauses)
        return [exists(found.correlate(table))]

    def guard(self, scope: Scope) -> ColumnElement[bool]:
        """Return the condition that nobody has changed rights since the rules were made.

        With it a statement finds nothing where it could have found too much.
        """
        access = scope.tables.access.c.number
        return select(access).scalar_subquery() == bindparam(ACCESS_NUMBER, type_=BIGINT)

    def _clauses(self, scope: Scope, rule: _Rule) -> list[ColumnElement[bool]]:
        if isinstance(rule, _Led):
            return [self._led(scope, rule)]
        return self._conditions.clauses(scope, rule)

    def _led(self, scope: Scope, rule: _Led) -> ColumnElement[bool]:
        """Return the condition that the reference leads to a record that may be read."""
        id, entity_name = scope.parts(rule.path)
        ways: list[ColumnElement[bool]] = []
        for entity, inner_rule in rule.targets:
            is_such = entity_name == _literal(entity.name)
            if inner_rule is None:
                ways.append(is_such)
                continue
            inner = scope.unruled(entity)
            clauses = self._clauses(inner, inner_rule)
            found: Select[Any] = select(_ONE).select_from(inner.source).where(inner.root.c.id == id, *clauses)
            ways.append(and_(is_such, exists(found.correlate(*scope.joined))))
        return or_(false(), *ways)

    def _rule(self, entity: Entity) -> _Rule | None:
        rule = self._rules.rules.get(entity.name)
        if rule is None:
            return None
        if entity.name not in self._bound:
            first = _FIRST_SLOT + _SLOTS * len(self.entities)
            self.entities.append(entity.name)
            self._bound[entity.name] = self._bind(entity.name, rule, first)
        return self._bound[entity.name]

    def _bind(self, name: str, rule: RowRule, first: int) -> _Rule:
        whole = self._rules.whole
        entity = whole.entities[name]
        if not isinstance(rule, LedRule):
            return bind(whole, entity, rule, exact=self._exact, first_slot=first)
        targets: list[tuple[Entity, _Rule | None]] = []
        for target, inner in rule.targets:
            targets.append((whole.entities[target], None if inner is None else self._bind(target, inner, first)))
            first += len(rule_values(inner))
        return _Led(resolve(whole, entity, rule.path), tuple(targets))


@attrs.frozen(eq=False)
class _Led:
    """A `LedRule` with its meaning."""

    path: ResolvedPath
    targets: tuple[tuple[Entity, _Rule | None], ...]


_Rule: TypeAlias = Bound | _Led


def _literal(name: str) -> ColumnElement[str]:
    return literal_column(f"'{name}'", TEXT)  # names of entities are identifiers and dots
