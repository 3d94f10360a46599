"""Shares: a record opened to somebody who would not see it by his roles."""

from __future__ import annotations

from datetime import datetime

from pycrm.entities.declared import entity
from pycrm.entities.role import Role
from pycrm.entities.team import Team
from pycrm.entities.user import User
from pycrm.fields import declare as field
from pycrm.schema.record import Record
from pycrm.values.refs import Ref

__all__ = ["SHARE_LEVELS", "Share"]

SHARE_LEVELS = ("read", "write")


@entity(title="level", list="record grantee level ends_at reason", indexes=["grantee, record", "record, grantee"])
class Share(Record):
    """One record, of any entity, for a user, a team, or a role with those below it.

    Attributes:
        record: What is shared, with its parts.
        grantee: With whom. A team with its members, a role with whoever has it or a role below it.
        level: ``read``, or ``write``, which reads too.
        ends_at: Until when, not included; without end where absent.
        reason: Why.
    """

    record: Ref[Record] = field.any_ref(part_of=True)
    grantee: Ref[User | Team | Role] = field.any_ref(User, Team, Role, part_of=True)
    level: str = field.choice(SHARE_LEVELS, default="read")
    ends_at: datetime | None = field.datetime(indexed=True)
    reason: str | None = field.text(max_length=1000)
