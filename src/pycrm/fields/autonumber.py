"""Numbers that the CRM gives: ``SO-2026-00042``."""

from __future__ import annotations

import re
import string
from typing import Any, ClassVar

import attrs

from pycrm.errors import ConfigurationError, Problem
from pycrm.fields.kind import Fit, Kind
from pycrm.fields.scalar import ScalarKind
from pycrm.fields.text import TextKind, take_text

MAX_NUMBER_LENGTH = 100

_width = re.compile(r"0[1-9][0-9]?").fullmatch


@attrs.frozen
class AutonumberKind(ScalarKind):
    """A number after a pattern, given at creation unless the caller gives one of his own.

    Attributes:
        pattern: Text with ``{seq}`` once, which counts, filled with zeros as ``{seq:05}`` says, and with ``{year}``
            where the count starts anew each year. A count that outgrows its width is written in full.
        gap_free: What a unit rolls back is given again, so that committed numbers follow one another, as some laws
            ask of invoices. Units that want numbers then wait for each other to end. Without it what is rolled back
            may be lost, and nobody waits.
    """

    name: ClassVar[str] = "autonumber"
    python_type: ClassVar[type] = str
    replaces: ClassVar[frozenset[str]] = frozenset({"text"})

    pattern: str
    gap_free: bool = False

    def __attrs_post_init__(self) -> None:
        try:
            take_text(self.pattern)
            pieces = list(string.Formatter().parse(self.pattern))
        except (Problem, ValueError) as error:
            raise ConfigurationError(f"pattern={self.pattern!r} cannot be read: {error}", value=self.pattern) from error
        placeholders = [(name, spec or "", conversion) for _, name, spec, conversion in pieces if name is not None]
        for name, spec, conversion in placeholders:
            if conversion or not ((name == "year" and not spec) or (name == "seq" and (not spec or _width(spec)))):
                raise ConfigurationError(
                    f"pattern={self.pattern!r} holds a placeholder {name!r} that it may not; "
                    "use {year}, {seq} and {seq:05}",
                    value=self.pattern,
                )
        if [name for name, _, _ in placeholders].count("seq") != 1:
            raise ConfigurationError(f"pattern={self.pattern!r} must hold {{seq}} once", value=self.pattern)
        if len(self.format(9999, 10**9)) > MAX_NUMBER_LENGTH:
            raise ConfigurationError(
                f"pattern={self.pattern!r} makes numbers of more than {MAX_NUMBER_LENGTH} characters; shorten it",
                value=self.pattern,
            )

    @property
    def is_yearly(self) -> bool:
        """Whether the count starts anew each year."""
        return any(name == "year" for _, name, _, _ in string.Formatter().parse(self.pattern))

    def format(self, year: int, seq: int) -> str:
        """Return the number for a count, as ``"SO-2026-00042"``."""
        return self.pattern.format(year=year, seq=seq)

    def sequence_key(self, entity: str, field: str, year: int) -> str:
        """Return the key under which the count is kept: one per field, and per year where the pattern says so."""
        return f"{entity}.{field}:{year}" if self.is_yearly else f"{entity}.{field}"

    def fit(self, old: Kind) -> Fit:
        return Fit.ALL if old.name == self.name else super().fit(old)

    def parse(self, value: Any) -> str:
        return _TEXT.parse(value)

    def json_schema(self) -> dict[str, Any]:
        return _TEXT.json_schema()

    def parse_source(self, value: str) -> str:
        return _TEXT.parse_source(value)


_TEXT = TextKind(max_length=MAX_NUMBER_LENGTH)
