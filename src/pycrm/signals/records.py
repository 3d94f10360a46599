"""What the door announces of records after commit."""

from __future__ import annotations

from uuid import UUID

import attrs

__all__ = ["RecordsCreated", "RecordsDeleted", "RecordsMoved", "RecordsRestored", "RecordsUpdated"]


@attrs.frozen
class _RecordsFact:
    """One batch of one entity.

    Attributes:
        entity: The entity's name.
        ids: Ids of the records, in the order of the batch.
        actor: Key of the user who did it.
    """

    entity: str
    ids: tuple[UUID, ...]
    actor: str


@attrs.frozen
class RecordsCreated(_RecordsFact):
    """Records were created. Sent by every creating call, after commit."""


@attrs.frozen
class RecordsUpdated(_RecordsFact):
    """Records were changed; `changed` holds, per record, the paths of its changed fields."""

    changed: tuple[frozenset[str], ...] = ()


@attrs.frozen
class RecordsDeleted(_RecordsFact):
    """Records went to the bin or, where `purged`, for good."""

    purged: bool = False


@attrs.frozen
class RecordsRestored(_RecordsFact):
    """Records came back from the bin."""


@attrs.frozen
class RecordsMoved(_RecordsFact):
    """Records made the move `move` of their lifecycle, by name or by changing the status; also sent as an update."""

    move: str = ""
