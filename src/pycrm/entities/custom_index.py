"""Indexes over several fields as data: one row per index that `Workspace.define_index` made."""

from __future__ import annotations

from pycrm.entities.declared import entity
from pycrm.fields import declare as field
from pycrm.schema.record import Record

__all__ = ["CustomIndex"]


@entity(title="keys", list="entity keys", unique=[("entity", "keys")], plural="custom_indexes")
class CustomIndex(Record):
    """The definition of one index for the lists of an entity.

    Attributes:
        entity: The name of the entity that has it.
        keys: What it is over, as the text of an order in one spelling: ``"level, close_on DESC"``.
    """

    entity: str = field.text()
    keys: str = field.text(max_length=1000)
