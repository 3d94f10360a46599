"""Text: kept to the character, never stripped or normalised.

Two things no database of ours stores alike and are refused everywhere text is taken: the NUL character and lone
surrogates, which are half of a character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import attrs

from pycrm.errors import ConfigurationError, Problem
from pycrm.fields.kind import EQUALITY, Fit, Kind
from pycrm.fields.scalar import ScalarKind

USUAL_LENGTH = 255
MAX_TEXT = 1_000_000

_unstorable = re.compile("[\x00\ud800-\udfff]").search


def take_text(value: Any) -> str:
    """Return *value* as a plain, storable `str`.

    Raises:
        Problem: It is no text, or holds what cannot be stored.
    """
    if not isinstance(value, str):
        raise Problem(
            "text.invalid",
            message="takes text, not {type}; convert it first, as in str(value)",
            type=type(value).__name__,
            value=value,
        )
    if not value.isprintable() and (found := _unstorable(value)):
        raise Problem(
            "text.unstorable",
            message="holds {character} at position {position}; NUL and halves of surrogate pairs cannot be stored, "
            "remove them or decode the source anew",
            character=f"U+{ord(found[0]):04X}",
            position=found.start(),
            # Not the value itself: whoever prints a lone surrogate meets an encoding error instead of this message.
            value=ascii(value),
        )
    # Subclasses, such as members of a string enumeration, become the plain text that drivers know.
    return value if type(value) is str else str.__str__(value)


def take_several(value: Any) -> tuple[Any, ...]:
    """Return the members of *value*; one text is refused, for its characters are never meant.

    Raises:
        Problem: It is no collection of values.
    """
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise Problem("values.invalid", message="takes several values; give a list, as in ['a', 'b']", value=value)
    return tuple(value)


@attrs.frozen
class TextKind(ScalarKind):
    """One line of text or a few, for names, codes and addresses.

    Attributes:
        max_length: How many characters (code points) it may have.
    """

    name: ClassVar[str] = "text"
    python_type: ClassVar[type] = str
    replaces: ClassVar[frozenset[str]] = frozenset({"autonumber", "choice", "long_text", "status", "text"})

    max_length: int = USUAL_LENGTH

    def __attrs_post_init__(self) -> None:
        if not 1 <= self.max_length <= MAX_TEXT:
            raise ConfigurationError(
                f"max_length={self.max_length} of {self.name} is out of bounds; choose 1 to {MAX_TEXT}",
                value=self.max_length,
            )

    def parse(self, value: Any) -> str:
        text = take_text(value)
        if len(text) > self.max_length:
            raise Problem(
                "text.too_long",
                message="has {length} characters where {limit} are allowed; shorten it or use a longer kind of text",
                length=len(text),
                limit=self.max_length,
                value=value,
            )
        return text

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.max_length}

    def fit(self, old: Kind) -> Fit:
        if old.name != self.name and old.name not in self.replaces:
            return Fit.NONE
        return Fit.ALL if getattr(old, "max_length", USUAL_LENGTH) <= self.max_length else Fit.SOME

    def parse_source(self, value: str) -> str:
        # Neither NUL nor a surrogate is printable, and the test costs less than a search.
        return f"(type({value}) is str and len({value}) <= {self.max_length} and {value}.isprintable())"


@attrs.frozen
class LongTextKind(TextKind):
    """Text of many lines, for descriptions, notes and bodies; neither sorted nor grouped by."""

    name: ClassVar[str] = "long_text"
    operators: ClassVar[frozenset[str]] = EQUALITY
    sortable: ClassVar[bool] = False

    max_length: int = MAX_TEXT

    def parse_source(self, value: str) -> str:
        # Line breaks are not printable, so the test of short text would seldom hold.
        is_ascii = f"{value}.isascii() and '\\0' not in {value}"
        return f"(type({value}) is str and len({value}) <= {self.max_length} and {is_ascii})"
