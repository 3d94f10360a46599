"""Attachments: files about any record."""

from __future__ import annotations

from pycrm.entities.declared import entity
from pycrm.fields import declare as field
from pycrm.schema.record import Record
from pycrm.values.refs import Ref

__all__ = ["Attachment"]


@entity(title="name", list="about name content_type size_bytes created_at")
class Attachment(Record):
    """A file about a record. `Workspace.attach` makes it; the bytes are in the CRM's file store.

    Attributes:
        name: What the file is called, without folders.
        content_type: As ``image/png``, as whoever attached it said.
        digest: SHA-256 of the bytes, in hexadecimal, by which the store knows them.
    """

    about: Ref[Record] = field.any_ref(rights_from=True)
    name: str = field.text(searchable=True)
    content_type: str = field.text(read_only=True)
    size_bytes: int = field.integer(read_only=True)
    digest: str = field.text(max_length=64, read_only=True, indexed=True)
    description: str | None = field.text(max_length=1000, searchable=True)
