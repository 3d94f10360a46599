"""Headers of sources: as they are compared, what they are as a whole, and a name for a field made of one."""

from __future__ import annotations

import hashlib
import keyword
import re
import unicodedata
from collections.abc import Iterable

from pycrm.fields.names import RESERVED_NAMES

__all__ = ["header_fingerprint", "normal_header", "slug"]

_word = re.compile(r"[^\W_]+")
_humps = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
MAX_SLUG = 40


def normal_header(header: str) -> str:
    """Return *header* as headers are compared: ``E-Mail_address`` and ``email Address`` give ``email address``."""
    text = unicodedata.normalize("NFKC", _humps.sub(" ", header)).casefold().replace("e-mail", "email")
    return " ".join(_word.findall(text))


def header_fingerprint(columns: Iterable[str]) -> str:
    """Return what tells a set of headers from others: SHA-256, hexadecimal, of their normal forms in any order."""
    normal = sorted(normal_header(column) for column in columns)
    return hashlib.sha256("\n".join(normal).encode()).hexdigest()


def slug(header: str, taken: Iterable[str] = ()) -> str:
    """Return a name for a custom field made of *header*, none of *taken*; Chinese stays Chinese."""
    words = normal_header(header).split()
    # The namespaces of products say nothing: property_lifecyclestage.
    words = words[1:] if words[:1] == ["property"] and len(words) > 1 else words
    name = "_".join(words)[:MAX_SLUG].strip("_") or "column"
    if not name.isidentifier() or name[0] == "_" or name in RESERVED_NAMES or keyword.iskeyword(name):
        name = f"field_{name}"
    known = set(taken)
    number = 2
    made = name
    while made in known:
        made = f"{name}_{number}"
        number += 1
    return made
