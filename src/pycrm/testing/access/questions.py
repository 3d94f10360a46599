"""Filters in two forms: text for the door, and a Python function that says of a row whether it holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import Any, Protocol
from uuid import UUID

import attrs

from pycrm.testing.access.facts import Row
from pycrm.testing.access.scene import Scene
from pycrm.values.money import Money

__all__ = ["Look", "Question", "below", "random_question"]


class Look(Protocol):
    """What is there for whoever asks."""

    @property
    def me(self) -> UUID:
        """His user's id."""

    def row(self, id: UUID | None) -> Row | None:
        """Return the row with this id, or None where there is none for him."""

    def related(self, entity: str, path: str, id: UUID) -> Sequence[Row]:
        """Return the rows of *entity* outside the bin whose reference at *path* leads to *id*, those for him."""


LONGEST = 200


@attrs.frozen
class Question:
    """One filter.

    Attributes:
        text: In the language of filters.
        names: What it names: entities with the paths of their fields.
        enters: Entities that it goes into beside the one that is asked for.
        holds: Whether it is true of a row, given what is there for whoever asks.
    """

    text: str
    names: tuple[tuple[str, str], ...]
    enters: tuple[str, ...]
    holds: Callable[[Row, Look], bool]


def random_question(
    world: Scene, chance: Random, entity: str, *, for_rule: bool = False, depth: int = 2, known: Sequence[Row] = ()
) -> Question:
    """Return a filter on the entity *entity*.

    Args:
        world: Where values are drawn from, once it is read.
        chance: Where the rest is drawn from.
        entity: The name.
        for_rule: Whether it may ask for who acts, as the rules of roles do.
        depth: How far it may still go into others, and be composed.
        known: Rows that values are drawn from; all of the world where there are none.
    """
    pick = chance.random()
    if depth > 0 and pick < 0.12:
        inner = [random_question(world, chance, entity, for_rule=for_rule, depth=depth - 1) for _ in range(2)]
        return _joined(chance.choice(("AND", "OR")), *inner)
    if depth > 0 and pick < 0.2:
        return _opposite(random_question(world, chance, entity, for_rule=for_rule, depth=depth - 1))
    if depth > 0 and pick < 0.4 and (found := _through(world, chance, entity, for_rule, depth)):
        return found
    if depth > 0 and pick < 0.55 and (found := _many(world, chance, entity, for_rule, depth)):
        return found
    if depth > 0 and pick < 0.6 and (found := below(world, chance, entity)):
        return found
    if for_rule and chance.random() < 0.5:
        return _mine(world, chance, entity)
    return _simple(world, chance, entity)


def _joined(word: str, one: Question, other: Question) -> Question:
    both = all if word == "AND" else any
    return Question(
        f"({one.text} {word} {other.text})",
        one.names + other.names,
        one.enters + other.enters,
        lambda row, look: both((one.holds(row, look), other.holds(row, look))),
    )


def _opposite(one: Question) -> Question:
    return Question(f"NOT ({one.text})", one.names, one.enters, lambda row, look: not one.holds(row, look))


def _through(world: Scene, chance: Random, entity: str, for_rule: bool, depth: int) -> Question | None:
    """Return a question about what a reference leads to; behind one that leads nowhere everything is missing."""
    targets = world.declared[entity].targets
    if not targets:
        return None
    path, target = chance.choice(sorted(targets.items()))
    inner = _mine(world, chance, target) if for_rule and chance.random() < 0.3 else _simple(world, chance, target)
    name = inner.names[0][1]

    def holds(row: Row, look: Look) -> bool:
        behind = look.row(row[path])
        return inner.holds(Row(target, row.id, {}) if behind is None else behind, look)

    return Question(f"{path}.{inner.text}", ((entity, path), *inner.names), (target,), holds) if name else None


