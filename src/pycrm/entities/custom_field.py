"""Custom fields as data: one row per field that `Workspace.define_field` made."""

from __future__ import annotations

from pycrm.entities.declared import entity
from pycrm.fields import declare as field
from pycrm.schema.record import Record

__all__ = ["CustomField"]


@entity(title="name", list="entity name kind retired", unique=[("entity", "name")])
class CustomField(Record):
    """The definition of one custom field.

    Attributes:
        entity: The name of the entity that has it.
        kind: The word of its kind, as ``"choice"``.
        definition: Options, facts, labels and default as JSON text.
        retired: No longer offered; its values stay readable.
    """

    entity: str = field.text(indexed=True)
    name: str = field.text()
    kind: str = field.text()
    definition: str = field.long_text()
    retired: bool = field.boolean(default=False)
