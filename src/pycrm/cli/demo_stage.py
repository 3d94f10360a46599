"""The stage of the demo: what is printed for people, and what is kept for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from pycrm.cli.output import print_table, write
from pycrm.cli.texts import Texts
from pycrm.values.money import Monies

__all__ = ["Stage", "amounts"]


@attrs.define
class Stage:
    """Where the scenes play: prints for people, and keeps the figures for ``--json``.

    Attributes:
        say: The texts in the user's language.
        quiet: Print nothing; the figures are wanted.
        figures: What each scene showed, by its name.
    """

    say: Texts
    quiet: bool
    figures: dict[str, Any] = attrs.field(factory=dict)
    _scenes: int = 0

    def scene(self, name: str, title: str, figures: Any) -> None:
        """Begin the scene *name*: its title for people, its *figures* for programs."""
        self.figures[name] = figures
        self._scenes += 1
        self.write(f"\n{self._scenes}. {title}\n")

    def write(self, text: str) -> None:
        """Print *text*."""
        if not self.quiet:
            write(text)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[Any]], *, right: Sequence[int] = ()) -> None:
        """Print a table."""
        if not self.quiet:
            print_table(head, [tuple(map(str, row)) for row in rows], right=right)


def amounts(monies: Monies) -> str:
    """Return sums of money for people: ``CNY 1,200.50 + USD 30.00``."""
    return " + ".join(f"{code} {money.amount:,f}" for code, money in sorted(monies.items())) or "—"
