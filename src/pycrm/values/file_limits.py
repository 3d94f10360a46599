"""What a file may be: how large, and of which types."""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

from pycrm.errors import ConfigurationError, Problem

__all__ = ["FileLimits", "read_content_type"]

_WORD = r"[\w!#$&^.+-]+"  # RFC 6838, section 4.2, and what is found in the wild
_content_type = re.compile(rf"({_WORD}/{_WORD})\s*(;[\x20-\x7e]*)?", re.ASCII).fullmatch
_pattern = re.compile(rf"{_WORD}/({_WORD}|\*)", re.ASCII).fullmatch


def read_content_type(text: str) -> str:
    """Return *text*, the type of a file such as ``"image/png"`` or ``"text/plain; charset=utf-8"``, in small letters.

    Raises:
        Problem: It is no such type.
    """
    found = _content_type(text)
    if found is None:
        raise Problem("attachment.bad_type", message="is no type of a file; write it as image/png", value=text)
    return found[1].lower() + (found[2] or "")


def _patterns(given: Iterable[str]) -> tuple[str, ...]:
    patterns = tuple(pattern.lower() for pattern in ((given,) if isinstance(given, str) else given))
    for pattern in patterns:
        if not _pattern(pattern):
            raise ConfigurationError(
                f"{pattern!r} is no type of files; write it as image/png or image/*", value=pattern
            )
    return patterns


@attrs.frozen
class FileLimits:
    """How large a file may be and of which types.

    Attributes:
        max_bytes: The largest size, or None for any.
        content_types: The types, as ``("image/*", "application/pdf")``; none for any. The type is what whoever brings
            the file says; nobody looks into it.
    """

    max_bytes: int | None = None
    content_types: tuple[str, ...] = attrs.field(default=(), converter=_patterns)

    def check_size(self, size_bytes: int) -> None:
        """Raise `Problem` where *size_bytes* are too many."""
        if self.max_bytes is not None and size_bytes > self.max_bytes:
            raise Problem(
                "attachment.too_large",
                message="is larger than {limit} bytes; send a smaller file",
                limit=self.max_bytes,
            )

    def check_type(self, content_type: str) -> None:
        """Raise `Problem` where files of *content_type* are not taken."""
        kind = content_type.partition(";")[0].rstrip()
        wanted = {kind, f"{kind.partition('/')[0]}/*"}
        if self.content_types and not wanted.intersection(self.content_types):
            raise Problem(
                "attachment.wrong_type",
                message="is no file of the types {allowed}",
                allowed=", ".join(self.content_types),
                value=content_type,
            )
