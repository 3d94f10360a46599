"""Roles as data, and who has one for how long."""

from __future__ import annotations

from datetime import datetime

from pycrm.entities.declared import entity
from pycrm.entities.user import User
from pycrm.fields import declare as field
from pycrm.schema.record import Record
from pycrm.values.refs import Ref

__all__ = ["Role", "RoleAssignment"]


@entity(title="name", list="name description is_active")
class Role(Record):
    """What a group of people may do, as administrators say it: a role of their own, or changes to one of a plugin.

    Attributes:
        name: What principals and assignments call it.
        rights: The role as JSON text: ``{"rights": {"account": {"read": "team"}}}``, with ``label``, ``help`` and
            ``parent`` where it has them. Of a role that plugins declare too, it counts for the entities that it names.
        is_active: Whether it counts; a role of a plugin is then as declared.
    """

    name: str = field.text(max_length=100, unique=True, searchable=True)
    description: str | None = field.text(max_length=1000)
    rights: str = field.long_text(max_length=1_000_000, default='{"rights":{}}')
    is_active: bool = field.boolean(default=True)


@entity(title="role", list="user role starts_at ends_at reason")
class RoleAssignment(Record):
    """A role that a user has beside those that the host gives him, for ever or for a time.

    Attributes:
        role: Its name; one that there is no such role of gives nothing.
        starts_at: From when on; from the beginning where absent.
        ends_at: Until when, not included; without end where absent.
        reason: Why, as ``stands in for Mei during the fair``.
    """

    role: str = field.text(max_length=100, indexed=True)
    user: Ref[User] = field.ref(User, many="role_assignments", part_of=True)
    starts_at: datetime | None = field.datetime()
    ends_at: datetime | None = field.datetime(indexed=True)
    reason: str | None = field.text(max_length=1000)
