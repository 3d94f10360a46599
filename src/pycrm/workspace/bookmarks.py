"""The records that a user saw last, and his favourites: noted on purpose, read with the rights of the moment.

``ws`` is the `Reader` or `Workspace` that asks; its type is left open here, since the reader itself is made of these.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pycrm.errors import ConfigurationError, NotAllowedError
from pycrm.query import F
from pycrm.schema import Record
from pycrm.storage.bookmarks import (
    BookmarkKind,
    put_bookmark,
    read_bookmarks,
    remove_bookmark,
    trim_bookmarks,
)

__all__ = ["MOST_FAVOURITES", "MOST_VISITS", "add_favourite", "bookmarked", "note_visit", "remove_favourite"]

MOST_VISITS = 100
MOST_FAVOURITES = 500


def note_visit(ws: Any, record: Record) -> None:
    """Note that the user has looked at *record*; see `Workspace.note_visit`."""
    _put(ws, "visit", record)
    trim_bookmarks(ws._ctx.unit, ws._ctx.tools.tables, ws.principal.user, "visit", MOST_VISITS)


def add_favourite(ws: Any, record: Record) -> None:
    """Make *record* one of the user's favourites; see `Workspace.add_favourite`."""
    ctx, actor = ws._ctx, _somebody(ws)
    ctx.begin_writing()
    present = read_bookmarks(ctx.unit, ctx.tools.tables, actor, "favourite")
    if len(present) >= MOST_FAVOURITES and record.id not in {id for _, id in present}:
        raise ConfigurationError(
            f"user {actor!r} has {len(present)} favourites, the most that are kept; remove some first",
            limit=MOST_FAVOURITES,
        )
    _put(ws, "favourite", record)


def remove_favourite(ws: Any, record: Record) -> None:
    """Make *record* no favourite of the user any longer; see `Workspace.remove_favourite`."""
    actor = _somebody(ws)
    ws._ctx.begin_writing()
    ws._readable(record.__record_class__)
    remove_bookmark(ws._ctx.unit, ws._ctx.tools.tables, actor, "favourite", record.id)


def bookmarked(ws: Any, kind: BookmarkKind, entity: type[Record] | None, limit: int) -> tuple[Any, ...]:
    """Return the records of the user's bookmarks of *kind*, the newest first; those that he may read now.

    Args:
        ws: The door.
        kind: Which.
        entity: Only records of this class.
        limit: At most so many.
    """
    ctx = ws._ctx
    ctx.check_schema()
    only = None if entity is None else ws._readable(entity).name
    noted = [(name, id) for name, id in _noted(ws, kind) if only in (None, name)]
    by_entity: dict[str, list[UUID]] = {}
    for name, id in noted:
        by_entity.setdefault(name, []).append(id)
    found: dict[UUID, Any] = {}
    for name, ids in by_entity.items():
        found |= _readable_of(ws, name, ids)
    return tuple(found[id] for _, id in noted if id in found)[: max(limit, 0)]


def _noted(ws: Any, kind: BookmarkKind) -> list[tuple[str, UUID]]:
    return read_bookmarks(ws._ctx.unit, ws._ctx.tools.tables, _somebody(ws), kind)


def _readable_of(ws: Any, name: str, ids: list[UUID]) -> dict[UUID, Any]:
    """Return those of the records that are outside the bin and that the user may read, by id."""
    known = ws._reads.schema.entities.get(name)
    if known is None or not ws._may("read", ws._ctx.tools.schema.entities[name]):
        return {}
    page = ws.list(known.record_class, where=F.id.in_(ids), limit=len(ids))
    return {record.id: record for record in page}


def _put(ws: Any, kind: BookmarkKind, record: Record) -> None:
    ctx, actor = ws._ctx, _somebody(ws)
    ctx.begin_writing()
    # Read anew: nobody learns by a bookmark that a record is there which he may not see.
    stored = ws.get(record.__record_class__, record.id)
    name = ctx.tools.schema.entity_of(stored).name
    put_bookmark(ctx.unit, ctx.tools.tables, actor, kind, name, stored.id, ctx.services.clock())


def _somebody(ws: Any) -> str:
    """Return the user's key.

    Raises:
        NotAllowedError: Nobody is known behind the principal.
    """
    ws._ctx.unit.check_usable()
    user: str = ws.principal.user
    if not user:
        raise NotAllowedError("an anonymous principal has no visits and no favourites", action="bookmark", user=user)
    return user
