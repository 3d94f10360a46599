"""Names in the database: within the 63 bytes that PostgreSQL keeps, and the same on every run."""

from __future__ import annotations

import hashlib

from pycrm.errors import ConfigurationError

__all__ = ["MAX_NAME_BYTES", "check_name_length", "short_name"]

MAX_NAME_BYTES = 63


def short_name(*words: str) -> str:
    """Return *words* joined by ``_``; where that is too long, its beginning and a hash of the whole."""
    name = "_".join(words)
    data = name.encode()
    if len(data) <= MAX_NAME_BYTES:
        return name
    tail = "_" + hashlib.blake2s(data, digest_size=5).hexdigest()
    return data[: MAX_NAME_BYTES - len(tail)].decode(errors="ignore") + tail


def check_name_length(name: str, what: str) -> str:
    """Return *name* of a table or column.

    Raises:
        ConfigurationError: It has more bytes than PostgreSQL keeps, which would cut it silently. SQLite would take
            it, but a plugin has to work on both.
    """
    if (size := len(name.encode())) > MAX_NAME_BYTES:
        raise ConfigurationError(
            f"{what} would be stored as {name!r}, which has {size} bytes; "
            f"databases keep {MAX_NAME_BYTES}. Choose a shorter name.",
            name=name,
        )
    return name
