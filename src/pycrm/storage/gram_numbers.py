"""Grams as the numbers that PostgreSQL keeps for them.

An array of integers under a GIN index is written in half the time that the same array of texts takes. Two grams may
have one number: one among four hundred million others does. What was found is compared with the records themselves
before it is given, so nobody sees that.

Numbers of grams are not negative, and those of blocks of rows are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from struct import Struct, unpack
from zlib import crc32

__all__ = ["BLOCK_BITS", "array_text", "binary_array", "block_sql", "gram_numbers"]

BLOCK_BITS = 14
"""Each row also has the number of its block of 16,384 rows, by which a block can be asked for alone."""

MOST_KNOWN = 50_000

_ALL = 0x7FFFFFFF
# How PostgreSQL sends an array: dimensions, whether there are nulls, type (int4), length and lower bound. Before each
# element stands its length in bytes.
_header = Struct(">iiiii").pack
_element = Struct(">ii").pack
_INT4, _ELEMENT = 23, 8


class _Elements(dict[str, bytes]):
    """The elements of an array for grams with spaces between; those of most words come again soon."""

    def __missing__(self, grams: str) -> bytes:
        if len(self) >= MOST_KNOWN:
            self.clear()
        found = self[grams] = b"".join([_element(4, _number(gram)) for gram in grams.split(" ")])
        return found


def gram_numbers(grams: Iterable[str]) -> list[int]:
    """Return the numbers of *grams*."""
    return list(map(_number, grams))


def array_text(grams: Sequence[str]) -> str:
    """Return the numbers of *grams*, each of them perhaps several with spaces between, as the text of an array."""
    elements = b"".join(map(_elements, grams))
    numbers = unpack(f">{len(elements) // 4}i", elements)[1::2]  # before each stands its length
    return f"{{{','.join(map(str, numbers))}}}"


def binary_array(grams: Sequence[str], n: int) -> bytes:
    """Return the numbers of *grams* and of the block of row *n* as binary COPY takes an array."""
    elements = b"".join(map(_elements, grams)) + _element(4, ~(n >> BLOCK_BITS))
    return _header(1, 0, _INT4, len(elements) // _ELEMENT, 1) + elements


def block_sql(n: str) -> str:
    """Return the SQL for the number of the block that row *n* stands in."""
    return f"~({n} >> {BLOCK_BITS})::integer"


def _number(gram: str) -> int:
    # What PostgreSQL cannot store as text has no gram in a row, but may be asked for.
    return crc32(gram.encode("utf-8", "surrogatepass")) & _ALL


_elements = _Elements().__getitem__
