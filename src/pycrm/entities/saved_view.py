"""Saved views: how somebody wants to see the records of an entity, as data."""

from __future__ import annotations

from pycrm.entities.declared import entity
from pycrm.fields import declare as field
from pycrm.schema.record import OwnedRecord

__all__ = ["SavedView"]


@entity(title="name", list="entity name owner team is_shared", unique=[("entity", "owner", "name")])
class SavedView(OwnedRecord):
    """A list of an entity's records, kept under a name. It belongs to its owner, or to all of its team.

    A view is kept as it was written, whatever the schema says: a field that it names may be retired, or its plugin
    missing, and may come back.

    Attributes:
        entity: The name of the entity whose records it shows.
        columns: Paths of fields, separated by blanks: ``name account.name amount``.
        where: Which records it shows, as text.
        order_by: As `Workspace.list` takes it: ``close_on, amount DESC``.
        group_by: Paths of fields, separated by blanks.
        colour_rule: Which rows stand out, and in which colour, as text.
        is_shared: Whether others than its owner may choose it.
    """

    entity: str = field.text(indexed=True)
    name: str = field.text(searchable=True)
    columns: str | None = field.long_text(max_length=10_000)
    where: str | None = field.long_text(max_length=10_000)
    order_by: str | None = field.text(max_length=1000)
    group_by: str | None = field.text(max_length=1000)
    colour_rule: str | None = field.long_text(max_length=10_000)
    is_shared: bool = field.boolean(default=False)
