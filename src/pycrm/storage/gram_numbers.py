"""Grams as the numbers that PostgreSQL keeps for them.

An array of integers under a GIN index is written in half the time that the same array of texts takes. The same gram has
another number in each entity, so that the index knows of each entity by itself which rows hold it, and PostgreSQL's
statistics how many. Two grams may have one number: one among four hundred million others does. What was found is
compared with the records themselves before it is given, so nobody sees that.

Numbers of grams are not negative, and those of blocks of rows are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import repeat
from struct import Struct, unpack
from zlib import crc32

__all__ = ["BLOCK_BITS", "array_text", "binary_array", "block_sql", "gram_number"]

BLOCK_BITS = 13
"""Each row also has the number of its block of 8,192 rows, by which a block can be asked for alone."""

MOST_KNOWN = 50_000

_ALL = 0x7FFFFFFF
_DIGITS = "0123456789"
SHORT = 4
"""Longer grams that end with a digit are most often those of one record's number, and not kept."""

# How PostgreSQL sends an array: dimensions, whether there are nulls, type (int4), length and lower bound. Before each
# element stands its length in bytes.
_header = Struct(">iiiii").pack
_element = Struct(">ii").pack
_from_bytes = int.from_bytes
_INT4, _ELEMENT = 23, 8


@lru_cache(maxsize=256)
def _shape(count: int) -> tuple[Callable[..., bytes], int, int]:
    """Return what makes *count* elements of checksums: what packs these, and what is masked in them and added."""
    mask, length = Struct(">q").pack(_ALL), _element(4, 0)
    return Struct(f">{count}Q").pack, _from_bytes(mask * count), _from_bytes(length * count)


class _Elements(dict[str, bytes]):
    """The elements of an array for grams of *entity* with spaces between; those of most words come again soon."""

    def __init__(self, entity: str) -> None:
        super().__init__()
        self._start = _start(entity)

    def of(self, grams: Sequence[str]) -> bytes:
        """Return the elements for all *grams*, in any order."""
        known = list(map(self.get, grams))
        if None not in known:
            return b"".join(known)  # type: ignore[arg-type]
        found, rare = list(filter(None, known)), []
        for some, elements in zip(grams, known, strict=True):
            if elements is None and some[-1:] in _DIGITS and len(some) > SHORT:
                rare.append(some)
            elif elements is None:
                found.append(self._keep(some))
        if rare:
            found.append(self._made(" ".join(rare)))
        return b"".join(found)

    def _keep(self, grams: str) -> bytes:
        if len(self) >= MOST_KNOWN:
            self.clear()
        made = self[grams] = self._made(grams)
        return made

    def _made(self, grams: str) -> bytes:
        # All elements are one great number meanwhile, so that none of them is touched by itself. What PostgreSQL cannot
        # store as text has no gram in a row, but may be asked for.
        parts = grams.encode("utf-8", "surrogatepass").split(b" ")
        pack, mask, lengths = _shape(len(parts))
        checksums = _from_bytes(pack(*map(crc32, parts, repeat(self._start))))
        return (checksums & mask | lengths).to_bytes(_ELEMENT * len(parts))


class _ByEntity(dict[str, _Elements]):
    def __missing__(self, entity: str) -> _Elements:
        found = self[entity] = _Elements(entity)
        return found


def gram_number(entity: str, gram: str) -> int:
    """Return the number that *gram* has in rows of *entity*."""
    return _number(gram, _start(entity))


def array_text(entity: str, grams: Sequence[str]) -> str:
    """Return the numbers of *grams*, each of them perhaps several with spaces between, as the text of an array."""
    elements = _elements[entity].of(grams)
    numbers = unpack(f">{len(elements) // 4}i", elements)[1::2]  # before each stands its length
    return f"{{{','.join(map(str, numbers))}}}"


def binary_array(entity: str, grams: Sequence[str], n: int) -> bytes:
    """Return the numbers of *grams* and of the block of row *n* as binary COPY takes an array."""
    elements = _elements[entity].of(grams) + _element(4, ~(n >> BLOCK_BITS))
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
