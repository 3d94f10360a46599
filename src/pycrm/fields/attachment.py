"""A file as the value of a field: a reference to the `Attachment` that has it, with limits on size and type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import attrs

from pycrm.fields.references import RefKind, Target
from pycrm.values.file_limits import FileLimits


def _types(given: Iterable[str]) -> tuple[str, ...]:
    return FileLimits(content_types=given).content_types


@attrs.frozen
class AttachmentKind(RefKind):
    """A reference to an attachment whose file keeps within limits, as the photo of a product.

    The door judges the file, as it judges whether the record exists: a reference does not know what it leads to.

    Attributes:
        target: Always the entity of attachments.
        max_bytes: The largest size of the file, or None for what the store takes.
        content_types: The types that it may have, as ``("image/*",)``; none for all.
    """

    name: ClassVar[str] = "attachment"

    target: Target = "attachment"
    max_bytes: int | None = None
    content_types: tuple[str, ...] = attrs.field(default=(), converter=_types)

    @property
    def limits(self) -> FileLimits:
        """What the file may be."""
        return FileLimits(self.max_bytes, self.content_types)
