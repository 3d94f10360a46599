"""In which encoding a file of text is written: told, or found by a ladder, with how sure that is.

The ladder: a byte order mark; zeros as UTF-16 and UTF-32 have them; UTF-8, which other texts hardly ever are by chance;
GB 18030 and Big5, told apart, and from the alphabets of Europe and from Korean, by how common the characters are that
come out; and what is none of these is guessed by the package charset-normalizer (extra ``import``), which would garble
short Chinese texts.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from pathlib import Path
from typing import Final

import attrs

from pycrm.errors import MissingExtraError, ReadError
from pycrm.exchange.reading.likeness import likelihoods
from pycrm.exchange.reading.sources import BLOCK_BYTES

__all__ = ["TextEncoding", "find_encoding"]

# The marks of UTF-32 first: that of UTF-16 is how the little-endian one begins.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32", "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32", "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8-sig", "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16-be"),
)
_SAMPLE_BYTES: Final = 1 << 16
_FOREIGN: Final = re.compile(rb"[\x80-\xff]")
_ESCAPED: Final = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII: Final = bytes(range(0x80, 0x100))


@attrs.frozen
class TextEncoding:
    """How a file is decoded.

    Attributes:
        name: As it is told to people, and as Python would write the same file: ``"utf-8-sig"``.
        codec: What decodes the bytes behind the mark: ``"utf-8"``.
        mark_bytes: The length of the byte order mark.
        certainty: 0 to 1; 1 where it was told, or nothing else can be meant.
        digest: SHA-256 of all bytes of the file, hexadecimal.
    """

    name: str
    codec: str
    mark_bytes: int
    certainty: float
    digest: str


@attrs.define
class _Survey:
    """What one pass over all bytes has seen."""

    digest: str = ""
    head: bytes = b""
    foreign: bytes = b""
    valid_count: int = 0
    broken_count: int = 0

    @property
    def is_foreign(self) -> bool:
        """Whether it is no UTF-8. One broken line does not make a file of thousands of good characters that."""
        return self.broken_count * 20 > self.valid_count


def find_encoding(path: Path, told: str | None = None) -> TextEncoding:
    """Return the encoding of the text file at *path*, reading it once, in flat memory.

    Args:
        path: The file.
        told: What somebody knows; any name of a codec of Python. A byte order mark of the same encoding is left out.

    Raises:
        ReadError: Python knows no such codec, or nothing fits the bytes.
        MissingExtraError: It is none of the first ones, and the package that guesses the others is not installed.
    """
    survey = _survey(path)
    name, codec, mark_bytes, certainty = _told(told, survey, path) if told else _found(survey, path)
    return TextEncoding(name, codec, mark_bytes, certainty, survey.digest)


def _told(told: str, survey: _Survey, path: Path) -> tuple[str, str, int, float]:
    try:
        # Both refuse the codecs that are no encodings of text, such as rot13.
        "\n".encode(told)
        b"x".decode(told, "replace")
        known = codecs.lookup(told)
    except (LookupError, ValueError) as error:
        raise ReadError(
            f"there is no encoding {told!r}; give the name that Python has for it, such as 'gb18030'",
            source=path.name,
            value=told,
        ) from error
    for mark, name, codec in _MARKS:
        if survey.head.startswith(mark) and known.name in {name, codec}:
            return name, codec, len(mark), 1.0
    # Without a mark these two mean the order of this machine, as Python does.
    codec = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(known.name, known.name)
    return codec, codec, 0, 1.0


def _found(survey: _Survey, path: Path) -> tuple[str, str, int, float]:
    for mark, name, codec in _MARKS:
        if survey.head.startswith(mark):
            return name, codec, len(mark), 1.0
    if codec := _wide(survey.head):
        return codec, codec, 0, 0.9
    if not survey.is_foreign:
        total = survey.valid_count + survey.broken_count
        return "utf-8", "utf-8", 0, round(1 - survey.broken_count / total, 3) if survey.broken_count else 1.0
    shares = likelihoods(survey.foreign)
    codec = max(shares, key=shares.__getitem__)
    if codec:
        return codec, codec, 0, round(min(shares[codec], 0.99), 3)
    return _guessed(survey, path)


def _wide(head: bytes) -> str:
    """Return the encoding of two or four bytes per character that the zeros in *head* tell of, or ``""``."""
    if head.count(0) < max(len(head) // 16, 2):
        return ""
    zeros = [head[place::4].count(0) * 4 / len(head) for place in range(4)]
    if min(zeros[1:]) > 0.5 and max(zeros[2:]) > 0.95:
        return "utf-32-le"
    if min(zeros[:3]) > 0.5 and zeros[0] > 0.95:
        return "utf-32-be"
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    if max(even, odd) > 4 * min(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    return ""


def _guessed(survey: _Survey, path: Path) -> tuple[str, str, int, float]:
    try:
        from charset_normalizer import from_bytes
    except ImportError:
        raise MissingExtraError(
            f"{path.name} is neither UTF-8 nor GB 18030 nor Big5; name its encoding, as in encoding='cp1252', "
            "or run `pip install 'pycrm[import]'` to have it guessed",
            extra="import",
        ) from None
    best = from_bytes(survey.foreign).best()
    if best is None:
        raise ReadError(
            f"{path.name} is no text in any known encoding; name its encoding, as in encoding='cp1252'",
            source=path.name,
        )
    codec = codecs.lookup(best.encoding).name
    return codec, codec, 0, round(max(0.1, min(0.9, best.coherence * (1 - best.chaos))), 3)


def _survey(path: Path) -> _Survey:
    survey = _Survey()
    digest = hashlib.sha256()
    rest = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            survey.head = survey.head or block[:4096]
            if not rest and block.isascii():
                continue
            if not survey.is_foreign:
                rest = _count(survey, rest + block)
            if len(survey.foreign) < _SAMPLE_BYTES and (survey.broken_count or _FOREIGN.search(block)):
                _keep(survey, block)
    survey.broken_count += len(rest)
    survey.digest = digest.hexdigest()
    return survey


def _count(survey: _Survey, data: bytes) -> bytes:
    """Count the characters of *data* beyond ASCII, those of UTF-8 and others; return the half one at its end."""
    broken = 0
    try:
        text, used = codecs.utf_8_decode(data, "strict", False)
    except UnicodeDecodeError:
        text, used = codecs.utf_8_decode(data, "surrogateescape", False)
        broken = len(_ESCAPED.findall(text))
    survey.broken_count += broken
    survey.valid_count += len(text) - broken - len(data.translate(None, _BEYOND_ASCII))
    return data[used:]


def _keep(survey: _Survey, block: bytes) -> None:
    """Add the lines of *block* that are not ASCII to the sample; those that its ends may have cut only if they must."""
    start, end = block.find(b"\n") + 1, block.rfind(b"\n") + 1
    whole = block[start:end] if survey.foreign and start < end else block
    for line in whole.split(b"\n"):
        if line.isascii():
            continue
        survey.foreign += line[:4096] + b"\n"
        if len(survey.foreign) >= _SAMPLE_BYTES:
            return
