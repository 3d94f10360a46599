"""JSON fields: any data of another program, kept whole."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import attrs

from pycrm.builtin.kinds.plugin import plugin
from pycrm.plugin import EQUALITY, ConfigurationError, Fit, Json, Kind, Problem, ScalarKind, take_text

__all__ = ["JsonKind"]

MOST_BYTES = 10_000_000
MOST_DEPTH = 100
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


@plugin.field_kind
@attrs.frozen
class JsonKind(ScalarKind):
    """Any JSON value but null, kept as its canonical text, so that equal data is equal in the database.

    Attributes:
        max_bytes: How long the text may be in UTF-8.
        max_depth: How deep lists and objects may be nested.
    """

    name: ClassVar[str] = "json"
    python_type: ClassVar[type] = Json
    operators: ClassVar[frozenset[str]] = EQUALITY
    sortable: ClassVar[bool] = False
    source_names: ClassVar[Mapping[str, Any]] = MappingProxyType({"json_make": Json._make})

    max_bytes: int = 65_536
    max_depth: int = 32

    def __attrs_post_init__(self) -> None:
        for name, most in (("max_bytes", MOST_BYTES), ("max_depth", MOST_DEPTH)):
            if not 1 <= (given := getattr(self, name)) <= most:
                raise ConfigurationError(f"{name}={given} of json is out of bounds; choose 1 to {most}", value=given)

    def parse(self, value: Any) -> Json:
        data = value.data if type(value) is Json else value
        self._check(data, "$", self.max_depth)
        parsed = value if type(value) is Json else Json(data)
        if len(parsed.text) * 4 > self.max_bytes and (size := len(parsed.text.encode())) > self.max_bytes:
            raise Problem(
                "json.too_large",
                message="takes {size} bytes where {limit} are allowed; keep it in a file and attach that",
                size=size,
                limit=self.max_bytes,
                value=parsed.text,
            )
        return parsed

    def _check(self, data: Any, where: str, depth: int) -> None:
        """Raise `Problem` unless *data*, found at *where*, can be kept, with *depth* more levels of nesting."""
        match data:
            case str():
                take_text(data)
            case dict() | list() | tuple() if depth <= 0:
                raise Problem(
                    "json.too_deep",
                    message="is nested more than {limit} deep at {where}; keep inner parts apart",
                    limit=self.max_depth,
                    where=where[:40],
                    value=where,
                )
            case dict():
                for key, member in data.items():
                    take_text(key)
                    self._check(member, f"{where}.{key}", depth - 1)
            case list() | tuple():
                for place, member in enumerate(data):
                    self._check(member, f"{where}[{place}]", depth - 1)
            case None if where != "$":
                pass
            case bool() | float() if data == data and abs(data) != float("inf"):
                pass
            case int() if _SMALLEST <= data <= _LARGEST:
                pass
            case _:
                raise Problem(
                    "json.invalid",
                    message="holds {found} at {where}, which JSON cannot keep; convert it first, as in str(value)",
                    found=f"{data!r:.40}",
                    where=where,
                    value=f"{data!r:.80}",
                )

    def dump(self, value: Json) -> Any:
        return value.data

    def to_parts(self, value: Json) -> tuple[str]:
        return (value.text,)

    def from_parts(self, *parts: Any) -> Json:
        return Json._make(parts[0])

    def fit(self, old: Kind) -> Fit:
        if not isinstance(old, JsonKind) or old.name != self.name:
            return Fit.NONE
        return Fit.ALL if old.max_bytes <= self.max_bytes and old.max_depth <= self.max_depth else Fit.SOME

    def json_schema(self) -> dict[str, Any]:
        return {}

    def load_source(self, *parts: str) -> str:
        return f"json_make({parts[0]})"

    def dump_source(self, value: str) -> tuple[str, ...]:
        return (f"{value}.text",)
