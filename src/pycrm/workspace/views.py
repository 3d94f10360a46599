"""Saved views as people meet them: which ones there are for somebody, which are broken and why, and what they show.

``ws`` is the `Reader` that asks; its type is left open here, since the reader itself is made of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast
from uuid import UUID

import attrs

from pycrm.entities import SavedView, Team
from pycrm.errors import NotFoundError, Problem, QueryError, nearest
from pycrm.fields.references import AnyRefKind, AnyRefsKind, RefKind, RefsKind
from pycrm.query import F
from pycrm.query.builder import Condition, node_of
from pycrm.query.paths import ResolvedPath, resolve
from pycrm.query.text import read_path
from pycrm.schema import Entity, Record, Schema
from pycrm.storage.links import referencing
from pycrm.workspace.page import Page
from pycrm.workspace.view_rules import colour_rules, columns_of, groups_of, order_of, wrong_with

__all__ = ["ListView", "ViewPage", "Wanted", "find_view", "group_view", "list_view", "views_of"]


@attrs.frozen(eq=False)
class ListView:
    """A saved view as it stands today.

    Attributes:
        record: The view as it was saved.
        problems: Why it is broken: one `Problem` per reason, whose ``field`` is the text of the view; else nothing.
        columns: Paths of the fields that it shows, those of the entity's own list where the view names none; nothing
            where the entity is missing.
    """

    record: SavedView
    problems: tuple[Problem, ...]
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.record.name

    @property
    def entity(self) -> str:
        """The name of the entity whose records it shows."""
        return self.record.entity

    @property
    def is_broken(self) -> bool:
        """Whether it cannot be shown."""
        return bool(self.problems)


Wanted: TypeAlias = SavedView | ListView | UUID | str
"""How a caller names a view: itself, its id, or what it is called."""


class ViewPage(Page[Any]):
    """A page of what a view shows.

    Attributes:
        columns: Paths of the fields to show; what they refer to is loaded.
        colours: The colour of each record that stands out, by its id.
    """

    __slots__ = ("colours", "columns")

    def __init__(self, page: Page[Any], columns: tuple[str, ...], colours: Mapping[UUID, str]) -> None:
        super().__init__(page, page.next_cursor)
        self.columns = columns
        self.colours = colours


def views_of(ws: Any, entity: type[Record] | None) -> tuple[ListView, ...]:
    """Return the views that the principal may choose; see `Reader.views`."""
    name = None if entity is None else ws._readable(entity).name
    found = [view for view in _visible(ws, name) if _may_read(ws, view)]
    found.sort(key=lambda view: (view.entity, view.name, view.id))
    return tuple(_judged(ws, view) for view in found)


def find_view(ws: Any, wanted: Wanted, entity: type[Record] | None) -> ListView:
    """Return the view that is meant; see `Reader.view`."""
    if isinstance(wanted, ListView):
        wanted = wanted.record
    ws._readable(SavedView)
    ws._ctx.check_schema()
    if isinstance(wanted, SavedView):
        return _judged(ws, wanted)
    name = None if entity is None else ws._readable(entity).name
    visible = _visible(ws, name)
    named = [view for view in visible if wanted in (view.id, str(view.id), view.name)]
    me = ws._ctx.user_of(ws.principal)
    own = [view for view in named if view.owner is not None and view.owner.id == me]
    chosen = own or named
    if len(chosen) > 1:
        where = ", ".join(sorted(f"{view.entity} ({view.id})" for view in chosen))
        raise QueryError(f"several views are called {wanted!r}; give the entity, or an id of {where}", name=wanted)
    if not chosen or not _may_read(ws, chosen[0]):
        hint = nearest(str(wanted), [view.name for view in visible])
        raise NotFoundError(f"no view {wanted!r} for {ws.principal.user!r}{hint}", entity="saved_view", id=wanted)
    return _judged(ws, chosen[0])


def list_view(ws: Any, wanted: Wanted, *, limit: int, after: str | None) -> ViewPage:
    """Return a page of what a view shows; see `Reader.list_view`."""
    view, entity = _usable(ws, wanted)
    schema = ws._reads.schema
    include = dict.fromkeys(_to_load(schema, resolve(schema, entity, read_path(path))) for path in view.columns)
    page = ws.list(
        entity.record_class,
        where=_filter(view.record.where),
        order_by=order_of(view.record),
        limit=limit,
        after=after,
        include=" ".join(filter(None, include)),
    )
    return ViewPage(page, view.columns, _colours(ws, view.record, entity, page))


def group_view(ws: Any, wanted: Wanted, measures: Sequence[str]) -> list[Mapping[str, Any]]:
    """Return the groups of a view with *measures* of each; see `Reader.group_view`."""
    view, entity = _usable(ws, wanted)
    groups = groups_of(view.record)
    where = _filter(view.record.where)
    found: list[Mapping[str, Any]] = ws.aggregate(
        entity.record_class, measures=measures, group_by=groups or None, where=where
    )
    return found


def _usable(ws: Any, wanted: Wanted) -> tuple[ListView, Entity]:
    view = find_view(ws, wanted, None)
    if view.is_broken:
        reasons = "; ".join(map(str, view.problems))
        raise QueryError(f"the view {view.name!r} is broken: {reasons}", name=view.name, problems=view.problems)
    return view, ws._reads.schema.entities[view.entity]


def _judged(ws: Any, view: SavedView) -> ListView:
    entity = ws._reads.schema.entities.get(view.entity)
    columns = () if entity is None else columns_of(view, entity)
    return ListView(view, tuple(wrong_with(ws, view)), columns)


def _visible(ws: Any, entity: str | None) -> list[SavedView]:
    """Return the principal's own views and those that are shared with him."""
    ws._readable(SavedView)
    of_entity = None if entity is None else F.entity == entity
    me = ws._ctx.user_of(ws.principal)
    found: dict[UUID, SavedView] = {}
    if me is not None:
        mine = F.owner == me
        found |= {
            view.id: view for view in ws.iterate(SavedView, where=mine if of_entity is None else mine & of_entity)
        }
    shared = F.is_shared == True  # noqa: E712  it makes a condition
    others = list(ws.iterate(SavedView, where=shared if of_entity is None else shared & of_entity))
    teams = _teams(ws, me) if any(view.team is not None for view in others) else frozenset()
    return [*found.values(), *(each for each in others if each.id not in found and _is_for(each, teams))]


