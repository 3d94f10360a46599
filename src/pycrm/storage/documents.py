"""The text of a record's document as it is stored: whole for a new record, as a merge patch for a changed one.

What a document means, and how it is read, is said in `pycrm.schema.document`. Here it is spelled, with the keys as the
paths of `pycrm.storage.field_sql` spell them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from json.encoder import encode_basestring
from typing import Any

from pycrm.fields.field import Field
from pycrm.fields.kind import PartType
from pycrm.schema import Entity
from pycrm.schema.document import encode_part
from pycrm.storage.codecs import json_text
from pycrm.storage.field_sql import json_key

__all__ = ["DocumentWriter"]

_Write = Callable[[Any], str]


class DocumentWriter:
    """Writes the documents of one entity. Absent values are left out, in a patch they are ``null``."""

    def __init__(self, entity: Entity) -> None:
        self._members: dict[str, _Write] = {field.path: _members(field) for field in entity.document_fields}
        self._changes: dict[str, _Write] = {
            field.path: _members(field, keep_absent=True) for field in entity.document_fields
        }
        self._removals = {
            field.path: ",".join(f"{json_key(name)}:null" for name in field.part_names)
            for field in entity.document_fields
        }
        self._empty = {field.path: field.kind.empty for field in entity.document_fields}
        # Multi-references added by a plugin or as custom fields are among the values, but stored as links.
        self._links = {field.path for field in entity.link_fields}

    @property
    def paths(self) -> Collection[str]:
        """Those of the fields that are stored in documents."""
        return self._changes.keys()

    def text(self, values: Mapping[str, Any]) -> str | None:
        """Return the document of *values* by path, or None where there are none."""
        members = [
            self._members[path](value)
            for path, value in values.items()
            if value is not None and path not in self._links and value != self._empty[path]
        ]
        return f"{{{','.join(members)}}}" if members else None

    def patch(self, changes: Mapping[str, Any]) -> str:
        """Return the merge patch that sets the fields of *changes* by path and leaves all others."""
        members = [
            self._removals[path] if value is None or value == self._empty[path] else self._changes[path](value)
            for path, value in changes.items()
        ]
        return f"{{{','.join(members)}}}"


def _members(field: Field, *, keep_absent: bool = False) -> _Write:
    """Return a function from a value to the members of the object that store it.

    Args:
        field: A field of the document.
        keep_absent: Write ``null`` for a part that is missing, so that it takes the place of a stored one.
    """
    writers = [
        (f"{json_key(name)}:", _value_writer(part.type))
        for name, part in zip(field.part_names, field.kind.parts, strict=True)
    ]
    to_parts = field.kind.to_parts
    if len(writers) == 1:
        key, write = writers[0]
        return lambda value: key + write(to_parts(value)[0])

    def members(value: Any) -> str:
        return ",".join(
            key + ("null" if part is None else write(part))
            for (key, write), part in zip(writers, to_parts(value), strict=True)
            if keep_absent or part is not None
        )

    return members


def _value_writer(part_type: PartType) -> Callable[[Any], str]:
    if part_type is PartType.TEXT:
        return encode_basestring
    if part_type is PartType.INTEGER:
        return int.__repr__
    return lambda part: json_text(encode_part(part_type, part))
