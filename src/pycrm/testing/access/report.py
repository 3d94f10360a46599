"""What a check of access has asked, and what it found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import attrs

from pycrm.testing.access.world import OpenCRM, World

__all__ = ["Enough", "Report", "check"]


MOST_FAILURES = 10
LONGEST = 600


class Enough(Exception):
    """So many failures tell enough."""


@attrs.define
class Report:
    """What came of one check.

    Attributes:
        check: Its name.
        seed: Repeats it.
        asked: Cases by door (or place) and entity.
        failures: The first of them, in words.
        gaps: How often each known gap was met, by what it is.
        outcomes: How often each outcome came, such as ``refused``.
        most: After so many failures the check ends.
    """

    check: str
    seed: int
    asked: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    failures: list[str] = attrs.field(factory=list)
    gaps: Counter[str] = attrs.field(factory=Counter)
    outcomes: Counter[str] = attrs.field(factory=Counter)
    most: int = MOST_FAILURES

    @property
    def passed(self) -> bool:
        """Whether it found nothing, and asked something."""
        return not self.failures and bool(self.asked)

    @property
    def cases(self) -> int:
        """How many cases there were."""
        return sum(self.asked.values())

    def by_door(self) -> Mapping[str, int]:
        """Return the cases by door."""
        found: Counter[str] = Counter()
        for (door, _), count in self.asked.items():
            found[door] += count
        return found

    def by_entity(self) -> Mapping[str, int]:
        """Return the cases by entity."""
        found: Counter[str] = Counter()
        for (_, entity), count in self.asked.items():
            found[entity] += count
        return found

    def note(self, door: str, entity: str, outcome: str = "") -> None:
        """Count one case."""
        self.asked[door, entity] += 1
        if outcome:
            self.outcomes[outcome] += 1

    def fail(self, door: str, entity: str, told: str) -> None:
        """Note a failure.

        Raises:
            Enough: It is the last one that is told.
        """
        self.failures.append(f"{door} of {entity}: {told}"[:LONGEST])
        if len(self.failures) >= self.most:
            raise Enough

    def figure(self) -> dict[str, Any]:
        """Return it as numbers for a protocol."""
        doors = self.by_door()
        return {
            "passed": self.passed,
            "cases": self.cases,
            "entities": len(self.by_entity()),
            "doors": len(doors),
            "fewest_of_a_door": min(doors.values(), default=0),
            **self.outcomes,
            **({"gaps": dict(self.gaps)} if self.gaps else {}),
            "failures": len(self.failures),
            **({"first": self.failures[0]} if self.failures else {}),
        }

    def __str__(self) -> str:
        doors = ", ".join(f"{door} {count}" for door, count in sorted(self.by_door().items()))
        lines = [f"{self.check}: {self.cases} cases, {len(self.by_entity())} entities, seed {self.seed}: {doors}"]
        lines += [f"  known gap, met {count} times: {gap}" for gap, count in sorted(self.gaps.items())]
        return "\n".join([*lines, *(f"  FAILED {failure}" for failure in self.failures)])


def check(run: Callable[..., None]) -> Callable[..., Report]:
    """Return the check that *run* is the inside of: it takes a world, or makes one, and gives its report."""

    @wraps(run)
    def checked(
        world: World | OpenCRM,
        *,
        seed: int = 1,
        count: int = 1_000,
        most_failures: int = MOST_FAILURES,
        **options: Any,
    ) -> Report:
        made = world if isinstance(world, World) else World(world, seed)
        report = Report(run.__name__, seed, most=most_failures)
        try:
            run(made, report, count, **options)
        except Enough:
            pass
        finally:
            if made is not world:
                made.close()
        return report

    return checked
