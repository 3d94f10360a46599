"""How a run shows that nothing was lost: counts that add up, control totals, and a digest per entity of what was read
against what is stored, all rows, field by field.

Each batch reads back from the database what it has written, before its commit, and compares it with the values that
the file gave; a value that a plugin derived instead shows as a difference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from pycrm.exchange.importing.set_aside import SetAside, counted
from pycrm.exchange.importing.totals import Sums, added

__all__ = ["MOST_DIFFERENCES", "ColumnTotal", "Difference", "EntityProof", "Proof"]

MOST_DIFFERENCES = 100
"""So many are told one by one; all are counted."""


@attrs.frozen
class Difference:
    """A value that is stored otherwise than it was read.

    Attributes:
        line: The row that gave it.
        entity: The entity's name.
        field: Its path.
        read: As text, the beginning of a long one.
        stored: Likewise.
    """

    line: int
    entity: str
    field: str
    read: str
    stored: str


@attrs.frozen
class ColumnTotal:
    """The sums of one numeric or money field, in the integers that are stored; each a mapping from unit to sum.

    Attributes:
        read: Of all rows whose value could be read.
        written: Of the values that were to be stored: not of rows that were refused or skipped, nor of values that a
            later row or the mapping put aside.
        stored: Of the values that the database gave back.
    """

    read: Sums = attrs.field(factory=dict)
    written: Sums = attrs.field(factory=dict)
    stored: Sums = attrs.field(factory=dict)

    def __add__(self, other: ColumnTotal) -> ColumnTotal:
        return ColumnTotal(
            added(self.read, other.read), added(self.written, other.written), added(self.stored, other.stored)
        )

    @property
    def left(self) -> Sums:
        """What was read and not written."""
        return added(self.read, self.written, sign=-1)

    @property
    def agrees(self) -> bool:
        """Whether what was to be stored is stored, to the last digit."""
        return self.written == self.stored


@attrs.frozen
class EntityProof:
    """What was compared of one entity.

    Attributes:
        created: Records made.
        updated: Records changed.
        values: How many values were compared.
        different: How many of them are stored otherwise than they were read.
        read_digest: SHA-256 over what was read, hexadecimal, batch by batch.
        stored_digest: SHA-256 over what is stored, likewise; equal where nothing is different.
        totals: By the field's path.
    """

    created: int = 0
    updated: int = 0
    values: int = 0
    different: int = 0
    read_digest: str = ""
    stored_digest: str = ""
    totals: Mapping[str, ColumnTotal] = attrs.field(factory=dict)

    def __add__(self, other: EntityProof) -> EntityProof:
        totals = {
            path: self.totals.get(path, ColumnTotal()) + other.totals.get(path, ColumnTotal())
            for path in {**self.totals, **other.totals}
        }
        return EntityProof(
            self.created + other.created,
            self.updated + other.updated,
            self.values + other.values,
            self.different + other.different,
            _chained(self.read_digest, other.read_digest),
            _chained(self.stored_digest, other.stored_digest),
            totals,
        )

    @property
    def agrees(self) -> bool:
        """Whether everything is stored as it was read."""
        return (
            not self.different
            and self.read_digest == self.stored_digest
            and all(total.agrees for total in self.totals.values())
        )


@attrs.frozen
class Proof:
    """The reconciliation of a run.

    Attributes:
        entities: By the entity's name.
        differences: The first of them.
        set_aside: What rows went in without, by field, column and reason.
    """

    entities: Mapping[str, EntityProof] = attrs.field(factory=dict)
    differences: Sequence[Difference] = ()
    set_aside: Sequence[SetAside] = ()

    def __add__(self, other: Proof) -> Proof:
        names = {**self.entities, **other.entities}
        entities = {
            name: self.entities[name] + other.entities[name]
            if name in self.entities and name in other.entities
            else self.entities.get(name) or other.entities[name]
            for name in names
        }
        return Proof(
            entities,
            (*self.differences, *other.differences)[:MOST_DIFFERENCES],
            counted((*self.set_aside, *other.set_aside)),
        )

    @property
    def agrees(self) -> bool:
        """Whether everything is stored as it was read."""
        return all(entity.agrees for entity in self.entities.values())

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON-able data."""
        return attrs.asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Proof:
        """Return the proof that `to_data` told."""
        entities = {
            name: EntityProof(
                **{
                    **each,
                    "totals": {path: ColumnTotal(**total) for path, total in each["totals"].items()},
                }
            )
            for name, each in data["entities"].items()
        }
        set_aside = data.get("set_aside", ())  # earlier code did not count them
        return cls(
            entities,
            tuple(Difference(**each) for each in data["differences"]),
            tuple(SetAside(**each) for each in set_aside),
        )


def _chained(first: str, second: str) -> str:
    """Return the digest of two parts, one behind the other."""
    if not first or not second:
        return first or second
    return hashlib.sha256(f"{first}{second}".encode()).hexdigest()
