"""Grams as the numbers that PostgreSQL keeps for them.

An array of integers under a GIN index is written in half the time that the same array of texts takes. The same gram has
another number in each entity, so that the index knows of each entity by itself which rows hold it, and PostgreSQL's
statistics how many. Two grams may have one number: one among four hundred million others does. What was found is
compared with the records themselves before it is given, so nobody sees that.

Numbers of grams are not negative, and those of blocks of rows are.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct, unpack
from zlib import crc32

__all__ = ["BLOCK_BITS", "array_text", "binary_array", "block_sql", "gram_number"]

BLOCK_BITS = 13
"""Each row also has the number of its block of 8,192 rows, by which a block can be asked for alone."""

MOST_KNOWN = 50_000

_ALL = 0x7FFFFFFF
# How PostgreSQL sends an array: dimensions, whether there are nulls, type (int4), length and lower bound. Before each
# element stands its length in bytes.
_header = Struct(">iiiii").pack
_element = Struct(">ii").pack
_INT4, _ELEMENT = 23, 8


class _Elements(dict[str, bytes]):
    """The elements of an array for grams of *entity* with spaces between; those of most words come again soon."""

    def __init__(self, entity: str) -> None:
        super().__init__()
        self._start = _start(entity)

    def __missing__(self, grams: str) -> bytes:
        if len(self) >= MOST_KNOWN:
            self.clear()
        start = self._start
        found = self[grams] = b"".join([_element(4, _number(gram, start)) for gram in grams.split(" ")])
        return found


class _ByEntity(dict[str, _Elements]):
    def __missing__(self, entity: str) -> _Elements:
        found = self[entity] = _Elements(entity)
        return found


def gram_number(entity: str, gram: str) -> int:
    """Return the number that *gram* has in rows of *entity*."""
    return _number(gram, _start(entity))


def array_text(entity: str, grams: Sequence[str]) -> str:
    """Return the numbers of *grams*, each of them perhaps several with spaces between, as the text of an array."""
    elements = b"".join(map(_elements[entity].__getitem__, grams))
    numbers = unpack(f">{len(elements) // 4}i", elements)[1::2]  # before each stands its length
    return f"{{{','.join(map(str, numbers))}}}"


def binary_array(entity: str, grams: Sequence[str], n: int) -> bytes:
    """Return the numbers of *grams* and of the block of row *n* as binary COPY takes an array."""
    elements = b"".join(map(_elements[entity].__getitem__, grams)) + _element(4, ~(n >> BLOCK_BITS))
    return _header(1, 0, _INT4, len(elements) // _ELEMENT, 1) + elements


def block_sql(n: str) -> str:
    """Return the SQL for the number of the block that row *n* stands in."""
    return f"~({n} >> {BLOCK_BITS})::integer"


def _start(entity: str) -> int:
    return crc32(f"{entity}\0".encode())


def _number(gram: str, start: int) -> int:
    # What PostgreSQL cannot store as text has no gram in a row, but may be asked for.
    return crc32(gram.encode("utf-8", "surrogatepass"), start) & _ALL


_elements = _ByEntity()
