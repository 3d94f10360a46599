"""Groups of users, in a tree."""

from __future__ import annotations

from pycrm.entities.declared import entity
from pycrm.entities.user import User
from pycrm.fields import declare as field
from pycrm.schema.record import Record
from pycrm.values.refs import OptRef, Refs

__all__ = ["Team"]


@entity(title="name", list="name parent")
class Team(Record):
    """A team; its members see what is shared with it once access rules say so."""

    name: str = field.text(searchable=True)
    parent: OptRef[Team] = field.ref("team", many="subteams", tree=True)
    members: Refs[User] = field.refs(User)
