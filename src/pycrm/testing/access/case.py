"""One question to a door, held against what plain Python says."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import attrs

from pycrm.errors import NotAllowedError, QueryError, UnknownNameError
from pycrm.testing.access.facts import Declared, Row
from pycrm.testing.access.oracle import Sight
from pycrm.testing.access.questions import Question, random_question
from pycrm.testing.access.report import Report
from pycrm.testing.access.world import World
from pycrm.workspace import Workspace

__all__ = ["EVERYTHING", "PAGE", "UNKNOWN", "Case"]


EVERYTHING = 10_000
PAGE = 7
UNKNOWN = (UnknownNameError, QueryError)


@attrs.frozen
class Case:
    """One principal before one entity.

    Attributes:
        world: The world.
        report: Where it is noted.
        chance: Where questions are drawn from.
        ws: The principal's door.
        sight: What plain Python says that he reaches.
        declared: The entity.
    """

    world: World
    report: Report
    chance: Random
    ws: Workspace
    sight: Sight
    declared: Declared

    @property
    def name(self) -> str:
        """The entity's name."""
        return self.declared.name

    @property
    def cls(self) -> type[Any]:
        """The record class."""
        return self.world.entity(self.name).record_class

    @property
    def may(self) -> bool:
        """Whether he reads any record of the entity."""
        return self.sight.allows("read", self.name)

    def question(self) -> Question:
        """Return a filter."""
        return random_question(self.world, self.chance, self.name)

    def any_row(self) -> Row | None:
        """Return any row of the entity, within his reach or not, in the bin or not."""
        rows = self.world.facts.by_entity[self.name]
        return self.chance.choice(rows) if rows else None

    def same(self, door: str, expected: Any, ask: Callable[[], Any], told: str = "") -> None:
        """Hold the answer of a door against *expected*: a value, or the errors of which one is to come."""
        is_refusal = isinstance(expected, tuple) and bool(expected) and isinstance(expected[0], type)
        try:
            found = ask()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            outcome = "refused"
            if not (is_refusal and isinstance(error, expected)):
                self.fail(door, f"{told} is refused: {type(error).__name__}: {error}; {error.__cause__}")
        else:
            outcome = "answered"
            if is_refusal:
                self.fail(door, f"{told} is answered, {_short(found)}, where {expected[0].__name__} is due")
            elif found != expected:
                self.fail(door, f"{told} gives {_short(found)}, where {_short(expected)} is due")
        self.report.note(door, self.name, outcome)

    def expected(self, found: Any, *questions: Question) -> Any:
        """Return *found*, or the error that is due instead."""
        if not self.may:
            return (NotAllowedError,)
        return found if all(map(self.sight.understands, questions)) else UNKNOWN

    def fail(self, door: str, told: str) -> None:
        """Note a failure, and who asked."""
        principal = self.ws.principal
        roles = {name: self.world.roles[name]["rights"].get(self.name) for name in sorted(self.sight.roles)}
        self.report.fail(door, self.name, f"{told} [{principal.user}, {roles}]")


def _short(value: Any) -> str:
    text = f"{len(value)}: {value!r}" if hasattr(value, "__len__") else repr(value)
    return text[:160]
