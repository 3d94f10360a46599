"""What `suggest` answers."""

from __future__ import annotations

from typing import Literal

import attrs

from pycrm.exchange.mapping.model import CustomField, Mapping

__all__ = ["ColumnSuggestion", "Suggestion"]


@attrs.frozen
class ColumnSuggestion:
    """What is suggested for one column.

    Attributes:
        column: Its header.
        entity: The alias of the entity; empty where the column is left out.
        path: The field; empty where the column is left out.
        certainty: How sure it is, 0 to 1.
        reason: Why, in a few English words.
        custom: Whether the field is to be defined first.
    """

    column: str
    entity: str
    path: str
    certainty: float
    reason: str
    custom: bool = False


@attrs.frozen
class Suggestion:
    """A mapping that somebody may take, change or throw away.

    Attributes:
        mapping: Ready to be saved; it can be bound once its custom fields are defined.
        columns: One entry for each column, in the order of the source.
        origin: Where it comes from: a mapping that was saved for such headers, a preset, or headers and values alone.
        preset: The name of the preset, or of the saved mapping; an empty text for none.
    """

    mapping: Mapping
    columns: tuple[ColumnSuggestion, ...]
    origin: Literal["saved", "preset", "headers"]
    preset: str = ""

    @property
    def custom_fields(self) -> tuple[CustomField, ...]:
        """The custom fields that are to be defined first."""
        return self.mapping.custom_fields

    @property
    def without_key(self) -> tuple[str, ...]:
        """The aliases of entities of which no key is known: each row makes a new record, a second import all again."""
        return tuple(each.alias for each in self.mapping.entities if not each.keys)

    @property
    def certainty(self) -> float:
        """Of its weakest column that is mapped; 0 where none is."""
        return min((each.certainty for each in self.columns if each.path), default=0.0)
