"""What a unit of work needs of others: somebody who begins and ends its transaction, somebody who tells its facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import attrs
from sqlalchemy import Connection

if TYPE_CHECKING:
    # The ORM would make `import pycrm` a third slower; a host that gives a Session has imported it.
    from sqlalchemy.orm import Session


class Transaction(Protocol):
    """Begins and ends the transaction of one unit; each method may raise errors of the driver."""

    joined: bool
    """Whether it lives inside a host's transaction, which alone decides whether the rows stay."""

    session: Session | None
    """The host's Session that the transaction belongs to, if it was given."""

    def start(self, *, writing: bool) -> Connection:
        """Begin before the unit's first statement, ready to write if *writing*."""

    def begin_writing(self) -> bool:
        """Make a started transaction ready to write; say whether what it read before may be outdated."""

    def holds_savepoints(self, *, writing: bool) -> bool:
        """Say whether a savepoint set now lasts, or would be lost when writing begins."""

    def check(self) -> None:
        """Raise `UnitError` when the transaction is no longer the one that the unit began in."""

    def commit(self) -> None:
        """Keep the rows: for good, or for the host to decide."""

    def rollback(self) -> None:
        """Undo the rows of this unit."""

    def close(self) -> None:
        """Put the connection back as it was found and let go of it."""


@attrs.frozen
class Outcome:
    """What is to happen once a unit inside a host's transaction turns out committed."""

    unit_id: UUID
    facts: list[Any]
    callbacks: list[Callable[[], None]]


class Announcements(Protocol):
    """Takes the facts of a unit once it has ended well."""

    def deliver(self, facts: list[Any]) -> None:
        """Tell listeners *facts*, which are committed."""

    def hold(self, connection: Connection, outcome: Outcome, session: Session | None) -> None:
        """Keep *outcome* until the host's transaction on *connection* turns out committed."""
