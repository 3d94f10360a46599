"""Files of vCards: each card a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs

from pycrm.errors import Problem, ReadError, ReadTooLargeError
from pycrm.exchange.reading.card_columns import card_cells
from pycrm.exchange.reading.card_lines import Card, Property, read_cards, read_property
from pycrm.exchange.reading.encodings import TextEncoding, find_encoding
from pycrm.exchange.reading.limits import Limits
from pycrm.exchange.reading.sources import FileState, OpenedSource
from pycrm.exchange.reading.suspicions import nul_in_cell, undecodable
from pycrm.exchange.reading.text_blocks import shown_bytes
from pycrm.exchange.rows import Row

__all__ = ["CardTable", "open_cards"]

_BROKEN: Final = re.compile("[\udc80-\udcff]")


def open_cards(path: Path, *, encoding: str | None = None, limits: Limits | None = None) -> OpenedSource:
    """Return the one table of the file of vCards at *path*, which is read once to know its columns.

    Raises:
        ReadError: It has no cards.
        ReadTooLargeError: A card is too long, or the cards have too many columns.
    """
    limits = limits or Limits()
    found = find_encoding(path, encoding)
    table = CardTable(path.stem, (), path, found, limits, FileState.of(path))
    names: dict[str, None] = {}
    for row_cells, _ in map(table.read, read_cards(path, found, limits)):
        names.update(dict.fromkeys(row_cells))
        if len(names) > limits.columns:
            raise ReadTooLargeError(
                f"{path.name}: its cards have more than {limits.columns} different properties",
                source=path.name,
                limit=limits.columns,
            )
    if not names:
        raise ReadError(f"{path.name} has no cards; there is nothing to import", source=path.name)
    return OpenedSource(
        name=path.name,
        format="vcard",
        tables=(attrs.evolve(table, columns=tuple(names)),),
        digest=found.digest,
        encoding=found.name,
        certainty=found.certainty,
    )


@attrs.frozen
class CardTable:
    """A `Table` of vCards; a row has the line on which its card begins.

    Attributes:
        name: The name of the file without its ending.
        columns: Every column that any card has, in the order of their first appearance.
        path: The file.
        encoding: How it is decoded; quoted-printable values say their own.
        limits: What may be held in memory.
        state: That of the file when it was opened.
    """

    name: str
    columns: tuple[str, ...]
    path: Path
    encoding: TextEncoding
    limits: Limits
    state: FileState

    def rows(self, *, after: int = 0) -> Iterator[Row]:
        """Yield the cards that begin behind line *after*; see `pycrm.exchange.rows.Table`."""
        self.state.check()
        for card in read_cards(self.path, self.encoding, self.limits):
            if card.line > after:
                cells, problems = self.read(card)
                if cells or problems:
                    yield Row(card.line, tuple(map(cells.get, self.columns)), problems)

    def read(self, card: Card) -> tuple[dict[str, Any], tuple[Problem, ...]]:
        """Return the values of *card* by column, and what is wrong with it."""
        found = (read_property(line, self.encoding) for line in card.lines)
        properties = [fact for fact in found if fact is not None]
        problems = [problem for fact in properties if (problem := self._undecodable(card.line, fact))]
        if not card.is_whole:
            problems.append(
                Problem("read.no_card_end", message="does not end; add END:VCARD behind it", line=card.line)
            )
        cells = card_cells(properties)
        for name, cell in cells.items():
            if isinstance(cell, str):
                if "\x00" in cell:
                    problems.append(nul_in_cell(card.line, name, cell))
                cells[name] = _BROKEN.sub("\ufffd", cell)
        return cells, tuple(problems)

    def _undecodable(self, line: int, fact: Property) -> Problem | None:
        found = fact.broken.hex(" ") or shown_bytes(fact.value)
        if not found:
            return None
        level = "warning" if fact.broken else "error"
        return undecodable(line, fact.name, fact.charset, found, _BROKEN.sub("\ufffd", fact.value), level)
