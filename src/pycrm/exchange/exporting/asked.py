"""Which records an export is of, in which order, and what of them, as somebody asked or a saved view says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from pycrm.errors import QueryError
from pycrm.query import Condition, Where, node_of
from pycrm.schema import Entity
from pycrm.workspace import Reader
from pycrm.workspace.view_rules import order_of
from pycrm.workspace.views import ListView, Wanted

__all__ = ["Asked"]


@attrs.frozen(eq=False)
class Asked:
    """Which records, in which order, and what of them.

    Attributes:
        paths: Of the columns; None where nobody chose any.
        view: The name of the saved view, for the audit trail.
    """

    where: Condition | None
    values: Mapping[str, Any] | None
    order_by: str | None
    paths: tuple[str, ...] | None
    view: str | None

    @classmethod
    def of(
        cls,
        ws: Reader,
        entity: Entity,
        where: Where,
        values: Mapping[str, Any] | None,
        order_by: str | None,
        columns: Sequence[str] | str | None,
        view: Wanted | None,
    ) -> Asked:
        condition = _condition(where)
        paths = _listed(columns)
        if view is None:
            return cls(condition, values, order_by, paths, None)
        found = _usable(ws.view(view, entity.record_class))
        own = _condition(found.record.where or None)
        if own is not None:
            condition = own if condition is None else own & condition
        return cls(condition, values, order_by or order_of(found.record), paths or found.columns, found.name)


def _condition(where: Where) -> Condition | None:
    node = node_of(where)
    return None if node is None else Condition(node)


def _listed(columns: Sequence[str] | str | None) -> tuple[str, ...] | None:
    if columns is None:
        return None
    listed = columns.replace(",", " ").split() if isinstance(columns, str) else columns
    if not listed:
        raise QueryError("columns= names no column; leave it out for all of them")
    return tuple(listed)


def _usable(view: ListView) -> ListView:
    if view.is_broken:
        reasons = "; ".join(map(str, view.problems))
        raise QueryError(f"the view {view.name!r} is broken: {reasons}", name=view.name, problems=view.problems)
    return view
