"""Page cursors: opaque text that says where a page ended, safe in a URL.

A cursor holds the entity, the order and the last row's key values, with a digest that finds typing and cutting
mistakes. It is no secret and grants nothing: its values only become bound parameters.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from pycrm.errors import QueryError
from pycrm.fields.kind import PartType
from pycrm.schema.document import decode_part, encode_part

__all__ = ["read_cursor", "write_cursor"]

DIGEST_SIZE = 6


def write_cursor(entity: str, order: str, types: Sequence[PartType], values: Sequence[Any]) -> str:
    """Return the cursor after the row whose key parts are *values*."""
    encoded = [encode_part(part_type, value) for part_type, value in zip(types, values, strict=True)]
    payload = json.dumps([entity, order, encoded], ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_digest(payload) + payload).rstrip(b"=").decode()


def read_cursor(cursor: str, entity: str, order: str, types: Sequence[PartType]) -> list[Any]:
    """Return the key parts that `write_cursor` wrote for the same entity and order.

    Raises:
        QueryError: *cursor* is no cursor, was changed, or belongs to another list.
    """
    of_entity, of_order, encoded = _payload(cursor)
    if (of_entity, of_order, len(encoded)) != (entity, order, len(types)):
        raise QueryError(
            f"this cursor continues a list of {of_entity} ordered by {of_order!r}, not of {entity} ordered by "
            f"{order!r}; start again without after=",
            entity=entity,
            cursor=cursor,
        )
    return [decode_part(part_type, value) for part_type, value in zip(types, encoded, strict=True)]


def _payload(cursor: str) -> tuple[str, str, list[Any]]:
    data = _bytes(cursor)
    payload = data[DIGEST_SIZE:]
    if data[:DIGEST_SIZE] != _digest(payload):
        raise QueryError("after= takes the next_cursor of a page, unchanged; start again without it", cursor=cursor)
    entity, order, encoded = json.loads(payload)
    return entity, order, encoded


def _bytes(cursor: object) -> bytes:
    if not isinstance(cursor, str) or not cursor.isascii():
        return b""
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return b""


def _digest(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=DIGEST_SIZE, person=b"pycrm page").digest()
