"""Tags: one list of words for every entity."""

from __future__ import annotations

from pycrm.entities.declared import entity
from pycrm.fields import declare as field
from pycrm.schema.record import Record

__all__ = ["Tag"]


@entity(title="name", list="name description")
class Tag(Record):
    """A word that any record can carry in its ``tags``. Using a new word makes its row."""

    name: str = field.text(unique=True, searchable=True)
    description: str | None = field.text()
