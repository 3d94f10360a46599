"""The doors that show what people have kept: saved views, visits, favourites."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from pycrm.errors import NotFoundError, QueryError
from pycrm.testing.access.case import EVERYTHING, Case
from pycrm.testing.access.facts import Row

__all__ = ["bookmarks", "views"]

_TEXTS = ("entity", "name", "columns", "where", "order_by", "group_by", "colour_rule", "is_shared")


def bookmarks(case: Case) -> None:
    """What somebody has looked at is shown as long as he may read it."""
    if case.name != "team":
        return
    noted = [case.world.facts.rows[id] for id in case.world.looked_at.get(case.ws.principal.user, ())]
    due = {row.id for row in noted if not row.is_binned and case.sight.reads(row)}
    ws: Any = case.ws
    case.same("recent", due, lambda: {record.id for record in ws.recent(limit=100)})
    case.same("favourites", due, lambda: {record.id for record in ws.favourites()})


def views(case: Case) -> None:
    """A saved view is offered to whom it is for, and shows what he may read of what it asks for."""
    if case.name != "saved_view" or not case.may or not all(case.sight.asks("saved_view", path) for path in _TEXTS):
        return
    offered = {row.id for row in case.sight.rows("saved_view") if _is_offered(case, row)}
    case.same("views", offered, lambda: {view.record.id for view in case.ws.views()})
    wanted = case.chance.choice(sorted(case.world.views))
    is_there = wanted in offered
    due: Any = wanted if is_there else (NotFoundError,)
    case.same("view", due, lambda: case.ws.view(wanted).record.id, str(wanted))
    entity, question = case.world.facts.rows[wanted]["entity"], case.world.views[wanted]
    if is_there and not case.sight.understands(question):
        due = (QueryError,)
    rows = case.sight.rows(entity, question) if is_there and case.sight.understands(question) else []
    shown: Any = Counter(row.id for row in rows) if due == wanted else due
    case.same("list_view", shown, lambda: _ids(case, wanted), question.text)
    counted: Any = [{"count()": len(rows)}] if due == wanted else due
    case.same("group_view", counted, lambda: list(map(dict, case.ws.group_view(wanted))), question.text)


def _ids(case: Case, view: UUID) -> Counter[UUID]:
    return Counter(record.id for record in case.ws.list_view(view, limit=EVERYTHING))


def _is_offered(case: Case, row: Row) -> bool:
    """Whether a view is his, or shared with everybody or a team of his; of an entity that he reads."""
    if not case.sight.allows("read", row["entity"]):
        return False
    if row["owner"] == case.sight.me:
        return True
    return bool(row["is_shared"]) and (row["team"] is None or row["team"] in _teams(case))


def _teams(case: Case) -> set[UUID]:
    named = case.ws.principal.teams
    teams = case.world.facts.outside_bin("team")
    return {row.id for row in teams if case.sight.me in row["members"] or row["name"] in named}