def _is_for(view: SavedView, teams: frozenset[UUID]) -> bool:
    return view.team is None or view.team.id in teams


def _teams(ws: Any, me: UUID | None) -> frozenset[UUID]:
    """Return the ids of the teams that the principal names, or is a member of."""
    ctx = ws._ctx
    entity = ctx.tools.schema.entity(Team)
    named = ctx.matching(entity, F.name.in_(sorted(ws.principal.teams))) if ws.principal.teams else []
    links = (
        () if me is None else referencing(ctx.unit, ctx.tools.tables, entity, entity.fields["members"], "user", [me])
    )
    return frozenset({*(team.id for team in named), *(team for _, team in links)})


def _may_read(ws: Any, view: SavedView) -> bool:
    """Whether the principal may see records of the view's entity at all; of a missing one nobody sees any."""
    entity = ws._ctx.tools.schema.entities.get(view.entity)
    return entity is None or bool(ws._may("read", entity))


def _filter(text: str | None) -> Any:
    return node_of(cast("Any", text)) if text and text.strip() else None


def _colours(ws: Any, view: SavedView, entity: Entity, page: Page[Any]) -> dict[UUID, str]:
    """Return the colour of each record of *page* that meets a rule, asked as filters are: one query per rule."""
    colours: dict[UUID, str] = {}
    for rule in colour_rules(view):
        left = [record.id for record in page if record.id not in colours]
        if not left:
            break
        where = Condition(_filter(rule.condition)) & F.id.in_(left)
        colours |= {found.id: rule.colour for found in ws.list(entity.record_class, where=where, limit=len(left))}
    return colours


def _to_load(schema: Schema, path: ResolvedPath) -> str:
    """Return what ``include=`` must name so that *path* can be shown."""
    names = [hop.field.path for hop in path.hops]
    kind = path.field.kind
    leads_on = isinstance(kind, (RefKind, RefsKind)) and str(kind.target) in schema.entities
    if leads_on or isinstance(kind, (AnyRefKind, AnyRefsKind)):
        names.append(path.field.path)
    return ".".join(names)
