"""The people who act. The host logs them in; a row here gives its key a name."""

from __future__ import annotations

from pycrm.entities.declared import entity
from pycrm.fields import declare as field
from pycrm.schema.record import Record
from pycrm.values.refs import OptRef

__all__ = ["User"]


@entity(title="name", list="key name email is_active")
class User(Record):
    """A user of the host. The first writing unit of an unknown key makes its row.

    Attributes:
        key: The host's own id of the user, as in `Principal.user`.
    """

    key: str = field.text(unique=True)
    name: str = field.text(indexed=True, searchable=True)
    email: str | None = field.of_kind("email")
    language: str | None = field.of_kind("language")
    time_zone: str | None = field.of_kind("time_zone")
    manager: OptRef[User] = field.ref("user", many="direct_reports", tree=True)
    is_active: bool = field.boolean(default=True)