def _many(world: Scene, chance: Random, entity: str, for_rule: bool, depth: int) -> Question | None:
    """Return a question about the records that refer to one."""
    back = world.declared[entity].back
    if not back:
        return None
    name, (other, path) = chance.choice(sorted(back.items()))
    word = chance.choice(("ANY", "ALL", "NONE"))
    inner = random_question(world, chance, other, for_rule=for_rule, depth=depth - 1)
    is_any = "*" in getattr(world.entity(other).fields[path].kind, "targets", ())

    def holds(row: Row, look: Look) -> bool:
        found = [inner.holds(each, look) for each in look.related(other, path, row.id)]
        return all(found) if word == "ALL" else any(found) is (word == "ANY")

    if is_any:
        return None
    return Question(f"{word}({name}, {inner.text})", ((other, path), *inner.names), (other, *inner.enters), holds)


def below(world: Scene, chance: Random, entity: str) -> Question | None:
    """Return a question about a tree: whether a record lies below another one, on a way of records that are there."""
    trees = [
        path for path in world.declared[entity].targets if getattr(world.entity(entity).fields[path].kind, "tree", 0)
    ]
    rows = world.facts.by_entity.get(entity, [])
    if not trees or not rows:
        return None
    path, top = trees[0], chance.choice(rows).id

    def holds(row: Row, look: Look) -> bool:
        here, seen = look.row(row.id), set()
        while here is not None and here.id not in seen:
            if here.id == top:
                return True
            seen.add(here.id)
            here = look.row(here[path])
        return False

    return Question(f"id UNDER '{top}'", ((entity, "id"), (entity, path)), (), holds)


def _mine(world: Scene, chance: Random, entity: str) -> Question:
    path = (
        "id"
        if entity == "user"
        else chance.choice([p for p in ("owner", "created_by") if p in world.declared[entity].paths])
    )
    return Question(f"{path} = ME", ((entity, path),), (), lambda row, look: row[path] == look.me)


def _simple(world: Scene, chance: Random, entity: str) -> Question:
    """Return a comparison of one field with a value that some row has."""
    fields = world.entity(entity).fields
    path = chance.choice(sorted(fields))
    rows = world.facts.by_entity.get(entity, [])
    value = chance.choice(rows)[path] if rows else None
    said, offered = _said(value), fields[path].kind.operators
    if said is None or "=" not in offered or chance.random() < 0.15:
        if isinstance(value, frozenset) or "is null" not in offered:
            path, said, value = _fallback(world, chance, entity)
        else:
            negated = chance.random() < 0.5
            text = f"{path} IS {'NOT ' * negated}NULL"
            return Question(text, ((entity, path),), (), lambda row, look: (row[path] in (None, ())) is not negated)
    comparisons: list[tuple[str, Callable[[Any], bool]]] = [
        ("=", lambda has: has == value),
        ("!=", lambda has: has != value),
    ]
    if (
        "<" in fields[path].kind.operators
        and isinstance(value, (int, date, datetime, Decimal))
        and type(value) is not bool
    ):
        comparisons += [("<", lambda has: has < value), (">=", lambda has: has >= value)]
    symbol, compare = chance.choice(comparisons)

    # Nothing holds of a missing value, so its opposite does.
    def holds(row: Row, look: Look) -> bool:
        return compare(row[path]) if row[path] is not None else symbol == "!="

    return Question(f"{path} {symbol} {said}", ((entity, path),), (), holds)


def _fallback(world: Scene, chance: Random, entity: str) -> tuple[str, str, Any]:
    rows = world.facts.by_entity.get(entity, [])
    value = chance.choice(rows).id if rows else UUID(int=1)
    return "id", f"'{value}'", value


def _said(value: Any) -> str | None:
    """Return *value* as a filter says it, or None where that would be long-winded."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | Decimal():
            return str(value)
        case datetime():
            return value.isoformat()
        case date():
            return value.isoformat()
        case Money():
            return f"{value.currency} {value.amount}"
        case UUID():
            return f"'{value}'"
        case str() if len(value) <= LONGEST:
            doubled = value.replace("'", "''")
            return f"'{doubled}'"
    return None
