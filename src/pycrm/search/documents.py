"""What a record is found by: its row of the index, made of its searchable fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

import attrs

from pycrm.fields.field import Field
from pycrm.fields.kind import Kind
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind
from pycrm.schema import Entity, Record
from pycrm.schema.diff import FieldReader
from pycrm.search.grams import fold, phone_grams, text_grams
from pycrm.storage.search_rows import IndexRow

__all__ = ["Documents", "documents_of", "is_searchable"]

MOST_READ = 10_000
"""So many characters of one value are found; what stands behind them is not."""

LONGEST_HEAD = 1_000


def is_searchable(field: Field) -> bool:
    """Return whether values of *field* are found; a reference has no text of its own."""
    return field.searchable and not isinstance(field.kind, (RefKind, AnyRefKind, LinkKind))


@attrs.frozen(eq=False)
class _Part:
    """One searchable field.

    Attributes:
        is_short: Its whole text is compared with what is asked for, so that equal ones come first.
    """

    field: Field
    text: Callable[[Any], str]
    empty: Any
    is_phone: bool
    is_short: bool


class Documents:
    """Makes the rows of the index for records of one entity.

    Attributes:
        entity: The entity.
        fields: Its searchable fields, the title first.
    """

    def __init__(self, entity: Entity) -> None:
        title = entity.fields.get(entity.title)
        found = [field for field in entity.fields.values() if is_searchable(field)]
        self.entity = entity
        self.fields = tuple(sorted(found, key=lambda field: field is not title))
        self._has_title = bool(found) and self.fields[0] is title
        self._paths = frozenset(field.path for field in self.fields)
        self._read = FieldReader(self.fields).read
        self._parts = tuple(
            _Part(
                field=field,
                text=_text_of(field.kind),
                empty=field.kind.empty,
                is_phone=field.kind.search_form == "phone",
                is_short=field.kind.sortable,
            )
            for field in self.fields
        )
        # Read once for each record, where attributes would take as long as the rest of the loop.
        self._steps = tuple((part.text, part.empty, part.is_phone, part.is_short) for part in self._parts)
        self._name = entity.name

    def concerns(self, paths: frozenset[str]) -> bool:
        """Return whether a change of the fields at *paths* changes what a record is found by."""
        return not self._paths.isdisjoint(paths)

    def row(self, record: Record) -> IndexRow:
        """Return the row of *record*; it has one even where nothing finds it, so that no value decides what is run."""
        grams: list[str] = []
        plain: list[str] = []
        lines = [] if self._has_title else [""]
        numbers = []
        for (text, empty, is_phone, is_short), value in zip(self._steps, self._read(record), strict=True):
            if value is None or value == empty:
                if not lines:
                    lines.append("")
            elif is_phone:
                national, found = phone_grams(text(value))
                numbers.append(national)
                grams.append(found)
            else:
                shown = text(value)[:MOST_READ]
                if shown.isascii():
                    plain.append(folded := shown.lower())
                else:
                    grams += text_grams(folded := fold(shown))
                if is_short:
                    lines.append(folded)
        if plain:
            grams += text_grams("\n".join(plain))
        head = "\n".join(lines + numbers)[:LONGEST_HEAD]
        return IndexRow(self._name, record.id, f"\n{head}\n", grams)

    def texts(self, record: Record) -> Iterator[tuple[Field, str, set[str]]]:
        """Yield the searchable fields of *record* that have a value, each with its text and grams, the title first."""
        for part, value in zip(self._parts, self._read(record), strict=True):
            if value is None or value == part.empty:
                continue
            text = part.text(value)
            grams = phone_grams(text)[1:] if part.is_phone else text_grams(fold(text[:MOST_READ]))
            yield part.field, text, set(" ".join(grams).split(" "))


def _text_of(kind: Kind) -> Callable[[Any], str]:
    """Return what `Kind.search_text` comes down to, without the calls in between."""
    if type(kind).search_text is not Kind.search_text or kind.sensitive:
        return kind.search_text
    return str if type(kind).display is Kind.display else kind.display


def documents_of(entity: Entity) -> Documents:
    """Return what makes the rows of *entity*'s records, the same at each call."""
    known = _known.get(entity)
    if known is None:
        known = _known[entity] = Documents(entity)
    return known


_known: WeakKeyDictionary[Entity, Documents] = WeakKeyDictionary()
