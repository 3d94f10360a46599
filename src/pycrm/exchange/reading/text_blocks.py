"""A file of text as pieces of whole lines, decoded, in flat memory."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

from pycrm.errors import ReadTooLargeError
from pycrm.exchange.reading.encodings import TextEncoding
from pycrm.exchange.reading.limits import Limits
from pycrm.exchange.reading.sources import BLOCK_BYTES

__all__ = ["TextBlock", "shown_bytes", "text_blocks"]


class TextBlock(NamedTuple):
    """Whole lines; what follows the last line's end only at the end of the file.

    Attributes:
        text: Decoded; a byte that the encoding does not know stands as half of a surrogate pair.
        is_broken: There is such a byte, or where the encoding cannot tell which, a replacement character for it.
        has_nul: There may be the character NUL, which is found in bytes a hundred times as fast as in Chinese text.
    """

    text: str
    is_broken: bool
    has_nul: bool


def text_blocks(path: Path, encoding: TextEncoding, limits: Limits) -> Iterator[TextBlock]:
    """Yield the text of the file at *path*, a quarter of a megabyte at a time.

    Raises:
        ReadTooLargeError: A line is longer than the limit.
    """
    codec = encoding.codec
    newline, carriage = "\n".encode(codec), "\r".encode(codec)
    with path.open("rb") as file:
        file.seek(encoding.mark_bytes)
        for piece in _whole_lines(file, newline, carriage, limits, path):
            try:
                yield TextBlock(piece.decode(codec), is_broken=False, has_nul=b"\x00" in piece)
            except UnicodeDecodeError:
                yield TextBlock(_decoded(piece, codec), is_broken=True, has_nul=b"\x00" in piece)


def shown_bytes(text: str) -> str:
    """Return the bytes that could not be decoded in *text*, hexadecimal, as ``"ff fe"``."""
    return " ".join(f"{ord(character) - 0xDC00:02x}" for character in text if "\udc80" <= character <= "\udcff")


def _whole_lines(file: BufferedReader, newline: bytes, carriage: bytes, limits: Limits, path: Path) -> Iterator[bytes]:
    rest = bytearray()
    while block := file.read(BLOCK_BYTES):
        # A line's end may itself be cut in half in an encoding of two or four bytes per character.
        searched = max(len(rest) - len(newline), 0)
        rest += block
        if end := _last_end(rest, newline, carriage, searched):
            yield bytes(rest[:end])
            del rest[:end]
        if len(rest) > limits.line_bytes:
            raise ReadTooLargeError(
                f"{path.name}: a line is longer than {limits.line_bytes} bytes; is this a text file, "
                "and with line ends? Mend it, or raise Limits(line_bytes=…)",
                source=path.name,
                limit=limits.line_bytes,
            )
    if rest:
        yield bytes(rest)


def _last_end(data: bytearray, newline: bytes, carriage: bytes, searched: int) -> int:
    r"""Return where the last line of *data* ends, 0 where none does; old Macintosh files have ``\r`` alone."""
    width = len(newline)
    place = data.rfind(newline, searched)
    while place > 0 and place % width:
        place = data.rfind(newline, searched, place + width - 1)
    if place >= 0:
        return place + width
    # The last character is left: it may be the first half of "\r\n".
    place = data.rfind(carriage, searched, len(data) - width)
    while place > 0 and place % width:
        place = data.rfind(carriage, searched, place + width - 1)
    return place + width if place >= 0 else 0


def _decoded(piece: bytes, codec: str) -> str:
    try:
        return piece.decode(codec, "surrogateescape")
    except UnicodeDecodeError:
        return piece.decode(codec, "replace")
