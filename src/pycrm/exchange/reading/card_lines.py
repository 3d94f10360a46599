"""The lines of vCards 2.1, 3.0 and 4.0: unfolded, taken apart and decoded.

Source: vCard 2.1 (versit, 1996), RFC 2426, RFC 6350, RFC 2045 section 6.7, and what telephones and mail programs write.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from pycrm.errors import ReadTooLargeError
from pycrm.exchange.reading.encodings import TextEncoding
from pycrm.exchange.reading.limits import Limits
from pycrm.exchange.reading.text_blocks import text_blocks

__all__ = ["Card", "Property", "read_cards", "read_property", "split_value", "unescaped"]

_LINE_ENDS: Final = re.compile(r"\r\n|\r|\n")
_HEAD_END: Final = re.compile(r'"[^"]*"|:')
_MOST_HEAD: Final = 10_000
_MOST_PARTS: Final = 10_000
_LINE_COST: Final = 50
_PARAMETER: Final = re.compile(r';((?:[^";]|"[^"]*")*)')
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_SIGNS: Final = {sign: re.compile(rf"\\.|{sign}", re.DOTALL) for sign in ",;"}
_BARE_ENCODINGS: Final = frozenset(("QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT", "B"))


@attrs.define
class Card:
    """The lines of one card.

    Attributes:
        line: Where it begins in the file, from 1.
        folded: The pieces of each line, without ``BEGIN`` and ``END``; those of a card within are left out.
        is_whole: Whether its end was there.
    """

    line: int
    folded: list[list[str]] = attrs.field(factory=list)
    is_whole: bool = False

    @property
    def lines(self) -> list[str]:
        """The lines, unfolded."""
        return ["".join(pieces) for pieces in self.folded]


@attrs.frozen
class Property:
    """One fact of a card.

    Attributes:
        group: What binds it to others, such as its label: ``"item1"``.
        name: In capitals: ``"TEL"``.
        types: In small letters, in their order: ``("work", "voice")``.
        value: Decoded from quoted-printable; escapes still stand in it.
        broken: The bytes that were not in the encoding it names, and were taken for Windows-1252.
        charset: That encoding.
        is_binary: Whether the value is a picture, sound or key.
    """

    group: str
    name: str
    types: tuple[str, ...]
    value: str
    broken: bytes = b""
    charset: str = ""
    is_binary: bool = False


def read_cards(path: Path, encoding: TextEncoding, limits: Limits) -> Iterator[Card]:
    """Yield each card of the file at *path*; lines outside of cards are left out.

    Raises:
        ReadTooLargeError: A card is longer than a line may be.
    """
    card: Card | None = None
    within = size = 0
    for number, line in _lines(path, encoding, limits):
        word = line.strip().upper() if len(line) < 40 else ""
        if word == "BEGIN:VCARD":
            if card and card.folded and card.folded[-1][0][:5].upper() == "AGENT":
                within += 1
                continue
            if card:
                yield card
            card, within, size = Card(number), 0, 0
        elif card is None:
            continue
        elif word == "END:VCARD":
            if within:
                within -= 1
                continue
            card.is_whole = True
            yield card
            card = None
        elif not within:
            # A line of one character takes as much memory as one of fifty.
            size += len(line) + _LINE_COST
            if size > limits.line_bytes:
                raise ReadTooLargeError(
                    f"{path.name}: the card of line {card.line} is longer than {limits.line_bytes} characters; "
                    "remove its pictures, or raise Limits(line_bytes=…)",
                    source=path.name,
                    line=card.line,
                    limit=limits.line_bytes,
                )
            _add(card, line)
    if card:
        yield card


def _lines(path: Path, encoding: TextEncoding, limits: Limits) -> Iterator[tuple[int, str]]:
    number = 0
    for block in text_blocks(path, encoding, limits):
        for line in _LINE_ENDS.split(block.text):
            number += 1
            yield number, line
        # Behind the last line end of a block is nothing, except at the end of the file.
        number -= 1


def _add(card: Card, line: str) -> None:
    """Add *line*, or what goes on in it of the one before."""
    pieces = card.folded[-1] if card.folded else [""]
    if pieces[-1].endswith("=") and _is_quoted_printable(pieces[0]):
        pieces[-1] = pieces[-1][:-1]
        pieces.append(line)
    elif line[:1] in {" ", "\t"} and card.folded:
        pieces.append(line[1:])
    elif line:
        card.folded.append([line])


def _is_quoted_printable(line: str) -> bool:
    return "QUOTED-PRINTABLE" in line[: line.find(":")].upper()


def read_property(line: str, encoding: TextEncoding) -> Property | None:
    """Return what an unfolded *line* of a file in *encoding* says; None where it says nothing."""
    end = next((found.start() for found in _HEAD_END.finditer(line, 0, _MOST_HEAD) if found[0] == ":"), -1)
    if end < 0:
        return None
    head, value = line[:end], line[end + 1 :]
    group, _, name = head.partition(";")[0].rpartition(".")
    types: list[str] = []
    transfer = charset = ""
    for parameter in _PARAMETER.findall(head):
        key, _, told = parameter.partition("=")
        key, told = key.strip().upper(), told.strip().strip('"')
        if key == "ENCODING" or (not told and key in _BARE_ENCODINGS):
            transfer = (told or key).upper()
        elif key == "CHARSET":
            charset = told
        elif key == "TYPE":
            types += (part.strip().strip('"').lower() for part in told.split(","))
        elif not told:
            types.append(key.lower())
    is_binary = transfer in {"B", "BASE64"} or value[:5].lower() == "data:"
    broken = b""
    if transfer == "QUOTED-PRINTABLE":
        value, broken = _decoded(value, charset or encoding.codec)
    return Property(
        group.strip().lower(), name.strip().upper(), tuple(types), value, broken, charset or encoding.name, is_binary
    )


def _decoded(value: str, charset: str) -> tuple[str, bytes]:
    data = quopri.decodestring(value.encode("utf-8", "surrogateescape"))
    try:
        return data.decode(charset), b""
    except UnicodeDecodeError as error:
        return data.decode("cp1252", "replace"), data[error.start : error.end]
    except (LookupError, ValueError):
        # There is no such encoding.
        return data.decode("utf-8", "replace"), b""


def split_value(value: str, sign: str) -> list[str]:
    """Return the parts of *value* between *sign*, where none escapes it; escapes still stand in them.

    A value of ten thousand parts is one part: nobody wrote it.
    """
    parts: list[str] = []
    if value.count(sign) > _MOST_PARTS:
        return [value]
    start = 0
    for found in _SIGNS[sign].finditer(value):
        if found[0] == sign:
            parts.append(value[start : found.start()])
            start = found.end()
    return [*parts, value[start:]]


def unescaped(value: str) -> str:
    r"""Return *value* with line ends for ``\n``, and without the backslash before other signs."""
    if "\\" not in value:
        return value
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)
