"""Page cursors: opaque text that says where a page ended, safe in a URL, signed with the database's secret.

A cursor holds the list that it belongs to and the last row's key values. It belongs to the list's shape: entity, order,
and the filter without its values, because ``close_on < TODAY`` is another date tomorrow and the same list. The schema
may move on meanwhile, as it does when somebody defines a custom field; what the order sorts by must be of the same
types.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Hashable, Sequence
from typing import Any

import attrs

from pycrm.errors import QueryError
from pycrm.fields.kind import PartType
from pycrm.schema.document import decode_part, encode_part

__all__ = ["CursorSeal"]

SIGNATURE_BYTES = 16
SHAPE_BYTES = 6  # tells honest mistakes: whoever could search for a second shape could not sign its cursor


@attrs.frozen
class CursorSeal:
    """Writes and reads the cursors of one list.

    Attributes:
        secret: Of the database; every process on it has the same.
        shape: A digest of the filter's structure.
        schema_number: Of the schema that the list is asked under.
    """

    secret: bytes = attrs.field(repr=False)
    shape: str
    schema_number: int

    @classmethod
    def of(cls, secret: bytes, shape: Hashable, schema_number: int) -> CursorSeal:
        """Return the seal of a list whose filter is of *shape*, as `pycrm.query.ast.shape` tells it."""
        # Its repr is the same in every process, which its hash is not.
        digest = hashlib.blake2b(repr(shape).encode(), digest_size=SHAPE_BYTES).hexdigest()
        return cls(secret, digest, schema_number)

    def write(self, entity: str, order: str, types: Sequence[PartType], values: Sequence[Any]) -> str:
        """Return the cursor after the row whose key parts are *values*, of *types*."""
        encoded = [encode_part(part_type, value) for part_type, value in zip(types, values, strict=True)]
        held = [entity, order, self.shape, self.schema_number, _names(types), encoded]
        payload = json.dumps(held, ensure_ascii=False, separators=(",", ":")).encode()
        return _text(self._signature(payload) + payload)

    def read(self, cursor: object, entity: str, order: str, types: Sequence[PartType]) -> list[Any]:
        """Return the key parts that `write` wrote for the same list.

        Raises:
            QueryError: *cursor* was changed or is none of this database, or belongs to another list, or to an older
                schema whose values do not fit. `reason` is ``"altered"``, ``"other list"`` or ``"older schema"``.
        """
        of_entity, of_order, shape, number, type_names, encoded = self._payload(cursor)
        if (of_entity, of_order) != (entity, order):
            raise _refused(
                f"this cursor continues a list of {of_entity} ordered by {of_order!r}, not of {entity} ordered by "
                f"{order!r}",
                cursor,
                "other list",
            )
        if type_names != _names(types):
            raise _refused(
                f"this cursor is from schema number {number}, under which {order!r} sorted values of other types than "
                f"under number {self.schema_number}",
                cursor,
                "older schema",
            )
        if shape != self.shape:
            raise _refused(f"this cursor continues a list of {entity} with another filter", cursor, "other list")
        return [decode_part(part_type, value) for part_type, value in zip(types, encoded, strict=True)]

    def _payload(self, cursor: object) -> list[Any]:
        data = _bytes(cursor)
        signature, payload = data[:SIGNATURE_BYTES], data[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(payload)):
            raise _refused(
                "after= takes the next_cursor of a page, unchanged and on the same database", cursor, "altered"
            )
        held: list[Any] = json.loads(payload)
        return held

    def _signature(self, payload: bytes) -> bytes:
        return hmac.digest(self.secret, payload, "sha256")[:SIGNATURE_BYTES]


def _refused(what: str, cursor: object, reason: str) -> QueryError:
    return QueryError(f"{what}; start again without after=", cursor=cursor, reason=reason)


def _names(types: Sequence[PartType]) -> list[str]:
    return [part_type.value for part_type in types]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(cursor: object) -> bytes:
    """Return what *cursor* holds, nothing for what is no cursor."""
    if not isinstance(cursor, str) or not cursor.isascii():
        return b""
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return b""
    # The last character has bits to spare: one value has one spelling.
    return data if _text(data) == cursor else b""
