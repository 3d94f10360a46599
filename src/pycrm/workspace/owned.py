"""What somebody owns, counted by entity.

``ws`` is the `Reader` or `Workspace` that asks; its type is left open here, since the reader itself is made of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pycrm.entities import User
from pycrm.errors import NotFoundError
from pycrm.policies.rights import rights_source
from pycrm.query import F
from pycrm.schema import Entity

__all__ = ["find_user", "owned_by", "owned_entities"]


def owned_by(ws: Any, user: User | str) -> Mapping[str, int]:
    """Return how many records *user* owns; see `Reader.owned_by`."""
    owner = find_user(ws, user)
    counts: dict[str, int] = {}
    for entity in owned_entities(ws, "read"):
        if count := ws.count(entity.record_class, where=F.owner == owner.id):
            counts[entity.name] = count
    return counts


def owned_entities(ws: Any, action: str) -> list[Entity]:
    """Return the entities whose records have owners and on which the principal may do *action*, by name.

    What pycrm itself brings, such as a user's own views, is nobody else's; a part goes with what it belongs to.
    """
    seen = ws._reads.schema.entities
    return [
        entity
        for name, entity in sorted(ws._ctx.tools.schema.entities.items())
        if entity.owner != "core" and not entity.parked and name in seen and "owner" in seen[name].fields
        if rights_source(entity) is None and ws._may(action, entity)
    ]


def find_user(ws: Any, user: User | str) -> User:
    """Return the record of a user or of the key of one.

    Raises:
        NotFoundError: There is none, or none that the principal may read.
        NotAllowedError: He may read no users.
    """
    found = ws.find(User, key=user) if isinstance(user, str) else ws.get(User, user.id)
    if found is None:
        raise NotFoundError(f"there is no user with the key {user!r}", entity="user", id=user)
    known: User = found
    return known
