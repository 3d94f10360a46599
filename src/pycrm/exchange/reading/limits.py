"""How much of a source may be held in memory at once."""

from __future__ import annotations

import attrs

__all__ = ["Limits"]


@attrs.frozen(kw_only=True)
class Limits:
    """Bounds that every reader keeps, so that no file, however it was made, takes the memory of the machine.

    Attributes:
        line_bytes: The longest line, row of several lines, card or record.
        columns: Of a table; a spreadsheet has no more either.
        workbook_bytes: What the sheets of a workbook, which are held in memory as a whole, take there: 32 for each
            cell, the empty ones inside the rectangle included, and every text as often as it stands in one.
        unpacked_bytes: Of the parts of a workbook.
        depth: Of lists and objects inside each other.
        files: Of a folder.
    """

    line_bytes: int = 8 << 20
    columns: int = 16_384
    workbook_bytes: int = 160 << 20
    unpacked_bytes: int = 256 << 20
    depth: int = 64
    files: int = 1_000
