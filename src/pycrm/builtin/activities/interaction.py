"""`Interaction`: something that happened between us and somebody else, kept as it was."""

from __future__ import annotations

from datetime import datetime

from pycrm.builtin.activities.plugin import plugin
from pycrm.plugin import OptRef, OwnedRecord, Record, Refs, User, field

KINDS = ("call", "email", "meeting", "visit", "note", "chat")
DIRECTIONS = ("in", "out")


@plugin.entity(title="subject", list="happened_at kind subject about owner")
class Interaction(OwnedRecord):
    """A call, a mail, a meeting. `direction` is seen from us: ``"in"`` came to us.

    Attributes:
        participants: Contacts and users who took part, in the order given.
    """

    kind: str = field.choice(KINDS)
    subject: str | None = field.text(searchable=True)
    body: str | None = field.long_text(searchable=True)
    happened_at: datetime = field.datetime(indexed=True)
    duration_minutes: int | None = field.integer()
    direction: str | None = field.choice(DIRECTIONS)
    about: OptRef[Record] = field.any_ref("*")
    participants: Refs[Record] = field.any_refs("contact", User)
