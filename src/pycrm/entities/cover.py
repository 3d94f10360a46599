"""Cover: who acts for whom during leave."""

from __future__ import annotations

from datetime import date

from pycrm.entities.declared import entity
from pycrm.entities.user import User
from pycrm.fields import declare as field
from pycrm.schema.record import Record
from pycrm.values.refs import Ref

__all__ = ["Cover"]


@entity(title="starts_on", list="user substitute starts_on ends_on reason")
class Cover(Record):
    """Days on which a user is away and another one reaches what is his, beside his own.

    Attributes:
        user: Who is away.
        substitute: Who acts meanwhile. His roles stay his own; the records that they reach are those of both.
        starts_on: The first day.
        ends_on: The last day, included.
        reason: Why, as ``annual leave``.
    """

    user: Ref[User] = field.ref(User, many="covers", part_of=True)
    substitute: Ref[User] = field.ref(User, many="covers_for", part_of=True)
    starts_on: date = field.date()
    ends_on: date = field.date(indexed=True)
    reason: str | None = field.text(max_length=1000)
