"""What a field may be called, and what a name reads like."""

from __future__ import annotations

import keyword
import unicodedata
from typing import Final

from pycrm.errors import ConfigurationError

MAX_NAME_LENGTH: Final = 60

COMMON_NAMES: Final = ("id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at")
"""The fields that every record has, in the order in which they are stored."""

RESERVED_NAMES: Final = frozenset(
    {
        *COMMON_NAMES,
        # What a record offers beside its fields, and where it keeps the document.
        "custom",
        "doc",
        "document_values",
        "get_document_value",
        "related",
        "set_document_value",
        # Words that filter text reads as values.
        "null",
        "true",
        "false",
    }
)


def check_name(name: str) -> None:
    """Raise unless *name* may name a field. Letters of any script are welcome, Chinese ones too.

    Raises:
        ConfigurationError: Says what is wrong with it.
    """
    reason = _objection(name)
    if reason:
        raise ConfigurationError(f"{name!r} cannot name a field: {reason}", value=name)


def _objection(name: str) -> str:
    if not name.isidentifier():
        return "use letters, digits and underscores, a letter first"
    if name.startswith("_"):
        return "a leading underscore is for private attributes"
    if len(name) > MAX_NAME_LENGTH:
        return f"it has {len(name)} characters, at most {MAX_NAME_LENGTH} fit"
    if unicodedata.normalize("NFKC", name) != name:
        # Python normalises identifiers in source, so record.ﬁeld and getattr(record, "ﬁeld") would be two fields.
        return f"write it in its usual form, {unicodedata.normalize('NFKC', name)!r}"
    if keyword.iskeyword(name):
        return "it is a keyword of Python"
    if name in RESERVED_NAMES:
        return "it is reserved"
    return ""


def english_label(name: str) -> str:
    """Return the English label that a name stands for: ``close_on`` reads ``Close on``, ``account_id`` ``Account``.

    Of a path the last step is read: ``trade.incoterm`` gives ``Incoterm``.
    """
    local = name.rpartition(".")[2]
    if local == "id":
        return "ID"
    words = local.removesuffix("_id").replace("_", " ")
    return words[:1].upper() + words[1:]
