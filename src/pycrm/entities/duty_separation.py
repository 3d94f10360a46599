"""Segregation of duties as data: steps that the same person may not make with one record."""

from __future__ import annotations

from pycrm.entities.declared import entity
from pycrm.fields import declare as field
from pycrm.schema.record import Record

__all__ = ["DutySeparation"]


@entity(title="name", list="name entity steps is_active")
class DutySeparation(Record):
    """A rule that two or more steps of one record are made by different people, administrators among them.

    Attributes:
        name: What people call it: ``quote approval``.
        entity: The name of the entity whose records it is about.
        steps: Moves of its lifecycle, or ``create``, parted by blanks: ``submit approve``.
        is_active: Whether it counts.
    """

    name: str = field.text(max_length=100, unique=True, searchable=True)
    entity: str = field.text(max_length=100, indexed=True)
    steps: str = field.text(max_length=1000)
    is_active: bool = field.boolean(default=True)
