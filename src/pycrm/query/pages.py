"""Pages by key: a page says where the last one ended, in values, instead of counting rows to skip.

What comes after a row is a list of ranges in order. They are asked one after the other until the page is full: each
is one walk along an index, and most pages need only the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from pycrm.query.cursor import CursorSeal
from pycrm.query.order import Bounds, Order
from pycrm.query.statement import Run, Statement

__all__ = ["PagePlan", "PageRows"]


@attrs.frozen
class PageRows:
    """What a page's statements gave.

    Attributes:
        rows: As the storage room's loader takes them, which passes over columns that stand behind the record's.
        next_cursor: Continues after the last row; None at the end.
        schema_number: The stored one, if it was asked for and there was a row to carry it.
    """

    rows: list[tuple[Any, ...]]
    next_cursor: str | None
    schema_number: int | None


@attrs.frozen
class PagePlan:
    """How to read one page: statements that are made as they are needed.

    Attributes:
        order: The order.
        seal: Signs the cursor.
        limit: Rows on the page.
        ranges: What to ask for, one after the other.
        statement: Makes the statement of one range, for at most so many rows.
        numbered: The last column is the stored schema number.
    """

    order: Order
    seal: CursorSeal
    limit: int
    ranges: Sequence[Bounds]
    statement: Callable[[Bounds, int], Statement]
    numbered: bool

    def read(self, run: Run) -> PageRows:
        """Return the page, asked for by *run* (``unit.rows``); a row beyond it tells that there is a next one."""
        rows: list[tuple[Any, ...]] = []
        for bounds in self.ranges:
            statement = self.statement(bounds, self.limit + 1 - len(rows))
            rows.extend(run(statement.sql, statement.params))
            if len(rows) > self.limit:
                break
        more = len(rows) > self.limit
        del rows[self.limit :]
        cursor = self.order.write(rows[-1], self.seal) if more else None
        number = rows[0][-1] if rows and self.numbered else None
        return PageRows(rows, cursor, number)
